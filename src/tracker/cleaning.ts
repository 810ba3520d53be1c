import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { RedisCommandError, RedisOutOfMemoryError } from "../redis/errors.js";
import { KEYS } from "../redis/keys.js";
import { parseEntry } from "../stream/entry.js";
import { StreamFormatError } from "../stream/errors.js";
import {
  cleaningHorizon,
  type HorizonRule,
  type JournalEntry,
  journalFields,
  newestIds,
  parseJournalEntry,
} from "./journal.js";
import { decideTrim } from "./trimming.js";

/** What one cleaning did. */
export interface CleaningResult {
  readonly entries: number;
  readonly streams: number;
  /** True when nothing is old enough to be trimmed. */
  readonly exhausted: boolean;
  readonly warnings: readonly string[];
}

const JOURNAL_PAGE = 100;
/** A journal that begins further ahead of the server's clock than this (ms) was written while that clock was wrong. */
const MOST_AHEAD = 60_000;
/** How many moments are remembered while Redis has no room for the journal: hours of them. */
const MOST_UNWRITTEN = 1_000;

/** The journal of where streams ended, and the trimming of what it shows to be old. */
export class Cleaning {
  readonly #redis: RedisClient;
  readonly #rule: HorizonRule;
  /** Moments that Redis had no room for in its journal. */
  #unwritten: JournalEntry[] = [];

  constructor(redis: RedisClient, rule: HorizonRule) {
    this.#redis = redis;
    this.#rule = rule;
  }

  /** Notes where the streams end now. When Redis is full it is noted here instead, and a warning says so. */
  async journal(
    time: number,
    lastIds: ReadonlyMap<string, string>,
    options: RequestOptions,
  ): Promise<string[]> {
    if (lastIds.size === 0) return [];
    try {
      await this.#redis.do(commands.xadd(KEYS.memoryTracking, "*", journalFields(lastIds)), options);
      return [];
    } catch (error) {
      if (!(error instanceof RedisOutOfMemoryError)) throw error;
      this.#unwritten = [...this.#unwritten.slice(1 - MOST_UNWRITTEN), { time, lastIds }];
      return ["Redis is out of memory: publishers are refused until old data are trimmed."];
    }
  }

  /** Forgets the oldest part of the journal, and the data that streams held then. */
  async clean(needed: ReadonlyMap<string, number>, options: RequestOptions): Promise<CleaningResult> {
    const nothing = { entries: 0, streams: 0, exhausted: true, warnings: [] };
    const [now, [first]] = await this.#redis.all(
      [commands.serverTime(), commands.xrange(KEYS.memoryTracking, "-", "+", 1)],
      options,
    );
    if (first && first.index > now + MOST_AHEAD) return this.#beginAnew(options);
    const origin = Math.min(first?.index ?? now, this.#unwritten[0]?.time ?? now);
    const horizon = cleaningHorizon(origin, now, this.#rule);
    if (horizon === undefined) return nothing;
    let [entries, streams] = [0, 0];
    const warnings: string[] = [];
    for (const [stream, lastId] of await this.#forgettable(horizon, options)) {
      const { removed, warning } = await this.#tryToTrim(stream, lastId, needed.get(stream), options);
      entries += removed;
      streams += removed > 0 ? 1 : 0;
      if (warning) warnings.push(warning);
    }
    await this.#redis.do(commands.xtrim(KEYS.memoryTracking, String(horizon)), options);
    this.#unwritten = this.#unwritten.filter(({ time }) => time >= horizon);
    return { entries, streams, exhausted: false, warnings };
  }

  /** Entries from the future would never grow old, and those that follow bear their time. */
  async #beginAnew(options: RequestOptions): Promise<CleaningResult> {
    await this.#redis.do(commands.del(KEYS.memoryTracking), options);
    const warning = `The journal ${KEYS.memoryTracking} is ahead of the server's clock, which was put back: it was begun anew.`;
    return { entries: 0, streams: 0, exhausted: true, warnings: [warning] };
  }

  /** Where each stream ended last, up to the horizon. */
  async #forgettable(horizon: number, options: RequestOptions): Promise<Map<string, string>> {
    const newest = new Map<string, string>();
    let from = "-";
    for (;;) {
      const range = commands.xrange(KEYS.memoryTracking, from, String(horizon), JOURNAL_PAGE);
      const page = await this.#redis.do(range, options);
      for (const [stream, id] of newestIds(page.map(parseJournalEntry))) newest.set(stream, id);
      const last = page.at(-1);
      if (!last || page.length < JOURNAL_PAGE) break;
      from = `(${last.id}`;
    }
    const unwritten = this.#unwritten.filter(({ time }) => time <= horizon);
    for (const [stream, id] of newestIds(unwritten)) newest.set(stream, id);
    return newest;
  }

  /** What is no stream, or a damaged one, does not keep the others from being trimmed. */
  async #tryToTrim(
    stream: string,
    lastId: string,
    neededFrom: number | undefined,
    options: RequestOptions,
  ): Promise<{ removed: number; warning?: string }> {
    try {
      const { removed, heldBack } = await this.#trim(stream, lastId, neededFrom, options);
      if (!heldBack) return { removed };
      return { removed, warning: `Stream ${stream} is kept: a live writer has not written it yet.` };
    } catch (error) {
      if (!(error instanceof RedisCommandError || error instanceof StreamFormatError)) throw error;
      return { removed: 0, warning: `Stream ${stream} cannot be trimmed: ${error.message}` };
    }
  }

  async #trim(
    stream: string,
    lastId: string,
    neededFrom: number | undefined,
    options: RequestOptions,
  ): Promise<{ removed: number; heldBack: boolean }> {
    const [entries, [newestId = "0-0"]] = await this.#redis.all(
      [commands.xlen(stream), commands.lastIds([stream])],
      options,
    );
    const neededId = neededFrom === undefined ? undefined : await this.#entryOf(stream, neededFrom, options);
    const { minId, heldBack } = decideTrim({ lastId, newestId, entries, neededId });
    if (minId === undefined) return { removed: 0, heldBack };
    return { removed: await this.#redis.do(commands.xtrim(stream, minId), options), heldBack };
  }

  /** The id of the entry that holds a point, or of the first one after it; undefined when none will come. */
  async #entryOf(stream: string, index: number, options: RequestOptions): Promise<string | undefined> {
    const [before, after] = await this.#redis.all(
      [commands.xrevrange(stream, String(index), "-", 1), commands.xrange(stream, String(index), "+", 1)],
      options,
    );
    for (const raw of [...before, ...after]) {
      const entry = parseEntry(raw, stream);
      if (entry.kind === "points" && entry.index + entry.length > index) return entry.id;
    }
    return undefined;
  }
}

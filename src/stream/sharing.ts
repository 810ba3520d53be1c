import { InvalidArgumentError } from "../errors.js";
import { BLOCK, type RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isConnectionError, RedisCommandError } from "../redis/errors.js";
import type { Entry } from "../redis/replies.js";
import { sleep } from "../waiting.js";
import { endOf, parseEntry, SEAL_ID, type StreamEntry } from "./entry.js";
import type { EventSource, FollowableStream } from "./followable.js";
import type { SignalOption, StreamView } from "./reading.js";
import { EntriesView } from "./view.js";

export interface ShareOptions extends SignalOption {
  /** Workers of the same group share the entries; each group sees all of them. */
  readonly group: string;
  /** This worker's name, different from the others'. A worker that comes back under its name resumes its entries. */
  readonly worker: string;
  /** Milliseconds after which an entry that was not acknowledged is handed out again; default 60 s. */
  readonly takeOverAfter?: number;
}

/** An entry that this worker alone has been given, until `takeOverAfter` has passed. */
export interface SharedView extends StreamView {
  /** Tells Redis that the entry is done; without it, the entry will be handed out again. */
  acknowledge(options?: SignalOption): Promise<void>;
}

const DEFAULT_TAKE_OVER = 60_000;
/** How often the last workers look whether the others have finished, once the stream is sealed. */
const LAST_LOOKS = 250;
const TAKEN_AT_ONCE = 10;

/**
 * Shares a stream's entries among workers (a Redis consumer group): each entry goes to one of them, and is handed out
 * again when it is not acknowledged in time. Entries are what the publisher sent at a time, one point or a batch; those
 * of a plugin's stream are its events. Entries that were trimmed before a worker could read them are told as `lost`.
 * Ends when the stream is sealed and all entries are acknowledged.
 */
export async function* shareStream(
  stream: FollowableStream,
  options: ShareOptions,
): AsyncGenerator<SharedView, undefined, undefined> {
  const { group, worker, takeOverAfter = DEFAULT_TAKE_OVER, signal } = options;
  if (group === "" || worker === "" || !(takeOverAfter > 0)) {
    throw new InvalidArgumentError(
      "Sharing a stream needs a group, a worker's name and a positive takeOverAfter.",
    );
  }
  if (stream.failure) throw stream.failure;
  const { events } = stream;
  // Creating a group creates its stream: not that of a scan which is gone.
  let closed = await events.guard({ signal });
  await ensureGroup(events.redis, events.key, group, signal);
  const idle = Math.min(Math.ceil(takeOverAfter), Number.MAX_SAFE_INTEGER);
  const shared = new SharedEntries(events, group, worker, idle, signal);
  for (;;) {
    const views = await shared.take();
    if (!views) continue;
    yield* views;
    if (views.length > 0) continue;
    const left = await shared.whatIsLeft(closed);
    if (left === "nothing") return;
    const arrived = await shared.wait(left);
    if (!arrived) closed = await events.guard({ signal });
  }
}

async function ensureGroup(
  redis: RedisClient,
  key: string,
  group: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await redis.do({ ...commands.createGroup(key, group), repeatable: true }, { signal });
  } catch (error) {
    if (!(error instanceof RedisCommandError) || !error.message.includes("BUSYGROUP")) throw error;
  }
}

class SharedEntries {
  readonly #events: EventSource;
  readonly #group: string;
  readonly #worker: string;
  readonly #takeOverAfter: number;
  readonly #signal: AbortSignal | undefined;
  /** Handed out and not acknowledged: not to be resumed here. */
  readonly #held = new Set<string>();
  /** After which to look for entries that this worker was given without its knowing; undefined when it has them all. */
  #resumeAfter: string | undefined = "0";
  /** The newest entry that this worker was given as a new one. */
  #newest: { readonly id: string; readonly end: number } | undefined;

  constructor(
    events: EventSource,
    group: string,
    worker: string,
    takeOverAfter: number,
    signal: AbortSignal | undefined,
  ) {
    this.#events = events;
    this.#group = group;
    this.#worker = worker;
    this.#takeOverAfter = takeOverAfter;
    this.#signal = signal;
  }

  /** Entries for this worker: its own earlier ones, else those not acknowledged in time, else a new one; null when the connection broke. */
  async take(): Promise<SharedView[] | null> {
    try {
      const own = await this.#own();
      if (own.length > 0) return own;
      const late = await this.#late();
      return late.length > 0 ? late : await this.#new();
    } catch (error) {
      if (isConnectionError(error)) {
        this.#resumeAfter = "0";
        return null;
      }
      if (error instanceof RedisCommandError) await this.#events.guard({ signal: this.#signal }); // says it when the scan was deleted
      throw error;
    }
  }

  /** What was given to a worker of this name before a restart, or over a broken connection. */
  async #own(): Promise<SharedView[]> {
    const { redis, key } = this.#events;
    while (this.#resumeAfter !== undefined) {
      const read = commands.xreadgroup(key, this.#group, this.#worker, this.#resumeAfter, TAKEN_AT_ONCE);
      const own = await redis.do(read, { signal: this.#signal });
      this.#resumeAfter = own.at(-1)?.id;
      const views = await this.#views(own.filter(({ id }) => !this.#held.has(id)));
      if (views.length > 0) return views;
    }
    return [];
  }

  /** What a worker, dead, slow or this one, has not acknowledged in time. */
  async #late(): Promise<SharedView[]> {
    const { redis, key } = this.#events;
    const options = { signal: this.#signal };
    const pending = commands.pendingFor(key, this.#group, this.#takeOverAfter, TAKEN_AT_ONCE);
    // One by one: a search from the beginning would end at others' entries, and forget those of them that were trimmed.
    const claims = (await redis.do(pending, options)).map((id) =>
      commands.xautoclaim(key, this.#group, this.#worker, this.#takeOverAfter, id),
    );
    return this.#views((await redis.all(claims, options)).flat());
  }

  /** The next entry, with the number of points that were trimmed before it; alone when only the seal follows them. */
  async #new(): Promise<SharedView[]> {
    const { redis, key, name } = this.#events;
    const read = commands.xreadgroup(key, this.#group, this.#worker, ">", 1);
    const [before = "0-0", [entry]] = await redis.atomically(
      [commands.lastDelivered(key, this.#group), read],
      { signal: this.#signal },
    );
    if (!entry) return [];
    const parsed = parseEntry(entry, name);
    const lost = await this.#lostBefore(parsed, before);
    this.#newest = { id: entry.id, end: endOf(parsed) };
    const views = await this.#views([entry], lost);
    return views.length === 0 && lost > 0 ? [this.#lostView(entry.id, parsed.index, lost)] : views;
  }

  /** How many points were trimmed between the entry that the group was handed before and this one. */
  async #lostBefore(entry: StreamEntry, before: string): Promise<number> {
    const { redis, key } = this.#events;
    if (before === "0-0") return entry.index;
    if (before === this.#newest?.id) return entry.index - this.#newest.end;
    const gap = entry.index - indexOf(before);
    if (gap <= 1) return 0;
    const preceding = commands.xrevrange(key, `(${entry.id}`, "-", 1);
    if ((await redis.do(preceding, { signal: this.#signal })).length > 0) return 0;
    // How many points the one before held is not known any more: as many as this one, most likely.
    return Math.max(0, gap - Math.max(1, endOf(entry) - entry.index));
  }

  /** What may still come: entries, only others' entries (the stream is sealed, or its scan closed), or nothing. */
  async whatIsLeft(closed: boolean): Promise<"entries" | "others" | "nothing"> {
    const { redis, key } = this.#events;
    const [last, delivered, pending] = await redis.all(
      [
        commands.lastEntry(key),
        commands.lastDelivered(key, this.#group),
        commands.pendingCount(key, this.#group),
      ],
      { signal: this.#signal },
    );
    const allGiven = delivered === (last?.id ?? "0-0");
    if (!allGiven || !(closed || last?.id === SEAL_ID)) return "entries";
    return pending === 0 ? "nothing" : "others";
  }

  /** Waits for news: a new entry, or that an entry may be taken over. */
  async wait(left: "entries" | "others"): Promise<boolean> {
    const { redis, key } = this.#events;
    if (left === "others") {
      await sleep(Math.min(LAST_LOOKS, this.#takeOverAfter), this.#signal);
      return true;
    }
    const after =
      (await redis.do(commands.lastDelivered(key, this.#group), { signal: this.#signal })) ?? "0-0";
    const block = Math.min(BLOCK, this.#takeOverAfter);
    const read = commands.xread(new Map([[key, after]]), 1, block);
    return (await redis.blocking(read, { signal: this.#signal })).size > 0;
  }

  /** Entries as views; `lost` points are missing before the first. The seal is nobody's work: it is put aside. */
  async #views(entries: readonly Entry[], lost = 0): Promise<SharedView[]> {
    const { redis, key } = this.#events;
    if (entries.some(({ id }) => id === SEAL_ID)) {
      await redis.do(commands.xack(key, this.#group, [SEAL_ID]), { signal: this.#signal });
    }
    return entries.filter(({ id }) => id !== SEAL_ID).map((entry) => this.#view(entry, lost));
  }

  #view(entry: Entry, lost: number): SharedView {
    this.#held.add(entry.id);
    const { codec, name } = this.#events;
    // Trimmed before anyone could read it: at least one point.
    if (entry.fields.size === 0) return this.#lostView(entry.id, indexOf(entry.id) + 1, 1);
    const points = parseEntry(entry, name);
    const parts = points.kind === "points" ? [points] : [];
    const length = points.kind === "points" ? points.length : 0;
    return this.#acknowledgeable(new EntriesView(parts, codec, points.index, length, lost), entry.id);
  }

  /** `lost` points before `index`, and nothing else. */
  #lostView(id: string, index: number, lost: number): SharedView {
    return this.#acknowledgeable(new EntriesView([], this.#events.codec, index, 0, lost), id);
  }

  #acknowledgeable(view: EntriesView, id: string): SharedView {
    const { redis, key } = this.#events;
    return {
      index: view.index,
      length: view.length,
      lost: view.lost,
      data: () => view.data(),
      raw: () => view.raw(),
      acknowledge: async (options = {}) => {
        await redis.do(commands.xack(key, this.#group, [id]), options);
        this.#held.delete(id);
      },
    };
  }
}

function indexOf(id: string): number {
  return Number.parseInt(id, 10);
}

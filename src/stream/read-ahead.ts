import type { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import type { Entry } from "../redis/replies.js";
import { abortable } from "../waiting.js";
import type { Follower } from "./follower.js";
import { PageRoom } from "./page-room.js";
import { entriesFor, MOST_ENTRIES, PAGE_BYTES, UNKNOWN_BYTES } from "./pages.js";

/** The bytes that a page is to have, about: two are under way. */
export const AIM = PAGE_BYTES / 2;
/** What is there already comes over so many connections at the same time, see `lanesOf`. */
const LANES = 4;
/** What Redis sends to one connection at a time, about. */
const SENT_AT_ONCE = 64 * 2 ** 10;

/** What a read has found. */
export interface Page {
  /** After which entry of each stream. */
  readonly after: ReadonlyMap<string, string>;
  readonly found: ReadonlyMap<string, readonly Entry[]>;
  /** There are as many entries of a stream as were asked for: more may follow. */
  readonly full: boolean;
  /** Where it was received, when that is used again. */
  readonly rooms: readonly PageRoom[];
}

/** A read of the next entries of some streams; with `block` (milliseconds) it waits for the first ones. */
export function nextRead(reading: readonly Follower[], block: number | undefined, aim = AIM) {
  const count = entriesFor(entryBytes(reading), aim);
  const after = new Map(reading.map(({ stream, after }) => [stream.key, after]));
  const page = (found: ReadonlyMap<string, readonly Entry[]>, room: PageRoom | undefined): Page => {
    const full = [...found.values()].some((entries) => entries.length === count);
    return { after, found, full, rooms: room ? [room] : [] };
  };
  return { command: commands.xread(after, count, block), page };
}

/** The page after the one that was handed out last: it comes while that one is worked on. */
export class ReadAhead {
  readonly #redis: RedisClient;
  readonly #closing: AbortSignal;
  readonly #reuse: boolean;
  #page: Promise<Page | undefined> | undefined;

  constructor(redis: RedisClient, closing: AbortSignal, reuse: boolean) {
    this.#redis = redis;
    this.#closing = closing;
    this.#reuse = reuse;
  }

  /** Asks for it, unless somebody wants the newest point only, whatever that will be. */
  begin(followers: readonly Follower[]): void {
    const reading = followers.filter(({ sealed }) => !sealed);
    if (reading.length === 0 || reading.some(({ begun, newestOnly }) => !begun || newestOnly)) return;
    const lanes = lanesOf(reading, Math.min(LANES, this.#redis.spareReaders));
    const parts = lanes.map((lane) => this.#read(lane, AIM / lanes.length));
    this.#page = Promise.all(parts).then(
      (pages) => joined(pages),
      () => undefined, // the read that has to be done instead tells what is wrong
    );
  }

  /** What it holds for streams that still want just this. */
  async take(active: readonly Follower[], signal: AbortSignal | undefined): Promise<Page | undefined> {
    if (!this.#page) return undefined;
    const page = await abortable(this.#page, signal);
    this.#page = undefined;
    if (!page) return undefined;
    const wanted = active.filter(({ stream, after }) => page.after.get(stream.key) === after);
    const keys = new Set(wanted.map(({ stream }) => stream.key));
    const found = new Map([...page.found].filter(([key]) => keys.has(key)));
    return found.size > 0 ? { ...page, found } : undefined;
  }

  async #read(lane: readonly Follower[], aim: number): Promise<Page> {
    const { command, page } = nextRead(lane, undefined, aim);
    const room = this.#reuse ? new PageRoom(aim) : undefined;
    const found = await this.#redis.blocking(command, { signal: this.#closing, room: room?.take });
    return page(found, room);
  }
}

/** The bytes of one entry of each stream, about. */
function entryBytes(reading: readonly Follower[]): number {
  let [known, unknown] = [0, 0];
  for (const { stream } of reading) {
    const { entryBytes, least } = stream.events.pageSize;
    if (entryBytes === undefined) unknown += least;
    else known += entryBytes;
  }
  return known + (unknown > 0 ? Math.max(unknown, UNKNOWN_BYTES) : 0);
}

/**
 * Streams that are read over a connection of their own, about as many bytes on each. Redis serves its connections in turns, and
 * sends little more than 64 KiB to each: beside publishers that have one per stream, a single reader would be kept waiting.
 */
function lanesOf(reading: readonly Follower[], most: number): Follower[][] {
  const total = entryBytes(reading);
  const page = Math.min(AIM, total * MOST_ENTRIES);
  const count = Math.max(1, Math.min(most, reading.length, Math.floor(page / (2 * SENT_AT_ONCE))));
  const lanes = Array.from({ length: count }, (): Follower[] => []);
  let bytes = 0;
  for (const follower of reading) {
    lanes[Math.min(count - 1, Math.floor((bytes / total) * count))]?.push(follower);
    bytes += entryBytes([follower]);
  }
  return lanes.filter(({ length }) => length > 0);
}

function joined(pages: readonly Page[]): Page {
  return {
    after: new Map(pages.flatMap(({ after }) => [...after])),
    found: new Map(pages.flatMap(({ found }) => [...found])),
    full: pages.some(({ full }) => full),
    rooms: pages.flatMap(({ rooms }) => rooms),
  };
}

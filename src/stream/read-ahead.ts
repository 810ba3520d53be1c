import { BLOCK, type RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import type { Entry } from "../redis/replies.js";
import { abortable } from "../waiting.js";
import type { Follower } from "./follower.js";
import { entriesFor, PAGE_BYTES, UNKNOWN_BYTES } from "./pages.js";

/** What a read has found: at most `count` entries of each stream, after these ids. */
export interface Page {
  readonly after: ReadonlyMap<string, string>;
  readonly count: number;
  readonly found: ReadonlyMap<string, readonly Entry[]>;
}

/** A read of the next entries of some streams; with `block` (milliseconds) it waits for the first ones. */
export function nextPage(reading: readonly Follower[], block: number | undefined) {
  const known = reading.flatMap(({ stream }) => stream.events.pageSize.entryBytes ?? []);
  let entryBytes = known.length < reading.length ? UNKNOWN_BYTES : 0;
  for (const bytes of known) entryBytes += bytes;
  const count = entriesFor(entryBytes, PAGE_BYTES / 2); // two pages are under way
  const after = new Map(reading.map(({ stream, after }) => [stream.key, after]));
  return { after, count, command: commands.xread(after, count, block) };
}

/** The page after the one that was handed out last: it comes while that one is worked on. */
export class ReadAhead {
  readonly #redis: RedisClient;
  readonly #closing: AbortSignal;
  #page: Promise<Page | undefined> | undefined;

  constructor(redis: RedisClient, closing: AbortSignal) {
    this.#redis = redis;
    this.#closing = closing;
  }

  /** Asks for it, unless somebody wants the newest point only, whatever that will be. */
  begin(followers: readonly Follower[]): void {
    const reading = followers.filter(({ sealed }) => !sealed);
    if (reading.length === 0 || reading.some(({ begun, newestOnly }) => !begun || newestOnly)) return;
    const { command, ...request } = nextPage(reading, undefined);
    this.#page = this.#redis.blocking(command, BLOCK, { signal: this.#closing }).then(
      (found) => ({ ...request, found }),
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
}

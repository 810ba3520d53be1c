import { InvalidArgumentError } from "../errors.js";
import { BLOCK, type RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isConnectionError, RedisCommandError } from "../redis/errors.js";
import type { Entry } from "../redis/replies.js";
import { sleep } from "../waiting.js";
import { parseEntry, SEAL_ID } from "./entry.js";
import type { EventSource, FollowableStream } from "./followable.js";
import type { SignalOption, StreamView } from "./reading.js";
import { EntriesView } from "./view.js";

export interface ShareOptions extends SignalOption {
  /** Workers of the same group share the entries; each group sees all of them. */
  readonly group: string;
  /** This worker's name, different from the others'. A worker that comes back under its name resumes its entries. */
  readonly worker: string;
  /** Milliseconds after which an entry that was not acknowledged goes to another worker; default 60 s. */
  readonly takeOverAfter?: number;
}

/** An entry that this worker alone has been given, until `takeOverAfter` has passed. */
export interface SharedView extends StreamView {
  /** Tells Redis that the entry is done; without it, another worker will be given the entry. */
  acknowledge(options?: SignalOption): Promise<void>;
}

const DEFAULT_TAKE_OVER = 60_000;
/** How often the last workers look whether the others have finished, once the stream is sealed. */
const LAST_LOOKS = 250;
const TAKEN_AT_ONCE = 10;

/**
 * Shares a stream's entries among workers (a Redis consumer group): each entry goes to one of them, and to another one
 * when it is not acknowledged in time. Entries are what the publisher sent at a time, one point or a batch; those of a
 * plugin's stream are its events. Ends when the stream is sealed and all entries are acknowledged.
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
  const { redis } = events;
  await ensureGroup(redis, events.key, group, signal);
  const shared = new SharedEntries(events, group, worker, takeOverAfter, signal);
  let closed = false;
  // Look first for entries given to this worker without its knowing: before a restart, or over a broken connection.
  let resume = true;
  for (;;) {
    const entries = await shared.take(resume);
    resume = entries === null;
    if (!entries) continue;
    for (const entry of entries) yield shared.view(entry);
    if (entries.length > 0) continue;
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
  /** Handed out and not acknowledged: not to be handed out again here. */
  readonly #held = new Set<string>();

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

  /** Entries for this worker: its own earlier ones, else a dead worker's, else a new one; null when the connection broke. */
  async take(resume: boolean): Promise<Entry[] | null> {
    const { redis, key } = this.#events;
    const options = { signal: this.#signal };
    try {
      if (resume) {
        const own = await redis.do(commands.xreadgroup(key, this.#group, this.#worker, "0", 1_000), options);
        const fresh = await this.#withoutSeal(own);
        if (fresh.length > 0) return fresh;
      }
      const claim = commands.xautoclaim(key, this.#group, this.#worker, this.#takeOverAfter, TAKEN_AT_ONCE);
      const taken = await this.#withoutSeal(await redis.do(claim, options));
      if (taken.length > 0) return taken;
      const read = commands.xreadgroup(key, this.#group, this.#worker, ">", 1);
      return await this.#withoutSeal(await redis.do(read, options));
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      return null;
    }
  }

  view(entry: Entry): SharedView {
    this.#held.add(entry.id);
    const { codec, name } = this.#events;
    if (entry.fields.size === 0) {
      // Trimmed before anyone could read it: at least one point.
      const index = Number.parseInt(entry.id, 10);
      return this.#acknowledgeable(new EntriesView([], codec, index + 1, 0, 1), entry.id);
    }
    const points = parseEntry(entry, name);
    const parts = points.kind === "points" ? [points] : [];
    const length = points.kind === "points" ? points.length : 0;
    return this.#acknowledgeable(new EntriesView(parts, codec, points.index, length), entry.id);
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

  /** The seal is nobody's work: whoever is given it puts it aside. */
  async #withoutSeal(entries: readonly Entry[]): Promise<Entry[]> {
    const { redis, key } = this.#events;
    if (entries.some(({ id }) => id === SEAL_ID)) {
      await redis.do(commands.xack(key, this.#group, [SEAL_ID]), { signal: this.#signal });
    }
    return entries.filter(({ id }) => id !== SEAL_ID && !this.#held.has(id));
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

import { NxliveError } from "../errors.js";
import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isConnectionError, RedisOutOfMemoryError } from "../redis/errors.js";
import { KEYS, streamKey } from "../redis/keys.js";
import type { ScanDocument } from "../scan/document.js";
import { isDeleted, loadDocument } from "../scan/loading.js";
import { searchScans } from "../scan/search.js";
import type { ScanState } from "../scan/state.js";
import { timeOfId } from "./journal.js";

/** A scan that the tracker has in view, from its creation until it is closed or gone. */
export interface TrackedScan {
  readonly key: string;
  readonly document: ScanDocument;
  readonly state: ScanState;
  /** Id of the state's entry. */
  readonly stateId: string;
  /** When anything was last published; milliseconds by the server's clock. */
  lastActivity: number;
  /** The last entry of each data stream that has any. */
  lastIds: ReadonlyMap<string, string>;
}

const PAGE = 500;

/** The scans of a database, as the memory tracker follows them: a few round trips for all. */
export class TrackedScans {
  readonly #redis: RedisClient;
  readonly #scans = new Map<string, TrackedScan>();
  /** Id of the last history entry seen; undefined until all scans were searched for. */
  #since: string | undefined;
  /** Scans that are to be read: new ones, and those that have changed. */
  readonly #found = new Set<string>();

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  [Symbol.iterator](): IterableIterator<TrackedScan> {
    return this.#scans.values();
  }

  get size(): number {
    return this.#scans.size;
  }

  forget(scan: TrackedScan): void {
    this.#scans.delete(scan.key);
  }

  /** Finds new scans and reads what has changed in the known ones. Problems with single scans are warnings. */
  async update(now: number, options: RequestOptions): Promise<string[]> {
    const warnings: string[] = [];
    await this.#discover(options);
    await this.#refreshStates(options);
    for (const key of this.#found) await this.#load(key, warnings, options);
    await this.#readLastIds(now, options);
    return warnings;
  }

  async #discover(options: RequestOptions): Promise<void> {
    this.#since ??= await this.#search(options);
    let since = this.#since ?? "0-0";
    for (;;) {
      const entries = await this.#redis.do(commands.xrange(KEYS.history, `(${since}`, "+", PAGE), options);
      for (const { id, fields } of entries) {
        const key = fields.get("key")?.toString();
        if (key !== undefined && !this.#scans.has(key)) this.#found.add(key);
        since = id;
      }
      if (entries.length < PAGE) break;
    }
    if (this.#since !== undefined) this.#since = since;
  }

  /** Finds all scans; the timetag after which others are new, undefined when memory is too short for searching. */
  async #search(options: RequestOptions): Promise<string | undefined> {
    try {
      const { timetag, keys } = await searchScans(this.#redis, {}, options);
      for (const key of keys) this.#found.add(key);
      return timetag;
    } catch (error) {
      if (!(error instanceof RedisOutOfMemoryError)) throw error;
      return undefined;
    }
  }

  /** Drops scans that are gone, and has those read anew that have changed their state. */
  async #refreshStates(options: RequestOptions): Promise<void> {
    for (const page of pages([...this.#scans.values()])) {
      const times = await this.#redis.all(
        page.map(({ key }) => commands.ttl(key)),
        options,
      );
      const states = await this.#redis.all(
        page.map(({ document }) => commands.lastEntry(streamKey(document.statePk))),
        options,
      );
      page.forEach((scan, i) => {
        const state = states[i];
        if (isDeleted(times[i] ?? -2) || !state) this.#scans.delete(scan.key);
        else if (state.id !== scan.stateId) this.#found.add(scan.key);
      });
    }
  }

  /** Reads a scan for the first time, or again; one that is gone or unreadable is tracked no longer. */
  async #load(key: string, warnings: string[], options: RequestOptions): Promise<void> {
    this.#found.delete(key);
    try {
      const { document, state, stateId } = await loadDocument(this.#redis, key, options);
      const { lastActivity = 0, lastIds = new Map() } = this.#scans.get(key) ?? {};
      this.#scans.set(key, {
        key,
        document,
        state,
        lastIds,
        stateId,
        lastActivity: Math.max(lastActivity, timeOfId(stateId)),
      });
    } catch (error) {
      if (!(error instanceof NxliveError) || isConnectionError(error)) {
        this.#found.add(key);
        throw error;
      }
      this.#scans.delete(key);
      if (error.code !== "ERR_SCAN_NOT_FOUND") {
        warnings.push(`Scan ${key} cannot be tracked: ${error.message}`);
      }
    }
  }

  /** Reads where the streams of all prepared scans end; a change is activity. */
  async #readLastIds(now: number, options: RequestOptions): Promise<void> {
    const prepared = [...this.#scans.values()].filter(({ state }) => state !== "CREATED");
    const keys = prepared.flatMap(({ document }) => dataStreamKeys(document));
    const lastIds = new Map<string, string>();
    for (const page of pages(keys)) {
      const ids = await this.#redis.do(commands.lastIds(page), options);
      page.forEach((key, i) => {
        const id = ids[i];
        if (id !== undefined) lastIds.set(key, id);
      });
    }
    for (const scan of prepared) {
      const ids = new Map<string, string>();
      for (const key of dataStreamKeys(scan.document)) {
        const id = lastIds.get(key);
        if (id !== undefined) ids.set(key, id);
      }
      if ([...ids].some(([key, id]) => scan.lastIds.get(key) !== id)) scan.lastActivity = now;
      scan.lastIds = ids;
    }
  }
}

/** The keys of a scan's data streams. */
function dataStreamKeys({ streams }: ScanDocument): string[] {
  return [...streams.values()].filter(({ pk }) => pk !== "").map(({ pk }) => streamKey(pk));
}

function* pages<T>(items: readonly T[]): IterableIterator<readonly T[]> {
  for (let i = 0; i < items.length; i += PAGE) yield items.slice(i, i + PAGE);
}

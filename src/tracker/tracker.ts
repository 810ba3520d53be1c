import { messageOf, NxliveError } from "../errors.js";
import type { RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isConnectionError } from "../redis/errors.js";
import { neededPositions } from "../redis/positions.js";
import { keysOf } from "../scan/document.js";
import type { DataStore } from "../scan/store.js";
import { sleep } from "../waiting.js";
import { Cleaning } from "./cleaning.js";
import { NoMemoryLimitError } from "./errors.js";
import { completeOptions, type TrackerOptions } from "./options.js";
import { type TrackedScan, TrackedScans } from "./tracked-scans.js";

/** What one look at the database found and did. */
export interface TrackerReport {
  /** Milliseconds since 1970, by the server's clock. */
  readonly time: number;
  /** Scans that are open. */
  readonly scans: number;
  /** Bytes in use (after trimming), and `maxmemory`. */
  readonly usedMemory: number;
  readonly maxMemory: number;
  /** Entries removed from streams, and the number of streams they were removed from. */
  readonly trimmedEntries: number;
  readonly trimmedStreams: number;
  /** Keys of closed scans that will disappear after `closedScanDeletion`. */
  readonly expiring: readonly string[];
  /** Keys of open scans that were closed and deleted because nothing happened in them. */
  readonly deleted: readonly string[];
  /** True when memory is short and nothing more can be trimmed. */
  readonly exhausted: boolean;
  readonly warnings: readonly string[];
}

/** How soon to look again when memory is short, or Redis away; seconds. */
const SOON = 1;
/** Errors that time does not heal. */
const FATAL = new Set(["ERR_NO_MEMORY_LIMIT", "ERR_REDIS_ACCESS", "ERR_CLOSED"]);

/**
 * Keeps the memory of a database below its `maxmemory`, as blissdata's `memory_tracker` does: it journals where streams
 * end, trims the oldest data when memory runs short, and deletes closed and abandoned scans after a while. One tracker
 * per database; nxlive's and blissdata's continue each other's journal. Data that a live nxlive writer has not written
 * are never trimmed nor deleted: a warning says so.
 */
export class MemoryTracker {
  readonly #store: DataStore;
  readonly #options: Required<TrackerOptions>;
  readonly #scans: TrackedScans;
  readonly #cleaning: Cleaning;

  /** Options out of range are an InvalidArgumentError. */
  constructor(store: DataStore, options: TrackerOptions = {}) {
    this.#store = store;
    this.#options = completeOptions(options);
    this.#scans = new TrackedScans(store.redis);
    this.#cleaning = new Cleaning(store.redis, this.#options);
  }

  /** One look: journal, deletions and, when memory is short, trimming. Errors: NoMemoryLimitError, those of Redis. */
  async look(options: RequestOptions = {}): Promise<TrackerReport> {
    const { redis } = this.#store;
    const [time, { maxMemory }] = [
      await redis.do(commands.serverTime(), options),
      await this.#memory(options),
    ];
    const warnings = await this.#scans.update(time, options);
    const needed = await neededPositions(redis, signalOnly(options));
    const lastIds = new Map([...this.#scans].flatMap((scan) => [...scan.lastIds]));
    warnings.push(...(await this.#cleaning.journal(time, lastIds, options)));
    const expiring = await this.#expireClosed(needed, options);
    const deleted = await this.#deleteInactive(time, needed, warnings, options);
    const limit = (maxMemory * this.#options.threshold) / 100;
    let { usedMemory } = await this.#memory(options);
    let [trimmedEntries, trimmedStreams, exhausted] = [0, 0, false];
    while (usedMemory >= limit && !exhausted) {
      const round = await this.#cleaning.clean(needed, options);
      warnings.push(...round.warnings);
      trimmedEntries += round.entries;
      trimmedStreams += round.streams;
      exhausted = round.exhausted;
      usedMemory = (await this.#memory(options)).usedMemory;
    }
    if (exhausted) warnings.push(this.#exhaustedWarning(usedMemory, maxMemory));
    return {
      time,
      scans: this.#scans.size,
      usedMemory,
      maxMemory,
      trimmedEntries,
      trimmedStreams,
      exhausted,
      expiring,
      deleted,
      warnings: [...new Set(warnings)],
    };
  }

  /**
   * Looks each period, until the signal aborts: its reason is then thrown. When Redis is away or refuses something,
   * `onError` is told, and a second later it looks again. Errors: NoMemoryLimitError, RedisAccessError, ClosedError.
   */
  async *reports(
    options: { signal?: AbortSignal; onError?: (error: unknown) => void } = {},
  ): AsyncGenerator<TrackerReport, undefined, undefined> {
    const { signal, onError } = options;
    for (;;) {
      let pause = this.#options.period;
      try {
        const report = await this.look(signal ? { signal } : {});
        if (report.exhausted) pause = Math.min(SOON, pause);
        yield report;
      } catch (error) {
        if (signal?.aborted || !(error instanceof NxliveError) || FATAL.has(error.code)) throw error;
        onError?.(error);
        pause = Math.min(SOON, pause);
      }
      await sleep(pause * 1000, signal);
    }
  }

  async #memory(options: RequestOptions): Promise<{ usedMemory: number; maxMemory: number }> {
    const { redis } = this.#store;
    const info = await redis.do(commands.info("memory"), options);
    const maxMemory = Number(info.get("maxmemory") ?? 0);
    if (maxMemory === 0) {
      throw new NoMemoryLimitError(
        `Redis at ${redis.target.label} has no maxmemory, so there is no limit to keep: set it in redis.conf, or with CONFIG SET maxmemory 1gb.`,
      );
    }
    return { usedMemory: Number(info.get("used_memory")), maxMemory };
  }

  /** Lets closed scans disappear later on, and tracks them no longer. */
  async #expireClosed(needed: ReadonlyMap<string, number>, options: RequestOptions): Promise<string[]> {
    const expiring: string[] = [];
    for (const scan of [...this.#scans]) {
      if (scan.state !== "CLOSED" || isNeeded(scan, needed)) continue;
      const keys = keysOf(scan.document);
      const expire = keys.map((key) => commands.expire(key, this.#options.closedScanDeletion, true));
      await this.#store.redis.atomically(expire, options);
      this.#scans.forget(scan);
      expiring.push(scan.key);
    }
    return expiring;
  }

  /** Closes and deletes open scans in which nothing happens any more. */
  async #deleteInactive(
    now: number,
    needed: ReadonlyMap<string, number>,
    warnings: string[],
    options: RequestOptions,
  ): Promise<string[]> {
    const deleted: string[] = [];
    const limit = this.#options.inactiveScanDeletion;
    for (const scan of [...this.#scans]) {
      if (scan.state === "CLOSED" || now - scan.lastActivity < limit * 1000) continue;
      if (isNeeded(scan, needed)) {
        warnings.push(
          `Scan ${scan.key} has been inactive for ${limit} s, but a live writer has not written it yet.`,
        );
        continue;
      }
      try {
        await this.#store.deleteScan(scan.key, { force: true, ...signalOnly(options) });
        this.#scans.forget(scan);
        deleted.push(scan.key);
      } catch (error) {
        if (options.signal?.aborted || isConnectionError(error)) throw error;
        warnings.push(`Scan ${scan.key} is inactive, but cannot be deleted: ${messageOf(error)}`);
      }
    }
    return deleted;
  }

  #exhaustedWarning(usedMemory: number, maxMemory: number): string {
    return `Memory is short (${usedMemory} of ${maxMemory} bytes), and what is left is too recent to be trimmed (${this.#options.protectedHistory} s), or needed.`;
  }
}

/** True when a live writer has not written all of a scan yet. */
function isNeeded(scan: TrackedScan, needed: ReadonlyMap<string, number>): boolean {
  return [...scan.lastIds.keys()].some((key) => needed.has(key));
}

function signalOnly({ signal }: RequestOptions): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

import type { RedisClient } from "../redis/client.js";
import { latestEvent, nextEvents } from "../redis/writer-records.js";
import { sleep } from "../waiting.js";

/** How long one look at the events blocks (ms); between looks nothing is missed. */
const BLOCK = 5_000;
const AFTER_ERROR = 1_000;

/**
 * Watches what other writers do, with one blocking read for all who wait: leases given back, statuses changed. It reads
 * only while somebody waits.
 */
export class WriterEventWatch {
  readonly #client: RedisClient;
  readonly #waiting = new Set<(paths: ReadonlySet<string>, scans: ReadonlySet<string>) => void>();
  readonly #signal: AbortSignal;
  #running: boolean = false;

  /** `signal` ends the watch. */
  constructor(client: RedisClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Resolves when one of the files was given back, or the scan's status changed, or after some milliseconds. */
  async wait(
    paths: readonly string[],
    scan: string,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const stop = new AbortController();
    const happened = new Promise<void>((resolve) => {
      const listener = (released: ReadonlySet<string>, changed: ReadonlySet<string>) => {
        if (changed.has(scan) || paths.some((path) => released.has(path))) resolve();
      };
      this.#waiting.add(listener);
      stop.signal.addEventListener("abort", () => this.#waiting.delete(listener), { once: true });
    });
    void this.#run(this.#signal);
    try {
      await Promise.race([happened, sleep(milliseconds, AbortSignal.any([signal, stop.signal]))]);
    } finally {
      stop.abort();
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let last: string | undefined;
    while (this.#waiting.size > 0 && !signal.aborted) {
      try {
        last ??= await latestEvent(this.#client, { signal });
        const events = await nextEvents(this.#client, last, BLOCK, { signal });
        last = events.last;
        for (const listener of this.#waiting) listener(new Set(events.released), new Set(events.scans));
      } catch {
        // Redis is away: those who wait look again when their time is over.
        await sleep(AFTER_ERROR, signal).catch(() => {});
      }
    }
    this.#running = false;
  }
}

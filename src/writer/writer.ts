import { type Logger, pino } from "pino";
import { ClosedError, isNxliveError, messageOf } from "../errors.js";
import { forgetDeletedScans, readStatuses } from "../redis/writer-records.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import { sleep } from "../waiting.js";
import type { Health } from "./http-endpoint.js";
import { WriterMetrics } from "./metrics.js";
import { OpenFiles } from "./open-files.js";
import { type CompleteOptions, completeOptions, type WriterOptions } from "./options.js";
import { RedisWatch } from "./redis-watch.js";
import { ScanTask, type TaskServices } from "./scan-task.js";
import { Slots } from "./slots.js";
import { StartOrder } from "./start-order.js";
import { isFinal, parseStatus, type ScanStatus } from "./status.js";
import { StatusBoard } from "./status-board.js";
import { statusQueue } from "./status-queue.js";
import { WriterEventWatch } from "./writer-events.js";
import { newWriterId } from "./writer-id.js";

/** A scan that cannot be written for so long no longer keeps `untilIdle` waiting (ms). */
const HOPELESS = 30_000;
/** Who waits for idleness is told this often what for (ms), and so many scans are named. */
const TELLING_INTERVAL = 5_000;
const MOST_TOLD = 5;
const AFTER_ERROR = 1_000;
/** Redis answers within this time, or is not healthy (ms). */
const HEALTH_PATIENCE = 2_000;
/** Records of scans that are deleted from Redis are kept for a day (ms), for those who ask what became of them. */
const RECORDS_KEPT = 24 * 3600 * 1000;
const CLEANING_INTERVAL = 3600 * 1000;
/** Scans that are looked up in one round trip. */
const PAGE = 500;

/**
 * The writer service: turns every scan of a session into its files, those of the past that were never written first.
 * Several writers may run for one session, on machines that share the file system: they divide the scans between
 * them and take over from one that dies.
 */
export class Writer implements AsyncDisposable {
  /** Unique to this process. */
  readonly id = newWriterId();
  readonly metrics = new WriterMetrics();
  readonly #store: DataStore;
  readonly #session: string | null;
  readonly #log: Logger;
  readonly #services: TaskServices;
  readonly #tasks = new Map<string, ScanTask>();
  /** Scans that have no status, because they cannot be read. */
  readonly #givenUp = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #following = new AbortController();
  readonly #closing = new AbortController();
  readonly #redis: RedisWatch;
  #discovery: Promise<void> = Promise.resolve();
  #failed = 0;
  #ending: Promise<void> | undefined;

  private constructor(store: DataStore, options: CompleteOptions) {
    this.#store = store;
    this.#session = options.session ?? null;
    this.#log = options.logger ?? pino({ enabled: false });
    const { roots, leastFree, concurrency, chunks } = options;
    this.#redis = new RedisWatch(store.redis, this.#log);
    const { cutOff } = this.#redis;
    cutOff.addEventListener("abort", () => this.#stopAll(cutOff.reason), { once: true });
    this.#services = {
      store,
      id: this.id,
      files: new OpenFiles({
        redis: store.redis,
        owner: this.id,
        metrics: this.metrics,
        log: this.#log,
        leastFree,
        cutOff,
      }),
      metrics: this.metrics,
      log: this.#log,
      roots,
      leastFree,
      cutOff,
      chunks,
      slots: new Slots(concurrency),
      starts: new Slots(2 * concurrency),
      order: new StartOrder(),
      board: new StatusBoard(store.redis, this.id, this.#log, cutOff),
      events: new WriterEventWatch(store.redis, this.#closing.signal),
    };
  }

  /** Starts writing. The store stays the caller's: close it after the writer. */
  static async start(store: DataStore, options: WriterOptions = {}): Promise<Writer> {
    const writer = new Writer(store, completeOptions(options));
    // New scans first, so that none is missed between the two; whichever sees a scan first takes it.
    const timetag = await store.timetag(options.signal ? { signal: options.signal } : {});
    await writer.#takeUnwritten(options.signal);
    writer.#services.board.start();
    writer.#discovery = writer.#follow(timetag);
    void writer.#cleanNowAndThen();
    return writer;
  }

  /** Each change of a scan's status in this writer, from the call on; ends when the writer is closed. */
  statuses(options: { signal?: AbortSignal } = {}): AsyncIterableIterator<ScanStatus> {
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    return statusQueue(this.#services.board, AbortSignal.any(signals), options.signal);
  }

  /**
   * Resolves once no scan has been open or unwritten for some milliseconds; true when all scans were written without
   * failure. Scans that could not be written for half a minute, for want of a usable file, are not waited for.
   */
  async untilIdle(milliseconds: number, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    let [quietSince, toldAt] = [performance.now(), performance.now()];
    for (;;) {
      const awaited = [...this.#tasks.values()].filter((task) => task.failingFor < HOPELESS);
      const busy = awaited.length > 0;
      if (busy) quietSince = performance.now();
      if (busy && performance.now() - toldAt > TELLING_INTERVAL) {
        this.#tellAwaited(awaited);
        toldAt = performance.now();
      }
      const left = quietSince + milliseconds - performance.now();
      if (busy || left > 0) await sleep(busy ? 100 : Math.min(left, 100), options.signal);
      else if (await this.#takeUnwritten(options.signal)) quietSince = performance.now();
      else return this.#failed === 0 && this.#tasks.size === 0;
    }
  }

  /** A scan that its publisher has left open is waited for, too: whoever waits should know. */
  #tellAwaited(tasks: readonly ScanTask[]): void {
    const keys = tasks.slice(0, MOST_TOLD).map(({ key }) => key);
    const more = tasks.length > keys.length ? " …" : "";
    this.#log.info(
      `Waiting for scans that are open or not written yet (${tasks.length}): ${keys.join(", ")}${more}`,
    );
  }

  /** What `/health` tells: whether Redis answers, and what is in hand. */
  async health(): Promise<Health> {
    const redis = await this.#redis.answers(HEALTH_PATIENCE);
    const tasks = [...this.#tasks.values()];
    return {
      ok: redis && this.#ending === undefined,
      redis,
      stopping: this.#ending !== undefined,
      writer: this.id,
      session: this.#session,
      scans: tasks.length,
      writing: tasks.filter((task) => task.inHand).length,
      waiting: tasks.filter((task) => task.failingFor > 0).length,
      failed: this.#failed,
    };
  }

  /**
   * An orderly end: no new scans; scans that are closed are finished, open ones are committed and let go of, for the
   * next writer to go on, and so are those that another writer has in hand or whose file cannot be written at present.
   * Then it closes. A Redis that does not answer is not waited for.
   */
  async drain(): Promise<void> {
    const reason = new ClosedError("The writer is being stopped.");
    this.#following.abort(reason);
    void this.#redis.ending(this.#closing.signal);
    const { cutOff: signal } = this.#redis;
    const states = await this.#store.states([...this.#tasks.keys()], { signal }).catch(() => undefined);
    for (const task of this.#tasks.values()) {
      if (states?.get(task.key) === "CLOSED") task.finishOrStop(reason);
      else task.stop(reason);
    }
    await Promise.all(this.#running);
    await this.close();
  }

  /** Commits everything and lets go of all scans. Idempotent. */
  close(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    const reason = new ClosedError("The writer was closed.");
    this.#following.abort(reason);
    void this.#redis.ending(this.#closing.signal);
    this.#stopAll(reason);
    await this.#discovery;
    await Promise.all(this.#running);
    await this.#services.files.close();
    await this.#services.board.close().catch((error: unknown) => {
      this.#log.warn(`The last statuses are not published: ${messageOf(error)}`);
    });
    this.#closing.abort(reason);
  }

  #stopAll(reason: unknown): void {
    for (const task of this.#tasks.values()) task.stop(reason);
  }

  /** Takes up the scans that are there and not written, the oldest first; false when there is none. */
  async #takeUnwritten(signal?: AbortSignal): Promise<boolean> {
    const criteria = this.#session === null ? {} : { session: this.#session };
    const { keys } = await this.#store.search(criteria, signal ? { signal } : {});
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1));
    let taken = false;
    for (let i = 0; i < sorted.length; i += PAGE) {
      const page = sorted
        .slice(i, i + PAGE)
        .filter((key) => !this.#tasks.has(key) && !this.#givenUp.has(key));
      const statuses = await readStatuses(this.#store.redis, page, { signal });
      page.forEach((key, k) => {
        const status = parseStatus(statuses[k] ?? "null");
        if (status && isFinal(status)) return;
        this.#take(key);
        taken = true;
      });
    }
    return taken;
  }

  /** Takes up new scans as they are created. */
  async #follow(timetag: string): Promise<void> {
    const { signal } = this.#following;
    let since = timetag;
    while (!signal.aborted) {
      try {
        const scans = this.#store.scans({
          since,
          signal,
          ...(this.#session !== null && { session: this.#session }),
          onError: (key, error) =>
            this.#log.warn({ scan: key }, `Scan ${key} cannot be read: ${messageOf(error)}`),
        });
        for await (const scan of scans) {
          since = scan.timetag ?? since;
          this.#take(scan.key, scan);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (isNxliveError(error, "ERR_CLOSED")) return this.#endWithStore();
        this.#log.warn(`Waiting for Redis: ${messageOf(error)}`);
        await sleep(AFTER_ERROR, signal).catch(() => {});
      }
    }
  }

  /** Without its store the writer can do nothing more, and must not keep the program from ending. */
  #endWithStore(): void {
    this.#log.error("The store was closed before the writer, which ends: another writer goes on.");
    this.close().catch((error: unknown) => this.#log.error(messageOf(error)));
  }

  #take(key: string, found?: Scan): void {
    if (this.#tasks.has(key) || this.#givenUp.has(key)) return;
    const task = new ScanTask(key, this.#services, found);
    this.#tasks.set(key, task);
    this.metrics.scansOpen.set(this.#tasks.size);
    const run = task.run().then((result) => {
      if (result === "failed" || result === "unreadable") this.#failed++;
      if (result === "unreadable" || result === "gone") this.#givenUp.add(key);
      this.#tasks.delete(key);
      this.#running.delete(run);
      this.metrics.scansOpen.set(this.#tasks.size);
    });
    this.#running.add(run);
  }

  async #cleanNowAndThen(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await forgetDeletedScans(this.#store.redis, RECORDS_KEPT, { signal }).catch(() => {});
      await sleep(CLEANING_INTERVAL, signal).catch(() => {});
    }
  }
}

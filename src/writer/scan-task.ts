import { isNxliveError, messageOf } from "../errors.js";
import { isConnectionError } from "../redis/errors.js";
import { LEASE_TTL } from "../redis/leases.js";
import { readScanRecord } from "../redis/writer-records.js";
import { ScanNotFoundError } from "../scan/errors.js";
import type { Scan } from "../scan/scan.js";
import { sleep } from "../waiting.js";
import { mainFile, reasonNotToWrite } from "./layouts.js";
import { ScanReport } from "./report.js";
import { tellEnd, tellLoss } from "./scan-ends.js";
import { FilesAddedError, ScanJob, type WriterServices } from "./scan-job.js";
import { ScanProgress } from "./scan-progress.js";
import { parseSavedState, type SavedState } from "./scan-state.js";
import type { Slot, Slots } from "./slots.js";
import { StartingScan, type StartOrder } from "./start-order.js";
import { isFinal } from "./status.js";
import type { StatusBoard } from "./status-board.js";
import type { WriterEventWatch } from "./writer-events.js";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
/** How long a scan that is not prepared yet keeps its place before later ones (ms). */
const PRECEDENCE = 100;
/** How often those who wait for another writer look whether it is dead (ms); what it does is told at once. */
const LOOK_INTERVAL = LEASE_TTL / 4;
/** Errors that are not known to pass are tried again only so often. */
const ATTEMPTS_AFTER_SURPRISE = 3;

export interface TaskServices extends WriterServices {
  readonly id: string;
  readonly slots: Slots;
  readonly board: StatusBoard;
  readonly events: WriterEventWatch;
  /** Scans that were begun with and have no place in their files yet; what they hold in memory is bounded by their number. */
  readonly starts: Slots;
  readonly order: StartOrder;
}

/** How a task ends; without a status in Redis when the scan is not readable, or gone. */
export type TaskResult = "written" | "failed" | "skipped" | "stopped" | "unreadable" | "gone";

/** One scan in this writer's hands, from its discovery until it is written, by this writer or another one. */
export class ScanTask {
  readonly key: string;
  readonly #services: TaskServices;
  readonly #starting: StartingScan;
  #found: Scan | undefined;
  readonly #stopping = new AbortController();
  #progress: ScanProgress | undefined;
  #failingSince: number | undefined;
  /** While another writer, or a cause that may go away, is waited for. */
  #held: Promise<void> | undefined;
  #finishing: { readonly reason: unknown } | undefined;

  /** `found`: the scan as it was when it was found. */
  constructor(key: string, services: TaskServices, found?: Scan) {
    this.key = key;
    this.#found = found;
    this.#services = services;
    this.#starting = new StartingScan(key);
  }

  /** Files of the scan are open here. */
  get inHand(): boolean {
    return this.#progress?.owned ?? false;
  }

  /** How long attempts have failed without success, in ms; 0 when all is well. */
  get failingFor(): number {
    return this.#failingSince === undefined ? 0 : performance.now() - this.#failingSince;
  }

  /** Commits what is there and lets go of the scan; another writer, or a later run, goes on. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  /** Goes on as long as nothing is in the scan's way; once it would have to wait for a file, it is stopped. */
  finishOrStop(reason: unknown): void {
    this.#finishing = { reason };
    if (this.#held) this.stop(reason);
  }

  /** Never rejects: what goes wrong is in the scan's status and in the log. */
  async run(): Promise<TaskResult> {
    const { signal } = this.#stopping;
    const { slots, starts, order } = this.#services;
    if (starts.full) this.#found = undefined; // however many are waiting, they hold no documents
    try {
      const start = await starts.take(signal);
      order.add(this.#starting);
      void this.#starting.begun.then(() => start.release());
      const slot = await slots.take(signal);
      try {
        return await this.#run(slot, signal);
      } finally {
        slot.release();
      }
    } catch (error) {
      if (!signal.aborted && !(error instanceof ScanNotFoundError)) {
        this.#services.log.error(
          { scan: this.key, error },
          `Scan ${this.key} is given up: ${messageOf(error)}`,
        );
        return "unreadable";
      }
      return signal.aborted ? "stopped" : "gone";
    } finally {
      this.#starting.standBack();
      if (this.#progress) this.#services.board.remove(this.#progress);
    }
  }

  async #run(slot: Slot, signal: AbortSignal) {
    const { board, id } = this.#services;
    const scan = await this.#load(signal);
    await this.#prepared(scan, slot, signal);
    const place = scan.id.path || mainFile(scan.layoutSource);
    this.#starting.locate(place);
    const saved = await this.#saved(signal);
    if (saved.status && isFinal(saved.status)) return "skipped";
    const start = saved.status ? new Date(saved.status.start) : new Date();
    const progress = new ScanProgress(scan, id, start, new ScanReport(), {
      takenUp: () => this.#starting.begin(),
      begun: () => {
        this.#failingSince = undefined;
      },
    });
    this.#progress = progress;
    const reason = reasonNotToWrite(scan.layoutSource);
    if (reason !== undefined) {
      await this.#makeKnown(progress, { durable: true, skipped: reason });
      this.#services.log.debug({ scan: this.key }, reason);
      return "skipped";
    }
    progress.needed = new Map([...scan.streams.values()].map((stream) => [stream.key, 0]));
    board.add(progress);
    return this.#attempts(scan, progress, place, slot, signal);
  }

  async #load(signal: AbortSignal): Promise<Scan> {
    const found = this.#found;
    this.#found = undefined;
    try {
      if (!found) return await this.#services.store.loadScan(this.key, { signal });
      await found.update({ signal });
      return found;
    } catch (error) {
      if (error instanceof ScanNotFoundError) {
        const { status } = await this.#saved(signal);
        if (!(status && isFinal(status))) tellLoss(this.key, this.#services);
      }
      throw error;
    }
  }

  async #attempts(scan: Scan, progress: ScanProgress, place: string | null, slot: Slot, signal: AbortSignal) {
    let delay = FIRST_RETRY;
    for (let surprises = 0; ; ) {
      try {
        progress.report = new ScanReport();
        const job = new ScanJob(this.#services, scan, () => this.#saved(signal), progress, slot);
        const myTurn = () => this.#services.order.turnOf(this.key, place);
        const result = await job.run(signal, myTurn, (durable) => this.#written(progress, durable));
        if (result === "written") return progress.report.failed ? "failed" : "written";
        if (result === "elsewhere") return "skipped";
        progress.owned = false;
        this.#starting.standBack();
        await slot.during(this.#hold(this.#otherWriter(job.paths, signal)), signal);
      } catch (error) {
        if (signal.aborted) return await this.#letGo(progress);
        if (error instanceof FilesAddedError) continue;
        if (error instanceof ScanNotFoundError) {
          progress.report.fail(
            "The scan was deleted from Redis before it was closed: what had arrived is written.",
          );
          return this.#giveUp(progress);
        }
        if (!mayPass(error) && ++surprises >= ATTEMPTS_AFTER_SURPRISE) {
          progress.report.fail(messageOf(error));
          return this.#giveUp(progress);
        }
        this.#waitFor(error, progress, delay);
        await slot.during(this.#hold(sleep(delay, signal)), signal).catch(() => {});
        if (signal.aborted) return await this.#letGo(progress);
        delay = Math.min(2 * delay, LONGEST_RETRY);
      }
    }
  }

  async #saved(signal: AbortSignal): Promise<SavedState> {
    return parseSavedState(await readScanRecord(this.#services.store.redis, this.key, { signal }));
  }

  /** Another writer has the scan, or its file, in hand: waits until that changes, or its lease may have run out. */
  #otherWriter(paths: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#services.events.wait(paths, this.key, LOOK_INTERVAL, signal);
  }

  /** Waits for what is in the scan's way. */
  async #hold(waiting: Promise<void>): Promise<void> {
    this.#held = waiting;
    if (this.#finishing) this.stop(this.#finishing.reason);
    try {
      await waiting;
    } finally {
      this.#held = undefined;
    }
  }

  /** Most scans are prepared at once: later ones let them go first until they turn out to take their time. */
  async #prepared(scan: Scan, slot: Slot, signal: AbortSignal): Promise<void> {
    const timer =
      scan.state === "CREATED" ? setTimeout(() => this.#starting.standBack(), PRECEDENCE) : undefined;
    try {
      await slot.during(scan.waitFor("PREPARED", { signal }), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #waitFor(error: unknown, progress: ScanProgress, delay: number): void {
    this.#starting.standBack();
    const { log, metrics } = this.#services;
    const message = `Waiting, will try again: ${messageOf(error)}`;
    this.#failingSince ??= performance.now();
    if (progress.message !== message)
      log.warn({ scan: this.key, error: codeOf(error), delay }, `${progress.title}: ${message}`);
    metrics.retries.inc();
    progress.message = message;
    progress.state = "FAILED";
    progress.retrying = true;
    progress.owned = true;
  }

  async #letGo(progress: ScanProgress): Promise<"stopped"> {
    progress.message = "Let go of by the writer, which was stopped: the next one goes on.";
    const { board, log } = this.#services;
    await board.publish().catch((error: unknown) => {
      log.warn({ scan: this.key }, `${progress.title} is let go of without a word: ${messageOf(error)}`);
    });
    return "stopped";
  }

  /** Everything is in the files, and once `durable` it stays there. */
  async #written(progress: ScanProgress, durable: boolean): Promise<void> {
    await this.#makeKnown(progress, { durable });
    if (!durable) tellEnd(progress, this.#services);
  }

  async #giveUp(progress: ScanProgress): Promise<"failed"> {
    await this.#makeKnown(progress, { durable: true });
    tellEnd(progress, this.#services);
    return "failed";
  }

  /** Publishes how the scan ended; when that is `durable` nobody takes it up again. */
  async #makeKnown(progress: ScanProgress, how: { durable: boolean; skipped?: string }): Promise<void> {
    const { board } = this.#services;
    const { report } = progress;
    progress.owned = true;
    progress.retrying = false;
    progress.durable = how.durable;
    progress.state = report.failed ? "FAILED" : "COMPLETE";
    progress.message = report.failed ? report.failure : (how.skipped ?? "Written.");
    progress.end ??= new Date();
    board.add(progress);
    for (;;) {
      try {
        return await board.publish(progress);
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        await sleep(FIRST_RETRY, this.#stopping.signal);
      }
    }
  }
}

/** Errors of files and of Redis may pass; anything else is a surprise. */
function mayPass(error: unknown): boolean {
  if (isConnectionError(error)) return true;
  return isNxliveError(error) && /^ERR_(HDF5|FILE|CLOSED|REDIS)/.test(error.code);
}

function codeOf(error: unknown): string {
  return isNxliveError(error) ? error.code : "unknown";
}

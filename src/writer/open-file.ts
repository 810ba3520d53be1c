import { ClosedError } from "../errors.js";
import { DiskFullError, FileAccessError, FileChangedError, FileLockedError } from "../hdf5/errors.js";
import type { Hdf5Writer } from "../hdf5/writer-api.js";
import { FileUnavailableError } from "./errors.js";
import { inodeOf } from "./file-identity.js";
import type { FileLease } from "./file-leases.js";
import type { WriterMetrics } from "./metrics.js";
import { SharedRun } from "./shared-run.js";
import { roomFor } from "./target-checks.js";

/** How long data wait in memory before they are committed (ms). */
const COMMIT_INTERVAL = 500;
/**
 * Commits that take long come so many times their own duration after each other, up to the most (ms): each of them writes
 * chunks that are not full yet, uncompressed, and a fast publisher fills those sooner than readers look at them.
 */
const COMMIT_PAUSE = 3;
const MOST_COMMIT_PAUSE = 5_000;

/** Something that wants to know what has reached the file. */
export interface Committable {
  /** Called before a commit; what it returns is called when the commit has succeeded, with a warning if there is one. */
  beforeCommit(): (warning: string | undefined) => void;
}

export interface OpenFileOptions {
  readonly hdf5: Hdf5Writer;
  readonly lease: FileLease;
  readonly metrics: WriterMetrics;
  /** Bytes that must stay free where the file lies. */
  readonly leastFree: number;
  /** Which file it is, as `inodeOf` says. */
  readonly inode: string | undefined;
}

/**
 * An HDF5 file that one or more scans of this process write to. It commits by itself soon after a change. A failing
 * commit or a lost lease breaks it for all its users: they let go of it and may open it again.
 */
export class OpenFile {
  readonly path: string;
  readonly hdf5: Hdf5Writer;
  /** Aborts with the reason when the file cannot be used any more. */
  readonly broken: AbortSignal;
  readonly #lease: FileLease;
  readonly #metrics: WriterMetrics;
  readonly #breaking = new AbortController();
  readonly #waiting = new Set<Committable>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  readonly #commits = new SharedRun(() => this.#commit());
  readonly #flushes = new SharedRun(() => this.#flush());
  #interval = COMMIT_INTERVAL;
  /** While a commit is under way: true when something was written since it began. */
  #changedMeanwhile: boolean | undefined;
  readonly #leastFree: number;
  readonly #inode: string | undefined;

  constructor({ hdf5, lease, metrics, leastFree, inode }: OpenFileOptions) {
    this.path = lease.path;
    this.#leastFree = leastFree;
    this.#inode = inode;
    this.hdf5 = hdf5;
    this.#lease = lease;
    this.#metrics = metrics;
    this.broken = AbortSignal.any([this.#breaking.signal, lease.lost]);
  }

  /** To be called before writing: throws when the file is broken or its lease has run out. */
  check(): void {
    this.broken.throwIfAborted();
    this.#lease.check();
  }

  /** Runs parts of scans one after the other: each finds the file as the one before has left it. */
  async inTurn<T>(part: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(part, part);
    this.#turn = turn;
    return turn;
  }

  /** Something was written: it will be committed soon, and `committable` told. */
  changed(committable?: Committable): void {
    if (committable) this.#waiting.add(committable);
    if (this.broken.aborted) return;
    if (this.#changedMeanwhile === undefined) this.#commitSoon();
    else this.#changedMeanwhile = true;
  }

  #commitSoon(): void {
    this.#timer ??= setTimeout(() => {
      // The error has broken the file, which is how its users learn of it.
      this.commit().catch(() => {});
    }, this.#interval);
  }

  /** All that was written before this call is in the file for readers after it. Calls at the same time share one commit. */
  commit(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#commits.run();
  }

  /** All that was committed before this call survives a power loss after it. Calls at the same time share one flush. */
  flush(): Promise<void> {
    return this.#flushes.run();
  }

  async #flush(): Promise<void> {
    try {
      await this.hdf5.flush();
    } catch (error) {
      this.break(error);
      throw error;
    }
  }

  async #commit(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const confirmations = waiting.map((committable) => committable.beforeCommit());
    const stop = this.#metrics.commits.startTimer();
    this.#changedMeanwhile = false;
    let warning: string | undefined;
    try {
      this.check();
      await this.hdf5.commit();
      await this.#checkPlace();
      warning = await this.#checkRoom();
    } catch (error) {
      this.break(error);
      throw error;
    } finally {
      const pause = Math.min(COMMIT_PAUSE * 1000 * stop(), MOST_COMMIT_PAUSE);
      this.#interval = Math.max(COMMIT_INTERVAL, pause);
      const changed = this.#changedMeanwhile;
      this.#changedMeanwhile = undefined;
      if (changed && !this.broken.aborted) this.#commitSoon();
    }
    for (const confirm of confirmations) confirm(warning);
  }

  /** False when the file is broken, or no longer at its place. */
  async isUsable(): Promise<boolean> {
    return !this.broken.aborted && this.#inode !== undefined && (await inodeOf(this.path)) === this.#inode;
  }

  /** Takes nothing more while it can still be committed in peace; a warning when room becomes scarce. */
  async #checkRoom(): Promise<string | undefined> {
    const { low, full } = await roomFor(this.path, this.#leastFree);
    if (full !== undefined) this.break(new FileUnavailableError(full, { path: this.path }));
    return low;
  }

  /** Refuses to go on with a file that has been moved away, or replaced by another one. */
  async #checkPlace(): Promise<void> {
    const inode = await inodeOf(this.path);
    if (inode !== undefined && inode === this.#inode) return;
    throw new FileUnavailableError(
      `${this.path} was ${inode === undefined ? "moved or deleted" : "replaced"} while it was written.`,
      { path: this.path },
    );
  }

  /**
   * Throws an error again when it means that nothing more can be written to this file; returns when it concerns one item
   * only.
   */
  refuseFatal(error: unknown): void {
    if (isFileError(error)) this.break(error);
    this.broken.throwIfAborted();
  }

  /** Declares the file unusable. */
  break(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#breaking.abort(reason);
  }

  /** Commits and closes; a broken file is let go of as it is. Then the lease is given back. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      await Promise.all([this.#commits.settled(), this.#flushes.settled()]);
      if (!this.#lease.holds) await this.hdf5.abandon();
      else if (this.broken.aborted) await this.hdf5.close().catch(() => {});
      else await this.commit().finally(() => this.hdf5.close());
    } finally {
      await this.#lease.release();
    }
  }
}

/** Runs a part of a scan while no other one does so in any of these files, which all scans take in the same order. */
export function inTurnOfAll<T>(files: readonly OpenFile[], part: () => Promise<T>): Promise<T> {
  const [first, ...others] = files;
  return first ? first.inTurn(() => inTurnOfAll(others, part)) : part();
}

/** Errors of the file as a whole, not of an item in it. */
function isFileError(error: unknown): boolean {
  return (
    error instanceof FileUnavailableError ||
    error instanceof DiskFullError ||
    error instanceof FileAccessError ||
    error instanceof FileChangedError ||
    error instanceof FileLockedError ||
    error instanceof ClosedError
  );
}

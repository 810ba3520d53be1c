import { ClosedError } from "../errors.js";
import { DiskFullError, FileAccessError, FileChangedError, FileLockedError } from "../hdf5/errors.js";
import type { Hdf5Writer } from "../hdf5/writer-api.js";
import { FileUnavailableError } from "./errors.js";
import { inodeOf } from "./file-identity.js";
import type { FileLease } from "./file-leases.js";
import type { WriterMetrics } from "./metrics.js";

/** How long data may wait in memory before they are committed (ms). */
const COMMIT_INTERVAL = 500;

/** Something that wants to know what has reached the disk. */
export interface Committable {
  /** Called before a commit; what it returns is called when the commit has succeeded. */
  beforeCommit(): () => void;
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
  #committing: Promise<void> = Promise.resolve();
  /** The commit that follows the one under way. */
  #next: Promise<void> | undefined;
  #durable: boolean = false;
  #inode: string | undefined;

  /** `inode`: which file it is, as `inodeOf` says. */
  constructor(hdf5: Hdf5Writer, lease: FileLease, metrics: WriterMetrics, inode: string | undefined) {
    this.path = lease.path;
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
    this.#timer ??= setTimeout(() => {
      // The error has broken the file, which is how its users learn of it.
      this.commit().catch(() => {});
    }, COMMIT_INTERVAL);
  }

  /** All that was written before this call is on disk for readers after it. Calls at the same time share one commit. */
  commit(options: { durable?: boolean } = {}): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#durable ||= options.durable ?? false;
    this.#next ??= this.#committing
      .catch(() => {})
      .then(() => {
        const durable = this.#durable;
        this.#durable = false;
        this.#next = undefined;
        this.#committing = this.#commit({ durable });
        return this.#committing;
      });
    return this.#next;
  }

  async #commit(options: { durable: boolean }): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const confirmations = waiting.map((committable) => committable.beforeCommit());
    const stop = this.#metrics.commits.startTimer();
    try {
      this.check();
      await this.hdf5.commit(options);
      await this.#checkPlace();
    } catch (error) {
      this.break(error);
      throw error;
    } finally {
      stop();
    }
    for (const confirm of confirmations) confirm();
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
      await this.#committing.catch(() => {});
      if (!this.#lease.holds) await this.hdf5.abandon();
      else if (this.broken.aborted) await this.hdf5.close().catch(() => {});
      else {
        await this.commit();
        await this.hdf5.close();
      }
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

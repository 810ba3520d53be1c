import { ClosedError } from "../errors.js";
import { DiskFullError, FileAccessError, FileChangedError, FileLockedError } from "../hdf5/errors.js";
import { openHdf5 } from "../hdf5/open.js";
import type { Hdf5Writer } from "../hdf5/writer-api.js";
import { FileUnavailableError } from "./errors.js";
import type { FileLease, FileLeases } from "./file-leases.js";
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

  constructor(hdf5: Hdf5Writer, lease: FileLease, metrics: WriterMetrics) {
    this.path = lease.path;
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

  /** All that was written before this call is on disk for readers after it. */
  async commit(options: { durable?: boolean } = {}): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const previous = this.#committing.catch(() => {});
    this.#committing = previous.then(() => this.#commit(options));
    await this.#committing;
  }

  async #commit(options: { durable?: boolean }): Promise<void> {
    this.check();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const confirmations = waiting.map((committable) => committable.beforeCommit());
    const stop = this.#metrics.commits.startTimer();
    try {
      await this.hdf5.commit(options);
    } catch (error) {
      this.break(error);
      throw error;
    } finally {
      stop();
    }
    for (const confirm of confirmations) confirm();
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
      if (this.broken.aborted) {
        await this.hdf5.close().catch(() => {});
      } else {
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

interface Entry {
  readonly file: OpenFile;
  users: number;
}

/** The files of one writer process: each is open once, however many scans write to it, until the last one lets go. */
export class OpenFiles {
  readonly #leases: FileLeases;
  readonly #metrics: WriterMetrics;
  readonly #entries = new Map<string, Entry>();
  /** The last of those who open or close a path, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(leases: FileLeases, metrics: WriterMetrics) {
    this.#leases = leases;
    this.#metrics = metrics;
  }

  /** Opens files, all or none; undefined while another writer holds one of them. Each must be let go of with `release`. */
  async acquire(
    paths: readonly string[],
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<OpenFile[] | undefined> {
    const acquired: OpenFile[] = [];
    try {
      // One order for everybody, so that writers who need the same files do not keep them from each other.
      for (const path of [...paths].sort((a, b) => (a < b ? -1 : 1))) {
        const file = await this.#inTurn(path, () => this.#acquire(path, options));
        if (!file) break;
        acquired.push(file);
      }
    } catch (error) {
      await this.release(acquired);
      throw error;
    }
    if (acquired.length === paths.length) return acquired;
    await this.release(acquired);
    return undefined;
  }

  /** Lets go of files; the last user closes them. The errors of closing are thrown after all are closed. */
  async release(files: readonly OpenFile[]): Promise<void> {
    const results = await Promise.allSettled(
      files.map((file) => this.#inTurn(file.path, () => this.#release(file))),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #acquire(path: string, options: { signal?: AbortSignal | undefined }): Promise<OpenFile | undefined> {
    const entry = this.#entries.get(path);
    if (entry) {
      // Broken: its users are letting go of it.
      entry.file.broken.throwIfAborted();
      entry.users++;
      return entry.file;
    }
    const lease = await this.#leases.take(path, options);
    if (!lease) return undefined;
    try {
      const hdf5 = await openHdf5(path, {
        mode: "append",
        ...(options.signal && { signal: options.signal }),
      });
      const file = new OpenFile(hdf5, lease, this.#metrics);
      this.#entries.set(path, { file, users: 1 });
      this.#metrics.filesOpen.inc();
      return file;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #release(file: OpenFile): Promise<void> {
    const entry = this.#entries.get(file.path);
    if (entry?.file !== file || --entry.users > 0) return;
    this.#entries.delete(file.path);
    this.#metrics.filesOpen.dec();
    await file.close();
  }

  async #inTurn<T>(path: string, run: () => Promise<T>): Promise<T> {
    const previous = this.#turns.get(path) ?? Promise.resolve();
    const turn = previous.then(run, run);
    this.#turns.set(path, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(path) === turn) this.#turns.delete(path);
    }
  }
}

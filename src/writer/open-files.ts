import { openHdf5 } from "../hdf5/open.js";
import { inodeOf, removeLeftovers } from "./file-identity.js";
import type { FileLeases } from "./file-leases.js";
import type { WriterMetrics } from "./metrics.js";
import { OpenFile } from "./open-file.js";

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
      await removeLeftovers(path);
      const hdf5 = await openHdf5(path, {
        mode: "append",
        ...(options.signal && { signal: options.signal }),
      });
      const file = new OpenFile(hdf5, lease, this.#metrics, await inodeOf(path));
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

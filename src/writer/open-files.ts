import type { Logger } from "pino";
import { messageOf } from "../errors.js";
import { openHdf5 } from "../hdf5/open.js";
import type { RedisClient } from "../redis/client.js";
import { inodeOf, removeLeftovers } from "./file-identity.js";
import { FileLeases } from "./file-leases.js";
import { IdleFiles } from "./idle-files.js";
import type { WriterMetrics } from "./metrics.js";
import { OpenFile } from "./open-file.js";

interface Entry {
  readonly file: OpenFile;
  users: number;
}

export interface OpenFilesOptions {
  readonly redis: RedisClient;
  /** Id of the writer. */
  readonly owner: string;
  readonly metrics: WriterMetrics;
  readonly log: Logger;
  /** Bytes that must stay free where a file lies. */
  readonly leastFree: number;
  /** Aborts when Redis is not waited for any more. */
  readonly cutOff: AbortSignal;
}

/**
 * The files of one writer process: each is open once, however many scans write to it, until nobody has needed it for a
 * moment, or another writer wants it.
 */
export class OpenFiles {
  readonly #options: OpenFilesOptions;
  readonly #leases: FileLeases;
  readonly #idle: IdleFiles;
  readonly #entries = new Map<string, Entry>();
  /** The last of those who open or close a path, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: OpenFilesOptions) {
    const { redis, owner, log, cutOff } = options;
    this.#options = options;
    this.#leases = new FileLeases(redis, owner, { cutOff });
    this.#idle = new IdleFiles(redis, owner, (path) => {
      this.#inTurn(path, () => this.#closeUnused(path)).catch((error: unknown) => {
        // All that scans have written is committed.
        log.warn(`Closing ${path}: ${messageOf(error)}`);
      });
    });
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

  /** Lets go of files. One that is broken is closed by its last user; the others stay open for a moment. */
  async release(files: readonly OpenFile[]): Promise<void> {
    const results = await Promise.allSettled(
      files.map((file) => this.#inTurn(file.path, () => this.#release(file))),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Closes the files that nobody uses, now and from now on. */
  async close(): Promise<void> {
    this.#idle.end();
    await Promise.allSettled(this.#turns.values());
  }

  async #acquire(path: string, options: { signal?: AbortSignal | undefined }): Promise<OpenFile | undefined> {
    this.#idle.remove(path);
    const entry = this.#entries.get(path);
    if (entry?.users === 0 && !(await entry.file.isUsable())) await this.#close(entry.file);
    else if (entry) {
      // Broken: its users are letting go of it.
      entry.file.broken.throwIfAborted();
      entry.users++;
      return entry.file;
    }
    return this.#open(path, options);
  }

  async #open(path: string, options: { signal?: AbortSignal | undefined }): Promise<OpenFile | undefined> {
    const lease = await this.#leases.take(path, options);
    if (!lease) return undefined;
    try {
      await removeLeftovers(path);
      const hdf5 = await openHdf5(path, {
        mode: "append",
        ...(options.signal && { signal: options.signal }),
      });
      const { metrics, leastFree } = this.#options;
      const file = new OpenFile({ hdf5, lease, metrics, leastFree, inode: await inodeOf(path) });
      this.#entries.set(path, { file, users: 1 });
      metrics.filesOpen.inc();
      return file;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #release(file: OpenFile): Promise<void> {
    const entry = this.#entries.get(file.path);
    if (entry?.file !== file || --entry.users > 0) return;
    if (file.broken.aborted) await this.#close(file);
    else this.#idle.add(file.path);
  }

  async #closeUnused(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry?.users === 0) await this.#close(entry.file);
  }

  async #close(file: OpenFile): Promise<void> {
    this.#entries.delete(file.path);
    this.#options.metrics.filesOpen.dec();
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

import { resolve } from "node:path";
import { InvalidArgumentError } from "../errors.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";
import { FileCore } from "./core.js";
import { Dataset } from "./dataset.js";
import { FileNotFoundError } from "./errors.js";
import { Group } from "./group.js";
import { FILE_MODES, type FileMode, Library } from "./library.js";
import { Snapshot, SnapshotCore } from "./snapshot.js";

export interface FileOptions extends SignalOption {
  /** Where scans are looked for; without it files are read from disk. */
  readonly store?: DataStore;
  /** `live`: only scans in Redis; `disk`: only the file; `auto`: each entry from Redis when it is there, else from disk. */
  readonly mode?: FileMode;
}

const NODES = {
  group: (...args: ConstructorParameters<typeof Group>) => new Group(...args),
  dataset: (...args: ConstructorParameters<typeof Dataset>) => new Dataset(...args),
};

/**
 * A file of scans: live while it is measured, and the same file afterwards on disk. Reading it needs no locks and never
 * disturbs its writers.
 * @example
 * await using file = await File.open("/data/demo.h5", { store });
 * await file.get("/instrument/diode").slice(0, 10);
 */
export class File extends Group {
  #state = "";
  #generation = 0;

  /** Errors: FileNotFoundError; `ERR_HDF5_ACCESS` or `ERR_HDF5_NOT_A_FILE` for files on disk. */
  static async open(name: string, options: FileOptions = {}): Promise<File> {
    const { store, mode = "auto" } = options;
    if (!FILE_MODES.includes(mode))
      throw new InvalidArgumentError(`mode is live, disk or auto, not ${JSON.stringify(mode)}.`);
    const library = new Library(store);
    const path = resolve(name);
    const view = await library.open(path, mode, options);
    if (!view) throw notFound(path, mode, store);
    return File.#of(new FileCore(view, library, NODES), options);
  }

  /** The file of one scan alone. With a store, links to other live files work too. */
  static async ofScan(scan: Scan, options: Omit<FileOptions, "mode"> = {}): Promise<File> {
    const library = new Library(options.store);
    const core = new FileCore(library.ofScan(scan), library, NODES);
    return File.#of(core, options);
  }

  static async #of(core: FileCore, options: SignalOption): Promise<File> {
    try {
      const version = await core.version(options);
      const located = await core.resolve("/", options);
      const { item } = located;
      if (item.kind !== "group") throw new FileNotFoundError(`${core.name} has no root group.`);
      return new File(core, "/", { ...located, item }, version);
    } catch (error) {
      await core.close();
      throw error;
    }
  }

  /** True when its data come from Redis (some of them at least). */
  get live(): boolean {
    return this.core.view.live;
  }

  /**
   * The file as it is at this moment: every dataset has a fixed length in it, the members of one NXdata (and of
   * `measurement`) a common one. Cheap: only lengths are asked for, together.
   */
  async snapshot(options: SignalOption = {}): Promise<Snapshot> {
    this.core.assertOpen();
    const frozen = await this.core.view.freeze(options);
    const version = await this.core.version(options);
    const state = JSON.stringify([
      version,
      frozen.moments.map(({ path, key, points }) => [path, key, points]),
    ]);
    if (state !== this.#state) this.#generation++;
    this.#state = state;
    const core = new SnapshotCore(this.core, frozen, this.core.library, NODES);
    const { item, ...located } = await core.resolve("/", options);
    if (item.kind !== "group") throw new FileNotFoundError(`${core.name} has no root group.`);
    return new Snapshot(core, { ...located, item }, this.#generation);
  }

  /** Idempotent. Groups and datasets of the file cannot be used afterwards (ClosedError). */
  close(): Promise<void> {
    return this.core.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The names in the root: those that are there, then, in a live file, each new one as scans come, for ever. `keys()`
   * is the list of the moment.
   */
  override [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.names();
  }

  /** As iterating the file, with a signal to end it. */
  names(options: SignalOption = {}): AsyncIterableIterator<string> {
    this.core.assertOpen();
    return this.core.view.follow(options);
  }

  override toString(): string {
    return `<nxlive file "${this.core.name}"${this.live ? " (live)" : ""}>`;
  }

  /** Paths without an entry are looked for in the default entry, when the root does not have them. */
  protected override find(_path: string, full: string, options: SignalOption): Promise<string> {
    return this.core.fullPath(full, options);
  }
}

function notFound(path: string, mode: FileMode, store: DataStore | undefined): FileNotFoundError {
  const places = [
    ...(store && mode !== "disk" ? [`no scan at ${store.url} is saved there`] : []),
    ...(mode !== "live" ? ["there is no such file on disk"] : []),
    ...(!store && mode !== "disk" ? ["no store was given to look for live scans"] : []),
  ];
  return new FileNotFoundError(`${path} does not exist: ${places.join(", and ")}.`, { path });
}

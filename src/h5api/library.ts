import { existsSync } from "node:fs";
import { isNxliveError } from "../errors.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";
import { AutoFile } from "./auto-file.js";
import type { DataSource } from "./data/source.js";
import { DiskFile } from "./disk-file.js";
import { LiveFile, ScanFile } from "./live-file.js";
import { resolvePath } from "./resolve.js";
import { treeOf } from "./scan-trees.js";
import type { FileView } from "./view.js";
import { Waits } from "./waits.js";

export const FILE_MODES = ["live", "disk", "auto"] as const;

/** Where data are taken from: scans in Redis, files on disk, or whichever there is. */
export type FileMode = (typeof FILE_MODES)[number];

/** The files that one open file leads to, each opened once; closed together. */
export class Library {
  readonly #store: DataStore | undefined;
  readonly #views = new Map<string, FileView>();
  readonly #disk = new Map<string, Promise<DiskFile>>();
  readonly #waits = new Waits();

  constructor(store: DataStore | undefined) {
    this.#store = store;
  }

  /** The file after a look at what is new in it; undefined when there is no such file in that mode. */
  async open(name: string, mode: FileMode, options: SignalOption = {}): Promise<FileView | undefined> {
    const store = this.#store;
    if (mode === "disk" || !store) return this.#openDisk(name);
    const known = this.#views.get(name);
    if (known) {
      await known.version(options);
      return known.live || existsSync(name) ? known : undefined;
    }
    const live = this.#liveFile(store, name, mode);
    await live.version(options);
    if (live.isEmpty && (mode === "live" || !existsSync(name))) return undefined;
    const view = mode === "live" ? live : new AutoFile(live, () => this.#openDisk(name));
    this.#views.set(name, view);
    return view;
  }

  /** The virtual file of one scan. */
  ofScan(scan: Scan): FileView {
    const name = scan.id.path;
    return new ScanFile(scan, treeOf, {
      ...(name !== null && {
        onDisk: (path: string, options: SignalOption) => this.#onDisk(name, path, options),
      }),
      find: this.find,
      waits: this.#waits,
    });
  }

  /** Where external links lead: to the scans of that name, else to the file. */
  readonly follow = (name: string, options: SignalOption): Promise<FileView | undefined> =>
    this.open(name, "auto", options);

  /** A dataset in any file, through links; undefined when it, or its file, does not exist. */
  readonly find = async (
    file: string,
    path: string,
    options: SignalOption,
  ): Promise<DataSource | undefined> => {
    const view = await this.follow(file, options);
    return view && this.#datasetAt(view, path, options);
  };

  /** Ends what waits with the reason given. */
  async close(reason: () => Error): Promise<void> {
    this.#waits.close(reason);
    const files = await Promise.allSettled(this.#disk.values());
    this.#disk.clear();
    this.#views.clear();
    for (const file of files) if (file.status === "fulfilled") await file.value.close();
  }

  #liveFile(store: DataStore, name: string, mode: FileMode): LiveFile {
    return new LiveFile(store, name, {
      ...(mode === "auto" && {
        onDisk: (path: string, options: SignalOption) => this.#onDisk(name, path, options),
      }),
      find: this.find,
      waits: this.#waits,
    });
  }

  async #onDisk(name: string, path: string, options: SignalOption): Promise<DataSource | undefined> {
    const view = await this.#openDisk(name);
    return view && this.#datasetAt(view, path, options);
  }

  async #datasetAt(view: FileView, path: string, options: SignalOption): Promise<DataSource | undefined> {
    await view.version(options);
    try {
      const { item } = await resolvePath(view, path, this.follow, options);
      return item.kind === "dataset" ? item.data : undefined;
    } catch (error) {
      if (MISSING.some((code) => isNxliveError(error, code))) return undefined;
      throw error;
    }
  }

  async #openDisk(name: string): Promise<DiskFile | undefined> {
    if (!existsSync(name)) return undefined;
    const opening = this.#disk.get(name) ?? DiskFile.open(name);
    this.#disk.set(name, opening);
    opening.catch(() => this.#disk.delete(name));
    return opening;
  }
}

const MISSING = ["ERR_PATH_NOT_FOUND", "ERR_BROKEN_LINK", "ERR_LINK_CYCLE"];

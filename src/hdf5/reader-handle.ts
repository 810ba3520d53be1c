import { accessSync, type BigIntStats, constants, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.js";
import { othersTurn } from "../waiting.js";
import { Hdf5Error, Hdf5ReadError, NotHdf5Error, systemError } from "./errors.js";
import { PlainFile } from "./plain/file.js";
import {
  discard,
  type H5Library,
  type Hdf5Instance,
  hdf5Instance,
  isCrash,
  reasonOf,
} from "./reader-library.js";

/** What one synchronous step in an open file works with. */
export interface OpenFile {
  readonly library: H5Library;
  readonly id: bigint;
  /** Throws Hdf5ReadError with what HDF5 reported, for a call that failed. */
  fail(doing: string): never;
  /** Throws when HDF5 reported errors since the step began. */
  check(doing: string): void;
  /** What was learnt of the file since it was opened: as good as what the library itself remembers of it. */
  readonly known: Map<string, unknown>;
  /** The same file for reading beside the library; undefined when another one has its name by now. */
  plain(): PlainFile | undefined;
}

/** A file as this process has it open. */
interface Opening {
  readonly instance: Hdf5Instance;
  readonly id: bigint;
  readonly stats: BigIntStats;
  readonly known: Map<string, unknown>;
  plain: PlainFile | undefined;
}

/** More facts than this are not kept. */
const MOST_KNOWN = 10_000;

/** A write may be going on within this time after a file's last change. */
const BEING_WRITTEN_MS = 3_000;
const ATTEMPTS = 4;

/**
 * One file as HDF5 has it open; all readers of a path share it, because HDF5 shares what it knows of a file between
 * openings anyway. It is reopened when the file changed (`refresh`), or after a crash of the library.
 */
export class FileHandle {
  readonly path: string;
  readers = 0;
  /** The number of openings that are over: what was learnt of the file under one number belongs together. */
  generation = 0;
  #open: Opening | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Runs one step. When it fails while the file is being written, the file is opened anew and the step repeated: what
   * was half-written a moment ago is whole then.
   */
  async run<T>(step: (file: OpenFile) => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const instance = await hdf5Instance();
      try {
        return this.#step(instance, step);
      } catch (error) {
        if (!(error instanceof Hdf5Error) || attempt === ATTEMPTS || !this.#mayBeWriting()) throw error;
        this.release();
        await sleep(5 * attempt);
      }
    }
  }

  /** What was learnt (`known`) of the file as it is open; undefined also when it is not. */
  recall<T>(key: string): T | undefined {
    return this.#open?.known.get(key) as T | undefined;
  }

  #step<T>(instance: Hdf5Instance, step: (file: OpenFile) => T): T {
    instance.takeErrors();
    const { path } = this;
    const fail = (doing: string): never => {
      throw new Hdf5ReadError(`${path}: cannot read ${doing}: ${reasonOf(instance.takeErrors())}.`, { path });
    };
    try {
      const open = this.#ensureOpen(instance);
      const check = (doing: string) => {
        const errors = instance.takeErrors();
        if (errors.length > 0)
          throw new Hdf5ReadError(`${path}: cannot read ${doing}: ${reasonOf(errors)}.`, { path });
      };
      const { id, known } = open;
      if (known.size > MOST_KNOWN) known.clear();
      return step({ library: instance.library, id, fail, check, known, plain: () => this.#plain(open) });
    } catch (error) {
      if (!isCrash(error)) throw error;
      discard(instance);
      this.#forget();
      throw new Hdf5ReadError(
        `${path}: the HDF5 library crashed while reading (${messageOf(error)}): the file is damaged.`,
        { path, cause: error },
      );
    }
  }

  #plain(open: Opening): PlainFile | undefined {
    open.plain ??= new PlainFile(this.path);
    return open.plain.inode === open.stats.ino ? open.plain : undefined;
  }

  #forget(): void {
    if (!this.#open) return;
    this.#open.plain?.release();
    this.#open = undefined;
    this.generation++;
  }

  #ensureOpen(instance: Hdf5Instance): Opening {
    if (this.#open?.instance === instance) {
      inUse(this);
      return this.#open;
    }
    this.#forget(); // the library has crashed since
    const stats = statOf(this.path);
    const { library } = instance;
    const id = library.open(this.path, library.H5F_ACC_RDONLY, false, -1, -1);
    if (id <= 0n) throw openError(this.path, reasonOf(instance.takeErrors()));
    this.#open = { instance, id, stats, known: new Map(), plain: undefined };
    inUse(this);
    return this.#open;
  }

  /** Closes the file when it changed on disk since it was opened, so that the next step sees what is there now. */
  releaseIfChanged(): void {
    if (!this.#open) return;
    const now = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    const { stats } = this.#open;
    const same = now && now.ino === stats.ino && now.size === stats.size && now.mtimeNs === stats.mtimeNs;
    // Time stamps have the kernel's tick: a change right after the opening may not show in them.
    if (!same || Date.now() - Number(now.mtimeMs) < BEING_WRITTEN_MS) this.release();
  }

  release(): void {
    openHandles.delete(this);
    if (!this.#open) return;
    const { instance, id } = this.#open;
    this.#forget();
    try {
      instance.library.close_file(id);
    } catch (error) {
      if (!isCrash(error)) throw error;
      discard(instance);
    }
    instance.takeErrors();
  }

  #mayBeWriting(): boolean {
    const now = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return now !== undefined && Date.now() - Number(now.mtimeMs) < BEING_WRITTEN_MS;
  }
}

function statOf(path: string): BigIntStats {
  try {
    const stats = statSync(path, { bigint: true });
    accessSync(path, constants.R_OK);
    if (!stats.isFile()) throw new NotHdf5Error(`${path} is not a file.`, { path });
    return stats;
  } catch (error) {
    throw systemError(error, "opening", path);
  }
}

function openError(path: string, reason: string): Hdf5Error {
  const context = { path };
  if (/signature|superblock|truncated/.test(reason)) {
    return new NotHdf5Error(`${path} is not an HDF5 file, or it is damaged: ${reason}.`, context);
  }
  return new Hdf5ReadError(`${path} cannot be opened: ${reason}.`, context);
}

/** Handles whose file is open, those used last at the end. */
const openHandles = new Set<FileHandle>();
/** Files that are open at a time; others are opened again when they are needed. */
const MOST_OPEN = 64;

function inUse(handle: FileHandle): void {
  openHandles.delete(handle);
  openHandles.add(handle);
  const [longestUnused] = openHandles;
  if (openHandles.size > MOST_OPEN) longestUnused?.release();
}

const handles = new Map<string, FileHandle>();

/** The shared handle of a path, counted for one more reader. */
export function acquireHandle(path: string): FileHandle {
  const handle = handles.get(path) ?? new FileHandle(path);
  handles.set(path, handle);
  handle.readers++;
  return handle;
}

export function dropHandle(handle: FileHandle): void {
  if (--handle.readers > 0) return;
  handle.release();
  handles.delete(handle.path);
}

/** Lets go of every file that changed: virtual datasets and external links read other files than their own. */
export function releaseChanged(): Promise<void> | undefined {
  if (!lookedJustNow()) for (const handle of [...handles.values()]) handle.releaseIfChanged();
  // All this is synchronous: whoever refreshes in a loop must let others have their turn.
  return othersTurn();
}

/** When the files were last looked at in the present run of JavaScript; undefined: not yet. */
let looked: number | undefined;
/** Within one run without a break nothing new is heard of: one look is enough, unless the run takes long. */
const LOOK_HOLDS_MS = 1;

function lookedJustNow(): boolean {
  const now = performance.now();
  if (looked !== undefined && now - looked < LOOK_HOLDS_MS) return true;
  if (looked === undefined)
    process.nextTick(() => {
      looked = undefined;
    });
  looked = now;
  return false;
}

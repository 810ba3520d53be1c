import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.js";
import { othersTurn } from "../waiting.js";
import { Hdf5Error, Hdf5ReadError, NotHdf5Error, systemError } from "./errors.js";
import { PlainFile } from "./plain/file.js";
import { type Found, PlainObjects } from "./plain/objects.js";
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
}

/** A file as this process has it open. */
interface Opening {
  readonly plain: PlainFile;
  readonly objects: PlainObjects;
  readonly known: Map<string, unknown>;
  /** As the library has it open, once something is asked of it. */
  library: { readonly instance: Hdf5Instance; readonly id: bigint } | undefined;
}

/** More facts than this are not kept. */
const MOST_KNOWN = 10_000;

/** Why a file that is open for writing, and says so, is not opened; only the library's newer formats say so. */
const BEING_WRITTEN = /already open for write/;
/** A write may be going on within this time after a file's last change. */
const BEING_WRITTEN_MS = 3_000;
const ATTEMPTS = 4;

/**
 * One open file; all readers of a path share it, because HDF5 shares what it knows of a file between openings anyway. It is
 * reopened when the file changed (`refresh`), or after a crash of the library. What is plain is found without the library, which
 * is started, and opens the file, when it is needed for the first time.
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

  /** What lies at a path, when that can be told without the library; else undefined. Throws as `run` when there is no such file. */
  async find(path: string): Promise<(Found & Pick<Opening, "plain" | "known">) | undefined> {
    const { plain, known } = this.#ensureOpen();
    const found = await this.look((objects) => objects.find(path));
    return found && { ...found, plain, known };
  }

  /** What a look at the file's structures, without the library, finds; undefined when that fails. Throws as `run`. */
  async look<T>(step: (objects: PlainObjects) => Promise<T | undefined>): Promise<T | undefined> {
    const { plain, objects } = this.#ensureOpen();
    plain.hold();
    try {
      return await step(objects);
    } catch {
      return undefined; // whatever is odd about the file: the library knows better
    } finally {
      plain.release();
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
      if (this.#open?.library?.instance !== instance) this.releaseIfChanged(); // both are to see the same file
      const open = this.#ensureOpen();
      const id = this.#ensureInLibrary(open, instance);
      const check = (doing: string) => {
        const errors = instance.takeErrors();
        if (errors.length > 0)
          throw new Hdf5ReadError(`${path}: cannot read ${doing}: ${reasonOf(errors)}.`, { path });
      };
      return step({ library: instance.library, id, fail, check, known: open.known });
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

  #forget(): void {
    if (!this.#open) return;
    this.#open.plain.release();
    this.#open = undefined;
    this.generation++;
  }

  #ensureOpen(): Opening {
    if (!this.#open) {
      const plain = openPlain(this.path);
      this.#open = { plain, objects: new PlainObjects(plain), known: new Map(), library: undefined };
    }
    if (this.#open.known.size > MOST_KNOWN) this.#open.known.clear();
    inUse(this);
    return this.#open;
  }

  /** The library's id of the file. */
  #ensureInLibrary(open: Opening, instance: Hdf5Instance): bigint {
    if (open.library?.instance === instance) return open.library.id;
    const { library } = instance;
    let id = library.open(this.path, library.H5F_ACC_RDONLY, false, -1, -1);
    if (id <= 0n) {
      const reason = reasonOf(instance.takeErrors());
      // As h5py's `swmr=True`: the file says that somebody writes it for readers like us.
      if (BEING_WRITTEN.test(reason)) id = library.open(this.path, library.H5F_ACC_SWMR_READ, false, -1, -1);
      if (id <= 0n) throw openError(this.path, reason);
      instance.takeErrors();
    }
    open.library = { instance, id };
    return id;
  }

  /** Closes the file when it changed on disk since it was opened, so that the next step sees what is there now. */
  releaseIfChanged(): void {
    if (!this.#open) return;
    const now = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    const { stats } = this.#open.plain;
    const same = now && now.ino === stats.ino && now.size === stats.size && now.mtimeNs === stats.mtimeNs;
    // Time stamps have the kernel's tick: a change right after the opening may not show in them.
    if (!same || Date.now() - Number(now.mtimeMs) < BEING_WRITTEN_MS) this.release();
  }

  release(): void {
    openHandles.delete(this);
    if (!this.#open) return;
    const { library } = this.#open;
    this.#forget();
    if (!library) return;
    const { instance, id } = library;
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

function openPlain(path: string): PlainFile {
  try {
    if (!statSync(path).isFile()) throw new NotHdf5Error(`${path} is not a file.`, { path });
    return new PlainFile(path);
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

import { resolve } from "node:path";
import { ClosedError } from "../errors.js";
import { sizeOfShape } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";
import type { AxisRange } from "../ndarray/slice.js";
import { takeRaw } from "../ndarray/take.js";
import { ItemMissingError } from "./errors.js";
import type { Hdf5Reader, ItemDescription } from "./reader-api.js";
import { collectorFor } from "./reader-collect.js";
import {
  acquireHandle,
  dropHandle,
  type FileHandle,
  type OpenFile,
  releaseChanged,
} from "./reader-handle.js";
import { attribute, describe, KIND, kindOf, metadataOf, readBox, requireReadable } from "./reader-items.js";
import { increasing, pagesOf } from "./reader-pages.js";
import { dtypeOf, splitArrayType } from "./reader-types.js";

/**
 * Opens an HDF5 file for reading. Errors: FileAccessError (missing, no permission), NotHdf5Error. The file may be
 * written by others meanwhile: `refresh()` sees what has been added.
 */
export async function openHdf5Reader(path: string): Promise<Hdf5Reader> {
  const handle = acquireHandle(resolve(path));
  try {
    handle.releaseIfChanged();
    await handle.run(() => undefined);
    return new Reader(handle);
  } catch (error) {
    dropHandle(handle);
    throw error;
  }
}

class Reader implements Hdf5Reader {
  readonly #handle: FileHandle;
  #closed: boolean = false;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get path(): string {
    return this.#handle.path;
  }

  async describe(path: string): Promise<ItemDescription | undefined> {
    return this.#run((file) => describe(file, tidy(path)));
  }

  async list(path: string): Promise<string[]> {
    return this.#run((file) => {
      const at = this.#require(file, path);
      return file.library.get_names(file.id, at, false) ?? file.fail(`the names in ${at}`);
    });
  }

  async attributes(path: string): Promise<ReadonlyMap<string, RawArray>> {
    return this.#run((file) => {
      const at = this.#require(file, path);
      const names = file.library.get_attribute_names(file.id, at) ?? file.fail(`the attributes of ${at}`);
      const attributes = new Map<string, RawArray>();
      for (const name of names) {
        const value = attribute(file, at, name);
        if (value) attributes.set(name, value);
      }
      return attributes;
    });
  }

  async read(
    path: string,
    ranges: readonly AxisRange[],
    options: { signal?: AbortSignal } = {},
  ): Promise<RawArray> {
    const at = tidy(path);
    const { metadata, type } = await this.#run((file) => {
      this.#require(file, path);
      const metadata = metadataOf(file, at);
      // Sources of virtual datasets may be open in other readers, as they were some time ago.
      return { metadata, type: requireReadable(metadata, `${this.path}::${at}`) };
    });
    if (metadata.virtual_sources) await releaseChanged();
    const { element, inner } = splitArrayType(type);
    if (metadata.shape === null) return { dtype: dtypeOf(type), shape: null, data: new Uint8Array(0) };
    const outer = ranges.slice(0, metadata.shape.length);
    const box = outer.map(increasing);
    const counts = outer.map((range) => range.count);
    const collector = collectorFor(type, sizeOfShape(counts), counts);
    for (const page of pagesOf(box, type.size, metadata.chunks)) {
      options.signal?.throwIfAborted();
      await this.#run((file) => readBox(file, at, page, type, metadata.shape?.length === 0, collector));
      await new Promise<void>((done) => setImmediate(done));
    }
    const whole = { dtype: dtypeOf(element), shape: [...counts, ...inner], data: collector.data() };
    const turned = outer.map((range, axis) =>
      box[axis]?.step === range.step ? all(range.count) : flipped(range.count),
    );
    return takeRaw(whole, [...turned, ...ranges.slice(outer.length)]);
  }

  async refresh(): Promise<void> {
    this.#assertOpen();
    await releaseChanged();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    dropHandle(this.#handle);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run<T>(step: (file: OpenFile) => T): Promise<T> {
    this.#assertOpen();
    return this.#handle.run((file) => {
      this.#assertOpen();
      return step(file);
    });
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError(`The reader of ${this.path} is closed.`, { path: this.path });
  }

  /** The tidy form of a path at which an object lies (links are followed). */
  #require(file: OpenFile, path: string): string {
    const at = tidy(path);
    const kind = kindOf(file, at);
    if (kind === KIND.group || kind === KIND.dataset || kind === KIND.type) return at;
    throw new ItemMissingError(`${this.path}: nothing lies at ${at}.`, { path: `${this.path}::${at}` });
  }
}

const all = (count: number): AxisRange => ({ start: 0, step: 1, count, drop: false });
const flipped = (count: number): AxisRange => ({ start: count - 1, step: -1, count, drop: false });

function tidy(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

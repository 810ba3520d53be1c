import { resolve } from "node:path";
import { ClosedError } from "../errors.js";
import { type DType, sizeOfShape } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";
import type { AxisRange } from "../ndarray/slice.js";
import { takeRaw, wholeAxis } from "../ndarray/take.js";
import { othersTurn } from "../waiting.js";
import { ItemMissingError, UnsupportedFileError } from "./errors.js";
import type { RawFile } from "./format/external-files.js";
import type { PlainDataset } from "./plain/dataset.js";
import type { PlainFile } from "./plain/file.js";
import { readPlain, readShort } from "./plain/read.js";
import type { Hdf5Reader, ItemDescription } from "./reader-api.js";
import { collectorFor } from "./reader-collect.js";
import {
  acquireHandle,
  dropHandle,
  type FileHandle,
  type OpenFile,
  releaseChanged,
} from "./reader-handle.js";
import {
  addressOf,
  attributesOf,
  describe,
  isOwn,
  KIND,
  kindOf,
  metadataOf,
  readBox,
  requireReadable,
} from "./reader-items.js";
import type { AttributeName, H5Metadata } from "./reader-library.js";
import { type Box, increasing, pagesOf, requireWithin } from "./reader-pages.js";
import { dtypeOf, type ElementType, hasNumbers, splitArrayType } from "./reader-types.js";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** What reading a dataset needs to know of it. */
interface Facts {
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
  /** Axes of the elements themselves. */
  readonly inner: readonly number[];
  /** Undefined when only the library can read it. */
  readonly plain: { readonly file: PlainFile; readonly dataset: PlainDataset } | undefined;
}

/**
 * Opens an HDF5 file for reading. Errors: FileAccessError (missing, no permission), NotHdf5Error. The file may be
 * written by others meanwhile: `refresh()` sees what has been added.
 */
export async function openHdf5Reader(path: string): Promise<Hdf5Reader> {
  const handle = acquireHandle(resolve(path));
  try {
    handle.releaseIfChanged();
    if (!(await handle.find("/"))) await handle.run(() => undefined);
    return new Reader(handle);
  } catch (error) {
    dropHandle(handle);
    throw error;
  }
}

class Reader implements Hdf5Reader {
  readonly #handle: FileHandle;
  #closed: boolean = false;
  /** Of the dataset read last, which is most often the next one, too. */
  #last: { readonly path: string; readonly generation: number; readonly facts: Facts } | undefined;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get path(): string {
    return this.#handle.path;
  }

  async describe(path: string): Promise<ItemDescription | undefined> {
    this.#assertOpen();
    const at = tidy(path);
    const known = this.#handle.recall<ItemDescription>(`item ${at}`);
    if (known) return known;
    const found = await this.#handle.find(at);
    if (!found) return this.#run((file) => describe(file, at));
    found.known.set(`item ${at}`, found.item);
    return found.item;
  }

  async list(path: string): Promise<string[]> {
    return this.#run((file) => {
      const at = this.#require(file, path);
      return file.library.get_names(file.id, at, false) ?? file.fail(`the names in ${at}`);
    });
  }

  async attributes(path: string): Promise<ReadonlyMap<string, RawArray>> {
    const names = await this.#attributeNames(path);
    const attributes = await this.#attributes(path, names, []);
    if (![...attributes.values()].some(({ dtype }) => hasNumbers(dtype))) return attributes;
    const odd = await this.#handle.look((objects) => objects.oddAttributes(tidy(path)));
    return !odd || odd.length === 0 ? attributes : this.#attributes(path, names, odd);
  }

  /** Their bytes, when some may be no UTF-8: those the library does not give as they are. */
  async #attributeNames(path: string): Promise<readonly AttributeName[]> {
    const names = await this.#run((file) => {
      const at = this.#require(file, path);
      return file.library.get_attribute_names(file.id, at) ?? file.fail(`the attributes of ${at}`);
    });
    if (names.every((name) => ASCII.test(name))) return names;
    return (await this.#handle.look((objects) => objects.attributeNames(tidy(path)))) ?? names;
  }

  #attributes(
    path: string,
    names: readonly AttributeName[],
    odd: readonly string[],
  ): Promise<ReadonlyMap<string, RawArray>> {
    return this.#run((file) => attributesOf(file, this.#require(file, path), names, odd));
  }

  async identity(path: string): Promise<string> {
    return this.#run((file) => addressOf(file, this.#require(file, path)));
  }

  async rawFiles(path: string): Promise<readonly RawFile[] | undefined> {
    this.#assertOpen();
    return this.#handle.look((objects) => objects.rawFiles(tidy(path)));
  }

  async read(path: string, ranges: readonly AxisRange[], options: SignalOption = {}): Promise<RawArray> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    const { dtype, shape, inner, plain } = this.#lastOf(path) ?? (await this.#facts(path));
    if (shape === null) return { dtype, shape: null, data: new Uint8Array(0) };
    requireWithin(ranges, inner.length > 0 ? [...shape, ...inner] : shape, `${this.path}::${path}`);
    const outer = ranges.slice(0, shape.length);
    const box = outer.map(increasing);
    const data =
      (plain && (this.#readShort(plain, box) ?? (await this.#readPlain(plain, box, options)))) ??
      (await this.#readThroughLibrary(tidy(path), box, options));
    const counts = [...outer.map((range) => range.count), ...inner];
    return inOrder({ dtype, shape: counts, data }, ranges, outer.length);
  }

  #lastOf(path: string): Facts | undefined {
    const last = this.#last;
    return last?.path === path && last.generation === this.#handle.generation ? last.facts : undefined;
  }

  async #facts(path: string): Promise<Facts> {
    const at = tidy(path);
    const facts = this.#handle.recall<Facts>(`facts ${at}`);
    if (!facts) return this.#findFacts(at);
    this.#last = { path, generation: this.#handle.generation, facts };
    return facts;
  }

  /** Found out once while the file stays as it is. */
  async #findFacts(at: string): Promise<Facts> {
    const found = await this.#handle.find(at);
    if (found?.dataset) {
      const { plain: file, dataset, known } = found;
      const { dtype, shape } = dataset;
      const facts = { dtype, shape, inner: [], plain: { file, dataset } };
      known.set(`facts ${at}`, facts);
      return facts;
    }
    if (found?.item.kind === "other") {
      const location = `${this.path}::${at}`;
      throw new UnsupportedFileError(`${location} is ${found.item.what}, which cannot be read here.`, {
        path: location,
      });
    }
    return this.#run((file) => {
      const { metadata, type } = this.#metadata(file, at);
      const { element, inner } = splitArrayType(type);
      const facts = { dtype: dtypeOf(element), shape: metadata.shape, inner, plain: undefined };
      // What other files say may change without this one.
      if (!metadata.virtual_sources && isOwn(file, at)) file.known.set(`facts ${at}`, facts);
      return facts;
    });
  }

  #metadata(file: OpenFile, at: string): { metadata: H5Metadata; type: ElementType } {
    this.#require(file, at);
    const metadata = metadataOf(file, at);
    return { metadata, type: requireReadable(metadata, `${this.path}::${at}`) };
  }

  /** Undefined also when that is no short selection. */
  #readShort({ file, dataset }: NonNullable<Facts["plain"]>, box: Box): RawArray["data"] | undefined {
    if (!file.hold()) return undefined;
    try {
      return readShort(file, dataset, box);
    } catch {
      return undefined;
    } finally {
      file.release();
    }
  }

  /** Undefined when the library is to read it, or to say what is wrong with it. */
  async #readPlain(
    { file, dataset }: NonNullable<Facts["plain"]>,
    box: Box,
    options: SignalOption,
  ): Promise<RawArray["data"] | undefined> {
    if (!file.hold()) return undefined;
    try {
      return await readPlain(file, dataset, box, options);
    } catch {
      options.signal?.throwIfAborted();
      return undefined;
    } finally {
      file.release();
    }
  }

  async #readThroughLibrary(at: string, box: Box, options: SignalOption): Promise<RawArray["data"]> {
    const { metadata, type } = await this.#run((file) => this.#metadata(file, at));
    // Sources of virtual datasets may be open in other readers, as they were some time ago.
    if (metadata.virtual_sources) await releaseChanged();
    const counts = box.map((range) => range.count);
    const collector = collectorFor(type, sizeOfShape(counts), counts);
    for (const page of pagesOf(box, type.size, metadata.chunks)) {
      options.signal?.throwIfAborted();
      await this.#run((file) => readBox(file, at, page, type, metadata.shape?.length === 0, collector));
      await othersTurn();
    }
    return collector.data();
  }

  async refresh(): Promise<number> {
    this.#assertOpen();
    const turn = releaseChanged();
    if (turn) await turn;
    return this.#handle.generation;
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

/** What was read in increasing order, as it was asked for; selections of inner axes are still to be applied. */
function inOrder(array: RawArray, ranges: readonly AxisRange[], outer: number): RawArray {
  if (ranges.length === outer && ranges.every((range) => range.step > 0)) return array;
  const turned = ranges.map((range, axis) => {
    if (axis >= outer) return range;
    return range.step > 0 ? wholeAxis(range.count) : flipped(range.count);
  });
  return takeRaw(array, turned);
}

const flipped = (count: number): AxisRange => ({ start: count - 1, step: -1, count, drop: false });

const ASCII = /^[\x20-\x7f]*$/;

/** Empty elements, `.`, and a slash at the end. */
const UNTIDY = /^[^/]|\/\/|\/\.(\/|$)|.\/$/;

function tidy(path: string): string {
  if (path !== "" && !UNTIDY.test(path)) return path;
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

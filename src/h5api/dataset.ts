import { InvalidArgumentError, isNxliveError } from "../errors.js";
import { type DType, sizeOfShape } from "../ndarray/dtype.js";
import type { NdArray, Value } from "../ndarray/ndarray.js";
import {
  type AxisRange,
  type AxisSelection,
  pointsNeeded,
  type Selection,
  withoutEllipsis,
} from "../ndarray/slice.js";
import { dropAxes, takeArray, wholeAxis } from "../ndarray/take.js";
import { IndexNotYetThereError, IndexWontBeThereError } from "../stream/errors.js";
import type { SignalOption } from "../stream/reading.js";
import { Deadline } from "../waiting.js";
import { type Block, blocksOf } from "./blocks.js";
import type { FileCore } from "./core.js";
import type { DataSource } from "./data/source.js";
import { WrongKindError } from "./errors.js";
import { Node } from "./node.js";
import type { Located } from "./resolve.js";
import {
  consecutivePoints,
  type ParsedSlice,
  parseSlice,
  type ReadOptions,
  resolveOn,
  type SliceArguments,
} from "./selection.js";
import type { DatasetItem } from "./view.js";

/** Options of following a dataset. */
export interface PointsOptions extends SignalOption {
  /** First index; negative ones count back from the newest point. @default 0 */
  readonly from?: number;
  /** Most points in a block; default: about a megabyte. */
  readonly maxPoints?: number;
  /** Only the newest point each time, skipping what came between. */
  readonly lastOnly?: boolean;
}

/**
 * A dataset, live or on disk. On live ones every slice that reaches beyond the present waits for the data or the seal;
 * `{ wait: false }` takes what is there, `{ timeout }` limits the waiting (TimeoutError), `{ signal }` ends it.
 */
export class Dataset extends Node {
  readonly kind = "dataset";
  #data: DataSource;

  constructor(core: FileCore, path: string, located: Located & { item: DatasetItem }, version: number) {
    super(core, path, located, version);
    this.#data = located.item.data;
  }

  /** How the elements are stored or published: `<f8`, `>u2`, `|b1`, `str`, `json`, or the fields of a compound. */
  get dtype(): DType {
    return this.#data.dtype;
  }

  /** Lengths that it may grow to, null where there is no limit; null for the null dataspace. */
  get maxshape(): readonly (number | null)[] | null {
    return this.#data.maxshape;
  }

  /** The number of axes; 0 for scalars and the null dataspace. */
  get ndim(): number {
    return this.#data.maxshape?.length ?? 0;
  }

  /** Chunk shape in the file; null when it is not chunked, or live. */
  get chunks(): readonly number[] | null {
    return this.#data.chunks;
  }

  /** True when no more points will come: the stream was sealed, or the data are on disk or in the mapping. */
  async sealed(options: SignalOption = {}): Promise<boolean> {
    const { growth } = await this.#readable(options);
    return !growth || growth.ended(options);
  }

  /** True when its data come from a stream. */
  get live(): boolean {
    return this.#data.growth !== undefined;
  }

  /** The shape at this moment; null for the null dataspace (h5py's Empty). */
  async shape(options: SignalOption = {}): Promise<readonly number[] | null> {
    return (await this.#current(options)).shape(options);
  }

  /** The number of elements at this moment; null for the null dataspace. */
  async size(options: SignalOption = {}): Promise<number | null> {
    const shape = await this.shape(options);
    return shape && sizeOfShape(shape);
  }

  /** The length of the first axis at this moment. A scalar has none: WrongKindError. */
  async length(options: SignalOption = {}): Promise<number> {
    const [length] = (await this.shape(options)) ?? [];
    if (length === undefined) throw this.#scalar("length");
    return length;
  }

  /**
   * Part of the data, with NumPy's rules: `slice(start, stop, step)` on the first axis, or one selection per axis:
   * `slice([0, 10], null, [5, 20, 2])`; a number picks an index and drops the axis, `"..."` takes all axes that the
   * others leave. Options come last.
   */
  async slice(...args: SliceArguments): Promise<NdArray> {
    return this.#read(parseSlice(args));
  }

  /** As `slice`, with one selection per axis in a list: numbers are always indices. */
  select(selections: readonly Selection[], options: ReadOptions = {}): Promise<NdArray> {
    return this.#read({ selections, options });
  }

  /**
   * The item at an index of the first axis, or at one index per axis: a number, text …, or an NdArray where axes are
   * left. Options come last. Errors: IndexNotYetThereError (with `wait: false`), IndexWontBeThereError.
   */
  async at(index: number, ...more: (number | ReadOptions)[]): Promise<Value> {
    const indices = [index, ...more.filter((item) => typeof item === "number")].map(requireIndex);
    const options = more.find((item) => typeof item === "object") ?? {};
    const array = await this.#read({ selections: indices, options });
    return array.ndim === 0 ? array.flat(0) : array;
  }

  /** All of it: the value of a scalar, an NdArray, or null for the null dataspace. */
  async value(options: ReadOptions = {}): Promise<Value> {
    const data = await this.#readable(options);
    if (data.maxshape === null) return null;
    const array = await this.#read({ selections: [], options });
    return array.ndim === 0 ? array.flat(0) : array;
  }

  /** Points one by one, to the seal: numbers, texts …, or NdArrays where a point has a shape. */
  async *points(options: PointsOptions = {}): AsyncGenerator<Value, undefined, undefined> {
    for await (const block of this.blocks(options)) {
      if (block.ndim === 1) for (let i = 0; i < block.size; i++) yield block.flat(i);
      else for (let i = 0; i < (block.shape[0] ?? 0); i++) yield block.row(i);
    }
  }

  /** Points in blocks as they come, to the seal: arrays of shape (n, …point) that know their `index`. */
  async *blocks(options: PointsOptions = {}): AsyncGenerator<Block, undefined, undefined> {
    const data = await this.#readable(options);
    if (this.ndim === 0) throw this.#scalar("iteration");
    yield* blocksOf(data, options);
  }

  /** As `points`: one by one, to the seal. */
  [Symbol.asyncIterator](): AsyncGenerator<Value, undefined, undefined> {
    return this.points();
  }

  override toString(): string {
    const shape = this.maxshape === null ? "null" : `(${this.maxshape.map((n) => n ?? "_").join(", ")})`;
    return `<nxlive dataset "${this.name}": shape ${shape}, dtype ${JSON.stringify(this.dtype)}>`;
  }

  async #read(parsed: ParsedSlice): Promise<NdArray> {
    try {
      return await this.#slice(await this.#readable(parsed.options), parsed);
    } catch (error) {
      // The scan has gone meanwhile: the file, or another scan, may have the data.
      const gone = GONE.some((code) => isNxliveError(error, code));
      const elsewhere = gone && (await this.#moved(parsed.options));
      if (!elsewhere) throw error;
      return this.#slice(elsewhere, parsed);
    }
  }

  /** The data as of now: what a mapping holds may change when its scan closes, streams only grow. */
  async #current(options: SignalOption): Promise<DataSource> {
    const { item } = await this.current(options);
    if (item.kind !== "dataset") {
      throw new WrongKindError(`${this.location} is no longer a dataset.`, { path: this.location });
    }
    this.#data = item.data;
    return item.data;
  }

  #readable(options: SignalOption): Promise<DataSource> | DataSource {
    this.core.assertOpen();
    return this.#data.growth ? this.#data : this.#current(options);
  }

  /** Where the data are now, when that is elsewhere. */
  async #moved(options: SignalOption): Promise<DataSource | undefined> {
    const before = this.#data;
    const now = await this.#current(options);
    return now === before ? undefined : now;
  }

  async #slice(data: DataSource, { selections: given, options }: ParsedSlice): Promise<NdArray> {
    options.signal?.throwIfAborted();
    const axes = data.maxshape?.length;
    const selections = withoutEllipsis(given, axes ?? 0);
    if (axes !== undefined && selections.length > axes) {
      throw new InvalidArgumentError(
        `${this.location} has only ${axes} axes, a selection was given for ${selections.length}.`,
        { path: this.location },
      );
    }
    const wait = options.wait ?? true;
    const [first = null] = selections;
    const deadline = new Deadline(options.timeout);
    const fixed = data.maxshape?.slice(1).every((length) => length !== null) ?? false;
    const waited = fixed && wait ? await this.#waited(data, selections, options) : undefined;
    if (waited) return waited;
    const needed = pointsNeeded(first);
    const there = data.growth && wait && (await data.growth.reach(needed, options));
    // The selection touches no more than the points that are there now: their number need not be asked for again.
    const enough = there && needed !== "end" ? await data.growth?.shapeOf(needed, options) : undefined;
    const shape = enough ?? (await data.shape(options));
    if (shape === null) {
      throw new InvalidArgumentError(`${this.location} has no data (null dataspace).`, {
        path: this.location,
      });
    }
    const [length] = shape;
    if (length !== undefined && typeof first === "number" && first >= length) {
      throw await this.#notThere(data, first, length, options);
    }
    const ranges = resolveOn(selections, shape, this.location);
    const limit = options.timeout === undefined ? {} : { timeout: deadline.left };
    try {
      const array = await data.read(ranges, { ...options, ...limit, wait });
      return dropAxes(array, ranges);
    } catch (error) {
      throw error instanceof RangeError ? this.#tooLarge(ranges, error) : error;
    }
  }

  /** What Node says when there can be no array of that size names neither the dataset nor a way out. */
  #tooLarge(ranges: readonly AxisRange[], cause: RangeError): Error {
    const elements = sizeOfShape(ranges.map((range) => range.count));
    return new InvalidArgumentError(
      `${this.location}: ${elements} elements cannot be held in memory at once (${cause.message}): read parts of it, with slice() or blocks().`,
      { path: this.location, cause },
    );
  }

  /** A slice of consecutive points of which some are still to come. */
  async #waited(
    data: DataSource,
    [first = null, ...inner]: readonly AxisSelection[],
    options: ReadOptions,
  ): Promise<NdArray | undefined> {
    const wanted = consecutivePoints(first);
    if (!wanted || !data.growth) return undefined;
    const point = (data.maxshape ?? []).slice(1).map((length) => length ?? 0);
    const parts = resolveOn(inner, point, `A point of ${this.location}`); // refused before anything is waited for
    const rows = await data.growth.collect(wanted.start, wanted.stop, options);
    if (!rows) return undefined;
    const count = rows.shape[0] ?? 0;
    const pick = typeof first === "number";
    if (pick && count === 0)
      throw await this.#notThere(data, first, (await data.shape(options))?.[0] ?? 0, options);
    const ranges = [{ ...wholeAxis(count), drop: pick }, ...parts];
    return dropAxes(takeArray(rows, ranges), ranges);
  }

  async #notThere(data: DataSource, index: number, length: number, options: SignalOption): Promise<Error> {
    const context = { path: this.location, index };
    if (!data.growth) {
      const message = `${this.location} has ${length} points: there is no point ${index}.`;
      return new IndexWontBeThereError(message, context);
    }
    if (await data.growth.ended(options)) {
      return new IndexWontBeThereError(
        `${this.location} ended with ${length} points: there is no point ${index}.`,
        context,
      );
    }
    return new IndexNotYetThereError(
      `${this.location} has ${length} points so far: point ${index} is not there yet.`,
      context,
    );
  }

  #scalar(what: string): WrongKindError {
    return new WrongKindError(`${this.location} is a scalar: it has no ${what}.`, { path: this.location });
  }
}

/** What a read says when there is no scan any more: of a stream that was known to be sealed, that its points are gone. */
const GONE = ["ERR_SCAN_NOT_FOUND", "ERR_INDEX_NO_MORE_THERE"];

function requireIndex(index: number): number {
  if (Number.isSafeInteger(index)) return index;
  throw new InvalidArgumentError(`An index must be an integer, got ${String(index)}.`);
}

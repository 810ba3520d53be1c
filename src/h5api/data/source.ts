import type { DType } from "../../ndarray/dtype.js";
import type { NdArray } from "../../ndarray/ndarray.js";
import type { AxisRange } from "../../ndarray/slice.js";
import type { SignalOption, WaitOptions } from "../../stream/reading.js";

/** Where a dataset's data come from: the mapping, a stream, a file, other datasets. */
export interface DataSource {
  readonly dtype: DType;
  readonly maxshape: readonly (number | null)[] | null;
  readonly chunks: readonly number[] | null;
  /** The extent at this moment; null is the null dataspace (h5py's Empty). */
  shape(options?: SignalOption): Promise<readonly number[] | null>;
  /**
   * One range per axis, all inside the extent that `shape()` gave. Dropped axes stay with length 1. With `wait`, points
   * that were taken but cannot be read yet (images in a file that is still being written) are waited for.
   */
  read(ranges: readonly AxisRange[], options?: WaitOptions): Promise<NdArray>;
  /** Present while points may still be added along the first axis. */
  readonly growth?: Growth;
}

/** The live side of a dataset. */
export interface Growth {
  /**
   * Waits until the first axis has `count` points, or for the end: true when it has them (and `"end"` was not asked
   * for). TimeoutError.
   */
  reach(count: number | "end", options: WaitOptions): Promise<boolean>;
  /**
   * The points start … stop - 1 as they come, where some of them are not there yet: fewer when the stream ends. Undefined
   * when they are all there, or cannot be taken in this way.
   */
  collect(start: number, stop: number, options: WaitOptions): Promise<NdArray | undefined>;
  /** The shape with so many points. */
  shapeOf(length: number, options?: SignalOption): Promise<readonly number[]>;
  /** True when no more points will come. */
  ended(options: SignalOption): Promise<boolean>;
  /** Points as they come, to the seal; none are left out. */
  follow(options: FollowOptions): AsyncIterableIterator<Rows>;
}

export interface FollowOptions extends SignalOption {
  readonly from: number;
  /** Most points at a time; default: one page. */
  readonly maxPoints?: number;
  /** Only the newest point each time, skipping what came between. */
  readonly lastOnly?: boolean;
}

/** Some consecutive points along the first axis. */
export interface Rows {
  readonly index: number;
  readonly length: number;
  read(): Promise<NdArray>;
}

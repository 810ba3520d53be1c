import type { DType } from "../ndarray/dtype.js";
import type { NdArray, Value } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";
import type { AxisRange } from "../ndarray/slice.js";

/** Options of every call that may wait. */
export interface WaitOptions {
  /** Wait for points that are not there yet (until the seal); default false. */
  readonly wait?: boolean;
  /** Milliseconds; then TimeoutError. Default: no limit. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface SignalOption {
  readonly signal?: AbortSignal;
}

/**
 * The reading side of a stream, whatever holds its points (Redis, detector files, a fallback file): what the virtual
 * file and the writer use. Plain streams and every plugin implement it.
 */
export interface ReadableStreamData {
  readonly name: string;
  /** Redis key of the stream's events. */
  readonly key: string;
  /** dtype of the points, `json` for JSON streams. */
  readonly dtype: DType;
  /** Shape of one point; -1 where it varies from point to point. */
  readonly shape: readonly number[];
  readonly info: Readonly<Record<string, unknown>>;
  /** Plugin name, or null for plain streams. */
  readonly plugin: string | null;

  /** Points published so far; trimmed ones count. */
  length(options?: SignalOption): Promise<number>;
  isSealed(options?: SignalOption): Promise<boolean>;
  /**
   * One point: a number, text, JSON value, or an NdArray when a point has a shape. Errors: IndexNotYetThereError,
   * IndexWontBeThereError, IndexNoMoreThereError.
   */
  at(index: number, options?: WaitOptions): Promise<Value>;
  /** Points start:stop:step with NumPy's semantics: shape (n, …point). With `wait`, until stop or the seal is reached. */
  slice(
    start?: number | null,
    stop?: number | null,
    step?: number | null,
    options?: WaitOptions,
  ): Promise<NdArray>;
  /**
   * Present where parts of points (images) can be read without the rest: one range for the points, one for each axis of
   * a point. Shape: the ranges' counts.
   */
  readPart?(points: AxisRange, inner: readonly AxisRange[], options?: WaitOptions): Promise<NdArray>;
  /** Points one by one, from any index to the seal. */
  values(options?: { from?: number; signal?: AbortSignal }): AsyncIterableIterator<Value>;
  /** Blocks of points as they arrive, to the seal. */
  cursor(options?: CursorOptions): AsyncIterableIterator<StreamView>;
}

export interface CursorOptions {
  /** First index; default 0. */
  readonly from?: number;
  /** Upper limit of points per view; default: one page. */
  readonly maxPoints?: number;
  /** Only the newest point each time, skipping what came between. */
  readonly lastOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface GroupOptions extends CursorOptions {
  /** The memory of views is used again after `release`, and their data are good until then. Default false: they stay. */
  readonly reuse?: boolean;
}

/** Some consecutive points of a stream. */
export interface StreamView {
  /** Index of the first point. */
  readonly index: number;
  readonly length: number;
  /** Points before `index` that were trimmed before this reader came to them (0 normally). */
  readonly lost: number;
  /** Why the stream cannot be followed any further: `data` and `raw` reject with it. Only cursor groups give it. */
  readonly error?: Error;
  /** Decoded: shape (length, …point). Points of different shapes are padded: NaN for floats, 0 for integers. */
  data(): Promise<NdArray>;
  /** As published: one array per run of points of one shape, undecoded (for writers). */
  raw(): Promise<readonly RawArray[]>;
}

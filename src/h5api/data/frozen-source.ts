import type { DType } from "../../ndarray/dtype.js";
import type { NdArray } from "../../ndarray/ndarray.js";
import type { AxisRange } from "../../ndarray/slice.js";
import type { SignalOption, WaitOptions } from "../../stream/reading.js";
import { abortable } from "../../waiting.js";
import type { DataSource } from "./source.js";

/** A dataset as it was at one moment: only the points that there were, and no waiting. */
export class FrozenSource implements DataSource {
  readonly dtype: DType;
  readonly maxshape: readonly (number | null)[] | null;
  readonly chunks: readonly number[] | null;
  /** The points that count; undefined: as many as the source has when it is first asked. */
  readonly points: number | undefined;
  readonly #source: DataSource;
  #shape: Promise<readonly number[] | null> | undefined;

  constructor(source: DataSource, points: number | undefined) {
    this.#source = source;
    this.dtype = source.dtype;
    this.maxshape = source.maxshape;
    this.chunks = source.chunks;
    this.points = points;
  }

  shape(options: SignalOption = {}): Promise<readonly number[] | null> {
    // What several callers share does not end with the signal of one.
    this.#shape ??= this.#measure().catch((error) => {
      this.#shape = undefined;
      throw error;
    });
    return abortable(this.#shape, options.signal);
  }

  /** With `wait` only for images that are counted and not in a finished file yet. */
  read(ranges: readonly AxisRange[], options?: WaitOptions): Promise<NdArray> {
    return this.#source.read(ranges, options);
  }

  /** The same moment, with fewer points. */
  limitedTo(points: number): FrozenSource {
    return new FrozenSource(this.#source, Math.min(points, this.points ?? points));
  }

  async #measure(): Promise<readonly number[] | null> {
    const shape = await this.#source.shape();
    const [length] = shape ?? [];
    if (!shape || length === undefined || this.points === undefined) return shape;
    return [Math.min(this.points, length), ...shape.slice(1)];
  }
}

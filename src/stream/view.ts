import { messageOf } from "../errors.js";
import type { DType } from "../ndarray/dtype.js";
import type { NdArray } from "../ndarray/ndarray.js";
import type { Encoding } from "./encoding.js";
import type { PointsEntry } from "./entry.js";
import { decodePoints, joinRuns, type RawPoints, slicePoints } from "./points.js";
import type { StreamView } from "./reading.js";

/** Entries, or parts of them, that follow each other without a gap; decoded when asked. */
export class EntriesView implements StreamView {
  readonly index: number;
  readonly length: number;
  readonly lost: number;
  readonly #entries: readonly PointsEntry[];
  readonly #encoding: Encoding;
  readonly #lent: boolean;

  /** Points `index` to `index + length` of the entries; `lent`: whose memory is used again, so that nothing can keep it. */
  constructor(
    entries: readonly PointsEntry[],
    encoding: Encoding,
    index: number,
    length: number,
    lost = 0,
    lent = false,
  ) {
    this.#entries = entries;
    this.#encoding = encoding;
    this.#lent = lent;
    this.index = index;
    this.length = length;
    this.lost = lost;
  }

  async data(): Promise<NdArray> {
    return decodePoints(this.blocks(), this.#encoding.dtype, this.#encoding.shape);
  }

  async raw(): Promise<readonly RawPoints[]> {
    return joinRuns(this.blocks(), this.#lent);
  }

  /** The points as they were published, one block per entry. */
  blocks(): RawPoints[] {
    const end = this.index + this.length;
    const blocks: RawPoints[] = [];
    for (const entry of this.#entries) {
      const stop = Math.min(end - entry.index, entry.length);
      const start = Math.max(this.index - entry.index, 0);
      if (start >= stop) continue;
      const points = requireShape(this.#encoding.decode(entry.payload, entry.length));
      blocks.push(slicePoints(points, start, stop));
    }
    return blocks;
  }

  /** A part of this view, from `position` (of the stream) on and of at most `maxPoints`; `lost` stays with the first. */
  part(position: number, maxPoints: number): EntriesView {
    const index = Math.max(position, this.index);
    const length = Math.min(maxPoints, this.index + this.length - index);
    const lost = index === this.index ? this.lost : 0;
    return new EntriesView(this.#entries, this.#encoding, index, length, lost, this.#lent);
  }
}

/** The last view of a stream that cannot be followed any further. */
export function failedView(index: number, cause: unknown): StreamView {
  const error = cause instanceof Error ? cause : new Error(messageOf(cause));
  return {
    index,
    length: 0,
    lost: 0,
    error,
    data: () => Promise.reject(error),
    raw: () => Promise.reject(error),
  };
}

function requireShape(array: {
  dtype: DType;
  shape: readonly number[] | null;
  data: RawPoints["data"];
}): RawPoints {
  return { dtype: array.dtype, shape: array.shape ?? [], data: array.data };
}

import { itemsizeOf, sizeOfShape } from "../ndarray/dtype.js";
import { NdArray } from "../ndarray/ndarray.js";
import { wholeAxis } from "../ndarray/take.js";
import type { SignalOption } from "../stream/reading.js";
import type { DataSource } from "./data/source.js";

/** Consecutive points of a dataset, as an array of shape (n, …point). */
export class Block extends NdArray {
  /** Index of the first point. */
  readonly index: number;

  constructor(array: NdArray, index: number) {
    super(array.data, array.shape, array.dtype);
    this.index = index;
  }

  /** The number of points. */
  get length(): number {
    return this.shape[0] ?? 0;
  }
}

interface BlocksOptions extends SignalOption {
  readonly from?: number;
  readonly maxPoints?: number;
  readonly lastOnly?: boolean;
}

const BLOCK_BYTES = 2 ** 20;

/** The points of a dataset from an index on, as they come; datasets that do not grow end with what is there. */
export async function* blocksOf(
  data: DataSource,
  options: BlocksOptions,
): AsyncGenerator<Block, undefined, undefined> {
  const { from = 0, ...rest } = options;
  const shape = (await data.shape(options)) ?? [0];
  const length = shape[0] ?? 0;
  const start = from < 0 ? Math.max(0, length + from) : from;
  if (data.growth) {
    for await (const rows of data.growth.follow({ ...rest, from: start }))
      yield new Block(await rows.read(), rows.index);
    return;
  }
  const inner = shape.slice(1);
  const size = options.lastOnly ? 1 : (options.maxPoints ?? pointsPerBlock(data, inner));
  for (let index = options.lastOnly ? Math.max(start, length - 1) : start; index < length; index += size) {
    options.signal?.throwIfAborted();
    const count = Math.min(size, length - index);
    const ranges = [{ start: index, step: 1, count, drop: false }, ...inner.map(wholeAxis)];
    yield new Block(await data.read(ranges, options), index);
  }
}

/** About a megabyte, in whole chunks where the data are chunked. */
function pointsPerBlock(data: DataSource, inner: readonly number[]): number {
  const bytes = sizeOfShape(inner) * (itemsizeOf(data.dtype) ?? 64);
  const points = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, bytes)));
  const chunk = data.chunks?.[0] ?? 1;
  return Math.max(1, Math.round(points / chunk)) * chunk;
}

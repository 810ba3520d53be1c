import { InvalidArgumentError } from "../../errors.js";
import { type DType, sizeOfShape } from "../../ndarray/dtype.js";
import { storedSize } from "../format/datatype.js";
import type { Filter } from "../format/messages.js";
import type { DatasetOptions } from "../writer-api.js";
import { checkChunks } from "./chunk-shape.js";
import { fillBytes } from "./create-object.js";
import { filtersFor } from "./filters.js";

const CONTIGUOUS_BELOW = 2 ** 20;
/** Bytes. */
const SMALL_ROW = 64;

/** All that is fixed about a dataset that grows. */
export interface GrowingSpec {
  readonly path: string;
  readonly dtype: DType;
  readonly itemsize: number;
  readonly rowShape: readonly number[];
  readonly maxshape: readonly (number | null)[];
  /** Chunk lengths the caller asked for. */
  readonly chunks: readonly number[] | undefined;
  readonly filters: readonly Filter[];
  readonly fill: Buffer | undefined;
  /** Smaller than this it stays in one block. */
  readonly contiguousBelow: number;
}

/** Checks what the caller asked for; throws before anything is written. */
export function growingSpec(
  path: string,
  dtype: DType,
  rowShape: readonly number[],
  maxshape: readonly (number | null)[],
  options: DatasetOptions,
): GrowingSpec {
  const shape = [0, ...rowShape];
  const wrong =
    shape.length > 32 ||
    maxshape.length !== shape.length ||
    shape.some((length) => !Number.isSafeInteger(length) || length < 0) ||
    maxshape.some(
      (most, axis) => most !== null && !(Number.isSafeInteger(most) && most >= (shape[axis] ?? 0)),
    );
  if (wrong) {
    throw new InvalidArgumentError(
      `${path}: rows of shape [${rowShape}] do not go with the maximal shape [${maxshape.map(String)}] (at most 32 dimensions).`,
      { path },
    );
  }
  const { gzip } = options;
  if (gzip !== undefined && !(Number.isInteger(gzip) && gzip >= 0 && gzip <= 9)) {
    throw new InvalidArgumentError(`${path}: gzip levels are 0 to 9, got ${gzip}.`, { path });
  }
  const itemsize = storedSize(dtype);
  if (options.chunks) checkChunks(options.chunks, shape, maxshape, itemsize, path);
  return {
    path,
    dtype,
    itemsize,
    rowShape,
    maxshape,
    chunks: options.chunks,
    filters: filtersFor(itemsize, options),
    fill: fillBytes(options.fill, dtype, path),
    contiguousBelow: options.contiguousBelow ?? CONTIGUOUS_BELOW,
  };
}

/** Scalars and small vectors: their datasets seldom outgrow one block, unlike those of spectra and images. */
export function hasSmallRows({ rowShape, itemsize }: GrowingSpec): boolean {
  const bytes = sizeOfShape(rowShape) * itemsize;
  return bytes > 0 && bytes <= SMALL_ROW;
}

import { InvalidArgumentError } from "../../errors.js";
import { type DType, sizeOfShape } from "../../ndarray/dtype.js";
import { storedSize } from "../format/datatype.js";
import type { Filter } from "../format/messages.js";
import type { DatasetOptions } from "../writer-api.js";
import { checkChunks } from "./chunk-shape.js";
import { fillBytes } from "./create-object.js";
import { encodeTexts } from "./elements.js";
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

/** Rows as they are stored; texts go into the heap by `putText`. Error: InvalidArgumentError for rows of another kind. */
export function encodeRows(
  rows: Uint8Array | readonly string[],
  { dtype, path }: GrowingSpec,
  putText: (text: string) => Buffer,
): Buffer {
  if (rows instanceof Uint8Array) {
    if (dtype === "str")
      throw new InvalidArgumentError(`${path}: a dataset of text takes strings.`, { path });
    return Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  }
  if (typeof dtype !== "string" || (dtype !== "str" && !dtype.startsWith("|S"))) {
    throw new InvalidArgumentError(
      `${path}: a dataset of ${JSON.stringify(dtype)} takes bytes, not strings.`,
      { path },
    );
  }
  return encodeTexts(dtype, rows, putText, path);
}

/** Axes of rows only become longer, up to their maximum. Error: InvalidArgumentError. */
export function checkExtension(
  { maxshape, path }: GrowingSpec,
  now: readonly number[],
  next: readonly number[],
): void {
  const grows =
    next.length === now.length &&
    next.every((length, axis) => {
      const most = maxshape[axis + 1] ?? Number.POSITIVE_INFINITY;
      return Number.isSafeInteger(length) && length >= (now[axis] ?? 0) && length <= most;
    });
  if (grows) return;
  throw new InvalidArgumentError(
    `${path}: rows of shape [${now}] cannot become [${next}] (maximal shape [${maxshape.map(String)}]).`,
    { path },
  );
}

import { InvalidArgumentError } from "../../errors.js";
import { sizeOfShape } from "../../ndarray/dtype.js";

const TARGET_BYTES = 2 ** 20;
/** Images and other rows up to this size stay whole: most readers take them one by one. */
const WHOLE_ROW_BYTES = 4 * 2 ** 20;

/** Chunk lengths for rows of a shape: whole rows where they are not huge, chunks of about a MiB. */
export function chooseChunks(rowShape: readonly number[], itemsize: number): number[] {
  const row = rowShape.map((length) => Math.max(1, length));
  while (sizeOfShape(row) * itemsize > WHOLE_ROW_BYTES) {
    const axis = row.findIndex((length) => length > 1);
    row[axis] = Math.ceil((row[axis] ?? 1) / 2);
  }
  return [Math.max(1, Math.floor(TARGET_BYTES / (sizeOfShape(row) * itemsize))), ...row];
}

/** The caller's chunk lengths, checked; along axes that cannot grow they are at most the axis. */
export function checkChunks(
  chunks: readonly number[],
  shape: readonly number[],
  maxshape: readonly (number | null)[],
  itemsize: number,
  path: string,
): number[] {
  const valid =
    chunks.length === shape.length && chunks.every((length) => Number.isSafeInteger(length) && length > 0);
  if (!valid || sizeOfShape(chunks) * itemsize >= 2 ** 32) {
    throw new InvalidArgumentError(
      `${path}: chunks [${chunks}] do not suit the shape [${shape}]: one positive length per axis, less than 4 GiB in all.`,
      { path },
    );
  }
  return chunks.map((length, axis) => {
    const most = maxshape[axis];
    return most === null || most === undefined ? length : Math.max(1, Math.min(length, most));
  });
}

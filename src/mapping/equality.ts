import type { DType } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";

/** True for arrays of the same dtype (byte order included), shape and content; NaNs of the same bits are equal. */
export function sameArray(a: RawArray, b: RawArray): boolean {
  return sameDtype(a.dtype, b.dtype) && sameShape(a.shape, b.shape) && sameData(a.data, b.data);
}

function sameDtype(a: DType, b: DType): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return (
    a.length === b.length &&
    a.every(([name, dtype, shape = []], i) => {
      const [otherName, otherDtype, otherShape = []] = b[i] ?? ["", ""];
      return name === otherName && sameDtype(dtype, otherDtype) && sameShape(shape, otherShape);
    })
  );
}

export function sameShape(a: readonly number[] | null, b: readonly number[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

function sameData(a: RawArray["data"], b: RawArray["data"]): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  return a.length === b.length && a.every((item, i) => sameItem(item, b[i]));
}

/** Text, a compound's column, or a JSON value. */
function sameItem(a: unknown, b: unknown): boolean {
  if (isRawArray(a) && isRawArray(b)) return sameArray(a, b);
  return a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));
}

function isRawArray(item: unknown): item is RawArray {
  return typeof item === "object" && item !== null && "dtype" in item && "shape" in item && "data" in item;
}

import { type DType, numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { encodeNumbers } from "../../ndarray/encode.js";
import { copyBlock, type RawPoints } from "../../stream/points.js";

/** One element that stands for a missing value: NaN for floats, 0 for the rest (as blisswriter does), or what a layout asks for. */
export function fillElement(dtype: DType, fill?: number): Uint8Array {
  const type = numericType(dtype);
  if (!type) return new Uint8Array(1);
  const value = fill ?? (type.kind === "f" ? Number.NaN : 0);
  if (type.kind === "c") return encodeNumbers([[value, value]], dtype);
  if (type.kind === "b") return encodeNumbers([value !== 0], dtype);
  const whole = type.kind === "f" || Number.isFinite(value) ? value : 0;
  const wide = type.itemsize === 8 && type.kind !== "f";
  return encodeNumbers([wide ? BigInt(Math.trunc(whole)) : whole], dtype);
}

/** Points in the corner of a larger shape; the rest is filled. Shares memory when nothing is to be padded. */
export function padPoints(points: RawPoints, rowShape: readonly number[], fill: Uint8Array): Uint8Array {
  const [length = 0, ...point] = points.shape;
  const data = points.data as Uint8Array;
  if (point.every((size, axis) => size === rowShape[axis])) return data;
  const [from, to] = [sizeOfShape(point) * fill.byteLength, sizeOfShape(rowShape) * fill.byteLength];
  const padded = Buffer.alloc(length * to, fill);
  for (let i = 0; i < length; i++) {
    const row = data.subarray(i * from, (i + 1) * from);
    copyBlock(row, point, padded.subarray(i * to, (i + 1) * to), rowShape, fill.byteLength);
  }
  return padded;
}

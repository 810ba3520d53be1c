import type { TypedArray } from "../../ndarray/decode.js";
import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";

/** Two arrays one after the other along the first axis; rows of different sizes are padded (NaN, 0). */
export function joinRows(first: NdArray, second: NdArray): NdArray {
  const inner = first.shape.slice(1).map((length, axis) => Math.max(length, second.shape[axis + 1] ?? 0));
  const [a, b] = [padRows(first, inner), padRows(second, inner)];
  return joinAll([a, b]) ?? a;
}

/** Arrays of one kind and row size, one after the other; undefined for none. */
export function joinAll(parts: readonly NdArray[]): NdArray | undefined {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first;
  const shape = [parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0), ...first.shape.slice(1)];
  if (Array.isArray(first.data)) {
    return new NdArray(
      parts.flatMap((part) => part.data as unknown[]),
      shape,
      first.dtype,
    );
  }
  const data = emptyLike(
    first.data as TypedArray,
    parts.reduce((sum, part) => sum + part.data.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    copyNumbers(part.data as TypedArray, data, at);
    at += part.data.length;
  }
  return new NdArray(data, shape, first.dtype);
}

/** Rows under a larger extent, filled with NaN for floats and 0 for the rest, as the file is. */
export function padRows(rows: NdArray, inner: readonly number[]): NdArray {
  const have = rows.shape.slice(1);
  if (inner.every((length, axis) => length === have[axis])) return rows;
  const count = rows.shape[0] ?? 0;
  const kind = numericType(rows.dtype)?.kind;
  const parts = kind === "c" ? 2 : 1;
  const source = rows.data as TypedArray;
  const data = emptyLike(source, count * sizeOfShape(inner) * parts);
  if (kind === "f") (data as Float64Array).fill(Number.NaN);
  const width = (have.at(-1) ?? 1) * parts;
  const lines = sizeOfShape(have.slice(0, -1));
  for (let row = 0; row < count; row++) {
    for (let line = 0; line < lines; line++) {
      const from = (row * lines + line) * width;
      const to = (row * sizeOfShape(inner) + lineStart(line, have, inner)) * parts;
      copyNumbers(source.subarray(from, from + width), data, to);
    }
  }
  return new NdArray(data, [count, ...inner], rows.dtype);
}

/** Where a line (a run along the last axis) begins in the larger extent. */
function lineStart(line: number, have: readonly number[], inner: readonly number[]): number {
  let rest = line;
  let stride = inner.at(-1) ?? 1;
  let start = 0;
  for (let axis = have.length - 2; axis >= 0; axis--) {
    const length = have[axis] ?? 1;
    start += (rest % length) * stride;
    rest = Math.floor(rest / length);
    stride *= inner[axis] ?? 1;
  }
  return start;
}

function emptyLike(data: TypedArray, length: number): TypedArray {
  const Type = data.constructor as new (length: number) => TypedArray;
  return new Type(length);
}

/** Copies numbers between arrays of one kind. */
function copyNumbers(source: TypedArray, target: TypedArray, at: number): void {
  const from = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const to = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  to.set(from, at * target.BYTES_PER_ELEMENT);
}

import { itemsizeOf, numericType, sizeOfShape } from "./dtype.js";
import type { RawArray } from "./raw.js";
import type { AxisRange } from "./slice.js";

/**
 * Part of an array in memory: one range per axis (of any step), as a copy. Dropped axes stay with length 1. A selection
 * that takes everything gives the array itself.
 */
export function takeRaw(array: RawArray, ranges: readonly AxisRange[]): RawArray {
  const shape = array.shape;
  if (shape === null || ranges.every((range, axis) => takesAll(range, shape[axis] ?? 0))) return array;
  const counts = ranges.map((range) => range.count);
  if (typeof array.dtype !== "string") {
    const columns = array.data as readonly RawArray[];
    const data = columns.map((column) =>
      takeRaw(column, [...ranges, ...wholeAxes(column.shape ?? [], ranges.length)]),
    );
    return { dtype: array.dtype, shape: counts, data };
  }
  const positions = positionsOf(shape, ranges);
  if (array.data instanceof Uint8Array) {
    const size = numericType(array.dtype)?.itemsize ?? itemsizeOf(array.dtype) ?? 1;
    return { dtype: array.dtype, shape: counts, data: takeBytes(array.data, positions, size) };
  }
  const items = array.data;
  return { dtype: array.dtype, shape: counts, data: Array.from(positions, (position) => items[position]) };
}

function takesAll(range: AxisRange, length: number): boolean {
  return range.start === 0 && range.step === 1 && range.count === length;
}

function wholeAxes(shape: readonly number[], from: number): AxisRange[] {
  return shape.slice(from).map((count) => ({ start: 0, step: 1, count, drop: false }));
}

/** Positions, in C order, of the elements that the ranges select. */
export function positionsOf(shape: readonly number[], ranges: readonly AxisRange[]): Float64Array {
  let positions = Float64Array.of(0);
  let stride = sizeOfShape(shape);
  shape.forEach((length, axis) => {
    stride = length === 0 ? 0 : stride / length;
    const range = ranges[axis] ?? { start: 0, step: 1, count: length, drop: false };
    const next = new Float64Array(positions.length * range.count);
    let at = 0;
    for (const position of positions)
      for (let i = 0; i < range.count; i++) next[at++] = position + (range.start + i * range.step) * stride;
    positions = next;
  });
  return positions;
}

function takeBytes(bytes: Uint8Array, positions: Float64Array, size: number): Uint8Array {
  const out = new Uint8Array(positions.length * size);
  let at = 0;
  for (const position of positions) {
    out.set(bytes.subarray(position * size, (position + 1) * size), at);
    at += size;
  }
  return out;
}

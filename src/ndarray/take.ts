import type { TypedArray } from "./decode.js";
import { itemsizeOf, numericType, sizeOfShape } from "./dtype.js";
import { NdArray, type NdData } from "./ndarray.js";
import type { RawArray } from "./raw.js";
import type { AxisRange } from "./slice.js";

/**
 * Part of an array in memory: one range per axis (of any step), as a copy. Dropped axes stay with length 1. A selection
 * that takes everything gives the array itself.
 */
export function takeRaw(array: RawArray, ranges: readonly AxisRange[]): RawArray {
  const shape = array.shape;
  if (shape === null || takesEverything(shape, ranges)) return array;
  const counts = shape.map((length, axis) => ranges[axis]?.count ?? length);
  if (typeof array.dtype !== "string") {
    const columns = array.data as readonly RawArray[];
    return { dtype: array.dtype, shape: counts, data: columns.map((column) => takeRaw(column, ranges)) };
  }
  const runs = runsOf(shape, ranges);
  if (array.data instanceof Uint8Array) {
    const size = numericType(array.dtype)?.itemsize ?? itemsizeOf(array.dtype) ?? 1;
    return { dtype: array.dtype, shape: counts, data: takeElements(array.data, runs, size) };
  }
  return { dtype: array.dtype, shape: counts, data: takeItems<unknown>(array.data, runs) };
}

/** As `takeRaw`, for decoded arrays. */
export function takeArray(array: NdArray, ranges: readonly AxisRange[]): NdArray {
  if (takesEverything(array.shape, ranges)) return array;
  const counts = array.shape.map((length, axis) => ranges[axis]?.count ?? length);
  const runs = runsOf(array.shape, ranges);
  const parts = numericType(array.dtype)?.kind === "c" ? 2 : 1;
  const data: NdData = isTyped(array.data)
    ? takeElements(array.data, runs, parts)
    : takeItems<unknown>(array.data, runs);
  return new NdArray(data, counts, array.dtype);
}

/** The same data under the shape without the axes that were dropped. */
export function dropAxes(array: NdArray, ranges: readonly AxisRange[]): NdArray {
  if (!ranges.some((range) => range.drop)) return array;
  return new NdArray(
    array.data,
    array.shape.filter((_, axis) => !ranges[axis]?.drop),
    array.dtype,
  );
}

export function wholeAxis(count: number): AxisRange {
  return { start: 0, step: 1, count, drop: false };
}

function isTyped(data: NdData): data is TypedArray {
  return ArrayBuffer.isView(data);
}

function takesEverything(shape: readonly number[], ranges: readonly AxisRange[]): boolean {
  return shape.every((length, axis) => takesAll(ranges[axis], length));
}

function takesAll(range: AxisRange | undefined, length: number): boolean {
  return (
    range === undefined || (range.start === 0 && range.count === length && (range.step === 1 || length < 2))
  );
}

/** Stretches of elements that lie one after the other, in C order of the result. */
export interface Runs {
  readonly starts: Float64Array;
  readonly length: number;
}

/** Where the elements of a selection lie in C order. */
export function runsOf(shape: readonly number[], ranges: readonly AxisRange[]): Runs {
  let inner = shape.length;
  let length = 1;
  while (inner > 0 && takesAll(ranges[inner - 1], shape[inner - 1] ?? 0)) length *= shape[--inner] ?? 0;
  const last = ranges[inner - 1];
  let starts = new Float64Array(1);
  if (last && (last.step === 1 || last.count === 1)) {
    starts[0] = last.start * length;
    length *= last.count;
    inner--;
  }
  if (inner === 0) return { starts, length };
  const strides = stridesOf(shape);
  for (let axis = inner - 1; axis >= 0; axis--) {
    const range = ranges[axis] ?? wholeAxis(shape[axis] ?? 0);
    starts = spread(range, strides[axis] ?? 0, starts);
  }
  return { starts, length };
}

/** Every index of an outer axis, each followed by the positions inside it. */
function spread(
  range: AxisRange,
  stride: number,
  inside: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(range.count * inside.length);
  for (let i = 0, at = 0; i < range.count; i++) {
    const base = (range.start + i * range.step) * stride;
    for (const position of inside) out[at++] = base + position;
  }
  return out;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const length of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= length;
  }
  return strides;
}

/** Elements of `size` numbers each. */
function takeElements<T extends TypedArray>(source: T, { starts, length }: Runs, size: number): T {
  const step = size * source.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const out = new Uint8Array(starts.length * length * step);
  let at = 0;
  for (const start of starts) {
    out.set(bytes.subarray(start * step, (start + length) * step), at);
    at += length * step;
  }
  const Type = source.constructor as new (buffer: ArrayBuffer) => T;
  return new Type(out.buffer);
}

function takeItems<T>(source: readonly T[], { starts, length }: Runs): T[] {
  const out: T[] = [];
  for (const start of starts) for (let i = 0; i < length; i++) out.push(source[start + i] as T);
  return out;
}

/** The number of elements in a selection. */
export function countOf(ranges: readonly AxisRange[]): number {
  return sizeOfShape(ranges.map((range) => range.count));
}

import { type DType, requireNumeric, sizeOfShape } from "../ndarray/dtype.js";
import { encodeNumbers } from "../ndarray/encode.js";
import { NdArray, type Value } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";

/** Points keep the memory that they were received into when they are this share of it. */
const LEAST_SHARE = 0.5;

/** A raw array of points: shape (n, …point), numbers as bytes or JSON values. */
export interface RawPoints extends RawArray {
  readonly shape: readonly number[];
}

/** Points `start` to `stop` of a block; shares memory. */
export function slicePoints(points: RawPoints, start: number, stop: number): RawPoints {
  if (start === 0 && stop === points.shape[0]) return points;
  const [length = 0, ...point] = points.shape;
  const shape = [stop - start, ...point];
  if (!(points.data instanceof Uint8Array)) {
    return { dtype: points.dtype, shape, data: points.data.slice(start, stop) };
  }
  const size = points.data.byteLength / Math.max(1, length);
  return { dtype: points.dtype, shape, data: points.data.subarray(start * size, stop * size) };
}

/**
 * Joins neighbouring blocks of one point shape: the fewest arrays that hold the same points in the same order. They share
 * memory where they can; a small part of a large piece is copied, unless that is `lent`.
 */
export function joinRuns(blocks: readonly RawPoints[], lent = false): RawPoints[] {
  if (blocks.length < 2) return [...blocks];
  const runs: RawPoints[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run?.[0] && samePoint(run[0], block)) run.push(block);
    else runs.push([block]);
  }
  return runs.map((run) => joinRun(run, lent ? 0 : LEAST_SHARE));
}

function samePoint(a: RawPoints, b: RawPoints): boolean {
  return a.shape.length === b.shape.length && a.shape.every((n, axis) => axis === 0 || n === b.shape[axis]);
}

function joinRun(run: readonly RawPoints[], share: number): RawPoints {
  const [first, ...others] = run;
  if (!first) throw new RangeError("A run has at least one block.");
  if (others.length === 0) return first;
  let length = 0;
  for (const block of run) length += block.shape[0] ?? 0;
  const shape = [length, ...first.shape.slice(1)];
  if (!(first.data instanceof Uint8Array)) {
    return { dtype: first.dtype, shape, data: run.flatMap((block) => block.data as readonly unknown[]) };
  }
  const received = inOnePiece(
    run.map((block) => block.data as Uint8Array),
    share,
  );
  if (received) return { dtype: first.dtype, shape, data: received };
  // A buffer of its own: aligned for typed arrays, and no reply of Redis is kept alive by a few of its bytes.
  const bytes = uninitialised((first.data.byteLength / Math.max(1, first.shape[0] ?? 0)) * length);
  let offset = 0;
  for (const block of run) {
    const data = block.data as Uint8Array;
    bytes.set(data, offset);
    offset += data.byteLength;
  }
  return { dtype: first.dtype, shape, data: bytes };
}

/** Parts that lie one behind the other already, as one, if they are at least this share of their memory. */
function inOnePiece(parts: readonly Uint8Array[], share: number): Uint8Array | undefined {
  const [first] = parts;
  if (!first) return undefined;
  let end = first.byteOffset;
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return undefined;
    end += part.byteLength;
  }
  const size = end - first.byteOffset;
  return size < share * first.buffer.byteLength
    ? undefined
    : new Uint8Array(first.buffer, first.byteOffset, size);
}

/** Memory that will be filled entirely: clearing it first would take as long again. */
export function uninitialised(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/**
 * All blocks as one decoded array of shape (n, …point). Points of different shapes are padded at their ends: NaN for
 * floats, 0 for everything else, as in the files.
 */
export function decodePoints(blocks: readonly RawPoints[], dtype: DType, point: readonly number[]): NdArray {
  const runs = joinRuns(blocks);
  const [only] = runs;
  if (!only) {
    const shape = [0, ...point.map((n) => Math.max(0, n))];
    return NdArray.fromRaw({ dtype, shape, data: dtype === "json" ? [] : new Uint8Array() });
  }
  return NdArray.fromRaw(runs.length === 1 ? only : padRuns(runs, dtype));
}

function padRuns(runs: readonly RawPoints[], dtype: DType): RawPoints {
  const { kind, itemsize } = requireNumeric(dtype);
  let length = 0;
  for (const run of runs) length += run.shape[0] ?? 0;
  const largest = (runs[0]?.shape.slice(1) ?? []).map((_, axis) =>
    Math.max(...runs.map((run) => run.shape[axis + 1] ?? 0)),
  );
  const size = sizeOfShape(largest) * itemsize;
  const fill = kind === "f" ? encodeNumbers([Number.NaN], dtype) : new Uint8Array(itemsize);
  const bytes = Buffer.alloc(length * size, fill);
  let point = 0;
  for (const run of runs) {
    const shape = run.shape.slice(1);
    const data = run.data as Uint8Array;
    const step = sizeOfShape(shape) * itemsize;
    for (let i = 0; i < (run.shape[0] ?? 0); i++, point++) {
      copyBlock(
        data.subarray(i * step, (i + 1) * step),
        shape,
        bytes.subarray(point * size),
        largest,
        itemsize,
      );
    }
  }
  return { dtype, shape: [length, ...largest], data: bytes };
}

/** Copies an array into the corner of a larger one. */
export function copyBlock(
  source: Uint8Array,
  shape: readonly number[],
  target: Uint8Array,
  into: readonly number[],
  itemsize: number,
): void {
  if (shape.length <= 1) {
    target.set(source);
    return;
  }
  const [rows = 0, ...inner] = shape;
  const [from, to] = [sizeOfShape(inner) * itemsize, sizeOfShape(into.slice(1)) * itemsize];
  for (let row = 0; row < rows; row++) {
    copyBlock(
      source.subarray(row * from, (row + 1) * from),
      inner,
      target.subarray(row * to),
      into.slice(1),
      itemsize,
    );
  }
}

/** One point as users see it: a number, a JSON value, or an array when points have a shape. */
export function pointValue(points: RawPoints, position: number): Value {
  const array = NdArray.fromRaw(slicePoints(points, position, position + 1));
  return array.ndim === 1 ? array.flat(0) : array.row(0);
}

/** All points of a decoded block, one by one. */
export function* eachPoint(array: NdArray): Generator<Value> {
  const length = array.shape[0] ?? 0;
  for (let i = 0; i < length; i++) yield array.ndim === 1 ? array.flat(i) : array.row(i);
}

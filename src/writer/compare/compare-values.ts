import type { DatasetDescription, Hdf5Reader } from "../../hdf5/reader-api.js";
import { type DType, itemsizeOf, numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";
import type { RawArray } from "../../ndarray/raw.js";
import type { CompareOptions, Difference } from "./differences.js";

const BLOCK_BYTES = 8 * 1024 * 1024;
const UNKNOWN_ITEMSIZE = 64;

/** Compares two arrays that are in memory, such as attributes. */
export function* compareArrays(path: string, a: RawArray, b: RawArray): Generator<Difference> {
  if (typeText(a.dtype) !== typeText(b.dtype)) {
    yield { path, what: "dtype", message: `A has ${typeText(a.dtype)}, B has ${typeText(b.dtype)}.` };
  }
  if (shapeText(a.shape) !== shapeText(b.shape)) {
    yield { path, what: "shape", message: `A has ${shapeText(a.shape)}, B has ${shapeText(b.shape)}.` };
    return;
  }
  const tally = new Tally(a.shape ?? []);
  tally.add(a, b, 0);
  yield* tally.report(path);
}

/** Compares the values of two datasets of one shape, block by block. */
export async function* compareDatasets(
  files: { readonly a: Hdf5Reader; readonly b: Hdf5Reader; readonly options: CompareOptions },
  path: string,
  a: DatasetDescription,
  b: DatasetDescription,
): AsyncGenerator<Difference> {
  const shape = a.shape;
  if (shape === null || sizeOfShape(shape) === 0) return;
  const tally = new Tally(shape);
  const itemsize = Math.max(itemsizeOf(a.dtype) ?? UNKNOWN_ITEMSIZE, itemsizeOf(b.dtype) ?? UNKNOWN_ITEMSIZE);
  for (const block of blocks(shape, itemsize)) {
    files.options.signal?.throwIfAborted();
    const ranges = block.map(([start, count]) => ({ start, count, step: 1, drop: false }));
    const [left, right] = await Promise.all([files.a.read(path, ranges), files.b.read(path, ranges)]);
    tally.add(left, right, flatIndex(block, shape));
  }
  yield* tally.report(path);
}

/** Counts the elements that differ and keeps the first of them. */
class Tally {
  readonly #shape: readonly number[];
  #count = 0;
  #first: { index: number; a: unknown; b: unknown } | undefined;

  constructor(shape: readonly number[]) {
    this.#shape = shape;
  }

  /** `offset`: flat index of the blocks' first element in the whole array. */
  add(a: RawArray, b: RawArray, offset: number): void {
    if (a.shape === null || b.shape === null || sameBytes(a, b)) return;
    const [left, right] = [NdArray.fromRaw(a), NdArray.fromRaw(b)];
    for (let i = 0; i < left.size; i++) {
      const [x, y] = [left.flat(i), right.flat(i)];
      if (sameValue(x, y)) continue;
      this.#count++;
      this.#first ??= { index: offset + i, a: x, b: y };
    }
  }

  *report(path: string): Generator<Difference> {
    if (!this.#first) return;
    const { index, a, b } = this.#first;
    const others = this.#count > 1 ? `; ${this.#count} values differ` : "";
    const where = this.#shape.length > 0 ? ` at [${unravel(index, this.#shape).join(", ")}]` : "";
    yield { path, what: "value", message: `A has ${valueText(a)}${where}, B has ${valueText(b)}${others}.` };
  }
}

function sameBytes(a: RawArray, b: RawArray): boolean {
  if (!(a.data instanceof Uint8Array) || !(b.data instanceof Uint8Array)) return false;
  return typeText(a.dtype) === typeText(b.dtype) && Buffer.compare(a.data, b.data) === 0;
}

/** NaN equals NaN; 0 and -0 are the same number; 1 and 1n too (their dtypes are compared elsewhere). */
function sameValue(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a === "bigint" && typeof b === "number")
    return a === BigInt(Math.trunc(b)) && Number.isInteger(b);
  if (typeof a === "number" && typeof b === "bigint") return sameValue(b, a);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  if (keysA.length !== keysB.length) return false;
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([key, value]) => other.has(key) && sameValue(value, other.get(key)));
}

type Block = readonly (readonly [start: number, count: number])[];

/** Blocks of about BLOCK_BYTES that cover an array, in C order. */
function* blocks(shape: readonly number[], itemsize: number): Generator<Block> {
  const [length, ...rest] = shape;
  if (length === undefined) {
    yield [];
    return;
  }
  const rowBytes = itemsize * sizeOfShape(rest);
  if (rowBytes > BLOCK_BYTES) {
    for (let row = 0; row < length; row++) {
      for (const block of blocks(rest, itemsize)) yield [[row, 1], ...block];
    }
    return;
  }
  const rows = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
  for (let start = 0; start < length; start += rows) {
    yield [[start, Math.min(rows, length - start)], ...rest.map((count) => [0, count] as const)];
  }
}

function flatIndex(block: Block, shape: readonly number[]): number {
  return block.reduce((flat, [start], axis) => flat * (shape[axis] ?? 1) + start, 0);
}

function unravel(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((length) => {
      const index = rest % length;
      rest = Math.floor(rest / length);
      return index;
    })
    .toReversed();
}

/** A dtype as text; numbers of one byte have no byte order. */
export function typeText(dtype: DType): string {
  if (typeof dtype !== "string") return JSON.stringify(dtype);
  const numeric = numericType(dtype);
  return numeric?.itemsize === 1 ? `|${dtype.slice(1)}` : dtype;
}

export function shapeText(shape: readonly number[] | null): string {
  return shape === null ? "no dataspace" : `shape (${shape.join(", ")})`;
}

function valueText(value: unknown): string {
  const marked = JSON.stringify(value, (_, item) =>
    typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item))
      ? `\u0001${item}\u0001`
      : item,
  );
  const text = marked.replace(/"\\u0001(.*?)\\u0001"/g, "$1"); // numbers without quotation marks
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

import { InvalidArgumentError } from "../errors.js";
import { decodeNumbers, type TypedArray } from "./decode.js";
import { type DType, type Field, numericType, requireNumeric, sizeOfShape } from "./dtype.js";
import type { RawArray } from "./raw.js";

/** What an NdArray holds: numbers in typed arrays; text, JSON values and compound records as plain arrays. */
export type NdData = TypedArray | readonly unknown[];

/** One value as JavaScript shows it: number, bigint, boolean, string, `[re, im]`, a record of a compound, or JSON. */
export type Value = unknown;

/**
 * An n-dimensional array in C order, over a typed array. Has the fields of the `ndarray` package (data, shape, stride,
 * offset). 64-bit integers are BigInt arrays, float16 comes as Float32Array, bool as Uint8Array with dtype `|b1`,
 * complex numbers interleaved (`data.length` is then twice `size`), compounds as an array of records `{field: value}`.
 */
export class NdArray<T extends NdData = NdData> {
  /** The elements in C order, in native byte order. */
  readonly data: T;
  /** The length of each axis; empty for a single value. */
  readonly shape: readonly number[];
  /** How the elements are stored or published, with their byte order (`<f8`, `>u2`, `|b1`, `str`, `json`, …). */
  readonly dtype: DType;
  /** Always 0: `data` begins with the first element. */
  readonly offset = 0;

  constructor(data: T, shape: readonly number[], dtype: DType) {
    const expected = sizeOfShape(shape) * (isComplex(dtype) ? 2 : 1);
    if (data.length !== expected) {
      throw new InvalidArgumentError(
        `An array of shape [${shape}] needs ${expected} numbers or items, got ${data.length}.`,
      );
    }
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** Decodes raw bytes and columns. The null dataspace has no array: pass only raw arrays with a shape. */
  static fromRaw(raw: RawArray): NdArray {
    if (raw.shape === null) throw new InvalidArgumentError("A null dataspace holds no array.");
    return new NdArray(decodeData(raw, sizeOfShape(raw.shape)), raw.shape, raw.dtype);
  }

  /** The number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOfShape(this.shape);
  }

  /** Steps along each axis, in elements. */
  get stride(): number[] {
    const stride: number[] = [];
    let step = 1;
    for (const length of [...this.shape].reverse()) {
      stride.unshift(step);
      step *= length;
    }
    return stride;
  }

  /** The element at a full set of indices (no negative ones). */
  get(...indices: number[]): Value {
    if (indices.length !== this.ndim) {
      throw new InvalidArgumentError(`${indices.length} indices for an array of ${this.ndim} dimensions.`);
    }
    const stride = this.stride;
    let flat = 0;
    indices.forEach((index, axis) => {
      if (!Number.isInteger(index) || index < 0 || index >= (this.shape[axis] ?? 0)) {
        throw new InvalidArgumentError(
          `Index ${index} is out of bounds for axis ${axis} of ${this.shape[axis]} points.`,
        );
      }
      flat += index * (stride[axis] ?? 0);
    });
    return this.flat(flat);
  }

  /** The element at a position in C order. */
  flat(position: number): Value {
    if (isComplex(this.dtype)) return [this.data[2 * position], this.data[2 * position + 1]];
    const value = this.data[position];
    return isBool(this.dtype) ? value !== 0 : value;
  }

  /** Nested plain arrays, as NumPy's `tolist()`; a scalar gives its value. */
  toNested(): Value {
    return nest(this, 0, 0, this.stride);
  }

  /** The sub-array at an index of the first axis; shares memory. */
  row(index: number): NdArray {
    const [length, ...shape] = this.shape;
    if (length === undefined || index < 0 || index >= length) {
      throw new InvalidArgumentError(`Row ${index} is out of bounds for shape [${this.shape}].`);
    }
    const step = sizeOfShape(shape) * (isComplex(this.dtype) ? 2 : 1);
    const data = this.data;
    const part = Array.isArray(data)
      ? data.slice(index * step, (index + 1) * step)
      : (data as TypedArray).subarray(index * step, (index + 1) * step);
    return new NdArray(part, shape, this.dtype);
  }
}

function isComplex(dtype: DType): boolean {
  return numericType(dtype)?.kind === "c";
}

function isBool(dtype: DType): boolean {
  return dtype === "|b1";
}

function nest(array: NdArray, axis: number, position: number, stride: readonly number[]): Value {
  const length = array.shape[axis];
  if (length === undefined) return array.flat(position);
  return Array.from({ length }, (_, i) => nest(array, axis + 1, position + i * (stride[axis] ?? 0), stride));
}

function decodeData(raw: RawArray, size: number): NdData {
  if (raw.data instanceof Uint8Array) return decodeNumbers(raw.data, requireNumeric(raw.dtype));
  if (typeof raw.dtype === "string") return raw.data;
  return decodeRecords(raw.dtype, raw.data as readonly RawArray[], size);
}

function decodeRecords(
  fields: readonly Field[],
  columns: readonly RawArray[],
  size: number,
): Record<string, Value>[] {
  const decoded = columns.map((column) => NdArray.fromRaw(column));
  return Array.from({ length: size }, (_, i) => {
    const record: Record<string, Value> = Object.create(null);
    fields.forEach(([name, , shape], k) => {
      const column = decoded[k];
      if (!column) throw new InvalidArgumentError(`The compound's column "${name}" is missing.`);
      record[name] = shape && shape.length > 0 ? subArray(column, i, shape).toNested() : column.flat(i);
    });
    return record;
  });
}

/** Element i of a column whose elements are arrays themselves. */
function subArray(column: NdArray, i: number, shape: readonly number[]): NdArray {
  const elements = column.size / sizeOfShape(shape);
  return new NdArray(column.data, [elements, ...shape], column.dtype).row(i);
}

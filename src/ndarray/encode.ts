import { InvalidArgumentError } from "../errors.js";
import { numberToHalf, swapBytes, type TypedArray } from "./decode.js";
import { type DType, type NumericType, requireNumeric } from "./dtype.js";
import { NdArray } from "./ndarray.js";

/** One number as it may be given: complex ones as `[re, im]`, long doubles as numbers. */
export type NumberLike = number | bigint | boolean | readonly [number, number];

const INTEGER_LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  i1: [-(2n ** 7n), 2n ** 7n - 1n],
  i2: [-(2n ** 15n), 2n ** 15n - 1n],
  i4: [-(2n ** 31n), 2n ** 31n - 1n],
  i8: [-(2n ** 63n), 2n ** 63n - 1n],
  u1: [0n, 2n ** 8n - 1n],
  u2: [0n, 2n ** 16n - 1n],
  u4: [0n, 2n ** 32n - 1n],
  u8: [0n, 2n ** 64n - 1n],
};

/**
 * The bytes of numbers in a dtype, in the dtype's byte order. Values that the dtype cannot hold (300 in `|u1`, 1.5 in
 * `<i4`, a complex number in `<f8`) are an InvalidArgumentError: nothing is wrapped or cut silently.
 */
export function encodeNumbers(values: ArrayLike<NumberLike>, dtype: DType): Uint8Array {
  const type = requireNumeric(dtype);
  const bytes = new Uint8Array(values.length * type.itemsize);
  const view = new DataView(bytes.buffer);
  const write = elementWriter(type, view);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined)
      throw new InvalidArgumentError(`Element ${i} is missing: ${String(dtype)} needs a number.`);
    write(i * type.itemsize, value);
  }
  return bytes;
}

type ElementWriter = (offset: number, value: NumberLike) => void;

function elementWriter(type: NumericType, view: DataView): ElementWriter {
  const little = !type.bigEndian;
  if (type.kind === "c") {
    const half = type.itemsize / 2;
    const write = floatWriter(half, view, little);
    return (offset, value) => {
      const pair = typeof value === "object" ? value : ([realNumber(value), 0] as const);
      write(offset, realNumber(pair[0]));
      write(offset + half, realNumber(pair[1]));
    };
  }
  if (type.kind === "f") {
    const write = floatWriter(type.itemsize, view, little);
    return (offset, value) => write(offset, realNumber(value));
  }
  if (type.kind === "b") return (offset, value) => view.setUint8(offset, truth(value));
  return integerWriter(type, view, little);
}

function realNumber(value: NumberLike): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  if (Array.isArray(value))
    throw new InvalidArgumentError(`Complex number (${value}) where a real one is needed.`);
  throw new InvalidArgumentError(`Expected a number, got ${typeof value} ${JSON.stringify(value)}.`);
}

function truth(value: NumberLike): number {
  if (value === true || value === 1 || value === 1n) return 1;
  if (value === false || value === 0 || value === 0n) return 0;
  throw new InvalidArgumentError(`Expected a boolean, got ${String(value)}.`);
}

function floatWriter(size: number, view: DataView, little: boolean): (offset: number, value: number) => void {
  if (size === 2) return (offset, value) => view.setUint16(offset, numberToHalf(value), little);
  if (size === 4) return (offset, value) => view.setFloat32(offset, value, little);
  if (size === 8) return (offset, value) => view.setFloat64(offset, value, little);
  return (offset, value) => writeLongDouble(view, offset, value, little);
}

/** Writes a double as an x87 80-bit number in 16 bytes: 64-bit mantissa with an explicit leading one, then sign and exponent. */
function writeLongDouble(view: DataView, offset: number, value: number, little: boolean): void {
  const scratch = new DataView(new ArrayBuffer(8));
  scratch.setFloat64(0, value);
  const bits = scratch.getBigUint64(0);
  const sign = bits >> 63n;
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  let mantissa = (fraction << 11n) | (1n << 63n);
  let wide = exponent - 1023 + 16383;
  if (exponent === 0x7ff) wide = 0x7fff;
  else if (exponent === 0) {
    mantissa = fraction << 11n;
    wide = fraction === 0n ? 0 : 1 - 1023 + 16383;
    while (mantissa !== 0n && mantissa >> 63n === 0n) {
      mantissa <<= 1n;
      wide--;
    }
  }
  const head = Number(sign << 15n) | wide;
  view.setBigUint64(little ? offset : offset + 8, mantissa, little);
  view.setUint16(little ? offset + 8 : offset + 6, head, little);
}

function integerWriter(type: NumericType, view: DataView, little: boolean): ElementWriter {
  const name = type.kind + type.itemsize;
  const [low, high] = INTEGER_LIMITS[name] ?? [0n, 0n];
  const [lowNumber, highNumber] = [Number(low), Number(high)];
  const signed = type.kind === "i";
  return (offset, value) => {
    if (type.itemsize === 8) {
      const big = toBigInt(value, name);
      if (big < low || big > high) throw outOfRange(value, name, low, high);
      if (signed) view.setBigInt64(offset, big, little);
      else view.setBigUint64(offset, big, little);
      return;
    }
    const number = typeof value === "number" ? value : Number(toBigInt(value, name));
    if (!Number.isInteger(number))
      throw new InvalidArgumentError(`${number} is not an integer, as ${name} needs.`);
    if (number < lowNumber || number > highNumber) throw outOfRange(value, name, low, high);
    if (type.itemsize === 1) view.setUint8(offset, number & 0xff);
    else if (type.itemsize === 2) view.setUint16(offset, number & 0xffff, little);
    else view.setUint32(offset, number >>> 0, little);
  };
}

function toBigInt(value: NumberLike, name: string): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  throw new InvalidArgumentError(`${String(value)} is not an integer, as ${name} needs.`);
}

function outOfRange(value: NumberLike, name: string, low: bigint, high: bigint): InvalidArgumentError {
  return new InvalidArgumentError(`${String(value)} does not fit ${name} (${low} … ${high}).`);
}

/** The dtype of a typed array's elements: `Float64Array` is `<f8`. */
export function dtypeOfTypedArray(array: TypedArray): string {
  const kind =
    array instanceof Float32Array || array instanceof Float64Array ? "f" : unsigned(array) ? "u" : "i";
  return array.BYTES_PER_ELEMENT === 1 ? `|${kind}1` : `<${kind}${array.BYTES_PER_ELEMENT}`;
}

function unsigned(array: TypedArray): boolean {
  return (
    array instanceof Uint8Array ||
    array instanceof Uint16Array ||
    array instanceof Uint32Array ||
    array instanceof BigUint64Array
  );
}

/** True for typed arrays of numbers (DataView and Buffer's byte view included as Uint8Array). */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/**
 * The bytes of a typed array as elements of `dtype`: the same memory when it already holds them (as in
 * `Float64Array` → `<f8`, complex numbers interleaved in the matching float array), else converted.
 */
export function encodeTypedArray(array: TypedArray, dtype: DType): Uint8Array {
  const type = requireNumeric(dtype);
  const own = dtypeOfTypedArray(array);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const component = type.kind === "c" ? `f${type.itemsize / 2}` : `${type.kind}${type.itemsize}`;
  if (own.slice(1) === component) {
    const size = array.BYTES_PER_ELEMENT;
    return type.bigEndian && size > 1 ? swapBytes(bytes, size) : bytes;
  }
  if (type.kind === "c") {
    if (array.length % 2)
      throw new InvalidArgumentError("Interleaved complex data need an even number of values.");
    const pairs = Array.from(
      { length: array.length / 2 },
      (_, i) => [Number(array[2 * i]), Number(array[2 * i + 1])] as const,
    );
    return encodeNumbers(pairs, dtype);
  }
  return encodeNumbers(array as ArrayLike<NumberLike>, dtype);
}

/** Anything that holds numbers: one, nested arrays of them, a typed array (1-D), or an NdArray. */
export type ArrayInput = NumberLike | TypedArray | NdArray | readonly ArrayInput[];

/**
 * The bytes and shape of numbers given as plain nested arrays, a typed array or an NdArray. Ragged nesting is an
 * InvalidArgumentError. For complex dtypes the innermost `[re, im]` pairs are numbers, not an axis.
 */
export function encodeArray(input: ArrayInput, dtype: DType): { shape: number[]; bytes: Uint8Array } {
  const complex = requireNumeric(dtype).kind === "c";
  if (input instanceof NdArray) {
    const bytes = isTypedArray(input.data)
      ? encodeTypedArray(input.data, dtype)
      : encodeNumbers(input.data as readonly NumberLike[], dtype);
    return { shape: [...input.shape], bytes };
  }
  if (isTypedArray(input)) {
    const bytes = encodeTypedArray(input, dtype);
    return { shape: [complex ? input.length / 2 : input.length], bytes };
  }
  const shape = nestedShape(input, complex);
  const flat: NumberLike[] = [];
  flatten(input, shape, 0, flat);
  return { shape, bytes: encodeNumbers(flat, dtype) };
}

function nestedShape(input: ArrayInput, complex: boolean): number[] {
  const shape: number[] = [];
  let level: unknown = input;
  while (Array.isArray(level) || isTypedArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  const pairs = complex && shape.at(-1) === 2; // the innermost axis of [re, im] pairs
  return pairs ? shape.slice(0, -1) : shape;
}

function flatten(input: unknown, shape: readonly number[], axis: number, out: NumberLike[]): void {
  if (axis === shape.length) {
    out.push(input as NumberLike);
    return;
  }
  const length = shape[axis] ?? 0;
  if (!(Array.isArray(input) || isTypedArray(input)) || input.length !== length) {
    const found =
      Array.isArray(input) || isTypedArray(input) ? `${input.length} items` : JSON.stringify(input);
    throw new InvalidArgumentError(
      `Ragged array: ${found} at axis ${axis}, where ${length} items were expected.`,
    );
  }
  for (let i = 0; i < length; i++) flatten(input[i], shape, axis + 1, out);
}

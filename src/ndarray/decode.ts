import type { NumericType } from "./dtype.js";

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface TypedArrayConstructor {
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

const CONSTRUCTORS: Readonly<Record<string, TypedArrayConstructor>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
  c8: Float32Array,
  c16: Float64Array,
};

/**
 * The numbers in `bytes` as a typed array in the machine's byte order. Complex numbers come interleaved (re, im, …),
 * float16 as Float32Array, x86 long doubles as Float64Array (rounded), bool as Uint8Array, 64-bit integers as BigInt
 * arrays. The result shares the bytes' memory where their alignment and byte order allow it.
 */
export function decodeNumbers(bytes: Uint8Array, type: NumericType): TypedArray {
  const count = Math.floor(bytes.byteLength / type.itemsize);
  const part = type.kind === "c" ? type.itemsize / 2 : type.itemsize;
  const parts = type.kind === "c" ? count * 2 : count;
  if (type.kind === "f" && part === 2) return decodeHalves(bytes, parts, type.bigEndian);
  if (part === 16) return decodeLongDoubles(bytes, parts, type.bigEndian);
  const Type = CONSTRUCTORS[type.kind + type.itemsize];
  if (!Type) throw new TypeError(`No typed array for ${type.kind}${type.itemsize}`);
  if (type.bigEndian && part > 1) {
    const swapped = swapBytes(bytes.subarray(0, parts * part), part);
    return new Type(swapped.buffer, swapped.byteOffset, parts);
  }
  if (bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0) return new Type(bytes.buffer, bytes.byteOffset, parts);
  const copy = new Uint8Array(parts * part);
  copy.set(bytes.subarray(0, copy.length));
  return new Type(copy.buffer, 0, parts);
}

/** A copy of the bytes with each group of `size` reversed: the other byte order. */
export function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  if (size === 2) return copy.swap16();
  if (size === 4) return copy.swap32();
  if (size === 8) return copy.swap64();
  for (let start = 0; start + size <= copy.length; start += size)
    copy.subarray(start, start + size).reverse();
  return copy;
}

function decodeHalves(bytes: Uint8Array, count: number, bigEndian: boolean): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) => halfToNumber(view.getUint16(2 * i, !bigEndian)));
}

/** The value of an IEEE 754 half-precision bit pattern. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** The nearest IEEE 754 half-precision bit pattern (ties to even), as NumPy's astype("float16"). */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24); // subnormal; 1024 rolls into the first normal
  const exponent = Math.min(15, Math.floor(Math.log2(magnitude)));
  const scale = magnitude < 2 ** exponent ? exponent - 1 : exponent; // log2 may round up just below a power of two
  return sign | (((scale + 15) << 10) + roundHalfEven((magnitude / 2 ** scale - 1) * 1024));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}

function decodeLongDoubles(bytes: Uint8Array, count: number, bigEndian: boolean): Float64Array {
  const little = bigEndian ? swapBytes(bytes, 16) : bytes;
  const view = new DataView(little.buffer, little.byteOffset, little.byteLength);
  return Float64Array.from({ length: count }, (_, i) =>
    longDoubleToNumber(view.getBigUint64(16 * i, true), view.getUint16(16 * i + 8, true)),
  );
}

/** The nearest double of an x87 80-bit number: 64 mantissa bits with an explicit leading one, sign and 15-bit exponent. */
function longDoubleToNumber(mantissa: bigint, signAndExponent: number): number {
  const sign = signAndExponent & 0x8000 ? -1 : 1;
  const exponent = signAndExponent & 0x7fff;
  if (exponent === 0x7fff) {
    return (mantissa << 1n) & 0xffff_ffff_ffff_ffffn ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  }
  if (mantissa === 0n) return sign * 0;
  const power = exponent - 16383 - 63;
  // In two steps, so that neither the mantissa (< 2^64) nor the scale leaves the doubles' range too early.
  const half = Math.trunc(power / 2);
  return sign * Number(mantissa) * 2 ** half * 2 ** (power - half);
}

import { InvalidArgumentError } from "../errors.js";

/**
 * The type of an array's elements, in NumPy's terms:
 * - numbers: array-interface strings: `|b1`, `|i1`, `<i8`, `>u4`, `<f2`, `<f8`, `<f16` (x86 long double), `<c16`, `<c32`;
 * - `"str"`: text of any length (HDF5 variable-length UTF-8), `"|S5"`: fixed-length text of 5 bytes (UTF-8, NUL-padded);
 * - `"json"`: one JSON value per element (JSON streams);
 * - a list of `[name, dtype]` or `[name, dtype, shape]`: compounds, as NumPy's `dtype.descr`.
 */
export type DType = string | readonly Field[];
export type Field = readonly [name: string, dtype: DType, shape?: readonly number[]];

export interface NumericType {
  /** NumPy's kind: bool, int, unsigned, float, complex. */
  readonly kind: "b" | "i" | "u" | "f" | "c";
  /** Bytes per element. */
  readonly itemsize: number;
  readonly bigEndian: boolean;
}

const SIZES: Readonly<Record<NumericType["kind"], readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 16],
  c: [8, 16, 32],
};

const cache = new Map<string, NumericType | undefined>();

/** The parts of a numeric dtype, or undefined for anything else (text, json, compounds, unknown). */
export function numericType(dtype: DType): NumericType | undefined {
  if (typeof dtype !== "string") return undefined;
  const known = cache.get(dtype);
  if (known || cache.has(dtype)) return known;
  if (cache.size > 500) cache.clear(); // dtypes come from documents: keep the memory of odd ones bounded
  const type = parse(dtype);
  cache.set(dtype, type);
  return type;
}

function parse(dtype: string): NumericType | undefined {
  const match = /^([<>|=])([biufc])(\d{1,2})$/.exec(dtype);
  if (!match) return undefined;
  const kind = match[2] as NumericType["kind"];
  const itemsize = Number(match[3]);
  if (!SIZES[kind].includes(itemsize)) return undefined;
  if (match[1] === "|" && itemsize > 1) return undefined;
  return { kind, itemsize, bigEndian: match[1] === ">" };
}

/** As `numericType`, but an unknown dtype is an InvalidArgumentError. */
export function requireNumeric(dtype: DType): NumericType {
  const type = numericType(dtype);
  if (!type) {
    throw new InvalidArgumentError(
      `Unknown numeric dtype ${JSON.stringify(dtype)}: expected NumPy's array-interface form, such as "<f8", "|b1" or ">u2".`,
    );
  }
  return type;
}

/** The length in bytes of a fixed-length text dtype `|S<n>`, else undefined. */
export function fixedTextLength(dtype: DType): number | undefined {
  const match = typeof dtype === "string" ? /^\|S(\d{1,9})$/.exec(dtype) : null;
  return match ? Number(match[1]) : undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  bool: "|b1",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  float128: "<f16",
  longdouble: "<f16",
  complex64: "<c8",
  complex128: "<c16",
  complex256: "<c32",
  clongdouble: "<c32",
};

/** The dtype of a NumPy type name such as `float64`, or undefined. */
export function dtypeOfName(name: string): string | undefined {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

/** The NumPy name of a numeric dtype, without its byte order: `<f8` and `>f8` are `float64`. */
export function nameOfDtype(dtype: DType): string {
  const { kind, itemsize } = requireNumeric(dtype);
  if (kind === "b") return "bool";
  const word = { i: "int", u: "uint", f: "float", c: "complex" }[kind];
  return `${word}${itemsize * 8}`;
}

/** The number of elements in an array of this shape (1 for scalars). */
export function sizeOfShape(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Bytes of one element as NumPy packs it; undefined when it holds text or JSON of any length. */
export function itemsizeOf(dtype: DType): number | undefined {
  if (typeof dtype === "string") return numericType(dtype)?.itemsize ?? fixedTextLength(dtype);
  let total = 0;
  for (const [, type, shape] of dtype) {
    const size = itemsizeOf(type);
    if (size === undefined) return undefined;
    total += size * sizeOfShape(shape ?? []);
  }
  return total;
}

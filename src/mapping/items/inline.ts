import { JsonDecimal } from "../../json.js";
import { dtypeOfName, type NumericType, requireNumeric } from "../../ndarray/dtype.js";
import { encodeNumbers, type NumberLike } from "../../ndarray/encode.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";
import { describe } from "../schema/explain.js";
import { writeLongDouble } from "./long-double.js";
import { flattenNested, type Leaf } from "./nesting.js";
import {
  formatFloat,
  parseComplexText,
  parseFloatText,
  parseIntText,
  withoutUnderscores,
} from "./python-text.js";

/**
 * A value of an explicit NumPy type, converted as NumPy does it: texts such as "nan" or "(1+2j)" are numbers. What does
 * not fit an integer type is an error; what a conversion rounds away (1.5 as an integer, 1e300 as float32) a warning.
 */
export function readInline(dtypeName: string, value: unknown, warn: (message: string) => void): RawArray {
  const dtype = dtypeOfName(dtypeName);
  if (dtype === undefined) throw new MappingError(`unknown dtype ${describe(dtypeName)}`);
  const { shape, leaves } = flattenNested(value);
  const convert = converter(requireNumeric(dtype), dtypeName, warn);
  const data = encodeNumbers(leaves.map(convert), dtype);
  if (dtype === "<f16") sharpen(data, leaves);
  return { dtype, shape, data };
}

/** Long doubles hold more digits of texts and large integers than the doubles they were converted to. */
function sharpen(data: Uint8Array, leaves: readonly Leaf[]): void {
  const view = new DataView(data.buffer, data.byteOffset);
  leaves.forEach((leaf, i) => {
    if (typeof leaf === "bigint") writeLongDouble(view, 16 * i, String(leaf));
    else if (typeof leaf === "string" && /\d/.test(leaf))
      writeLongDouble(view, 16 * i, withoutUnderscores(leaf));
  });
}

type Converter = (leaf: Leaf) => NumberLike;

function converter(type: NumericType, name: string, warn: (message: string) => void): Converter {
  if (type.kind === "b") return toBoolean;
  if (type.kind === "i" || type.kind === "u") return (leaf) => toInteger(leaf, type, name, warn);
  if (type.kind === "f") return (leaf) => checkOverflow(toFloat(leaf, name), type.itemsize, name, warn);
  return (leaf) => {
    const [re, im] = toComplex(leaf, name);
    const half = type.itemsize / 2;
    return [checkOverflow(re, half, name, warn), checkOverflow(im, half, name, warn)];
  };
}

function toBoolean(leaf: Leaf): boolean {
  if (typeof leaf === "string") throw cannot(leaf, "bool");
  return Boolean(plain(leaf));
}

function toInteger(leaf: Leaf, type: NumericType, name: string, warn: (message: string) => void): bigint {
  const value = integerOf(leaf, name, warn);
  const bits = BigInt(type.itemsize * 8);
  const [low, high] =
    type.kind === "u" ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  if (value < low || value > high) throw new MappingError(`${value} does not fit ${name} (${low} … ${high})`);
  return value;
}

function integerOf(leaf: Leaf, name: string, warn: (message: string) => void): bigint {
  const value = plain(leaf);
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "string") {
    const parsed = parseIntText(value);
    if (parsed === undefined) throw cannot(value, name);
    return parsed;
  }
  if (!Number.isFinite(value)) throw cannot(value, name);
  if (!Number.isInteger(value)) warn(`${value} became ${Math.trunc(value)}, as ${name} holds integers only`);
  return BigInt(Math.trunc(value));
}

function toFloat(leaf: Leaf, name: string): number {
  const value = plain(leaf);
  if (typeof value !== "string") return Number(value);
  const parsed = parseFloatText(value);
  if (parsed === undefined) throw cannot(value, name);
  return parsed;
}

function toComplex(leaf: Leaf, name: string): readonly [number, number] {
  const value = plain(leaf);
  if (typeof value !== "string") return [Number(value), 0];
  const parsed = parseComplexText(value);
  if (!parsed) throw cannot(value, name);
  return parsed;
}

/** The first magnitude that rounds to infinity, by bytes per number. */
const OVERFLOW: Readonly<Record<number, number>> = { 2: 65520, 4: 2 ** 128 - 2 ** 103 };

function checkOverflow(value: number, size: number, name: string, warn: (message: string) => void): number {
  if (Number.isFinite(value) && Math.abs(value) >= (OVERFLOW[size] ?? Number.POSITIVE_INFINITY)) {
    warn(`${formatFloat(value)} is too large for ${name}: it became ${value > 0 ? "inf" : "-inf"}`);
  }
  return value;
}

function plain(leaf: Leaf): string | number | bigint | boolean {
  return leaf instanceof JsonDecimal ? leaf.value : leaf;
}

function cannot(value: string | number, name: string): MappingError {
  return new MappingError(`${describe(value)} is no value of ${name}`);
}

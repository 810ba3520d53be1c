import { InvalidArgumentError, messageOf } from "../../errors.js";
import { isJsonObject } from "../../json.js";
import type { TypedArray } from "../../ndarray/decode.js";
import { dtypeOfName, numericType } from "../../ndarray/dtype.js";
import {
  type ArrayInput,
  dtypeOfTypedArray,
  encodeArray,
  encodeTypedArray,
  isTypedArray,
} from "../../ndarray/encode.js";
import { NdArray } from "../../ndarray/ndarray.js";
import { MappingError } from "../errors.js";
import type {
  CompoundValue,
  DataItem,
  DTypeName,
  InlineBase64Value,
  InlineValue,
  RawValue,
} from "../generated/h5maps.js";
import { readDataItem } from "../items/data-item.js";

/** Numbers, text and booleans, or regular nested lists of them. */
export type PlainValue = string | number | bigint | boolean | readonly PlainValue[];

/**
 * What may stand for the value of a dataset or an attribute: plain values, typed arrays and NdArrays (which keep
 * their dtype), a Date (ISO 8601 text), and what `inline`, `inlineB64` and `compound` make.
 */
export type ValueInput =
  | PlainValue
  | TypedArray
  | NdArray
  | Date
  | InlineValue
  | InlineBase64Value
  | CompoundValue;

/**
 * A value of an explicit NumPy type (`float32`, `int8`, `complex128`, …). NaN and infinities are fine; complex numbers are
 * texts such as "(1+2j)". What does not fit the type is an InvalidArgumentError.
 */
export function inline(dtype: DTypeName, value: PlainValue): InlineValue {
  if (dtypeOfName(dtype) === undefined)
    throw new InvalidArgumentError(`Unknown NumPy type ${JSON.stringify(dtype)}.`);
  return checked({ type: "inline", dtype, value: jsonNumbers(value) });
}

/**
 * An array as base64: compact, and with its byte order. Takes typed arrays (1-D, or of the given shape), NdArrays, or
 * nested lists; the dtype (`<f8`, `>i2`, …) is that of the array unless given.
 */
export function inlineB64(
  array: ArrayInput,
  options: { readonly dtype?: string; readonly shape?: readonly number[] } = {},
): InlineBase64Value {
  const dtype = options.dtype ?? dtypeOfArray(array);
  const { bytes, shape } = isTypedArray(array)
    ? { bytes: encodeTypedArray(array, dtype), shape: undefined }
    : encodeArray(array, dtype);
  const item: InlineBase64Value = {
    type: "inline_b64",
    dtype,
    value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  };
  const lengths = options.shape ?? shape;
  if (lengths) item.shape = [...lengths];
  return checked(item);
}

function dtypeOfArray(array: ArrayInput): string {
  if (array instanceof NdArray && typeof array.dtype === "string") return array.dtype;
  if (isTypedArray(array)) return dtypeOfTypedArray(array);
  return "<f8";
}

/** A structured array, by its columns: `compound({ x: [1, 2], name: ["a", "b"] })`. All columns have one shape. */
export function compound(columns: Readonly<Record<string, ValueInput>>): CompoundValue {
  const named = Object.entries(columns).map(([name, value]): [string, DataItem] => [name, toDataItem(value)]);
  return checked({ type: "compound", columns: named });
}

/** A value as the data item that keeps its type. */
export function toDataItem(value: ValueInput): DataItem {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof NdArray) return fromNdArray(value);
  if (isTypedArray(value)) return inlineB64(value);
  if (isItem(value)) return checked(value);
  return fromPlain(value as PlainValue);
}

function isItem(value: ValueInput): value is InlineValue | InlineBase64Value | CompoundValue {
  return isJsonObject(value) && "type" in value;
}

function fromNdArray(array: NdArray): DataItem {
  if (numericType(array.dtype)) {
    return inlineB64(array);
  }
  if (array.dtype === "str") return checked(array.toNested() as RawValue);
  throw new InvalidArgumentError(
    `An array of ${JSON.stringify(array.dtype)} cannot be part of a mapping; use mapping.compound.`,
  );
}

/** Plain JSON where it says all: large integers and numbers that JSON lacks become inline items. */
function fromPlain(value: PlainValue): DataItem {
  const leaves = leavesOf(value);
  const decimals = leaves.some((leaf) => typeof leaf === "number" && !Number.isSafeInteger(leaf));
  if (leaves.some(needsInline)) return inline(decimals ? "float64" : "int64", value);
  return checked(value as RawValue);
}

function leavesOf(value: PlainValue): PlainValue[] {
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value];
}

/** Bigints, NaN, infinities, and decimals that JavaScript writes like integers (1e20). */
function needsInline(leaf: PlainValue): boolean {
  if (typeof leaf === "number")
    return !Number.isFinite(leaf) || (Number.isInteger(leaf) && !Number.isSafeInteger(leaf));
  return typeof leaf === "bigint";
}

/** Numbers as JSON can hold them, the others as Python writes them. */
function jsonNumbers(value: PlainValue): RawValue {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) {
    return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  return Array.isArray(value) ? value.map(jsonNumbers) : (value as RawValue);
}

/** The item itself, when readers will be able to read it. */
function checked<T extends DataItem>(item: T): T {
  try {
    readDataItem(item, () => {});
  } catch (error) {
    if (error instanceof MappingError)
      throw new InvalidArgumentError(`This value cannot be part of a mapping: ${messageOf(error)}.`);
    throw error;
  }
  return item;
}

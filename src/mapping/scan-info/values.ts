import { messageOf } from "../../errors.js";
import { isJsonObject, jsonNumber } from "../../json.js";
import { formatJson } from "../../json-text.js";
import type { DType, Field } from "../../ndarray/dtype.js";
import { encodeNumbers } from "../../ndarray/encode.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";
import { readRawValue } from "../items/raw-value.js";

/** A JSON value as an array; `remark` says what could not be kept as it was. */
export interface ArrayOfJson {
  readonly array: RawArray;
  readonly remark?: string;
}

export function textScalar(value: string): RawArray {
  return { dtype: "str", shape: [], data: [value] };
}

export function textArray(values: readonly string[]): RawArray {
  return { dtype: "str", shape: [values.length], data: values };
}

/** 0 … n-1 as int64. */
export function indexArray(length: number): RawArray {
  const values = Array.from({ length }, (_, i) => i);
  return { dtype: "<i8", shape: [length], data: encodeNumbers(values, "<i8") };
}

export function float64Array(values: ArrayLike<number>): RawArray {
  return { dtype: "<f8", shape: [values.length], data: encodeNumbers(values, "<f8") };
}

/**
 * A JSON value of a scan's metadata as HDF5 stores it: text, bool, int64 for integers, float64 for decimals, equal
 * nesting as n-D arrays, `[]` as float64 of length 0, lists of records as compounds. Null is nothing. A list that HDF5
 * cannot hold as it is loses its form, never its content: null among numbers becomes NaN (NaN becomes null in JSON),
 * mixed types become text, ragged lists and odd records their JSON text.
 */
export function arrayOfJson(value: unknown): ArrayOfJson | undefined {
  if (value === null || value === undefined) return undefined;
  if (isJsonObject(value)) return jsonText(value, "a record has no place here");
  if (!Array.isArray(value)) return plainArray(value);
  if (value.length > 0 && value.every(isJsonObject)) return recordsOf(value);
  return hasNull(value) ? arrayWithNulls(value) : plainArray(value);
}

function plainArray(value: unknown): ArrayOfJson {
  const remarks: string[] = [];
  try {
    const array = readRawValue(value, (message) => remarks.push(message));
    if (array.dtype === "str" && !everyLeaf(value, (leaf) => typeof leaf === "string")) {
      remarks.push("a list of different types was kept as text");
    }
    return remarks.length > 0 ? { array, remark: remarks.join("; ") } : { array };
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return jsonText(value, error.message);
  }
}

function arrayWithNulls(value: readonly unknown[]): ArrayOfJson {
  if (everyLeaf(value, (leaf) => leaf === null || typeof leaf === "string")) {
    const allNull = everyLeaf(value, (leaf) => leaf === null);
    if (!allNull) {
      const filled = plainArray(replaceNull(value, ""));
      return { ...filled, remark: "null in a list of texts was kept as empty text" };
    }
  }
  const numbers = everyLeaf(value, (leaf) => leaf === null || jsonNumber(leaf) !== undefined);
  if (!numbers) return jsonText(value, "null among values of different types");
  try {
    const { shape } = readRawValue(replaceNull(value, 0), () => undefined);
    const data = encodeNumbers(
      leavesOf(value).map((leaf) => jsonNumber(leaf) ?? Number.NaN),
      "<f8",
    );
    return { array: { dtype: "<f8", shape, data }, remark: "null in a list of numbers was kept as NaN" };
  } catch (error) {
    return jsonText(value, messageOf(error));
  }
}

function leavesOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value];
}

function everyLeaf(value: unknown, test: (leaf: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.every((item) => everyLeaf(item, test)) : test(value);
}

function hasNull(value: unknown): boolean {
  return !everyLeaf(value, (leaf) => leaf !== null);
}

function replaceNull(value: unknown, replacement: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => replaceNull(item, replacement)) : (value ?? replacement);
}

function jsonText(value: unknown, why: string): ArrayOfJson {
  return { array: textScalar(formatJson(value)), remark: `kept as JSON text: ${why}` };
}

/** Records with the same scalar fields as a 1-D compound; texts become fixed-length, as long as all of them together. */
function recordsOf(records: readonly Readonly<Record<string, unknown>>[]): ArrayOfJson {
  const names = Object.keys(records[0] ?? {});
  const same = records.every((record) => Object.keys(record).join("\0") === names.join("\0"));
  if (!same || names.length === 0) return jsonText(records, "the records of a list have different fields");
  const columns: RawArray[] = [];
  const fields: Field[] = [];
  const remarks: string[] = [];
  for (const name of names) {
    const column = arrayOfJson(records.map((record) => record[name]));
    if (column?.array.shape?.length !== 1) return jsonText(records, "records with nested values");
    const dtype = column.array.dtype === "str" ? fixedText(column.array) : column.array.dtype;
    if (column.remark) remarks.push(`${name}: ${column.remark}`);
    columns.push({ ...column.array, dtype });
    fields.push([name, dtype]);
  }
  const array = { dtype: fields, shape: [records.length], data: columns };
  return remarks.length > 0 ? { array, remark: remarks.join("; ") } : { array };
}

function fixedText({ data }: RawArray): DType {
  return `|S${Math.max(1, Buffer.byteLength((data as readonly string[]).join("")))}`;
}

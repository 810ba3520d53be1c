import { InvalidArgumentError } from "../../errors.js";
import { type DType, type Field, fixedTextLength, numericType, sizeOfShape } from "../../ndarray/dtype.js";
import type { RawArray } from "../../ndarray/raw.js";
import { hasText, storedSize } from "../format/datatype.js";

/** Stores a text in a heap and gives its 16 bytes. */
export type PutText = (text: string) => Buffer;

/** The elements of an array as they lie in the file, C order; refuses arrays whose data do not match dtype and shape. */
export function encodeElements(array: RawArray, putText: PutText, path: string): Buffer {
  if (array.shape === null) return Buffer.alloc(0);
  return encode(array.dtype, sizeOfShape(array.shape), array.data, putText, path);
}

/** Checks without storing anything; `encodeElements` then cannot fail. */
export function checkElements(array: RawArray, path: string): void {
  if (array.shape?.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    throw new InvalidArgumentError(`${path}: [${array.shape}] is not a shape.`, { path });
  }
  if ((array.shape?.length ?? 0) > 32) {
    throw new InvalidArgumentError(`${path}: HDF5 allows 32 dimensions, not ${array.shape?.length}.`, {
      path,
    });
  }
  storedSize(array.dtype);
  encodeElements(array, (text) => checkText(text, path), path);
}

function checkText(text: string, path: string): Buffer {
  if (text.includes("\0")) {
    throw new InvalidArgumentError(`${path}: HDF5 text of variable length cannot hold NUL characters.`, {
      path,
    });
  }
  return Buffer.alloc(16);
}

function encode(dtype: DType, count: number, data: RawArray["data"], putText: PutText, path: string): Buffer {
  if (typeof dtype !== "string") return encodeRecords(dtype, count, data, putText, path);
  if (data instanceof Uint8Array) {
    const expected = count * storedSize(dtype);
    if (dtype === "str" || data.byteLength !== expected) {
      throw mismatch(path, dtype, `${expected} bytes`, `${data.byteLength} bytes`);
    }
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  if (numericType(dtype)) throw mismatch(path, dtype, "bytes", "a list");
  if (data.length !== count) throw mismatch(path, dtype, `${count} texts`, `${data.length}`);
  return encodeTexts(dtype, data, putText, path);
}

/** Texts of dtype "str" or "|S<n>". */
export function encodeTexts(
  dtype: string,
  texts: readonly unknown[],
  putText: PutText,
  path: string,
): Buffer {
  const size = storedSize(dtype);
  const length = fixedTextLength(dtype);
  const result = Buffer.alloc(texts.length * size);
  for (const [i, text] of texts.entries()) {
    if (typeof text !== "string") throw mismatch(path, dtype, "texts", typeof text);
    if (length === undefined) {
      checkText(text, path);
      result.set(putText(text), i * size);
      continue;
    }
    const bytes = Buffer.from(text);
    if (bytes.length > length) {
      throw mismatch(path, dtype, `texts of at most ${length} bytes`, `one of ${bytes.length}`);
    }
    result.set(bytes, i * size);
  }
  return result;
}

function encodeRecords(
  fields: readonly Field[],
  count: number,
  data: RawArray["data"],
  putText: PutText,
  path: string,
): Buffer {
  const size = storedSize(fields);
  if (data instanceof Uint8Array) {
    if (hasText(fields) || data.byteLength !== count * size) {
      throw mismatch(path, fields, `${count} records of ${size} bytes`, `${data.byteLength} bytes`);
    }
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  const result = Buffer.alloc(count * size);
  let offset = 0;
  for (const [i, [name, type, shape]] of fields.entries()) {
    const column = data[i];
    if (!isColumn(column)) throw mismatch(path, fields, `a column for the field "${name}"`, typeof column);
    const each = sizeOfShape(shape ?? []);
    const width = each * storedSize(type);
    const bytes = encode(type, count * each, column.data, putText, `${path} (field "${name}")`);
    for (let k = 0; k < count; k++) bytes.copy(result, k * size + offset, k * width, (k + 1) * width);
    offset += width;
  }
  return result;
}

function isColumn(value: unknown): value is RawArray {
  return typeof value === "object" && value !== null && "data" in value && "dtype" in value;
}

function mismatch(path: string, dtype: DType, expected: string, found: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `${path}: an array of ${JSON.stringify(dtype)} needs ${expected}, got ${found}.`,
    { path },
  );
}

/** Reads the text of a 16-byte reference. */
export type GetText = (reference: Buffer) => Promise<string>;

/** The array of stored elements. */
export async function decodeElements(
  dtype: DType,
  shape: readonly number[],
  bytes: Buffer,
  getText: GetText,
): Promise<RawArray> {
  const count = sizeOfShape(shape);
  if (typeof dtype !== "string") {
    const columns: RawArray[] = [];
    const size = storedSize(dtype);
    let offset = 0;
    for (const [, type, own] of dtype) {
      const width = storedSize(type) * sizeOfShape(own ?? []);
      const column = Buffer.alloc(count * width);
      for (let k = 0; k < count; k++)
        bytes.copy(column, k * width, k * size + offset, k * size + offset + width);
      columns.push(await decodeElements(type, [...shape, ...(own ?? [])], column, getText));
      offset += width;
    }
    return { dtype, shape, data: columns };
  }
  if (dtype !== "str") {
    const length = fixedTextLength(dtype);
    if (length === undefined) return { dtype, shape, data: new Uint8Array(bytes) };
    const texts = Array.from({ length: count }, (_, i) =>
      bytes.toString("utf8", i * length, (i + 1) * length).replace(/\0+$/, ""),
    );
    return { dtype, shape, data: texts };
  }
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(await getText(bytes.subarray(16 * i, 16 * i + 16)));
  return { dtype, shape, data: texts };
}

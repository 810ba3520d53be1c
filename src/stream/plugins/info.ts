import { dtypeOfName, numericType } from "../../ndarray/dtype.js";
import { StreamFormatError } from "../errors.js";

/** A stream's `info`, as a plugin reads it: each reader throws a StreamFormatError that names the field. */
export type StreamInfo = Readonly<Record<string, unknown>>;

/** The dtype of one element: NumPy's name (`uint16`) or array-interface string (`<u2`). */
export function dtypeField(info: StreamInfo): string {
  const text = textField(info, "dtype");
  const dtype = numericType(text) ? text : dtypeOfName(text);
  if (!dtype) throw badField("dtype", text, "a NumPy type such as uint16");
  return dtype;
}

/** The shape of one image, slowest axis first; -1 where it is not known beforehand. */
export function shapeField(info: StreamInfo): readonly number[] {
  const shape = info.shape;
  const isLength = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= -1;
  if (!Array.isArray(shape) || !shape.every(isLength)) throw badField("shape", shape, "a list of lengths");
  return shape.map(Number);
}

export function textField(info: StreamInfo, field: string): string {
  const value = info[field];
  if (typeof value !== "string" || value === "") throw badField(field, value, "a text");
  return value;
}

export function recordField(info: StreamInfo, field: string): StreamInfo {
  const value = info[field];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badField(field, value, "an object");
  }
  return { ...value };
}

/** Refuses a description of another version than the plugin's. */
export function requireVersion(info: StreamInfo, expected: number): void {
  const version = info.protocol_version;
  if (version !== expected) throw badField("protocol_version", version, `${expected}`);
}

export function badField(field: string, value: unknown, expected: string): StreamFormatError {
  return new StreamFormatError(`info.${field} must be ${expected}, got ${JSON.stringify(value)}.`);
}

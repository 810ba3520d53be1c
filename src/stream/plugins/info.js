import { dtypeOfName, numericType } from "../../ndarray/dtype.js";
import { StreamFormatError } from "../errors.js";
/** The dtype of one element: NumPy's name (`uint16`) or array-interface string (`<u2`). */
export function dtypeField(info) {
  const text = textField(info, "dtype");
  const dtype = numericType(text) ? text : dtypeOfName(text);
  if (!dtype) throw badField("dtype", text, "a NumPy type such as uint16");
  return dtype;
}
/** The shape of one image, slowest axis first; -1 where it is not known beforehand. */
export function shapeField(info) {
  const shape = info.shape;
  const isLength = (value) => Number.isSafeInteger(value) && Number(value) >= -1;
  if (!Array.isArray(shape) || !shape.every(isLength)) throw badField("shape", shape, "a list of lengths");
  return shape.map(Number);
}
export function textField(info, field) {
  const value = info[field];
  if (typeof value !== "string" || value === "") throw badField(field, value, "a text");
  return value;
}
export function recordField(info, field) {
  const value = info[field];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badField(field, value, "an object");
  }
  return { ...value };
}
/** Refuses a description of another version than the plugin's. */
export function requireVersion(info, expected) {
  const version = info.protocol_version;
  if (version !== expected) throw badField("protocol_version", version, `${expected}`);
}
export function badField(field, value, expected) {
  return new StreamFormatError(`info.${field} must be ${expected}, got ${JSON.stringify(value)}.`);
}

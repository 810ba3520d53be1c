import { NdArray as Arrays, type NdArray, type Value } from "../ndarray/ndarray.js";

/**
 * A value as JSON can hold it without losing anything: nan and infinities as "nan", "inf", "-inf", integers beyond 2^53
 * as texts, complex numbers as [re, im], opaque bytes as hexadecimal text.
 */
export function jsonValue(value: Value): unknown {
  if (typeof value === "number") return jsonNumber(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Arrays) return jsonValue(value.toNested());
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonValue(item)]));
  }
  return value;
}

function jsonNumber(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

/** The JSON form of an array: what `nxlive get --json` prints. */
export function jsonArray(array: NdArray): { dtype: unknown; shape: readonly number[]; data: unknown } {
  return { dtype: array.dtype, shape: array.shape, data: jsonValue(array) };
}

/** A value as one short line of text. */
export function shortText(value: Value, width = 60): string {
  const text = typeof value === "string" ? value : JSON.stringify(jsonValue(value));
  const line = (text ?? "").replaceAll("\n", "⏎");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

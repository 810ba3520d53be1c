import { randomUUID } from "node:crypto";

/**
 * JSON as HDF5 needs it: integers beyond 2^53 stay exact (BigInt), and a whole number written as a decimal (`1.0`,
 * `1e3`: float64 in a file) is told from an integer (`1`: int64). JSON.parse loses both.
 */

// Numbers that JSON.parse would change travel as texts with this prefix, which no document can contain by accident.
const MARK = `nxlive-number-${randomUUID()}:`;
const TOKENS = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity/g;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");

type Container = Record<string, unknown> | unknown[];
const decimals = new WeakMap<object, Set<string>>();

/** The value of a JSON text; big integers come as BigInt. Python's NaN and Infinity are read. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  let marks = 0;
  const marked = text.replace(TOKENS, (token) => {
    if (!needsMark(token)) return token;
    marks++;
    return `"${MARK}${token}"`;
  });
  return marks === 0 ? JSON.parse(text) : JSON.parse(marked, restore);
}

function needsMark(token: string): boolean {
  if (token.startsWith('"')) return false;
  if (/^-?\d+$/.test(token)) return token.length > 15 && !Number.isSafeInteger(Number(token));
  return !Number.isFinite(Number(token)) || Number.isInteger(Number(token));
}

function restore(this: Container, key: string, value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith(MARK)) return value;
  const token = value.slice(MARK.length);
  if (/^-?\d+$/.test(token)) return BigInt(token);
  markDecimal(this, key);
  return Number(token);
}

/** True when the whole number at `key` of an object or array was written as a decimal: float64, not int64. */
export function isDecimal(container: object, key: string | number): boolean {
  return decimals.get(container)?.has(String(key)) ?? false;
}

/** Makes `formatJson` write the whole number at `key` as a decimal. */
export function markDecimal(container: object, key: string | number): void {
  const keys = decimals.get(container) ?? new Set();
  decimals.set(container, keys.add(String(key)));
}

/**
 * The JSON text of a value: BigInt as integer, marked whole numbers as decimals, NaN and infinities as null (the
 * protocol's rule), typed arrays as lists.
 */
export function formatJson(value: unknown): string {
  const text: string | undefined = JSON.stringify(value, format);
  if (text === undefined) return "null"; // undefined and functions have no JSON
  return text.includes(MARK) ? text.replace(MARKED, "$1") : text;
}

function format(this: Container, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${MARK}${value}`;
  if (typeof value === "number" && Number.isInteger(value) && isDecimal(this, key)) {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return MARK + (/[.e]/.test(text) ? text : `${text}.0`);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>);
  return value;
}

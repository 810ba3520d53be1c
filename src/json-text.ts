import { randomUUID } from "node:crypto";
import { JsonDecimal, parseExactJson, plainJson } from "./json.js";

// Numbers that JSON.stringify and JSON.parse have no form for travel as texts with this prefix, which no document holds.
const MARK = `nxlive-number-${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");
/** Escapes in JSON; those of half a surrogate pair are what JSON.stringify has no character for. */
const ESCAPES = /\\(?:(ud[89a-f][0-9a-f]{2})|.)/g;
/** Python escapes the characters behind it. */
const LAST_PLAIN = 0x7e;
const DIGIT = /\d/;
const PYTHON_NUMBERS = /"(?:[^"\\]+|\\.)*"|NaN|-?Infinity/g;

/**
 * The JSON text of a value, the counterpart of `parseExactJson`: bigints are integers of any size, a JsonDecimal (and a
 * number beyond 2^53) has a point (`1.0`), NaN and infinities become null (the protocol's rule), typed arrays lists.
 * Half a surrogate pair, as is left of texts that were cut within an emoji, is no text for Redis: it becomes U+FFFD.
 */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value, format) as string | undefined;
  if (text === undefined) return "null"; // undefined and functions have no JSON
  const whole = text.includes("\\ud")
    ? text.replace(ESCAPES, (sequence, half) => (half ? "\ufffd" : sequence))
    : text;
  return whole.includes(MARK) ? whole.replace(MARKED, "$1") : whole;
}

function format(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${MARK}${value}`;
  const original = this[key]; // a JsonDecimal has become a number by its toJSON
  if (original instanceof JsonDecimal) return MARK + decimalText(original.value);
  // Beyond 2^53 a number is no exact integer any more: it says so by its point.
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return MARK + decimalText(value);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>);
  }
  return value;
}

function decimalText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return /[.e]/.test(String(value)) ? String(value) : `${value}.0`;
}

/** What limits a JSON text as blissdata and Redis measure it. */
export interface JsonExtent {
  /** How many objects and arrays lie in one another. */
  readonly depth: number;
  /** Characters in Python's notation: `{"a": [1, 2e-07], "b": "\u00e9"}`. */
  readonly length: number;
}

/** The extent of a text that `formatJson` made. */
export function measureJson(text: string): JsonExtent {
  let length = text.length;
  let level = 0;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') inText = !inText;
    else if (inText) {
      if (character === "\\") at++;
      else if (text.charCodeAt(at) > LAST_PLAIN) length += "\\u00e9".length - 1;
    } else if (character === "," || character === ":") length++;
    else if (character === "{" || character === "[") depth = Math.max(depth, ++level);
    else if (character === "}" || character === "]") level--;
    else if (character === "-" && text[at - 1] === "e" && !DIGIT.test(text[at + 2] ?? "")) length++;
  }
  return { depth, length };
}

/** A JSON text as plain values: big integers as bigints, and Python's NaN and Infinity as such. Throws SyntaxError. */
export function parsePlainJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return plainJson(parseExactJson(text));
  const marked = text.replace(PYTHON_NUMBERS, (token) =>
    token.startsWith('"') ? token : `"${MARK}${token}"`,
  );
  return plainJson(restoreNumbers(parseExactJson(marked)));
}

function restoreNumbers(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value;
  if (Array.isArray(value)) return value.map(restoreNumbers);
  if (typeof value !== "object" || value === null || value instanceof JsonDecimal) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, restoreNumbers(item)]));
}

import { sizeOfShape } from "../ndarray/dtype.js";
import { NdArray as Arrays, type NdArray, type Value } from "../ndarray/ndarray.js";
import { takeArray, wholeAxis } from "../ndarray/take.js";

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

/** About so many values are one piece of text. */
const PIECE = 10_000;

/** The JSON form of an array, what `nxlive get --json` prints, in pieces: the whole text may be longer than a string can be. */
export function* jsonPieces(array: NdArray): Generator<string, undefined, undefined> {
  const { dtype, shape } = array;
  yield `{"dtype":${JSON.stringify(dtype)},"shape":${JSON.stringify(shape)},"data":`;
  const [length, ...inner] = shape;
  if (length === undefined) yield JSON.stringify(jsonValue(array));
  else {
    yield "[";
    const step = Math.max(1, Math.floor(PIECE / Math.max(1, sizeOfShape(inner))));
    for (let start = 0; start < length; start += step) {
      const count = Math.min(step, length - start);
      const rows = takeArray(array, [{ ...wholeAxis(count), start }]);
      yield `${start > 0 ? "," : ""}${JSON.stringify(jsonValue(rows)).slice(1, -1)}`;
    }
    yield "]";
  }
  yield "}";
}

/** A value as one short line of text. */
export function shortText(value: Value, width = 60): string {
  const text = typeof value === "string" ? value : JSON.stringify(jsonValue(value));
  const line = (text ?? "").replaceAll("\n", "⏎");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

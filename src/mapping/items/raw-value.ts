import { JsonDecimal } from "../../json.js";
import { sizeOfShape } from "../../ndarray/dtype.js";
import { encodeNumbers } from "../../ndarray/encode.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";
import { flattenNested, type Leaf } from "./nesting.js";
import { formatFloat } from "./python-text.js";
import { requireTexts } from "./text.js";

type Rank = "bool" | "int" | "float" | "string";
const HIERARCHY: readonly Rank[] = ["bool", "int", "float", "string"];

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Plain JSON as an array, by blissdata's table: integers are int64, decimals float64, booleans bool, strings text; a
 * mixed array is lifted to the highest of bool < int < float < string, an empty one is float64 as in NumPy.
 */
export function readRawValue(value: unknown, warn: (message: string) => void): RawArray {
  const { shape, leaves } = flattenNested(value);
  if (leaves.length === 0 && sizeOfShape(shape) === 0) return { dtype: "<f8", shape, data: new Uint8Array() };
  const rank = highestRank(leaves);
  if (rank === "string") return { dtype: "str", shape, data: requireTexts(leaves.map(asText), warn) };
  if (rank === "bool")
    return { dtype: "|b1", shape, data: Uint8Array.from(leaves, (leaf) => (leaf === true ? 1 : 0)) };
  if (rank === "int") return { dtype: "<i8", shape, data: encodeNumbers(leaves.map(asInteger), "<i8") };
  return { dtype: "<f8", shape, data: encodeNumbers(leaves.map(asFloat), "<f8") };
}

function highestRank(leaves: readonly Leaf[]): Rank {
  let highest = 0;
  for (const leaf of leaves) highest = Math.max(highest, HIERARCHY.indexOf(rankOf(leaf)));
  return HIERARCHY[highest] ?? "string";
}

function rankOf(leaf: Leaf): Rank {
  if (typeof leaf === "string") return "string";
  if (typeof leaf === "boolean") return "bool";
  return isInteger(leaf) ? "int" : "float";
}

/** JSON text tells integers from decimals; numbers of a publisher in this process count as their JSON would. */
function isInteger(leaf: number | bigint | JsonDecimal): boolean {
  if (typeof leaf === "bigint") return true;
  return typeof leaf === "number" && Number.isSafeInteger(leaf) && !Object.is(leaf, -0);
}

function asText(leaf: Leaf): string {
  if (typeof leaf === "string") return leaf;
  if (typeof leaf === "boolean") return leaf ? "True" : "False";
  return isInteger(leaf) ? String(leaf) : formatFloat(asFloat(leaf));
}

function asInteger(leaf: Leaf): bigint {
  const value = leaf === true ? 1n : leaf === false ? 0n : BigInt(leaf as number | bigint);
  if (value < INT64_MIN || value > INT64_MAX) {
    throw new MappingError(
      `${value} does not fit int64 (${INT64_MIN} … ${INT64_MAX}); larger numbers need an inline item of uint64 or float64`,
    );
  }
  return value;
}

function asFloat(leaf: Leaf): number {
  const value = leaf instanceof JsonDecimal ? leaf.value : Number(leaf);
  if (!Number.isFinite(value)) {
    throw new MappingError(`${formatFloat(value)} cannot be written in JSON: use an inline item of float64`);
  }
  return value;
}

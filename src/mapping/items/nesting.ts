import { JsonDecimal } from "../../json.js";
import { MappingError } from "../errors.js";
import { describe } from "../schema/explain.js";

/** HDF5's limit on the number of axes. */
const MAX_RANK = 32;

/** One value of JSON data; null, objects and anything else that JSON has are no data. */
export type Leaf = string | number | bigint | boolean | JsonDecimal;

/** A regular array of JSON values: the values in C order, and the lengths of its axes ([] for a single value). */
export interface Nested {
  readonly shape: readonly number[];
  readonly leaves: readonly Leaf[];
}

/** Flattens nested lists; ragged ones, and values that are no data, are a MappingError that says where: `[1][0]`. */
export function flattenNested(value: unknown): Nested {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0] as unknown) {
    shape.push(level.length);
    if (shape.length > MAX_RANK) throw new MappingError(`An array has at most ${MAX_RANK} axes in HDF5.`);
  }
  const leaves: Leaf[] = [];
  collect(value, shape, [], leaves);
  return { shape, leaves };
}

function collect(value: unknown, shape: readonly number[], at: number[], leaves: Leaf[]): void {
  const length = shape[at.length];
  if (length === undefined) {
    leaves.push(requireLeaf(value, at));
    return;
  }
  if (!Array.isArray(value) || value.length !== length) {
    throw new MappingError(
      `ragged array: ${position(at)} is ${describe(value)}, its neighbours are lists of ${length}`,
    );
  }
  for (let i = 0; i < length; i++) {
    at.push(i);
    collect(value[i], shape, at, leaves);
    at.pop();
  }
}

function requireLeaf(value: unknown, at: readonly number[]): Leaf {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean" || value instanceof JsonDecimal) return value;
  if (Array.isArray(value)) {
    throw new MappingError(
      `ragged array: ${position(at)} is ${describe(value)}, its neighbours are single values`,
    );
  }
  const where = at.length === 0 ? "" : ` at ${position(at)}`;
  if (value === null || value === undefined) {
    throw new MappingError(
      `null is no value${where} (JSON has no NaN: numbers such as NaN need {"type": "inline", "dtype": "float64", "value": "nan"})`,
    );
  }
  throw new MappingError(
    `expected a number, boolean, text or a list of them${where}, found ${describe(value)}`,
  );
}

function position(at: readonly number[]): string {
  return at.length === 0 ? "the value" : at.map((i) => `[${i}]`).join("");
}

import { isJsonObject } from "../../json.js";
import type { Field } from "../../ndarray/dtype.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";
import { requireMemberName } from "../paths.js";
import { describe } from "../schema/explain.js";
import { H5MAPS_NODES } from "../schema/node-schemas.js";
import { readBase64 } from "./base64.js";
import { readInline } from "./inline.js";
import { readRawValue } from "./raw-value.js";

/** Compounds nest to this depth at most. */
const MAX_COMPOUND_DEPTH = 16;

/** A data item whose value lies in the mapping, as an array; what cannot be read is a MappingError. */
export function readDataItem(item: unknown, warn: (message: string) => void, depth = 0): RawArray {
  if (!isJsonObject(item)) return readRawValue(item, warn);
  switch (item.type) {
    case "inline": {
      const { dtype, value } = H5MAPS_NODES.fields("inline", item);
      return readInline(dtype as string, value, warn);
    }
    case "inline_b64": {
      const { dtype, value, shape } = H5MAPS_NODES.fields("inlineB64", item);
      if (typeof value !== "string")
        throw new MappingError(`value: expected base64 text, found ${describe(value)}`);
      return readBase64(dtype as string, value, (shape ?? null) as readonly number[] | null);
    }
    case "compound":
      return readCompound(item, warn, depth);
    case "stream":
      throw new MappingError("a stream cannot stand here: only datasets hold streams");
    default:
      throw new MappingError(
        `${item.type === undefined ? 'an item needs a "type"' : `unknown type ${describe(item.type)}`}: expected plain JSON, inline, inline_b64, compound, or one of the HDF5 items`,
      );
  }
}

function readCompound(
  item: Readonly<Record<string, unknown>>,
  warn: (message: string) => void,
  depth: number,
): RawArray {
  if (depth >= MAX_COMPOUND_DEPTH)
    throw new MappingError(`compounds are nested deeper than ${MAX_COMPOUND_DEPTH} levels`);
  const columns = H5MAPS_NODES.fields("compound", item).columns as readonly (readonly [string, unknown])[];
  const fields: Field[] = [];
  const data: RawArray[] = [];
  const names = new Set<string>();
  for (const [name, value] of columns) {
    requireMemberName(name);
    if (names.has(name)) throw new MappingError(`two columns are named ${describe(name)}`);
    names.add(name);
    const column = readColumn(name, value, warn, depth);
    const first = data[0];
    if (first && String(first.shape) !== String(column.shape)) {
      throw new MappingError(
        `columns have different shapes: ${describe(fields[0]?.[0])} has [${first.shape}], ${describe(name)} has [${column.shape}]`,
      );
    }
    fields.push([name, column.dtype]);
    data.push(column);
  }
  return { dtype: fields, shape: data[0]?.shape ?? [], data };
}

function readColumn(name: string, value: unknown, warn: (message: string) => void, depth: number): RawArray {
  try {
    return readDataItem(value, (message) => warn(`column ${describe(name)}: ${message}`), depth + 1);
  } catch (error) {
    if (error instanceof MappingError) throw new MappingError(`column ${describe(name)}: ${error.message}`);
    throw error;
  }
}

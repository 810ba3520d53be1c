import { readFileSync } from "node:fs";

/** The JSON schemas of this package, `schemas/<name>.schema.json`. */
export const SCHEMA_NAMES = [
  "scan",
  "scan-identity",
  "scan-info",
  "h5maps",
  "mapping",
  "mapping-tuples",
  "stream-plain",
  "stream-lima",
  "stream-lima2",
  "stream-scan-sequence",
  "stream-hdf5-fallback",
  "writer-config",
] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

export type Schema = Readonly<Record<string, unknown>>;

/** The folder of the schemas; the same two levels up from `src/mapping/schema` and from `dist/mapping/schema`. */
export const SCHEMA_FOLDER = new URL("../../../schemas/", import.meta.url);

const read = new Map<SchemaName, Schema>();

/** One schema, as parsed JSON. */
export function readSchema(name: SchemaName): Schema {
  let schema = read.get(name);
  if (!schema) {
    schema = JSON.parse(readFileSync(new URL(`${name}.schema.json`, SCHEMA_FOLDER), "utf8")) as Schema;
    read.set(name, schema);
  }
  return schema;
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Ajv2020 as Ajv, Options } from "ajv/dist/2020.js";

type Module = typeof import("ajv/dist/2020.js");

/** A part of a JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** The folder of the schemas, beside `src` as well as beside `dist`. */
const FOLDER = new URL("../schemas/", import.meta.url);

/** One of this package's schemas, `schemas/<name>.schema.json`. */
export function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), "utf8")) as Schema;
}

/** A JSON schema compiler for our schemas. Loading it takes longer than all else that opening a file needs: only now. */
export function newAjv(options: Options): Ajv {
  const { Ajv2020 }: Module = createRequire(import.meta.url)("ajv/dist/2020.js");
  return new Ajv2020({ allowUnionTypes: true, keywords: ["tsType"], validateSchema: false, ...options });
}

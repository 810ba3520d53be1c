import { createRequire } from "node:module";
import type { Ajv2020 as Ajv, Options } from "ajv/dist/2020.js";

type Module = typeof import("ajv/dist/2020.js");

/** A JSON schema compiler for our schemas. Loading it takes longer than all else that opening a file needs: only now. */
export function newAjv(options: Options): Ajv {
  const { Ajv2020 }: Module = createRequire(import.meta.url)("ajv/dist/2020.js");
  return new Ajv2020({ allowUnionTypes: true, keywords: ["tsType"], validateSchema: false, ...options });
}

import type { Ajv2020, ValidateFunction } from "ajv/dist/2020.js";
import { newAjv } from "../../ajv.js";
import { isJsonObject, plainJson } from "../../json.js";
import { explain, type Problem } from "./explain.js";
import { readSchema, SCHEMA_NAMES, type SchemaName } from "./files.js";
import { noteTags } from "./tags.js";

let ajv: Ajv2020 | undefined;

/** What a document has that its schema does not allow, in words; empty when it is as it should be. */
export function documentProblems(name: SchemaName, document: unknown): Problem[] {
  const validate = validatorOf(name);
  return validate(withoutBigints(plainJson(document))) ? [] : explain(validate.errors ?? []);
}

function validatorOf(name: SchemaName): ValidateFunction {
  if (!ajv) {
    ajv = newAjv({ allErrors: true, verbose: true });
    for (const other of SCHEMA_NAMES) {
      noteTags(readSchema(other));
      ajv.addSchema(readSchema(other));
    }
  }
  const validate = ajv.getSchema(`${name}.schema.json`);
  if (!validate) throw new Error(`schemas/${name}.schema.json does not name itself in $id`);
  return validate;
}

/** Schemas know JSON's numbers only. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutBigints(item)]));
}

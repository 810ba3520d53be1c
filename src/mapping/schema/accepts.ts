import { isJsonObject } from "../../json.js";

/** Finds the schema that a `$ref` names; true: anything. */
export type Definitions = (reference: string) => unknown;

type Check = (value: unknown, wanted: unknown, definitions: Definitions, schema: JsonObject) => boolean;
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * True when a value is certainly as its schema demands. False when it is not, or when the schema has a keyword that is not
 * known here: then ajv has to look, which takes its time to start and to compile, and can say what is wrong.
 */
export function accepts(schema: unknown, value: unknown, definitions: Definitions): boolean {
  if (!isJsonObject(schema)) return schema === true;
  for (const keyword in schema) {
    if (ANNOTATIONS.has(keyword)) continue;
    if (!CHECKS[keyword]?.(value, schema[keyword], definitions, schema)) return false;
  }
  return true;
}

/** Keywords that forbid nothing. */
const ANNOTATIONS = new Set(["title", "description", "examples", "default", "tsType"]);

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (value, wanted, definitions) => accepts(definitions(String(wanted)), value, definitions),
  anyOf: (value, wanted, definitions) => listOf(wanted).some((one) => accepts(one, value, definitions)),
  type: (value, wanted) => [wanted].flat().some((type) => isOfType(value, type)),
  const: (value, wanted) => value === wanted,
  enum: (value, wanted) => listOf(wanted).includes(value),
  minimum: (value, wanted) => typeof value !== "number" || value >= Number(wanted),
  maximum: (value, wanted) => typeof value !== "number" || value <= Number(wanted),
  minLength: (value, wanted) => typeof value !== "string" || [...value].length >= Number(wanted),
  pattern: (value, wanted) => typeof value !== "string" || new RegExp(String(wanted), "u").test(value),
  required: (value, wanted) =>
    !isJsonObject(value) || listOf(wanted).every((name) => value[String(name)] !== undefined),
  properties: (value, wanted, definitions) =>
    !isJsonObject(value) ||
    Object.entries(wanted ?? {}).every(
      ([name, schema]) => !Object.hasOwn(value, name) || accepts(schema, value[name], definitions),
    ),
  minItems: (value, wanted) => !Array.isArray(value) || value.length >= Number(wanted),
  maxItems: (value, wanted) => !Array.isArray(value) || value.length <= Number(wanted),
  prefixItems: (value, wanted, definitions) =>
    !Array.isArray(value) ||
    listOf(wanted).every((schema, i) => i >= value.length || accepts(schema, value[i], definitions)),
  items: (value, wanted, definitions, { prefixItems }) =>
    !Array.isArray(value) ||
    value.slice(listOf(prefixItems).length).every((item) => accepts(wanted, item, definitions)),
};

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    default:
      return (type === "string" || type === "boolean") && typeof value === type;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

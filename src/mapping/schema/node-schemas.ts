import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isJsonObject, plainJson } from "../../json.js";
import { MappingError } from "../errors.js";
import { explain, listProblems } from "./explain.js";
import { readSchema, type Schema, type SchemaName } from "./files.js";

/** Definitions that lead back to nodes or to data: the tree is walked by the reader, each node is checked by itself. */
const CUT = new Set([
  "item",
  "group",
  "attributes",
  "dataset",
  "datasetValue",
  "dataItem",
  "raw",
  "node",
  "value",
]);

/**
 * Checks the fields of single nodes against the definitions of a schema. Nodes below and values are not looked at, so
 * that one bad node is one error, and checking a tree takes one pass.
 */
export class NodeSchemas {
  readonly #definitions: Readonly<Record<string, unknown>>;
  readonly #validators = new Map<string, { validate: ValidateFunction; known: readonly string[] }>();
  readonly #ajv = new Ajv2020({
    verbose: true,
    allowUnionTypes: true,
    keywords: ["tsType"],
    validateSchema: false,
  });
  readonly #opaque: ReadonlySet<string>;

  /** `opaque`: fields that hold nodes or data, whatever their size. */
  constructor(name: SchemaName, opaque: readonly string[]) {
    const definitions = readSchema(name).$defs;
    this.#definitions = isJsonObject(definitions) ? definitions : {};
    this.#opaque = new Set(opaque);
  }

  /** The node's fields that the definition knows; a MappingError says what is wrong with them. */
  fields(definition: string, node: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { validate, known } = this.#validator(definition);
    const fields: Record<string, unknown> = {};
    for (const name of known) {
      if (Object.hasOwn(node, name))
        fields[name] = this.#opaque.has(name) ? node[name] : plainJson(node[name]);
    }
    if (!validate(fields)) throw new MappingError(listProblems(explain(validate.errors ?? [])));
    return fields;
  }

  #validator(definition: string): { validate: ValidateFunction; known: readonly string[] } {
    let found = this.#validators.get(definition);
    if (!found) {
      const schema = this.#definitions[definition];
      const properties = isJsonObject(schema) && isJsonObject(schema.properties) ? schema.properties : {};
      const defs = Object.fromEntries(
        Object.entries(this.#definitions).map(([name, def]) => [name, cut(def)]),
      );
      const shallow = { ...(cut(schema) as Schema), $defs: defs };
      found = { validate: this.#ajv.compile(shallow), known: Object.keys(properties) };
      this.#validators.set(definition, found);
    }
    return found;
  }
}

function cut(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(cut);
  if (!isJsonObject(schema)) return schema;
  const target = typeof schema.$ref === "string" ? /#\/\$defs\/(\w+)$/.exec(schema.$ref)?.[1] : undefined;
  if (target !== undefined && CUT.has(target)) return true;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, cut(value)]));
}

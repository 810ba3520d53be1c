import type { Ajv2020, ValidateFunction } from "ajv/dist/2020.js";
import { isJsonObject, plainJson } from "../../json.js";
import { newAjv, readSchema, type Schema } from "../../schemas.js";
import { MappingError } from "../errors.js";
import { accepts } from "./accepts.js";
import { explain, listProblems } from "./explain.js";

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
class NodeSchemas {
  readonly #opaque: ReadonlySet<string>;
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #definitions: Schema;
  #ajv: Ajv2020 | undefined;

  /** `opaque`: fields that hold nodes or data, whatever their size. */
  constructor(name: string, opaque: readonly string[]) {
    this.#definitions = definitionsOf(readSchema(name));
    this.#opaque = new Set(opaque);
  }

  /** The node's fields that the definition knows; a MappingError says what is wrong with them. */
  fields(definition: string, node: Schema): Schema {
    const schema = this.#definition(definition);
    const fields: Record<string, unknown> = {};
    for (const name of propertiesOf(schema)) {
      if (Object.hasOwn(node, name))
        fields[name] = this.#opaque.has(name) ? node[name] : plainJson(node[name]);
    }
    if (!accepts(schema, fields, this.#referred)) this.#validate(definition, fields);
    return fields;
  }

  #definition(name: string): unknown {
    return this.#definitions[name];
  }

  readonly #referred = (reference: string): unknown => {
    const name = nameOf(reference);
    return name === undefined ? false : CUT.has(name) || this.#definition(name);
  };

  #validate(definition: string, fields: Schema): void {
    const validate = this.#validators.get(definition) ?? this.#compile(definition);
    this.#validators.set(definition, validate);
    if (!validate(fields)) throw new MappingError(listProblems(explain(validate.errors ?? [])));
  }

  #compile(definition: string): ValidateFunction {
    this.#ajv ??= newAjv({ verbose: true });
    const schema = cut(this.#definition(definition));
    return this.#ajv.compile({ ...(isJsonObject(schema) && schema), $defs: cut(this.#definitions) });
  }
}

/** The items of h5maps, which the other dialects are made of, too. */
export const H5MAPS_NODES = new NodeSchemas("h5maps", ["value", "columns", "attributes", "children"]);

function definitionsOf(schema: Schema): Schema {
  return isJsonObject(schema.$defs) ? schema.$defs : {};
}

function propertiesOf(schema: unknown): readonly string[] {
  return isJsonObject(schema) && isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
}

/** The definition that a reference names. */
function nameOf(reference: unknown): string | undefined {
  return typeof reference === "string" ? /#\/\$defs\/(\w+)$/.exec(reference)?.[1] : undefined;
}

function cut(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(cut);
  if (!isJsonObject(schema)) return schema;
  const target = nameOf(schema.$ref);
  if (target !== undefined && CUT.has(target)) return true;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, cut(value)]));
}

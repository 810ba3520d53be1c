import { isJsonObject } from "../../json.js";
import type { Schema } from "./files.js";

const tags = new WeakMap<object, unknown>();

/**
 * Notes for each part of a schema which kind of item its definition is for: the `type` of objects, the second element of
 * tuples (`CHILDREN` when that is an object). Unions of items are told apart by it.
 */
export function noteTags(schema: Schema): void {
  if (!isJsonObject(schema.$defs)) return;
  for (const definition of Object.values(schema.$defs)) {
    if (!isJsonObject(definition)) continue;
    const type = isJsonObject(definition.properties) ? definition.properties.type : undefined;
    const second: unknown = Array.isArray(definition.prefixItems) ? definition.prefixItems[1] : undefined;
    if (isJsonObject(type) && "const" in type) note(definition, type.const);
    else if (isJsonObject(second)) note(definition, second.const ?? CHILDREN);
  }
}

const CHILDREN = Symbol("children");

/** The kind of an item, to be compared with `tagOf`. */
export function kindOf(item: unknown): unknown {
  if (Array.isArray(item)) return isJsonObject(item[1]) ? CHILDREN : item[1];
  return isJsonObject(item) ? item.type : undefined;
}

function note(part: unknown, tag: unknown): void {
  if (typeof part !== "object" || part === null) return;
  tags.set(part, tag);
  for (const inner of Object.values(part)) note(inner, tag);
}

/** The kind of item that a part of a schema is for, undefined when it is for any. */
export function tagOf(part: unknown): unknown {
  return typeof part === "object" && part !== null ? tags.get(part) : undefined;
}

import { isNxliveError } from "../errors.js";
import { childPath } from "../mapping/paths.js";
import { resolve } from "../mapping/resolve.js";
import type { Attributes, DatasetNode, GroupNode, LayoutSource, TreeNode } from "../mapping/tree.js";
import { type DType, sizeOfShape } from "../ndarray/dtype.js";
import { NdArray } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";
import { jsonValue, shortText } from "./json-values.js";

/** Values of up to this many elements are shown. */
const SHOWN = 8;

/** One file of a layout, with what is needed to describe its items. */
export interface LayoutFile {
  readonly root: GroupNode;
  readonly streams: LayoutSource["streams"];
}

/** One line for each item below a group: its name, and what it will be. */
export function* layoutLines(
  file: LayoutFile,
  group = file.root,
  path = "/",
  indent = "",
): Generator<string> {
  const names = [...group.children.keys()];
  for (const [i, name] of names.entries()) {
    const node = group.children.get(name);
    if (!node) continue;
    const last = i === names.length - 1;
    const at = childPath(path, name);
    yield `${indent}${last ? "└─ " : "├─ "}${name}  ${describe(file, node, at)}`.trimEnd();
    if (node.kind === "group") yield* layoutLines(file, node, at, `${indent}${last ? "   " : "│  "}`);
  }
}

function describe(file: LayoutFile, node: TreeNode, path: string): string {
  switch (node.kind) {
    case "group":
      return textAttribute(node.attributes, "NX_class");
    case "soft_link":
      return `→ ${node.target}${linkRemark(file.root, path)}`;
    case "external_link":
      return `→ ${node.file}::${node.path}`;
    case "external_binary":
      return `${typeText(node.dtype, node.shape)} in ${node.files.map(({ name }) => name).join(", ")}${unit(node.attributes)}`;
    case "virtual": {
      const files = new Set(node.sources.map(({ file: name }) => name));
      return `${typeText(node.dtype, node.shape)} from ${[...files].slice(0, 3).join(", ")}${files.size > 3 ? ", …" : ""}${unit(node.attributes)}`;
    }
    case "dataset":
      return `${datasetText(file, node)}${unit(node.attributes)}`;
  }
}

function datasetText(file: LayoutFile, { value }: DatasetNode): string {
  if (value.kind === "static") {
    const { dtype, shape } = value.array;
    if (shape !== null && sizeOfShape(shape) <= SHOWN) return shortText(nestedValue(value.array));
    return typeText(dtype, shape);
  }
  const facts = file.streams.get(value.stream);
  const { dtype_str: dtype, shape } = facts?.encoding ?? {};
  const plugin = facts?.plugin ? ` ${facts.plugin}` : "";
  return `← ${value.stream} ${typeText(String(dtype ?? "json"), Array.isArray(shape) ? ["n", ...shape] : ["n"])}${plugin}`;
}

function typeText(dtype: DType, shape: readonly (number | string)[] | null): string {
  const type = typeof dtype === "string" ? dtype : JSON.stringify(dtype);
  return shape === null ? `empty ${type}` : `(${shape.join(", ")}) ${type}`;
}

function unit(attributes: Attributes): string {
  const text = textAttribute(attributes, "units");
  return text === "" ? "" : ` ${text}`;
}

function textAttribute(attributes: Attributes, name: string): string {
  const array = attributes.get(name);
  return array?.dtype === "str" && array.shape?.length === 0 ? String(array.data[0]) : "";
}

/** Links may dangle: their targets may come from another scan. */
function linkRemark(root: GroupNode, path: string): string {
  const state = linkState(root, path);
  return state === "resolves" ? "" : ` (${state})`;
}

type LinkState = "resolves" | "dangling" | "a cycle";

function linkState(root: GroupNode, path: string): LinkState {
  try {
    return resolve(root, path).kind === "missing" ? "dangling" : "resolves";
  } catch (error) {
    if (isNxliveError(error, "ERR_LINK_CYCLE") || isNxliveError(error, "ERR_TOO_MANY_LINKS"))
      return "a cycle";
    throw error;
  }
}

function nestedValue(array: RawArray): unknown {
  return array.shape === null ? null : NdArray.fromRaw(array).toNested();
}

/** An item with everything below it, for machines. */
export function layoutJson(
  file: LayoutFile,
  node: TreeNode = file.root,
  path = "/",
): Record<string, unknown> {
  switch (node.kind) {
    case "soft_link":
      return { kind: node.kind, target: node.target, state: linkState(file.root, path) };
    case "external_link":
      return { kind: node.kind, file: node.file, path: node.path };
    case "group": {
      const children = [...node.children].map(([name, child]) => [
        name,
        layoutJson(file, child, childPath(path, name)),
      ]);
      return {
        kind: node.kind,
        attributes: attributesJson(node.attributes),
        children: Object.fromEntries(children),
      };
    }
    case "dataset": {
      const attributes = attributesJson(node.attributes);
      if (node.value.kind === "stream") return { kind: node.kind, attributes, stream: node.value.stream };
      return { kind: node.kind, attributes, ...arrayJson(node.value.array) };
    }
    case "external_binary":
    case "virtual": {
      const { attributes, ...fields } = node;
      return { ...fields, attributes: attributesJson(attributes) };
    }
  }
}

function attributesJson(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries([...attributes].map(([name, value]) => [name, arrayJson(value)]));
}

function arrayJson(array: RawArray): { dtype: DType; shape: RawArray["shape"]; value: unknown } {
  return { dtype: array.dtype, shape: array.shape, value: jsonValue(nestedValue(array)) };
}

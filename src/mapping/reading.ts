import { isJsonObject, namesOf } from "../json.js";
import type { RawArray } from "../ndarray/raw.js";
import { MappingError } from "./errors.js";
import { readDataItem } from "./items/data-item.js";
import { childPath, elementsOfName, joinPath, requireAttributeName, splitPath } from "./paths.js";
import { resolve } from "./resolve.js";
import { describe } from "./schema/explain.js";
import type { Attributes, GroupNode, MappingWarning, StreamFacts, TreeNode, VirtualNode } from "./tree.js";

/** Deeper groups are refused. */
export const MAX_DEPTH = 100;
/** A file with more items than this is cut there. */
const MAX_NODES = 1_000_000;
/** More warnings than this are counted, not listed. */
export const MAX_WARNINGS = 1000;

type ReadNode = (item: unknown, path: string, depth: number) => TreeNode;

/**
 * One file of a mapping while it is read. Everything that cannot be read becomes a fatal warning with its path and is
 * left out; the rest goes on.
 */
export class Reading {
  readonly #warnings: MappingWarning[] = [];
  #unlisted = 0;
  #unlistedFatal = false;
  #nodes = 0;
  /** The virtual datasets read so far, by their paths. */
  readonly virtuals = new Map<string, VirtualNode>();

  constructor(
    readonly file: string,
    readonly streams: ReadonlyMap<string, StreamFacts>,
  ) {}

  get warnings(): readonly MappingWarning[] {
    if (this.#unlisted === 0) return this.#warnings;
    const message = `… and ${this.#unlisted} more problems in this file`;
    return [...this.#warnings, { file: this.file, path: "/", message, fatal: this.#unlistedFatal }];
  }

  warn(path: string, message: string, fatal = false): void {
    if (this.#warnings.length < MAX_WARNINGS) {
      this.#warnings.push({ file: this.file, path, message, fatal });
      return;
    }
    this.#unlisted++;
    this.#unlistedFatal ||= fatal;
  }

  /** Runs a part of the reading; when it fails, that is a fatal warning and the part is undefined. */
  attempt<T>(path: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      this.warn(path, error.message, true);
      return undefined;
    }
  }

  /** Leaves an item out that was read already; a fatal warning says why. */
  drop(root: GroupNode, path: string, node: TreeNode, message: string): void {
    const elements = splitPath(path);
    const name = elements.pop() ?? "";
    const parent = resolve(root, joinPath(elements));
    if (parent.kind !== "found" || parent.node.kind !== "group") return;
    if (parent.node.children.get(name) === node) childrenOf(parent.node).delete(name);
    this.warn(path, message, true);
  }

  attributes(source: unknown, path: string): Attributes {
    const attributes = new Map<string, RawArray>();
    if (source === undefined) return attributes;
    if (!isJsonObject(source)) {
      this.warn(
        path,
        `attributes: expected an object of attributes by name, found ${describe(source)}`,
        true,
      );
      return attributes;
    }
    for (const name of namesOf(source)) {
      const at = `${path}@${name}`;
      const value = this.attempt(at, () => {
        requireAttributeName(name);
        return this.data(source[name], at);
      });
      if (value) attributes.set(name, value);
    }
    return attributes;
  }

  data(item: unknown, path: string): RawArray {
    return readDataItem(item, (message) => this.warn(path, message));
  }

  /** The name of a stream of the scan. */
  stream(name: unknown): string {
    if (typeof name !== "string")
      throw new MappingError(`expected the name of a stream, found ${describe(name)}`);
    if (!this.streams.has(name)) {
      throw new MappingError(`the scan has no stream ${describe(name)}${this.#streamHint()}`);
    }
    return name;
  }

  #streamHint(): string {
    const names = [...this.streams.keys()];
    if (names.length === 0) return " (it has none at all)";
    return ` (it has ${names.slice(0, 5).map(describe).join(", ")}${names.length > 5 ? ", …" : ""})`;
  }

  /** The items of a group, in the order of the mapping; names with slashes make groups, as in HDF5. */
  children(source: unknown, path: string, depth: number, readNode: ReadNode): Map<string, TreeNode> {
    const children = new Map<string, TreeNode>();
    if (source === undefined) return children;
    if (!isJsonObject(source)) {
      this.warn(path, `expected an object of items by name, found ${describe(source)}`, true);
      return children;
    }
    const names = namesOf(source);
    if (depth >= MAX_DEPTH && names.length > 0) {
      this.warn(
        path,
        `groups are nested deeper than ${MAX_DEPTH} levels: what lies deeper is left out`,
        true,
      );
      return children;
    }
    for (const name of names) {
      if (++this.#nodes > MAX_NODES) {
        if (this.#nodes === MAX_NODES + 1)
          this.warn(path, `the file has more than ${MAX_NODES} items: the rest is left out`, true);
        break;
      }
      const at = childPath(path, name);
      this.attempt(at, () => {
        const elements = elementsOfName(name);
        if (depth + elements.length > MAX_DEPTH)
          throw new MappingError(`nested deeper than ${MAX_DEPTH} levels`);
        place(children, elements, readNode(source[name], at, depth + elements.length));
      });
    }
    return children;
  }
}

/** Puts a node under a name of one or more elements; groups of the same name become one, anything else is an error. */
function place(children: Map<string, TreeNode>, elements: readonly string[], node: TreeNode): void {
  let parent = children;
  for (const element of elements.slice(0, -1)) {
    const group = parent.get(element) ?? { kind: "group", attributes: new Map(), children: new Map() };
    if (group.kind !== "group") throw taken(element, group);
    parent.set(element, group);
    parent = childrenOf(group);
  }
  const name = elements.at(-1) ?? "";
  const existing = parent.get(name);
  if (existing === undefined) parent.set(name, node);
  else if (existing.kind === "group" && node.kind === "group") merge(existing, node);
  else throw taken(name, existing);
}

function merge(group: GroupNode, other: GroupNode): void {
  const attributes = group.attributes as Map<string, RawArray>;
  for (const [name, value] of other.attributes) attributes.set(name, value);
  for (const [name, node] of other.children) place(childrenOf(group), [name], node);
}

/** Groups are under construction here: their maps are ours. */
function childrenOf(group: GroupNode): Map<string, TreeNode> {
  return group.children as Map<string, TreeNode>;
}

function taken(name: string, by: TreeNode): MappingError {
  return new MappingError(`the name ${describe(name)} is already taken by a ${by.kind.replaceAll("_", " ")}`);
}

/** Reads a document's root, which must be a group: its tree (undefined when it is none), and what could not be read. */
export function readRoot(
  reading: Reading,
  root: unknown,
  what: string,
  readGroup: (root: Readonly<Record<string, unknown>>) => GroupNode,
): { root: GroupNode | undefined; warnings: readonly MappingWarning[] } {
  const node = reading.attempt("/", () => {
    if (!isJsonObject(root) || root.type !== "group") {
      throw new MappingError(`the root of a ${what} must be a group, found ${describe(root)}`);
    }
    return readGroup(root);
  });
  return { root: node, warnings: reading.warnings };
}

import { decodeNumbers } from "../../ndarray/decode.js";
import { requireNumeric } from "../../ndarray/dtype.js";
import { encodeNumbers } from "../../ndarray/encode.js";
import type { RawArray } from "../../ndarray/raw.js";
import { childPath } from "../paths.js";
import type { Attributes, GroupNode, MappingWarning, TreeNode } from "../tree.js";
import { textScalar } from "./values.js";

/** Collects what was left out or corrected. */
export class Report {
  readonly warnings: MappingWarning[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  warn(path: string, message: string): void {
    this.warnings.push({ file: this.#file, path, message, fatal: false });
  }
}

/** A group while it is put together. Several parts of the layout write into the same groups (instrument, detectors). */
export class GroupBuilder {
  readonly path: string;
  /** 0 for the root of a file. */
  readonly depth: number;
  readonly attributes = new Map<string, RawArray>();
  readonly #children = new Map<string, TreeNode | GroupBuilder>();
  /** Attributes of children that this builder made, and may add to. */
  readonly #ownAttributes = new WeakSet<object>();
  #setOnce: ReadonlySet<string> | undefined;

  constructor(path: string, nxClass?: string, depth = 0) {
    this.path = path;
    this.depth = depth;
    if (nxClass !== undefined) this.attributes.set("NX_class", textScalar(nxClass));
  }

  pathOf(name: string): string {
    return childPath(this.path, name);
  }

  has(name: string): boolean {
    return this.#children.has(name);
  }

  get(name: string): TreeNode | GroupBuilder | undefined {
    return this.#children.get(name);
  }

  /** The group of this name, made when there is none; undefined when something else has the name. */
  group(name: string, nxClass?: string): GroupBuilder | undefined {
    const child = this.#children.get(name);
    if (child instanceof GroupBuilder) return child;
    if (child) return undefined;
    const group = new GroupBuilder(this.pathOf(name), nxClass, this.depth + 1);
    this.#children.set(name, group);
    return group;
  }

  remove(name: string): void {
    this.#children.delete(name);
  }

  /** True for a dataset with a value of its own, which metadata may replace. */
  isStaticDataset(name: string): boolean {
    const child = this.#children.get(name);
    return (
      child !== undefined &&
      !(child instanceof GroupBuilder) &&
      child.kind === "dataset" &&
      child.value.kind === "static"
    );
  }

  /** Puts a node in the place of whatever has the name. */
  set(name: string, node: TreeNode): void {
    this.#children.set(name, node);
  }

  /**
   * A dataset with a value. One that is there already keeps its attributes, and stays one of decimals when the new
   * value happens to be integral (1.5 at the start of a scan, 2 at its end).
   */
  dataset(name: string, array: RawArray, attributes?: ReadonlyMap<string, RawArray>): void {
    const old = this.#children.get(name);
    const known = old && !(old instanceof GroupBuilder) && old.kind === "dataset" ? old : undefined;
    const decimals = known?.value.kind === "static" && known.value.array.dtype === "<f8";
    this.set(name, {
      kind: "dataset",
      attributes: new Map([...(known?.attributes ?? []), ...(attributes ?? [])]),
      value: { kind: "static", array: decimals ? asDecimals(array) : array },
    });
  }

  text(name: string, value: string): void {
    this.dataset(name, textScalar(value));
  }

  softLink(name: string, target: string): void {
    this.set(name, { kind: "soft_link", target });
  }

  /** Sets an attribute of a child, if it can have any. False: no such child, or one without attributes (a link). */
  attributeOf(name: string, attribute: string, value: RawArray): boolean {
    const child = this.#children.get(name);
    if (!child) return false;
    if (child instanceof GroupBuilder) child.attributes.set(attribute, value);
    else if ("attributes" in child)
      this.set(name, { ...child, attributes: this.#extended(child, attribute, value) });
    else return false;
    return true;
  }

  #extended(child: { attributes: Attributes }, name: string, value: RawArray): Attributes {
    const own = this.#ownAttributes.has(child.attributes);
    const attributes = own ? (child.attributes as Map<string, RawArray>) : new Map(child.attributes);
    this.#ownAttributes.add(attributes);
    return attributes.set(name, value);
  }

  hasAttribute(name: string, attribute: string): boolean {
    const child = this.#children.get(name);
    return child !== undefined && "attributes" in child && child.attributes.has(attribute);
  }

  /** These attributes belong to the first scan that made the group (the file's root). */
  setOnce(names: Iterable<string>): void {
    this.#setOnce = new Set(names);
  }

  build(): GroupNode {
    const children = new Map<string, TreeNode>();
    for (const [name, child] of this.#children) {
      children.set(name, child instanceof GroupBuilder ? child.build() : child);
    }
    const node = { kind: "group" as const, attributes: this.attributes, children };
    return this.#setOnce ? { ...node, volatile: this.#setOnce } : node;
  }
}

function asDecimals(array: RawArray): RawArray {
  if (array.dtype !== "<i8" || !(array.data instanceof Uint8Array)) return array;
  const values = Array.from(decodeNumbers(array.data, requireNumeric("<i8")) as BigInt64Array, Number);
  return { ...array, dtype: "<f8", data: encodeNumbers(values, "<f8") };
}

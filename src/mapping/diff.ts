import type { RawArray } from "../ndarray/raw.js";
import { sameArray, sameShape } from "./equality.js";
import { childPath } from "./paths.js";
import type {
  Attributes,
  DatasetNode,
  DatasetValue,
  ExternalBinaryNode,
  ExternalLinkNode,
  GroupNode,
  Hyperslab,
  Layout,
  SoftLinkNode,
  TreeNode,
  VirtualNode,
  VirtualSource,
} from "./tree.js";

type LinkNode = SoftLinkNode | ExternalLinkNode;
type DataNode = DatasetNode | ExternalBinaryNode | VirtualNode;

/** One difference between two trees. Changes of attributes come separately, and only for items that stay what they are. */
export type TreeChange =
  /** New, with all that lies below. */
  | { readonly change: "added"; readonly path: string; readonly node: TreeNode }
  /** Gone, with all that lay below. */
  | { readonly change: "removed"; readonly path: string; readonly node: TreeNode }
  /** Something of another kind lies there now. */
  | { readonly change: "kind"; readonly path: string; readonly before: TreeNode; readonly after: TreeNode }
  /** Another value, dtype, shape, stream or source. */
  | { readonly change: "value"; readonly path: string; readonly before: DataNode; readonly after: DataNode }
  /** A link of the same kind with another target. */
  | { readonly change: "link"; readonly path: string; readonly before: LinkNode; readonly after: LinkNode }
  | {
      readonly change: "attributes";
      readonly path: string;
      /** New ones, and those with another value. */
      readonly set: Attributes;
      readonly removed: readonly string[];
    };

/** What changed between two layouts of a scan, by file; files without changes are left out. A file's own root is `/`. */
export function diffLayouts(before: Layout, after: Layout): Map<string, readonly TreeChange[]> {
  const changes = new Map<string, readonly TreeChange[]>();
  for (const [file, node] of before.files) {
    const now = after.files.get(file);
    const found: TreeChange[] = now ? diffTrees(node, now) : [{ change: "removed", path: "/", node }];
    if (found.length > 0) changes.set(file, found);
  }
  for (const [file, node] of after.files) {
    if (!before.files.has(file)) changes.set(file, [{ change: "added", path: "/", node }]);
  }
  return changes;
}

/**
 * What changed between two trees of one file, e.g. from PREPARED to CLOSED: removals first within each group, then
 * additions and changes in the order of the new tree. Order alone is no change; `volatile` values are not compared.
 */
export function diffTrees(before: GroupNode, after: GroupNode): TreeChange[] {
  const changes: TreeChange[] = [];
  compareGroups("/", before, after, changes);
  return changes;
}

function compareGroups(path: string, before: GroupNode, after: GroupNode, changes: TreeChange[]): void {
  compareAttributes(path, before, after, changes);
  for (const [name, node] of before.children) {
    if (!after.children.has(name)) changes.push({ change: "removed", path: childPath(path, name), node });
  }
  for (const [name, node] of after.children) {
    const at = childPath(path, name);
    const old = before.children.get(name);
    if (old === undefined) changes.push({ change: "added", path: at, node });
    else compareNodes(at, old, node, changes);
  }
}

function compareNodes(path: string, before: TreeNode, after: TreeNode, changes: TreeChange[]): void {
  if (before === after) return;
  if (before.kind === "group" && after.kind === "group") compareGroups(path, before, after, changes);
  else if (before.kind === "dataset" && after.kind === "dataset") {
    if (!after.volatile && !sameValue(before.value, after.value)) {
      changes.push({ change: "value", path, before, after });
    }
    compareAttributes(path, before, after, changes);
  } else if (before.kind === "external_binary" && after.kind === "external_binary") {
    if (!sameExternal(before, after)) changes.push({ change: "value", path, before, after });
    compareAttributes(path, before, after, changes);
  } else if (before.kind === "virtual" && after.kind === "virtual") {
    if (!sameVirtual(before, after)) changes.push({ change: "value", path, before, after });
    compareAttributes(path, before, after, changes);
  } else if (before.kind === "soft_link" && after.kind === "soft_link") {
    if (before.target !== after.target) changes.push({ change: "link", path, before, after });
  } else if (before.kind === "external_link" && after.kind === "external_link") {
    if (before.file !== after.file || before.path !== after.path) {
      changes.push({ change: "link", path, before, after });
    }
  } else changes.push({ change: "kind", path, before, after });
}

function compareAttributes(
  path: string,
  before: Exclude<TreeNode, LinkNode>,
  after: Exclude<TreeNode, LinkNode>,
  changes: TreeChange[],
): void {
  const volatile = after.kind === "group" ? after.volatile : undefined;
  const set = new Map<string, RawArray>();
  for (const [name, value] of after.attributes) {
    const old = before.attributes.get(name);
    if (old === undefined || !(volatile?.has(name) || sameArray(old, value))) set.set(name, value);
  }
  const removed = [...before.attributes.keys()].filter((name) => !after.attributes.has(name));
  if (set.size > 0 || removed.length > 0) changes.push({ change: "attributes", path, set, removed });
}

function sameValue(a: DatasetValue, b: DatasetValue): boolean {
  if (a.kind === "static" && b.kind === "static") return sameArray(a.array, b.array);
  if (a.kind !== "stream" || b.kind !== "stream") return false;
  return (
    a.stream === b.stream &&
    (a.layout?.single ?? false) === (b.layout?.single ?? false) &&
    Object.is(a.layout?.fill, b.layout?.fill)
  );
}

function sameExternal(a: ExternalBinaryNode, b: ExternalBinaryNode): boolean {
  return (
    a.dtype === b.dtype &&
    sameShape(a.shape, b.shape) &&
    a.files.length === b.files.length &&
    a.files.every((file, i) => {
      const other = b.files[i];
      return file.name === other?.name && file.offset === other.offset && file.size === other.size;
    })
  );
}

function sameVirtual(a: VirtualNode, b: VirtualNode): boolean {
  return (
    a.dtype === b.dtype &&
    sameShape(a.shape, b.shape) &&
    JSON.stringify(a.maxshape) === JSON.stringify(b.maxshape) &&
    Object.is(a.fill, b.fill) &&
    a.sources.length === b.sources.length &&
    a.sources.every((source, i) => sameSource(source, b.sources[i]))
  );
}

function sameSource(a: VirtualSource, b: VirtualSource | undefined): boolean {
  return (
    b !== undefined &&
    a.file === b.file &&
    a.dataset === b.dataset &&
    sameSpace(a.target, b.target) &&
    sameSpace(a.source, b.source)
  );
}

function sameSpace(a: Hyperslab, b: Hyperslab): boolean {
  return (
    sameShape(a.start, b.start) &&
    sameShape(a.count, b.count) &&
    sameShape(a.stride, b.stride) &&
    sameShape(a.block, b.block)
  );
}

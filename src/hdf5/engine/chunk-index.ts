import { type ChunkKey, compareOffsets, NODE_CHILDREN, type NodeEntry, nodeSize } from "../format/btree.js";
import type { ReadBytes } from "../format/object-header.js";
import {
  addWrites,
  type IndexNode,
  type IndexWrites,
  loadedNode,
  markWritten,
  newNode,
} from "./index-node.js";
import { isInPage, type Placement } from "./placement.js";

/** Gives out space of the file, for nodes. */
export type Allocate = (size: number, placement: Placement) => number;

/**
 * The chunk index of one dataset: a B-tree that grows at its right edge. In memory are the nodes of the right edge and
 * those changed since the last commit, so its memory does not grow with the number of chunks.
 *
 * Changes that readers may meet half-way are copies: replacing an entry (a raw slot by the final chunk) writes the whole node
 * to a new place and switches its parent's pointer. Appending to a leaf is in place: entries first, which nobody looks at, then the
 * count. Nodes above are copied for that too: in between, their bound would be below that of their last child, and a program that
 * appends after a crash would lose chunks.
 */
export class ChunkIndex {
  private readonly rank: number;
  private readonly allocate: Allocate;
  private readonly read: ReadBytes;
  private readonly limit: readonly number[];
  private nodes = new Map<number, IndexNode>();
  /** Right edge, leaf first. */
  private spine: IndexNode[] = [];
  /** Addresses of nodes that readers may still use, to be retired after the commit. */
  private replaced: number[] = [];

  constructor(chunks: readonly number[], allocate: Allocate, read: ReadBytes) {
    this.rank = chunks.length;
    this.allocate = allocate;
    this.read = read;
    this.limit = chunks.map((length) => Math.floor(2 ** 52 / length) * length);
  }

  /** Address of the root node; undefined while there is no chunk. */
  get root(): number | undefined {
    return this.spine.at(-1)?.address;
  }

  get nodeBytes(): number {
    return nodeSize(this.rank);
  }

  /** Takes up an index that lies in the file. */
  async open(root: number): Promise<void> {
    let node = await this.load(root);
    const path = [node];
    while (node.level > 0) {
      const child = node.entries.at(-1)?.child;
      if (child === undefined) throw new RangeError("a chunk index with an empty node");
      node = await this.load(child, node.level - 1);
      path.push(node);
    }
    this.spine = path.reverse();
    for (const edge of this.spine) {
      this.nodes.set(edge.address, edge);
      await this.joinLeft(edge);
    }
    await this.widen();
  }

  /** The last chunk. */
  get last(): NodeEntry | undefined {
    return this.spine[0]?.entries.at(-1);
  }

  /** The chunk at these offsets. */
  async find(offsets: readonly number[]): Promise<NodeEntry | undefined> {
    const [leaf] = await this.pathTo(offsets);
    return leaf?.entries.find((item) => compareOffsets(item.offsets, offsets) === 0);
  }

  /** A writer that was killed may have left the node before the last one without knowing of it. */
  private async joinLeft(node: IndexNode): Promise<void> {
    const first = node.entries[0];
    if (node.left === undefined || !first) return;
    const left = await this.load(node.left, node.level);
    if (left.right === node.address) return;
    left.right = node.address;
    left.bound = first.offsets;
    left.edges = true;
    this.nodes.set(left.address, left);
  }

  /** Nodes made by others end at their last chunk; ours are open to the right, so that appending concerns the leaf only. */
  private async widen(): Promise<void> {
    if (this.spine.every(({ bound }) => compareOffsets(bound, this.limit) === 0)) return;
    for (const [level, node] of this.spine.entries()) {
      node.bound = this.limit;
      await this.copy(this.spine, level);
    }
  }

  /** Adds a chunk after all others. */
  append(key: ChunkKey, address: number): void {
    this.insert(0, { ...key, child: address });
  }

  /** Exchanges the chunk at `key.offsets`. */
  async replace(key: ChunkKey, address: number): Promise<void> {
    const path = await this.pathTo(key.offsets);
    const leaf = path[0];
    const index = leaf?.entries.findIndex((item) => compareOffsets(item.offsets, key.offsets) === 0) ?? -1;
    if (!leaf || index < 0) throw new RangeError(`no chunk at [${key.offsets}] in the index`);
    leaf.entries[index] = { ...key, child: address };
    if (leaf.stored !== undefined && index < leaf.stored) await this.copy(path, 0);
  }

  /** All chunks in order, as of now. */
  async *chunks(): AsyncGenerator<NodeEntry> {
    const root = this.spine.at(-1);
    if (root) yield* this.walk(root);
  }

  /**
   * What to write: `fresh` before anything, `publish` after it in this order, `settle` when readers find the root (its address may
   * have changed). When all is written call `written`, which gives the addresses of nodes that were replaced.
   */
  writes(): IndexWrites {
    const writes: IndexWrites = { fresh: [], publish: [], settle: [] };
    const nodes = [...this.nodes.values()].sort((a, b) => a.level - b.level);
    for (const node of nodes) addWrites(node, this.rank, writes);
    return writes;
  }

  written(): number[] {
    for (const node of this.nodes.values()) markWritten(node);
    this.nodes = new Map(this.spine.map((node) => [node.address, node]));
    const replaced = this.replaced;
    this.replaced = [];
    return replaced;
  }

  /** Addresses of all nodes, for giving the index up. */
  async abandon(): Promise<number[]> {
    const root = this.spine.at(-1);
    return [...(root ? await this.addressesBelow(root) : []), ...this.replaced];
  }

  private async addressesBelow(node: IndexNode): Promise<number[]> {
    const result = [node.address];
    if (node.level === 0) return result;
    for (const { child } of node.entries) {
      if (node.level === 1) result.push(child);
      else result.push(...(await this.addressesBelow(await this.load(child, node.level - 1))));
    }
    return result;
  }

  private async *walk(node: IndexNode): AsyncGenerator<NodeEntry> {
    for (const item of [...node.entries]) {
      if (node.level === 0) yield item;
      else yield* this.walk(await this.load(item.child, node.level - 1));
    }
  }

  private insert(level: number, added: NodeEntry): void {
    const node = this.spine[level];
    if (!node) {
      this.addLevel(level, added);
      return;
    }
    if (node.entries.length < NODE_CHILDREN) {
      node.entries.push(added);
      if (this.mustCopy(node) || (level > 0 && node.stored !== undefined)) this.copySpine(level);
      return;
    }
    const next = this.create(level, node.address, [added]);
    node.right = next.address;
    node.bound = added.offsets;
    node.edges = true;
    this.nodes.set(node.address, node);
    this.spine[level] = next;
    this.insert(level + 1, { ...added, child: next.address });
    if (this.mustCopy(node)) this.moveFull(node, next);
  }

  /** A first leaf, or a root above the two nodes that the former root has become. */
  private addLevel(level: number, added: NodeEntry): void {
    if (level === 0) {
      this.spine.push(this.create(0, undefined, [added]));
      return;
    }
    const left = [...this.nodes.values()].find(
      (node) => node.right === added.child && node.level === level - 1,
    );
    const first = left?.entries[0];
    if (!left || !first) throw new RangeError("a chunk index without a left edge");
    this.spine.push(this.create(level, undefined, [{ ...first, child: left.address }, added]));
  }

  private create(level: number, left: number | undefined, entries: NodeEntry[]): IndexNode {
    const node = newNode(this.place(), level, left, entries, this.limit);
    this.nodes.set(node.address, node);
    return node;
  }

  private place(): number {
    return this.allocate(this.nodeBytes, { inPage: true });
  }

  /** Nodes over a page boundary (five dimensions and more, or made by others) are never changed in place. */
  private mustCopy(node: IndexNode): boolean {
    return node.stored !== undefined && !isInPage(node.address, this.nodeBytes);
  }

  private copySpine(level: number): void {
    for (let at = level; at < this.spine.length; at++) {
      const node = this.spine[at];
      if (!node || node.stored === undefined) continue;
      this.relocate(node);
      const parent = this.spine[at + 1];
      if (parent) this.point(parent, parent.entries.length - 1, node.address);
      if (!parent || !this.mustCopy(parent)) return;
    }
  }

  /** A full node that must not be changed in place, when its right sibling comes: its parent is on the right edge. */
  private moveFull(node: IndexNode, next: IndexNode): void {
    const parent = this.spine[node.level + 1];
    const old = node.address;
    this.relocate(node);
    next.left = node.address;
    const index = parent?.entries.findIndex(({ child }) => child === old) ?? -1;
    if (parent && index >= 0) {
      this.point(parent, index, node.address);
      if (this.mustCopy(parent)) this.copySpine(node.level + 1);
    }
  }

  private relocate(node: IndexNode): void {
    this.replaced.push(node.address);
    this.nodes.delete(node.address);
    node.address = this.place();
    node.stored = undefined;
    this.nodes.set(node.address, node);
  }

  private point(parent: IndexNode, index: number, child: number): void {
    const item = parent.entries[index];
    if (!item) throw new RangeError("a chunk index entry that is not there");
    parent.entries[index] = { ...item, child };
    if (parent.stored !== undefined && index < parent.stored) parent.moved.add(index);
    this.nodes.set(parent.address, parent);
  }

  /** Moves the node `path[at]` to a new place and redirects all that point at it. */
  private async copy(path: readonly IndexNode[], at: number): Promise<void> {
    const node = path[at];
    if (!node) return;
    const old = node.address;
    this.relocate(node);
    for (const [sibling, side] of [
      [node.left, "right"],
      [node.right, "left"],
    ] as const) {
      if (sibling === undefined) continue;
      const other = await this.load(sibling, node.level);
      other[side] = node.address;
      other.edges = true;
      this.nodes.set(other.address, other);
    }
    const parent = path[at + 1];
    if (!parent) return;
    const index = parent.entries.findIndex(({ child }) => child === old);
    this.point(parent, index, node.address);
    if (this.mustCopy(parent)) await this.copy(path, at + 1);
  }

  /** Nodes from the leaf that holds a chunk up to the root. */
  private async pathTo(offsets: readonly number[]): Promise<IndexNode[]> {
    let node = this.spine.at(-1);
    const path: IndexNode[] = [];
    while (node) {
      path.unshift(node);
      if (node.level === 0) break;
      const index: number = node.entries.findLastIndex((item) => compareOffsets(item.offsets, offsets) <= 0);
      const child: number | undefined = node.entries[Math.max(0, index)]?.child;
      node = child === undefined ? undefined : await this.load(child, node.level - 1);
    }
    return path;
  }

  /** `level`: as its place says; a damaged index might otherwise go round in circles. */
  private async load(address: number, level?: number): Promise<IndexNode> {
    const known = this.nodes.get(address);
    if (known) return known;
    const node = loadedNode(address, await this.read(address, this.nodeBytes), this.rank);
    if (level !== undefined && node.level !== level) throw new RangeError("a chunk index out of level");
    return node;
  }
}

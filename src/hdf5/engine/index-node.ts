import { encodeEntries, encodeNode, type NodeEntry, nodePlaces, parseNode } from "../format/btree.js";
import { ByteWriter } from "../format/bytes.js";
import type { Write } from "./write-lane.js";

export interface IndexWrites {
  readonly fresh: Write[];
  readonly publish: Write[];
  /**
   * How nodes refer to their siblings. Readers do not look at it, but other programs that append after a crash do: a sibling
   * that the level above does not know of would make them lose chunks.
   */
  readonly settle: Write[];
}

/** A node of a chunk index in memory, with what of it is in the file. */
export interface IndexNode {
  address: number;
  readonly level: number;
  left: number | undefined;
  right: number | undefined;
  entries: NodeEntry[];
  bound: readonly number[];
  /** Entries that readers see already; undefined: the node is not in the file yet. */
  stored: number | undefined;
  /** Children of stored entries whose address changed. */
  moved: Set<number>;
  /** The sibling pointers, or the bound of a full node, changed. */
  edges: boolean;
}

/** A node that is not in the file yet. */
export function newNode(
  address: number,
  level: number,
  left: number | undefined,
  entries: NodeEntry[],
  bound: readonly number[],
): IndexNode {
  return {
    address,
    level,
    left,
    right: undefined,
    entries,
    bound,
    stored: undefined,
    moved: new Set(),
    edges: false,
  };
}

/** A node as it lies in the file. */
export function loadedNode(address: number, bytes: Buffer, rank: number): IndexNode {
  const node = parseNode(bytes, rank);
  const entries = [...node.entries];
  return { ...node, entries, address, stored: entries.length, moved: new Set(), edges: false };
}

/** All of the node is in the file. */
export function markWritten(node: IndexNode): void {
  node.stored = node.entries.length;
  node.moved.clear();
  node.edges = false;
}

/** Adds what is to be written of a node: a new one as it is, of one that readers know what has changed. */
export function addWrites(node: IndexNode, rank: number, { fresh, publish, settle }: IndexWrites): void {
  const { address, entries, stored } = node;
  if (stored === undefined) {
    fresh.push({ address, bytes: encodeNode(node, rank) });
    return;
  }
  if (entries.length > stored) {
    fresh.push({
      address: nodePlaces.key(address, stored, rank),
      bytes: encodeEntries(entries.slice(stored), node.bound),
    });
  }
  if (node.edges) {
    settle.push({
      address: nodePlaces.left(address),
      bytes: new ByteWriter().u64(node.left).u64(node.right).done(),
    });
  }
  if (node.edges && entries.length === stored) {
    settle.push({
      address: nodePlaces.key(address, stored, rank),
      bytes: encodeEntries([], node.bound),
    });
  }
  if (entries.length > stored) {
    publish.push({
      address: nodePlaces.count(address),
      bytes: new ByteWriter().u16(entries.length).done(),
    });
  }
  for (const index of node.moved) {
    const child = entries[index]?.child;
    publish.push({
      address: nodePlaces.child(address, index, rank),
      bytes: new ByteWriter().u64(child).done(),
    });
  }
}

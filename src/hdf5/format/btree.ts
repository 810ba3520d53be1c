import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Version-1 B-tree that indexes the chunks of a dataset (node type 1).
 *   node: `TREE` | 1 | level 1 | entries 2 | left sibling 8 | right sibling 8 | key 0 | child 0 | … | key n
 *   key:  stored bytes of the chunk 4 | filter mask 4 (bit i: filter i was not applied) | element offset 8 per dimension | 0 8
 * Room for 64 children always; child i holds the chunks from key i up to, not including, key i + 1.
 */
export const NODE_CHILDREN = 64;
const COUNT_AT = 6;
const LEFT_AT = 8;
const RIGHT_AT = 16;
const KEYS_AT = 24;

export interface ChunkKey {
  readonly size: number;
  readonly mask: number;
  readonly offsets: readonly number[];
}

export interface NodeEntry extends ChunkKey {
  readonly child: number;
}

export interface Node {
  readonly level: number;
  readonly left: number | undefined;
  readonly right: number | undefined;
  readonly entries: readonly NodeEntry[];
  /** Last key: an upper bound of what the node may hold. */
  readonly bound: readonly number[];
}

function keySize(rank: number): number {
  return 16 + 8 * rank;
}

export function nodeSize(rank: number): number {
  return KEYS_AT + NODE_CHILDREN * 8 + (NODE_CHILDREN + 1) * keySize(rank);
}

export function encodeNode(node: Node, rank: number): Buffer {
  const writer = new ByteWriter(nodeSize(rank))
    .ascii("TREE")
    .u8(1, node.level)
    .u16(node.entries.length)
    .u64(node.left)
    .u64(node.right)
    .bytes(encodeEntries(node.entries, node.bound));
  return writer.zeros(nodeSize(rank) - writer.length).done();
}

/** Keys and children from an entry on, with the bound after them. */
export function encodeEntries(entries: readonly NodeEntry[], bound: readonly number[]): Buffer {
  const writer = new ByteWriter(entries.length * 40 + 64);
  for (const entry of entries) writer.bytes(encodeKey(entry)).u64(entry.child);
  return writer.bytes(encodeKey({ size: 0, mask: 0, offsets: bound })).done();
}

function encodeKey({ size, mask, offsets }: ChunkKey): Buffer {
  const writer = new ByteWriter(keySize(offsets.length)).u32(size).u32(mask);
  for (const offset of offsets) writer.u64(offset);
  return writer.u64(0).done();
}

/** Where things lie in a node at `address`, for changes in place. */
export const nodePlaces = {
  count: (address: number): number => address + COUNT_AT,
  left: (address: number): number => address + LEFT_AT,
  right: (address: number): number => address + RIGHT_AT,
  key: (address: number, index: number, rank: number): number =>
    address + KEYS_AT + index * (keySize(rank) + 8),
  child: (address: number, index: number, rank: number): number =>
    address + KEYS_AT + index * (keySize(rank) + 8) + keySize(rank),
};

export function parseNode(bytes: Uint8Array, rank: number): Node {
  const reader = new ByteReader(bytes);
  if (!reader.signature("TREE") || reader.u8() !== 1) throw new RangeError("no chunk index");
  const level = reader.u8();
  const count = reader.u16();
  const left = reader.u64();
  const right = reader.u64();
  const key = (): ChunkKey => {
    const size = reader.u32();
    const mask = reader.u32();
    const offsets = Array.from({ length: rank }, () => reader.address());
    reader.skip(8);
    return { size, mask, offsets };
  };
  const entries = Array.from({ length: count }, () => ({ ...key(), child: reader.address() }));
  return { level, left, right, entries, bound: key().offsets };
}

/** Order of chunks: by the first axis, then the second, … */
export function compareOffsets(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

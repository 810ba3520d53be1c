import { ByteReader } from "./bytes.js";
import type { ReadBytes } from "./object-header.js";

/**
 * The type and all records of a version 2 B-tree, in order.
 *
 * Header: `BTHD 0 | type u8 | node size u32 | record size u16 | depth u16 | split u8 | merge u8 | root 8 | records in root u16 |
 * total 8 | checksum`. Leaf: `BTLF 0 type | records | checksum`. Internal node: `BTIN 0 type | records | children | checksum`, a
 * child being `address 8 | its records | [records below it]`, in the fewest bytes that hold the largest possible count.
 */
export async function readRecords(
  read: ReadBytes,
  address: number,
): Promise<{ type: number; records: Buffer[] }> {
  const header = new ByteReader(await read(address, 38));
  if (!header.signature("BTHD")) throw new RangeError(`no B-tree at ${address}`);
  header.skip(1);
  const type = header.u8();
  const nodeSize = header.u32();
  const recordSize = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.u64();
  const count = header.u16();
  if (recordSize === 0 || nodeSize <= NODE_OVERHEAD + recordSize)
    throw new RangeError("a B-tree without room for records");
  const records: Buffer[] = [];
  if (root !== undefined) {
    const tree = {
      read,
      nodeSize,
      recordSize,
      widths: countWidths(nodeSize, recordSize, depth),
      seen: new Set<number>(),
    };
    await readNode(tree, root, count, depth, records);
  }
  return { type, records };
}

interface Tree {
  readonly read: ReadBytes;
  readonly nodeSize: number;
  readonly recordSize: number;
  readonly widths: readonly CountWidths[];
  /** Nodes read so far: each has one parent. */
  readonly seen: Set<number>;
}

/** How many bytes two counts take in a node's pointers: the child's own records, and all records below it (0 for leaves). */
interface CountWidths {
  readonly own: number;
  readonly below: number;
}

/** Signature, version, type and checksum. */
const NODE_OVERHEAD = 10;

/** Per level, from the leaves up. */
function countWidths(nodeSize: number, recordSize: number, depth: number): CountWidths[] {
  const leafRecords = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize);
  const own = widthFor(leafRecords);
  const widths = [{ own, below: 0 }];
  let below = leafRecords;
  for (let level = 1; level <= depth; level++) {
    const pointer = 8 + own + (widths[level - 1]?.below ?? 0);
    const records = Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer));
    below = (records + 1) * below + records;
    widths.push({ own, below: widthFor(below) });
  }
  return widths;
}

/** Bytes that hold any number up to `limit`: HDF5's rule for variable-width numbers. */
export function widthFor(limit: number): number {
  return Math.floor(Math.floor(Math.log2(limit)) / 8) + 1;
}

async function readNode(
  tree: Tree,
  address: number,
  count: number,
  level: number,
  records: Buffer[],
): Promise<void> {
  if (tree.seen.has(address)) throw new RangeError(`a B-tree node in two places (${address})`);
  tree.seen.add(address);
  const node = new ByteReader(await tree.read(address, tree.nodeSize));
  if (!node.signature(level === 0 ? "BTLF" : "BTIN")) throw new RangeError(`no B-tree node at ${address}`);
  node.skip(2);
  const own = Array.from({ length: count }, () => node.bytes(tree.recordSize));
  if (level === 0) {
    records.push(...own);
    return;
  }
  const width = tree.widths[level - 1];
  if (!width) throw new RangeError("a B-tree deeper than it says");
  for (let i = 0; i <= count; i++) {
    const child = node.address();
    const childRecords = node.uint(width.own);
    node.skip(width.below);
    await readNode(tree, child, childRecords, level - 1, records);
    const between = own[i];
    if (between) records.push(between);
  }
}

import { type ByteSource, readAddress, readBlock, readUnsigned, widthFor } from "./source.js";

/**
 * All records of a version 2 B-tree, in order.
 *
 * Header: `BTHD 0 | type u8 | node size u32 | record size u16 | depth u16 | split u8 | merge u8 | root 8 | records in root u16 |
 * total 8 | checksum`. Leaf: `BTLF 0 type | records | checksum`. Internal node: `BTIN 0 type | records | children | checksum`, a
 * child being `address 8 | its records | [records below it]`, in the fewest bytes that hold the largest possible count.
 */
export async function readRecords(source: ByteSource, address: number): Promise<Buffer[]> {
  const header = await readBlock(source, address, 38, "BTHD");
  const tree: Tree = {
    source,
    nodeSize: header.readUInt32LE(6),
    recordSize: header.readUInt16LE(10),
    widths: [],
  };
  const depth = header.readUInt16LE(12);
  const root = readAddress(header, 16);
  if (root === undefined) return [];
  tree.widths.push(...countWidths(tree.nodeSize, tree.recordSize, depth));
  const records: Buffer[] = [];
  await readNode(tree, root, header.readUInt16LE(24), depth, records);
  return records;
}

interface Tree {
  readonly source: ByteSource;
  readonly nodeSize: number;
  readonly recordSize: number;
  /** Per level: bytes of the count of all records below a node of that level (0 for leaves). */
  readonly widths: { readonly own: number; readonly below: number }[];
}

/** Signature, version, type and checksum. */
const NODE_OVERHEAD = 10;

function countWidths(nodeSize: number, recordSize: number, depth: number): { own: number; below: number }[] {
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

async function readNode(
  tree: Tree,
  address: number,
  count: number,
  level: number,
  records: Buffer[],
): Promise<void> {
  const node = await readBlock(tree.source, address, tree.nodeSize, level === 0 ? "BTLF" : "BTIN");
  const record = (i: number) => node.subarray(6 + i * tree.recordSize, 6 + (i + 1) * tree.recordSize);
  if (level === 0) {
    for (let i = 0; i < count; i++) records.push(record(i));
    return;
  }
  const { own, below } = tree.widths[level - 1] ?? { own: 1, below: 0 };
  const pointer = 8 + own + below;
  for (let i = 0; i <= count; i++) {
    const at = 6 + count * tree.recordSize + i * pointer;
    const child = readAddress(node, at);
    if (child !== undefined) await readNode(tree, child, readUnsigned(node, at + 8, own), level - 1, records);
    if (i < count) records.push(record(i));
  }
}

import { ByteReader } from "./bytes.js";
import type { Link } from "./link.js";
import { readLocalHeap } from "./local-heap.js";
import type { ReadBytes } from "./object-header.js";

/**
 * Old-style groups: a version-1 B-tree (node type 0) of symbol table nodes, with the names in a local heap.
 *   B-tree node: `TREE` | 0 | level 1 | entries 2 | left 8 | right 8 | key (8) child (8) … key; leaves point at
 *   `SNOD` | 1 | 0 | symbols 2 | per symbol (40 bytes): name offset 8 | header address 8 | cache type 4 | 4 | scratch 16.
 *   Cache type 2 is a soft link: the scratch begins with the offset of its target (4 bytes) in the heap.
 */
export async function readSymbolTable(
  read: ReadBytes,
  tree: number,
  heap: number,
): Promise<{ name: string; link: Link }[]> {
  const names = await readLocalHeap(read, heap);
  const links: { name: string; link: Link }[] = [];
  for (const node of await symbolNodes(read, tree)) {
    const head = new ByteReader(await read(node, 8));
    if (!head.signature("SNOD")) throw new RangeError("no symbol table node");
    head.skip(2);
    const count = head.u16();
    const reader = new ByteReader(await read(node + 8, 40 * count));
    for (let i = 0; i < count; i++) links.push(readSymbol(reader, names));
  }
  return links;
}

/** The leaves' children, left to right; `expected`: the node's level, as its parent's says. */
async function symbolNodes(read: ReadBytes, address: number, expected?: number): Promise<number[]> {
  const reader = new ByteReader(await read(address, 24));
  if (!reader.signature("TREE") || reader.u8() !== 0) throw new RangeError("no group index");
  const level = reader.u8();
  if (expected !== undefined && level !== expected) throw new RangeError("a group index out of level");
  const count = reader.u16();
  const body = new ByteReader(await read(address + 24, 16 * count + 8));
  const children = Array.from({ length: count }, () => {
    body.skip(8);
    return body.address();
  });
  if (level === 0) return children;
  const nodes: number[] = [];
  for (const child of children) nodes.push(...(await symbolNodes(read, child, level - 1)));
  return nodes;
}

function readSymbol(reader: ByteReader, names: Buffer): { name: string; link: Link } {
  const name = new ByteReader(names, reader.address()).text();
  const address = reader.u64();
  const cache = reader.u32();
  reader.skip(4);
  const scratch = new ByteReader(reader.bytes(16));
  if (cache === 2)
    return { name, link: { kind: "soft", target: new ByteReader(names, scratch.u32()).text() } };
  if (address === undefined) throw new RangeError(`the link "${name}" without an address`);
  return { name, link: { kind: "hard", address } };
}

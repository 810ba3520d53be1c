import type { StoredLink } from "./links.js";
import { type ByteSource, notAdoptable, readAddress, readBlock, readUnsigned } from "./source.js";

/**
 * The links of an old-style group, in name order: a symbol table message (`B-tree 8 | local heap 8`), a version 1 B-tree of type 0
 * whose leaves are `SNOD 1 0 | count u16` nodes of 40-byte entries `name offset 8 | header 8 | cache type u32 | 4 | scratch 16`, and
 * a local heap `HEAP 0 0 0 0 | size 8 | free 8 | data 8` with the names.
 */
export async function readSymbolTable(source: ByteSource, body: Buffer): Promise<StoredLink[]> {
  const tree = readAddress(body, 0);
  const heap = readAddress(body, 8);
  if (tree === undefined || heap === undefined) throw notAdoptable(source, "a group has no symbol table");
  const head = await readBlock(source, heap, 32, "HEAP");
  const names = await readBlock(source, readUnsigned(head, 24, 8), readUnsigned(head, 8, 8), "");
  const links: StoredLink[] = [];
  await readTree(source, tree, names, links);
  return links;
}

async function readTree(
  source: ByteSource,
  address: number,
  names: Buffer,
  links: StoredLink[],
): Promise<void> {
  const head = await readBlock(source, address, 24, "TREE");
  const count = head.readUInt16LE(6);
  const body = await readBlock(source, address + 24, count * 16 + 8, "");
  for (let i = 0; i < count; i++) {
    const child = readUnsigned(body, 8 + 16 * i, 8); // after the key
    if (head[5] === 0) await readNode(source, child, names, links);
    else await readTree(source, child, names, links);
  }
}

async function readNode(
  source: ByteSource,
  address: number,
  names: Buffer,
  links: StoredLink[],
): Promise<void> {
  const head = await readBlock(source, address, 8, "SNOD");
  const count = head.readUInt16LE(6);
  const entries = await readBlock(source, address + 8, count * 40, "");
  for (let i = 0; i < count; i++) {
    const entry = entries.subarray(i * 40, (i + 1) * 40);
    const name = text(names, readUnsigned(entry, 0, 8));
    const soft = entry.readUInt32LE(16) === 2;
    if (soft)
      links.push({ kind: "soft", name, order: undefined, target: text(names, entry.readUInt32LE(24)) });
    else links.push({ kind: "hard", name, order: undefined, address: readUnsigned(entry, 8, 8) });
  }
}

function text(names: Buffer, offset: number): Buffer {
  const end = names.indexOf(0, offset);
  return names.subarray(offset, end < 0 ? names.length : end);
}

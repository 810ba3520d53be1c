import { readRecords, widthFor } from "./btree-v2.js";
import { ByteReader } from "./bytes.js";
import type { ReadBytes } from "./object-header.js";

interface Heap {
  readonly read: ReadBytes;
  /** Bytes of an offset and of a length in a heap ID. */
  readonly offsetWidth: number;
  readonly lengthWidth: number;
  readonly hugeTree: number | undefined;
  /** Blocks per row of the doubling table. */
  readonly width: number;
  readonly startSize: number;
  readonly maxDirect: number;
  readonly root: number | undefined;
  /** Rows of the root's indirect block; 0: the root is a direct block. */
  readonly rootRows: number;
}

/**
 * Opens a fractal heap: where links and attributes lie in objects with many of them. Gives a function from a heap ID to its object.
 * Header: `FRHP 0 | ID length u16 | filter length u16 | flags u8 | max managed u32 | next huge ID 8 | huge B-tree 8 | free space 8 |
 * free-space manager 8 | managed 8 | allocated 8 | iterator 8 | objects 8 | huge size 8 | huge count 8 | tiny size 8 | tiny count 8 |
 * table width u16 | start size 8 | max direct 8 | max heap bits u16 | start rows u16 | root 8 | rows u16`.
 */
export async function openFractalHeap(
  read: ReadBytes,
  address: number,
): Promise<(id: Buffer) => Promise<Buffer>> {
  const header = new ByteReader(await read(address, 142));
  if (!header.signature("FRHP")) throw new RangeError(`no fractal heap at ${address}`);
  header.skip(3);
  if (header.u16() !== 0) throw new RangeError("a compressed fractal heap");
  header.skip(1);
  const maxManaged = header.u32();
  header.skip(8);
  const hugeTree = header.u64();
  header.skip(80);
  const width = header.u16();
  const startSize = header.address();
  const maxDirect = header.address();
  const offsetWidth = Math.ceil(header.u16() / 8);
  header.skip(2);
  const root = header.u64();
  const rootRows = header.u16();
  if (width === 0 || startSize === 0 || maxDirect < startSize) throw new RangeError("a heap without blocks");
  const lengthWidth = widthFor(Math.min(maxDirect, maxManaged));
  const heap = { read, offsetWidth, lengthWidth, hugeTree, width, startSize, maxDirect, root, rootRows };
  return (id) => readObject(heap, id);
}

/** Heap IDs: `kind in bits 4-5`: 0 in a block (`offset | length`), 1 huge (a key), 2 tiny (length - 1 in bits 0-3, then the object). */
async function readObject(heap: Heap, id: Buffer): Promise<Buffer> {
  const reader = new ByteReader(id);
  const first = reader.u8();
  const kind = (first >> 4) & 3;
  if (kind === 1) return readHuge(heap, id);
  if (kind === 2) return reader.bytes((first & 15) + 1);
  const offset = reader.uint(heap.offsetWidth);
  const length = reader.uint(heap.lengthWidth);
  return exactly(heap, await locate(heap, offset), length);
}

async function exactly(heap: Heap, address: number, length: number): Promise<Buffer> {
  const bytes = await heap.read(address, length);
  if (bytes.length < length) throw new RangeError(`a heap object at ${address} beyond the end`);
  return bytes;
}

/** Huge objects lie on their own: a B-tree has `address 8 | length 8 | key 8`. */
async function readHuge(heap: Heap, id: Buffer): Promise<Buffer> {
  const key = new ByteReader(id, 1).uint(Math.min(6, id.length - 1));
  const { records } =
    heap.hugeTree === undefined ? { records: [] } : await readRecords(heap.read, heap.hugeTree);
  for (const record of records) {
    const reader = new ByteReader(record);
    const address = reader.address();
    const length = reader.address();
    if (reader.u64() === key) return exactly(heap, address, length);
  }
  throw new RangeError("a large object that is nowhere");
}

/** The file address of a heap offset: down the indirect blocks to the direct block that spans it. */
async function locate(heap: Heap, offset: number): Promise<number> {
  if (heap.root === undefined) throw new RangeError("an empty heap is referred to (damaged)");
  if (heap.rootRows === 0) return heap.root + offset;
  let block = heap.root;
  let rows = heap.rootRows;
  let within = offset;
  for (;;) {
    const { row, column, start } = rowOf(heap, within);
    if (row >= rows) throw new RangeError(`no heap block at offset ${offset} (damaged)`);
    const entry = await childOf(heap, block, row, column);
    const size = rowSize(heap, row);
    within -= start;
    if (size <= heap.maxDirect) return entry + within;
    block = entry;
    rows = Math.log2(size) - Math.log2(heap.startSize * heap.width) + 1;
  }
}

/** Rows 0 and 1 hold blocks of the start size; each row after doubles it. */
function rowSize(heap: Heap, row: number): number {
  return heap.startSize * 2 ** Math.max(0, row - 1);
}

function rowOf(heap: Heap, offset: number): { row: number; column: number; start: number } {
  let start = 0;
  for (let row = 0; ; row++) {
    const size = rowSize(heap, row);
    const end = start + size * heap.width;
    if (offset < end) {
      const column = Math.floor((offset - start) / size);
      return { row, column, start: start + column * size };
    }
    start = end;
  }
}

/** Indirect block: `FHIB 0 | heap header 8 | block offset | child addresses, row by row | checksum`. */
async function childOf(heap: Heap, block: number, row: number, column: number): Promise<number> {
  if (!new ByteReader(await heap.read(block, 4)).signature("FHIB"))
    throw new RangeError(`no heap block at ${block}`);
  const entry = block + 13 + heap.offsetWidth + 8 * (row * heap.width + column);
  return new ByteReader(await heap.read(entry, 8)).address();
}

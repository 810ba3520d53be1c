import { readRecords } from "./btree-v2.js";
import { type ByteSource, notAdoptable, readAddress, readBlock, readUnsigned, widthFor } from "./source.js";

/** Where links and attributes lie in groups with many of them ("dense storage"). */
export interface FractalHeap {
  /** The object of a heap ID: managed (in blocks), huge (on its own) or tiny (inside the ID). */
  object(id: Buffer): Promise<Buffer>;
}

interface HeapHeader {
  readonly source: ByteSource;
  readonly offsetWidth: number;
  readonly lengthWidth: number;
  readonly hugeTree: number | undefined;
  readonly width: number;
  readonly startSize: number;
  readonly maxDirect: number;
  readonly root: number | undefined;
  readonly rootRows: number;
}

/**
 * Opens a fractal heap. Header: `FRHP 0 | ID length u16 | filter length u16 | flags u8 | max managed u32 | next huge ID 8 | huge
 * B-tree 8 | free space 8 | free-space manager 8 | managed 8 | allocated 8 | iterator 8 | objects 8 | huge size 8 | huge count 8 |
 * tiny size 8 | tiny count 8 | table width u16 | start size 8 | max direct 8 | max heap bits u16 | start rows u16 | root 8 | rows u16`.
 */
export async function openFractalHeap(source: ByteSource, address: number): Promise<FractalHeap> {
  const bytes = await readBlock(source, address, 146, "FRHP");
  if (bytes.readUInt16LE(7) !== 0) throw notAdoptable(source, "a group's links are stored compressed");
  const maxDirect = readUnsigned(bytes, 120, 8);
  const heap: HeapHeader = {
    source,
    offsetWidth: Math.ceil(bytes.readUInt16LE(128) / 8),
    lengthWidth: widthFor(Math.min(maxDirect, bytes.readUInt32LE(10))),
    hugeTree: readAddress(bytes, 22),
    width: bytes.readUInt16LE(110),
    startSize: readUnsigned(bytes, 112, 8),
    maxDirect,
    root: readAddress(bytes, 132),
    rootRows: bytes.readUInt16LE(140),
  };
  return { object: (id) => readObject(heap, id) };
}

async function readObject(heap: HeapHeader, id: Buffer): Promise<Buffer> {
  const type = ((id[0] ?? 0) >> 4) & 3;
  if (type === 0) {
    const offset = readUnsigned(id, 1, heap.offsetWidth);
    const length = readUnsigned(id, 1 + heap.offsetWidth, heap.lengthWidth);
    return readBlock(heap.source, await locate(heap, offset), length, "");
  }
  if (type === 1) return readHuge(heap, id);
  const length = ((id[0] ?? 0) & 15) + 1;
  return id.subarray(1, 1 + length);
}

/** Huge objects: the ID is a key of a B-tree whose records are `address 8 | length 8 | key 8`. */
async function readHuge(heap: HeapHeader, id: Buffer): Promise<Buffer> {
  const key = readUnsigned(id, 1, Math.min(8, id.length - 1));
  const records = heap.hugeTree === undefined ? [] : await readRecords(heap.source, heap.hugeTree);
  const record = records.find((candidate) => readUnsigned(candidate, 16, 8) === key);
  if (!record) throw notAdoptable(heap.source, "a large attribute is not where it should be (damaged)");
  return readBlock(heap.source, readUnsigned(record, 0, 8), readUnsigned(record, 8, 8), "");
}

/** The file address of a heap offset: down the indirect blocks to the direct block that spans it. */
async function locate(heap: HeapHeader, offset: number): Promise<number> {
  if (heap.root === undefined) throw notAdoptable(heap.source, "an empty heap is referred to (damaged)");
  if (heap.rootRows === 0) return heap.root + offset;
  let block = heap.root;
  let rows = heap.rootRows;
  let within = offset;
  for (;;) {
    const { row, column, start } = rowOf(heap, within);
    if (row >= rows) throw notAdoptable(heap.source, `no heap block at offset ${offset} (damaged)`);
    const entry = await childOf(heap, block, row, column);
    const size = rowSize(heap, row);
    within -= start;
    if (size <= heap.maxDirect) return entry + within;
    block = entry;
    rows = Math.log2(size) - Math.log2(heap.startSize * heap.width) + 1;
  }
}

/** Rows 0 and 1 hold blocks of the start size; each row after doubles it. */
function rowSize(heap: HeapHeader, row: number): number {
  return heap.startSize * 2 ** Math.max(0, row - 1);
}

function rowOf(heap: HeapHeader, offset: number): { row: number; column: number; start: number } {
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
async function childOf(heap: HeapHeader, block: number, row: number, column: number): Promise<number> {
  await readBlock(heap.source, block, 5, "FHIB");
  const entry = block + 13 + heap.offsetWidth + 8 * (row * heap.width + column);
  const child = readAddress(await readBlock(heap.source, entry, 8, ""), 0);
  if (child === undefined) throw notAdoptable(heap.source, "a heap block is missing (damaged)");
  return child;
}

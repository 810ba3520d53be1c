import { ByteReader, ByteWriter } from "./bytes.js";
import { readLocalHeap } from "./local-heap.js";
import type { ReadBytes } from "./object-header.js";

/**
 * Raw files that hold a dataset's elements (message 0x07): 1 | 3 zeros | slots 2 | used 2 | local heap 8 | per file: offset of its
 * name in the heap 8, offset in the file 8, bytes 8 (ff × 8: to the end of the file).
 * Local heap: `HEAP` | 0 | 3 zeros | size of the data 8 | free list 8 (1: none) | address of the data 8; the data
 * begin with 8 zero bytes, then names, each NUL-terminated and padded to 8.
 */
export interface RawFile {
  readonly name: string;
  readonly offset: number;
  readonly size: number | null;
}

const HEAP_HEADER = 32;

/** The local heap with the names, for `address`; the data follow the header. */
export function encodeNames(
  files: readonly RawFile[],
  address: number,
): { bytes: Buffer; offsets: number[] } {
  const data = new ByteWriter().zeros(8);
  const offsets = files.map(({ name }) => {
    const offset = data.length;
    data.bytes(Buffer.from(`${name}\0`)).pad(8);
    return offset;
  });
  const bytes = new ByteWriter()
    .ascii("HEAP")
    .u8(0, 0, 0, 0)
    .u64(data.length)
    .u64(1)
    .u64(address + HEAP_HEADER)
    .bytes(data.done())
    .done();
  return { bytes, offsets };
}

export function encodeExternalFiles(
  files: readonly RawFile[],
  heap: number,
  offsets: readonly number[],
): Buffer {
  const writer = new ByteWriter().u8(1, 0, 0, 0).u16(files.length).u16(files.length).u64(heap);
  for (const [i, { offset, size }] of files.entries())
    writer
      .u64(offsets[i] ?? 0)
      .u64(offset)
      .u64(size);
  return writer.done();
}

export async function readExternalFiles(read: ReadBytes, message: Uint8Array): Promise<RawFile[]> {
  const reader = new ByteReader(message, 6);
  const count = reader.u16();
  const names = await readLocalHeap(read, reader.address());
  return Array.from({ length: count }, () => {
    const name = new ByteReader(names, reader.address()).text();
    return { name, offset: reader.address(), size: reader.u64() ?? null };
  });
}

import { ByteReader, ByteWriter } from "./bytes.js";
import { lookup3 } from "./lookup3.js";

/**
 * A note of ours right behind the root group's first header chunk (512 bytes), in space that HDF5 does not know of. It says how
 * far the file is in use, which the stored EOF of a file that was not closed does not (it runs ahead), and which
 * space inside is free, which HDF5 keeps no record of.
 *   `NXLIVE\0\1` | stored EOF that it goes with 8 | end of what is in use 8 | list of free space 8 | entries in it 4 |
 *   scratch space 8 | its end 8 | lookup3 4
 * It holds only as long as the stored EOF is the one it names: any other program that allocates space changes that.
 * The list lies at the end of the file and names its own place too: address 8 | size 8 per extent.
 */
export const NOTE_SIZE = 56;
/** From the address of the root's header. */
export const NOTE_OFFSET = 512;
const MAGIC = "NXLIVE\0\u0001";

export interface Note {
  readonly eof: number;
  readonly end: number;
  readonly list: number;
  readonly entries: number;
  /** Blocks of datasets that are still growing lie between these addresses; 0: there are none. */
  readonly scratchStart: number;
  readonly scratchEnd: number;
}

export interface Extent {
  readonly address: number;
  readonly size: number;
}

export function encodeNote(note: Note): Buffer {
  const writer = new ByteWriter(NOTE_SIZE)
    .ascii(MAGIC)
    .u64(note.eof)
    .u64(note.end)
    .u64(note.list)
    .u32(note.entries);
  writer.u64(note.scratchStart).u64(note.scratchEnd);
  return writer.u32(lookup3(writer.done())).done();
}

/** Undefined when there is none. It holds for the present state of the file only when its `eof` is the file's. */
export function parseNote(bytes: Uint8Array): Note | undefined {
  if (bytes.length < NOTE_SIZE) return undefined;
  const reader = new ByteReader(bytes);
  if (!reader.signature(MAGIC)) return undefined;
  const end = NOTE_SIZE - 4;
  if (new ByteReader(bytes, end).u32() !== lookup3(bytes, end)) return undefined;
  const [eof, last, list] = [reader.address(), reader.address(), reader.address()];
  const entries = reader.u32();
  return { eof, end: last, list, entries, scratchStart: reader.address(), scratchEnd: reader.address() };
}

export function encodeExtents(extents: readonly Extent[]): Buffer {
  const writer = new ByteWriter(16 * extents.length);
  for (const { address, size } of extents) writer.u64(address).u64(size);
  return writer.done();
}

export function parseExtents(bytes: Uint8Array, count: number): Extent[] {
  const reader = new ByteReader(bytes);
  return Array.from({ length: count }, () => ({ address: reader.address(), size: reader.address() }));
}

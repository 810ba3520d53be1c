import { ByteReader, ByteWriter } from "./bytes.js";
import { lookup3 } from "./lookup3.js";

/**
 * The superblock: where the root group is and up to which address the file is valid ("stored EOF").
 *
 * v2, v3 (48 bytes, what we write is v2):
 *   0 signature 8 | 8 version 1 | 9 size of addresses 1 (8) | 10 size of lengths 1 (8) | 11 flags 1 | 12 base address 8 |
 *   20 extension address 8 | 28 stored EOF 8 | 36 root header 8 | 44 lookup3 of bytes 0..43
 * v0 (96 bytes; v1 has 4 more before the base address), no checksum:
 *   8 versions 5 | 13 size of addresses 1 | 14 size of lengths 1 | 15 reserved 1 | 16 group leaf K 2 | 18 group internal K 2 |
 *   20 flags 4 | 24 base address 8 | 32 free space 8 | 40 stored EOF 8 | 48 driver block 8 |
 *   56 root entry: name offset 8 | 64 header address 8 | 72 cache type 4 | 76 reserved 4 | 80 scratch 16
 */
const SIGNATURE = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Bytes to read to be sure of holding a superblock of any version. */
export const SUPERBLOCK_MAX = 100;

export interface Superblock {
  readonly version: number;
  readonly flags: number;
  readonly base: number;
  readonly sizes: readonly [addresses: number, lengths: number];
  readonly extension: number | undefined;
  readonly driver: number | undefined;
  readonly eof: number;
  readonly root: number;
}

/** Undefined when the bytes are not a superblock; a RangeError when they are a damaged one. */
export function parseSuperblock(bytes: Uint8Array): Superblock | undefined {
  if (bytes.length < 48 || Buffer.compare(bytes.subarray(0, 8), SIGNATURE) !== 0) return undefined;
  const version = bytes[8] ?? 255;
  if (version <= 1) return parseOld(new ByteReader(bytes), version);
  if (version > 3) throw new RangeError(`superblock version ${version}`);
  const reader = new ByteReader(bytes, 9);
  const sizes = [reader.u8(), reader.u8()] as const;
  const flags = reader.u8();
  const base = reader.address();
  const extension = reader.u64();
  const eof = reader.address();
  const root = reader.address();
  if (reader.u32() !== lookup3(bytes, 44)) throw new RangeError("a superblock with a wrong checksum");
  return { version, flags, base, sizes, extension, driver: undefined, eof, root };
}

function parseOld(reader: ByteReader, version: number): Superblock {
  reader.at = 13;
  const sizes = [reader.u8(), reader.u8()] as const;
  reader.at = version === 0 ? 24 : 28;
  const base = reader.address();
  reader.u64();
  const eof = reader.address();
  const driver = reader.u64();
  reader.u64();
  const root = reader.address();
  return { version, flags: 0, base, sizes, extension: undefined, driver, eof, root };
}

/** What has to be written, and where, to give the file a new stored EOF and root header: one write of less than a page. */
export function encodeSuperblock(block: Superblock): { readonly at: number; readonly bytes: Buffer } {
  if (block.version >= 2) return { at: 0, bytes: encodeNew(block) };
  const bytes = new ByteWriter()
    .u64(block.eof)
    .u64(block.driver)
    .u64(0) // name offset
    .u64(block.root)
    .u32(0) // nothing cached about the root
    .zeros(20)
    .done();
  return { at: block.version === 0 ? 40 : 44, bytes };
}

function encodeNew(block: Superblock): Buffer {
  const writer = new ByteWriter()
    .bytes(SIGNATURE)
    .u8(block.version, 8, 8, block.flags)
    .u64(block.base)
    .u64(block.extension)
    .u64(block.eof)
    .u64(block.root);
  return writer.u32(lookup3(writer.done())).done();
}

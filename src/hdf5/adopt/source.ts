import { UnsupportedFileError } from "../errors.js";

/** Positioned reads of a file: all that parsing needs. Reads past the end give fewer bytes. */
export interface ByteSource {
  readonly path: string;
  read(address: number, length: number): Promise<Buffer>;
}

/** The error for a structure that is valid HDF5 perhaps, but that we cannot safely append to. */
export function notAdoptable(source: ByteSource, what: string): UnsupportedFileError {
  return new UnsupportedFileError(
    `Cannot append to ${source.path}: ${what}. Nothing was changed; write to another file, or copy this one with h5repack first.`,
    { path: source.path },
  );
}

/** The "undefined address" of HDF5: all ones. */
export const UNDEFINED = 0xffff_ffff_ffff_ffffn;

/** Reads exactly `length` bytes that start with a four-letter signature (`""`: none). */
export async function readBlock(
  source: ByteSource,
  address: number,
  length: number,
  signature: string,
): Promise<Buffer> {
  const block = await source.read(address, length);
  if (block.length < length) {
    throw notAdoptable(source, `it ends inside a structure at ${address} (damaged or truncated)`);
  }
  if (signature && block.toString("latin1", 0, 4) !== signature) {
    throw notAdoptable(source, `no ${signature} structure at ${address} (damaged)`);
  }
  return block;
}

/** An 8-byte address or length as a number; the undefined address gives undefined. */
export function readAddress(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readBigUInt64LE(offset);
  return value === UNDEFINED ? undefined : Number(value);
}

/** A little-endian unsigned integer of 1–8 bytes. */
export function readUnsigned(bytes: Buffer, offset: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0);
  return value;
}

/** Bytes that hold any number up to `limit`: HDF5's rule for variable-width counts. */
export function widthFor(limit: number): number {
  return Math.floor(Math.floor(Math.log2(limit)) / 8) + 1;
}

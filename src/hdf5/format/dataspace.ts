import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Dataspace message (0x01), version 2: 2 | rank 1 | flags 1 (bit 0: maximal lengths present) | type 1 (0 scalar, 1 simple,
 * 2 null) | lengths 8 each | maximal lengths 8 each (ff × 8: unlimited). Version 1 (read only): 1 | rank | flags | 5 reserved | …
 */
export interface Dataspace {
  /** `[]`: scalar, `null`: the null dataspace. */
  readonly shape: readonly number[] | null;
  /** `null` entries are unlimited; absent: the shape itself. */
  readonly maxshape?: readonly (number | null)[];
}

export function encodeDataspace(space: Dataspace): Buffer {
  if (space.shape === null) return new ByteWriter().u8(2, 0, 0, 2).done();
  if (space.shape.length === 0) return new ByteWriter().u8(2, 0, 0, 0).done();
  const writer = new ByteWriter().u8(2, space.shape.length, space.maxshape ? 1 : 0, 1);
  for (const length of space.shape) writer.u64(length);
  for (const length of space.maxshape ?? []) writer.u64(length);
  return writer.done();
}

export function parseDataspace(bytes: Uint8Array): Dataspace {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const rank = reader.u8();
  const flags = reader.u8();
  if (version === 1) {
    reader.skip(5);
  } else if (version === 2) {
    if (reader.u8() === 2) return { shape: null };
  } else throw new RangeError(`dataspace version ${version}`);
  const shape = Array.from({ length: rank }, () => reader.address());
  if (!(flags & 1)) return { shape };
  return { shape, maxshape: shape.map(() => reader.u64() ?? null) };
}

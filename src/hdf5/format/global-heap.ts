import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Global heap collection: objects of any size, named by the collection's address and an index.
 *   `GCOL` | 1 | 3 zeros | size of the collection 8 (at least 4096) | objects
 *   object: index 2 (from 1) | reference count 2 | 4 zeros | size 8 | data, padded to 8
 *   the free rest: index 0, its size includes its own 16 bytes of header; less than 16 bytes: nothing.
 * An element of variable-length text is: length 4 | collection 8 | index 4; empty text is 16 zero bytes.
 */
export const COLLECTION_MIN = 4096;
export const COLLECTION_HEADER = 16;
export const OBJECT_HEADER = 16;

export function encodeCollectionHeader(size: number): Buffer {
  return new ByteWriter().ascii("GCOL").u8(1, 0, 0, 0).u64(size).done();
}

export function objectSize(length: number): number {
  return OBJECT_HEADER + 8 * Math.ceil(length / 8);
}

export function encodeObject(index: number, data: Uint8Array): Buffer {
  return new ByteWriter(objectSize(data.length))
    .u16(index)
    .u16(0)
    .u32(0)
    .u64(data.length)
    .bytes(data)
    .pad(8)
    .done();
}

/** The free space object over `room` bytes; nothing when it would not fit. */
export function encodeFree(room: number): Buffer {
  return room < OBJECT_HEADER ? Buffer.alloc(0) : new ByteWriter().u32(0).u32(0).u64(room).done();
}

/** The elements of text as stored. */
export function encodeReference(length: number, address: number, index: number): Buffer {
  return new ByteWriter(16).u32(length).u64(address).u32(index).done();
}

/** The size of a collection from its first 16 bytes. */
export function parseCollectionSize(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  if (!reader.signature("GCOL")) throw new RangeError("no global heap");
  reader.skip(4);
  return reader.address();
}

/** The objects of a whole collection by index. */
export function parseCollection(bytes: Uint8Array): Map<number, Buffer> {
  const objects = new Map<number, Buffer>();
  const reader = new ByteReader(bytes, COLLECTION_HEADER);
  while (reader.left >= OBJECT_HEADER) {
    const index = reader.u16();
    reader.skip(6);
    const size = reader.address();
    if (index === 0) break;
    objects.set(index, reader.bytes(size));
    reader.skip((8 - (size % 8)) % 8);
  }
  return objects;
}

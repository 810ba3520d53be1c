import { ByteReader, ByteWriter } from "./bytes.js";

/** Types of object header messages. */
export const MESSAGE = {
  nil: 0x00,
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillOld: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  pipeline: 0x0b,
  attribute: 0x0c,
  comment: 0x0d,
  continuation: 0x10,
  symbolTable: 0x11,
  time: 0x12,
  attributeInfo: 0x15,
  referenceCount: 0x16,
} as const;

/** Message flag "constant": set on datatype, fill value and pipeline, as the C library does. */
export const CONSTANT = 1;

/** Link info (0x02): 0 | flags 1 (3: order tracked and indexed) | next order 8 | heap, name index, order index 8 each. */
export function encodeLinkInfo(nextOrder: number): Buffer {
  return new ByteWriter().u8(0, 3).u64(nextOrder).u64(undefined).u64(undefined).u64(undefined).done();
}

export interface LinkInfo {
  readonly tracked: boolean;
  readonly nextOrder: number;
  readonly heap: number | undefined;
  readonly nameIndex: number | undefined;
}

export function parseLinkInfo(bytes: Uint8Array): LinkInfo {
  const reader = new ByteReader(bytes, 1);
  const flags = reader.u8();
  const nextOrder = flags & 1 ? (reader.u64() ?? 0) : 0;
  return { tracked: (flags & 1) !== 0, nextOrder, heap: reader.u64(), nameIndex: reader.u64() };
}

/** Group info (0x0a): 0 | flags 1 (1: limits present) | most compact links 2 | fewest dense links 2: stays compact for long. */
export function encodeGroupInfo(): Buffer {
  return new ByteWriter().u8(0, 1).u16(60000).u16(50000).done();
}

/** Attribute info (0x15): 0 | flags 1 (3: order tracked and indexed) | next order 2 | heap, name index, order index 8 each. */
export function encodeAttributeInfo(nextOrder: number): Buffer {
  return new ByteWriter().u8(0, 3).u16(nextOrder).u64(undefined).u64(undefined).u64(undefined).done();
}

export interface AttributeInfo {
  readonly tracked: boolean;
  readonly nextOrder: number;
  readonly heap: number | undefined;
  readonly nameIndex: number | undefined;
}

export function parseAttributeInfo(bytes: Uint8Array): AttributeInfo {
  const reader = new ByteReader(bytes, 1);
  const flags = reader.u8();
  const nextOrder = flags & 1 ? reader.u16() : 0;
  return { tracked: (flags & 1) !== 0, nextOrder, heap: reader.u64(), nameIndex: reader.u64() };
}

/** Object reference count (0x16): 0 | count 4. Only present when the count is not 1. */
export function encodeReferenceCount(count: number): Buffer {
  return new ByteWriter().u8(0).u32(count).done();
}

/** Continuation (0x10): address 8 | length 8 of a further chunk of the header. */
export function encodeContinuation(address: number, length: number): Buffer {
  return new ByteWriter().u64(address).u64(length).done();
}

/**
 * Fill value (0x05), version 3: 3 | flags 1 (bits 0-1 allocation: 1 early, 2 late, 3 incremental; bits 2-3 write time:
 * 2 if set; 0x20 value defined) | [size 4, value].
 */
export function encodeFill(allocation: "late" | "incremental", value: Uint8Array | undefined): Buffer {
  const writer = new ByteWriter().u8(3, (allocation === "late" ? 2 : 3) | 8 | (value ? 0x20 : 0));
  return value ? writer.u32(value.length).bytes(value).done() : writer.done();
}

/** The value of a fill message of version 2 or 3; undefined: the default (zeros). */
export function parseFill(bytes: Uint8Array): Buffer | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version === 3) return reader.u8() & 0x20 ? reader.bytes(reader.u32()) : undefined;
  reader.skip(2);
  if (reader.u8() === 0) return undefined;
  const size = reader.u32();
  return size > 0 && size < 0xffff_ffff ? reader.bytes(size) : undefined;
}

/** Filters of a dataset, in the order of writing. */
export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

/** Filter pipeline (0x0b), version 2: 2 | filters 1 | per filter: id 2, flags 2 (1: optional), values 2, values 4 each. */
export function encodePipeline(filters: readonly Filter[]): Buffer {
  const writer = new ByteWriter().u8(2, filters.length);
  for (const { id, values } of filters) {
    writer.u16(id).u16(1).u16(values.length);
    for (const value of values) writer.u32(value);
  }
  return writer.done();
}

export function parsePipeline(bytes: Uint8Array): Filter[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const count = reader.u8();
  if (version === 1) reader.skip(6);
  return Array.from({ length: count }, () => {
    const id = reader.u16();
    const nameLength = version === 1 || id >= 256 ? reader.u16() : 0;
    reader.u16();
    const length = reader.u16();
    reader.skip(nameLength);
    const values = Array.from({ length }, () => reader.u32());
    if (version === 1 && length % 2 === 1) reader.skip(4);
    return { id, values };
  });
}

/** Reads the reference count message. */
export function parseReferenceCount(bytes: Uint8Array): number {
  return new ByteReader(bytes, 1).u32();
}

/** Reads the symbol table message (0x11) of an old-style group: B-tree 8 | local heap 8. */
export function parseSymbolTable(bytes: Uint8Array): { readonly tree: number; readonly heap: number } {
  const reader = new ByteReader(bytes);
  return { tree: reader.address(), heap: reader.address() };
}

import { ByteReader, ByteWriter } from "./bytes.js";
import { lookup3 } from "./lookup3.js";
import { MESSAGE } from "./messages.js";

/**
 * Object headers: a list of messages in one or more chunks.
 *
 * v2, as written here:
 *   first chunk:  `OHDR` | 2 | flags 1 (0x0d: 2-byte size, attribute order tracked and indexed) | size of messages + gap 2 |
 *                 messages | gap | lookup3 4
 *   continuation: `OCHK` | messages | gap | lookup3 4
 *   message:      type 1 | size 2 | flags 1 | creation index 2 (with flag 4 of the header) | body
 *   Free room of 6 bytes and more is a NIL message (type 0) filling it exactly; 1 to 5 bytes are a gap of zeros.
 * v2, as read: size of the first chunk in 1, 2, 4 or 8 bytes (flags 0-1), + 4 bytes with flag 0x10, + 16 bytes (times) with 0x20.
 * v1 (read): 1 | 0 | messages 2 | reference count 4 | size of the first chunk 4 | 4 padding | messages; continuations are
 *   bare messages. Message: type 2 | size 2 (multiple of 8) | flags 1 | 3 reserved | body.
 */
export const FIRST_OVERHEAD = 12;
export const NEXT_OVERHEAD = 8;
export const MESSAGE_OVERHEAD = 6;
export const CONTINUATION_SIZE = MESSAGE_OVERHEAD + 16;
const FLAGS = 0x0d;

export interface Message {
  readonly type: number;
  readonly flags: number;
  /** Creation index of attributes, else 0. */
  readonly order: number;
  readonly body: Buffer;
}

/** A whole chunk of `size` bytes. The messages must fit. */
export function encodeChunk(first: boolean, size: number, messages: readonly Message[]): Buffer {
  const writer = new ByteWriter(size);
  if (first)
    writer
      .ascii("OHDR")
      .u8(2, FLAGS)
      .u16(size - FIRST_OVERHEAD);
  else writer.ascii("OCHK");
  for (const { type, flags, order, body } of messages) {
    writer.u8(type).u16(body.length).u8(flags).u16(order).bytes(body);
  }
  const free = size - 4 - writer.length;
  if (free < 0) throw new RangeError(`object header chunk of ${size} bytes overflows by ${-free}`);
  if (free >= MESSAGE_OVERHEAD)
    writer
      .u8(MESSAGE.nil)
      .u16(free - MESSAGE_OVERHEAD)
      .zeros(free - 3);
  else writer.zeros(free);
  return writer.u32(lookup3(writer.done())).done();
}

export interface ParsedChunk {
  readonly address: number;
  readonly size: number;
  /** Without NIL messages. */
  readonly messages: readonly Message[];
}

export interface ParsedHeader {
  readonly version: number;
  readonly flags: number;
  readonly chunks: readonly ParsedChunk[];
  /** Reference count of a v1 header (v2 has a message). */
  readonly references: number;
}

export type ReadBytes = (address: number, length: number) => Promise<Buffer>;

/** Reads a header of either version with all its chunks; a RangeError tells of a damaged one. */
export async function readHeader(read: ReadBytes, address: number): Promise<ParsedHeader> {
  const start = await read(address, 512);
  return start.toString("latin1", 0, 4) === "OHDR"
    ? await readNew(read, address, start)
    : await readOld(read, address, start);
}

async function readNew(read: ReadBytes, address: number, start: Buffer): Promise<ParsedHeader> {
  const reader = new ByteReader(start, 4);
  if (reader.u8() !== 2) throw new RangeError(`object header version at ${address}`);
  const flags = reader.u8();
  if (flags & 0x20) reader.skip(16);
  if (flags & 0x10) reader.skip(4);
  const length = reader.uint(Math.min(6, 1 << (flags & 3)));
  if ((flags & 3) === 3) reader.skip(2);
  const prefix = reader.at;
  const size = prefix + length + 4;
  const bytes = size <= start.length ? start.subarray(0, size) : await read(address, size);
  const ordered = (flags & 4) !== 0;
  const chunks: ParsedChunk[] = [{ address, size, messages: parseNew(bytes, prefix, ordered) }];
  for (const next of continuations(chunks)) {
    const chunk = await read(next.address, next.size);
    if (chunk.toString("latin1", 0, 4) !== "OCHK")
      throw new RangeError(`header continuation at ${next.address}`);
    chunks.push({ ...next, messages: parseNew(chunk, 4, ordered) });
  }
  return { version: 2, flags, chunks, references: 1 };
}

/** The places that the chunks' continuation messages name, including those of chunks added meanwhile. */
function* continuations(chunks: readonly ParsedChunk[]): Generator<{ address: number; size: number }> {
  for (let i = 0; i < chunks.length; i++) {
    for (const message of chunks[i]?.messages ?? []) {
      if (message.type !== MESSAGE.continuation) continue;
      const reader = new ByteReader(message.body);
      const next = { address: reader.address(), size: reader.address() };
      const end = next.address + next.size;
      const overlaps = chunks.some(({ address, size }) => next.address < address + size && address < end);
      if (overlaps) throw new RangeError("an object header that goes round in circles");
      yield next;
    }
  }
}

function parseNew(bytes: Buffer, prefix: number, ordered: boolean): Message[] {
  const end = bytes.length - 4;
  if (bytes.readUInt32LE(end) !== lookup3(bytes, end))
    throw new RangeError("an object header with a wrong checksum");
  const reader = new ByteReader(bytes.subarray(0, end), prefix);
  const messages: Message[] = [];
  while (reader.left >= (ordered ? 6 : 4)) {
    const type = reader.u8();
    const size = reader.u16();
    const flags = reader.u8();
    const order = ordered ? reader.u16() : 0;
    const body = reader.bytes(size);
    if (type !== MESSAGE.nil) messages.push({ type, flags, order, body: Buffer.from(body) });
  }
  return messages;
}

async function readOld(read: ReadBytes, address: number, start: Buffer): Promise<ParsedHeader> {
  const reader = new ByteReader(start);
  if (reader.u8() !== 1) throw new RangeError(`no object header at ${address}`);
  reader.skip(3);
  const references = reader.u32();
  const size = 16 + reader.u32();
  const bytes = size <= start.length ? start.subarray(0, size) : await read(address, size);
  const chunks: ParsedChunk[] = [{ address, size, messages: parseOld(bytes, 16) }];
  for (const next of continuations(chunks)) {
    chunks.push({ ...next, messages: parseOld(await read(next.address, next.size), 0) });
  }
  return { version: 1, flags: 0, chunks, references };
}

function parseOld(bytes: Buffer, prefix: number): Message[] {
  const reader = new ByteReader(bytes, prefix);
  const messages: Message[] = [];
  while (reader.left >= 8) {
    const type = reader.u16();
    const size = reader.u16();
    const flags = reader.u8();
    reader.skip(3);
    const body = reader.bytes(size);
    if (type !== MESSAGE.nil) messages.push({ type, flags, order: 0, body: Buffer.from(body) });
  }
  return messages;
}

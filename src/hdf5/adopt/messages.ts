import { type ByteSource, notAdoptable, readAddress, readBlock, readUnsigned } from "./source.js";

/** One message of an object header, as stored. */
export interface StoredMessage {
  readonly type: number;
  readonly flags: number;
  /** Creation index of attributes, where the header tracks it. */
  readonly order: number | undefined;
  readonly body: Buffer;
}

export interface StoredHeader {
  readonly version: 1 | 2;
  /** True when attribute creation order is tracked (version 2 only). */
  readonly ordersAttributes: boolean;
  readonly messages: readonly StoredMessage[];
}

const CONTINUATION = 0x10;

/**
 * Reads all messages of an object header, continuation chunks included.
 *
 * Version 1: `1 0 | messages u16 | references u32 | chunk size u32 | 4 pad`, messages `type u16 | size u16 | flags u8 | 3 zero | body`.
 * Version 2: `OHDR 2 flags | [4 × u32 times] | [2 × u16 phase change] | chunk size 1/2/4/8 | messages | gap | checksum`, messages
 * `type u8 | size u16 | flags u8 | [order u16] | body`; continuation chunks are `OCHK | messages | gap | checksum`.
 */
export async function readHeader(source: ByteSource, address: number): Promise<StoredHeader> {
  const start = await source.read(address, 16);
  if (start.toString("latin1", 0, 4) === "OHDR") return readVersion2(source, address);
  if (start.length === 16 && start[0] === 1) return readVersion1(source, address, start);
  throw notAdoptable(source, `no object header at ${address}`);
}

async function readVersion1(source: ByteSource, address: number, prefix: Buffer): Promise<StoredHeader> {
  const messages: StoredMessage[] = [];
  const chunks = [{ address: address + 16, length: prefix.readUInt32LE(8) }];
  for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
    const bytes = await readBlock(source, chunk.address, chunk.length, "");
    for (let at = 0; at + 8 <= bytes.length; ) {
      const size = bytes.readUInt16LE(at + 2);
      const body = bytes.subarray(at + 8, at + 8 + size);
      const message = { type: bytes.readUInt16LE(at), flags: bytes[at + 4] ?? 0, order: undefined, body };
      if (message.type === CONTINUATION) chunks.push(continuation(source, body));
      else messages.push(message);
      at += 8 + size;
    }
  }
  return { version: 1, ordersAttributes: false, messages };
}

async function readVersion2(source: ByteSource, address: number): Promise<StoredHeader> {
  const prefix = await source.read(address, 34);
  const flags = prefix[5] ?? 0;
  const sizeAt = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeWidth = 1 << (flags & 3);
  const start = sizeAt + sizeWidth;
  const length = readUnsigned(prefix, sizeAt, sizeWidth);
  const tracked = (flags & 4) !== 0;
  const messages: StoredMessage[] = [];
  const chunks: { address: number; length: number; signature?: string }[] = [
    { address: address + start, length },
  ];
  for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
    const whole = await readBlock(source, chunk.address, chunk.length, chunk.signature ?? "");
    const bytes = chunk.signature ? whole.subarray(4, -4) : whole;
    for (const message of parseVersion2(bytes, tracked)) {
      if (message.type === CONTINUATION)
        chunks.push({ ...continuation(source, message.body), signature: "OCHK" });
      else messages.push(message);
    }
  }
  return { version: 2, ordersAttributes: tracked, messages };
}

/** The messages of one version 2 chunk; what is too short for a message at its end is the gap. */
function parseVersion2(bytes: Buffer, tracked: boolean): StoredMessage[] {
  const head = tracked ? 6 : 4;
  const messages: StoredMessage[] = [];
  for (let at = 0; at + head <= bytes.length; ) {
    const size = bytes.readUInt16LE(at + 1);
    messages.push({
      type: bytes[at] ?? 0,
      flags: bytes[at + 3] ?? 0,
      order: tracked ? bytes.readUInt16LE(at + 4) : undefined,
      body: bytes.subarray(at + head, at + head + size),
    });
    at += head + size;
  }
  return messages;
}

function continuation(source: ByteSource, body: Buffer): { address: number; length: number } {
  const address = readAddress(body, 0);
  const length = readAddress(body, 8);
  if (address === undefined || length === undefined) {
    throw notAdoptable(source, "an object header continues nowhere (damaged)");
  }
  return { address, length };
}

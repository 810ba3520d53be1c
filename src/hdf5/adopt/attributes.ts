import { readRecords } from "./btree-v2.js";
import { openFractalHeap } from "./fractal-heap.js";
import type { StoredHeader } from "./messages.js";
import { type ByteSource, notAdoptable, readAddress } from "./source.js";

/** An attribute message as stored, to be copied verbatim into a new header. */
export interface StoredAttribute {
  readonly flags: number;
  /** Attribute message body, version 1, 2 or 3. */
  readonly body: Buffer;
}

const ATTRIBUTE = 0x0c;
const ATTRIBUTE_INFO = 0x15;
/** Message flag: the body is a pointer into shared storage, not the attribute itself. */
const SHARED = 2;

/** The attributes of an object, compact or dense, in creation order where it is tracked, else by name. */
export async function readAttributes(source: ByteSource, header: StoredHeader): Promise<StoredAttribute[]> {
  const info = header.messages.find((message) => message.type === ATTRIBUTE_INFO);
  const compact = header.messages
    .filter((message) => message.type === ATTRIBUTE)
    .map(({ flags, order, body }) => ({ flags, order: order ?? 0, body }));
  const dense = info ? await denseAttributes(source, info.body) : [];
  const attributes = [...compact, ...dense];
  if (attributes.some(({ flags }) => flags & SHARED)) {
    throw notAdoptable(source, "its attributes are stored as shared messages");
  }
  const tracked = header.ordersAttributes && ((info?.body[1] ?? 0) & 1) !== 0;
  attributes.sort((a, b) =>
    tracked ? a.order - b.order : Buffer.compare(attributeName(a.body), attributeName(b.body)),
  );
  return attributes.map(({ flags, body }) => ({ flags, body }));
}

/** The name's bytes: `version | flags | name size u16 | type size u16 | space size u16 | [charset, version 3] | name NUL`. */
export function attributeName(body: Buffer): Buffer {
  const start = body[0] === 3 ? 9 : 8;
  const end = body.indexOf(0, start);
  return body.subarray(start, end < 0 ? start + body.readUInt16LE(2) : end);
}

/** Attribute info: `0 | flags | [largest order u16] | heap 8 | name index 8 | …`; records are `ID 8 | flags 1 | order 4 | hash 4`. */
async function denseAttributes(
  source: ByteSource,
  info: Buffer,
): Promise<(StoredAttribute & { order: number })[]> {
  const at = (info[1] ?? 0) & 1 ? 4 : 2;
  const heapAddress = readAddress(info, at);
  const index = readAddress(info, at + 8);
  if (heapAddress === undefined || index === undefined) return [];
  const heap = await openFractalHeap(source, heapAddress);
  const attributes: (StoredAttribute & { order: number })[] = [];
  for (const record of await readRecords(source, index)) {
    const body = await heap.object(record.subarray(0, 8));
    attributes.push({ flags: record[8] ?? 0, order: record.readUInt32LE(9), body });
  }
  return attributes;
}

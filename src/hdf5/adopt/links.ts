import { readRecords } from "./btree-v2.js";
import { openFractalHeap } from "./fractal-heap.js";
import type { StoredHeader } from "./messages.js";
import { type ByteSource, notAdoptable, readAddress, readUnsigned } from "./source.js";
import { readSymbolTable } from "./symbol-table.js";

/** A link as stored in a group; names and targets are bytes (UTF-8 or, in old files, whatever they hold). */
export type StoredLink =
  | {
      readonly kind: "hard";
      readonly name: Buffer;
      readonly order: number | undefined;
      readonly address: number;
    }
  | {
      readonly kind: "soft";
      readonly name: Buffer;
      readonly order: number | undefined;
      readonly target: Buffer;
    }
  | {
      readonly kind: "external";
      readonly name: Buffer;
      readonly order: number | undefined;
      readonly file: Buffer;
      readonly path: Buffer;
    };

const LINK_INFO = 0x02;
const LINK = 0x06;
const SYMBOL_TABLE = 0x11;

/**
 * All links of a group, whichever of HDF5's three ways holds them: symbol table, link messages, or dense storage (fractal heap).
 * In creation order where the group tracks it, else by name: what h5py lists.
 */
export async function readLinks(source: ByteSource, header: StoredHeader): Promise<StoredLink[]> {
  const table = header.messages.find((message) => message.type === SYMBOL_TABLE);
  if (table) return readSymbolTable(source, table.body);
  const info = header.messages.find((message) => message.type === LINK_INFO);
  const tracked = ((info?.body[1] ?? 0) & 1) !== 0;
  const compact = header.messages.filter((message) => message.type === LINK).map((message) => message.body);
  const dense = info ? await denseLinks(source, info.body) : [];
  const links = [...compact, ...dense].map((body) => parseLink(source, body));
  if (tracked) return links.sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  return links.sort((a, b) => Buffer.compare(a.name, b.name));
}

/** Link info: `0 | flags | [largest order 8] | heap 8 | name index 8 | [order index 8]`; index records are `hash 4 | ID 7`. */
async function denseLinks(source: ByteSource, info: Buffer): Promise<Buffer[]> {
  const at = (info[1] ?? 0) & 1 ? 10 : 2;
  const heapAddress = readAddress(info, at);
  const index = readAddress(info, at + 8);
  if (heapAddress === undefined || index === undefined) return [];
  const heap = await openFractalHeap(source, heapAddress);
  const links: Buffer[] = [];
  for (const record of await readRecords(source, index)) links.push(await heap.object(record.subarray(4)));
  return links;
}

/** Link: `1 | flags | [type] | [order 8] | [charset] | name length 1/2/4/8 | name | target`. */
function parseLink(source: ByteSource, body: Buffer): StoredLink {
  const flags = body[1] ?? 0;
  let at = 2;
  const type = flags & 8 ? (body[at++] ?? 0) : 0;
  let order: number | undefined;
  if (flags & 4) {
    order = readUnsigned(body, at, 8);
    at += 8;
  }
  if (flags & 0x10) at++; // the character set: names are kept as bytes
  const width = 1 << (flags & 3);
  const length = readUnsigned(body, at, width);
  at += width;
  const name = body.subarray(at, at + length);
  at += length;
  if (type === 0) return { kind: "hard", name, order, address: readUnsigned(body, at, 8) };
  const value = body.subarray(at + 2, at + 2 + body.readUInt16LE(at));
  if (type === 1) return { kind: "soft", name, order, target: value };
  if (type !== 64) throw notAdoptable(source, `"${name}" is a user-defined link of type ${type}`);
  const end = value.indexOf(0, 1);
  return { kind: "external", name, order, file: value.subarray(1, end), path: value.subarray(end + 1, -1) };
}

import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Link message (0x06): 1 | flags 1 (bits 0-1 width of the name's length, 4 creation order present, 8 kind present, 16 character
 * set present) | [kind 1: 0 hard, 1 soft, 64 external] | [creation order 8] | [character set 1: 1 UTF-8] | length of the
 * name | name, no NUL | hard: header address 8; soft: length 2, path; external: length 2, `00`, file NUL, path NUL.
 */
export type Link =
  | { readonly kind: "hard"; readonly address: number }
  | { readonly kind: "soft"; readonly target: string }
  | { readonly kind: "external"; readonly file: string; readonly path: string };

export interface ParsedLink {
  readonly name: string;
  /** Creation order; undefined when the group does not track it. */
  readonly order: number | undefined;
  /** undefined: a link of some other kind (user-defined). */
  readonly link: Link | undefined;
}

export function encodeLink(name: string, order: number, link: Link): Buffer {
  const bytes = Buffer.from(name);
  const wide = bytes.length > 255;
  const kind = { hard: 0, soft: 1, external: 64 }[link.kind];
  const writer = new ByteWriter()
    .u8(1, 0x1c | (wide ? 1 : 0), kind)
    .u64(order)
    .u8(1);
  if (wide) writer.u16(bytes.length);
  else writer.u8(bytes.length);
  writer.bytes(bytes);
  if (link.kind === "hard") return writer.u64(link.address).done();
  const value = Buffer.from(link.kind === "soft" ? link.target : `\0${link.file}\0${link.path}\0`);
  return writer.u16(value.length).bytes(value).done();
}

export function parseLink(bytes: Uint8Array): ParsedLink {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== 1) throw new RangeError(`link version ${version}`);
  const flags = reader.u8();
  const kind = flags & 8 ? reader.u8() : 0;
  const order = flags & 4 ? reader.u64() : undefined;
  if (flags & 16) reader.u8();
  const name = reader.bytes(reader.uint(1 << (flags & 3))).toString("utf8");
  return { name, order, link: parseTarget(kind, reader) };
}

function parseTarget(kind: number, reader: ByteReader): Link | undefined {
  if (kind === 0) return { kind: "hard", address: reader.address() };
  const value = reader.bytes(reader.u16());
  if (kind === 1) return { kind: "soft", target: value.toString("utf8") };
  if (kind !== 64) return undefined;
  const parts = new ByteReader(value, 1);
  return { kind: "external", file: parts.text(), path: parts.text() };
}

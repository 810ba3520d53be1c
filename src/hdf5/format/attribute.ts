import { ByteReader, ByteWriter } from "./bytes.js";
import { textOf } from "./text.js";

/**
 * Attribute message (0x0c).
 * v3 (written): 3 | flags 1 (0) | size of the name 2 (with NUL) | size of the datatype 2 | size of the dataspace 2 |
 *   character set 1 (1: UTF-8) | name NUL | datatype | dataspace | data; nothing is padded.
 * v1, v2 (read): no character set; in v1 name, datatype and dataspace are padded to 8 bytes.
 */
export interface AttributeParts {
  readonly name: string;
  readonly datatype: Buffer;
  readonly dataspace: Buffer;
  readonly data: Buffer;
}

export function encodeAttribute(parts: AttributeParts): Buffer {
  const name = Buffer.from(`${parts.name}\0`);
  return new ByteWriter(16 + name.length + parts.datatype.length + parts.dataspace.length + parts.data.length)
    .u8(3, 0)
    .u16(name.length)
    .u16(parts.datatype.length)
    .u16(parts.dataspace.length)
    .u8(1)
    .bytes(name)
    .bytes(parts.datatype)
    .bytes(parts.dataspace)
    .bytes(parts.data)
    .done();
}

export interface ParsedAttribute extends AttributeParts {
  /** As it is stored. */
  readonly nameBytes: Buffer;
  /** The datatype is a committed one: its bytes are a reference then. */
  readonly shared: boolean;
}

export function parseAttribute(bytes: Uint8Array): ParsedAttribute {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version < 1 || version > 3) throw new RangeError(`attribute version ${version}`);
  const shared = reader.u8() !== 0;
  const sizes = [reader.u16(), reader.u16(), reader.u16()] as const;
  if (version === 3) reader.u8();
  const part = (size: number): Buffer => {
    const value = reader.bytes(size);
    if (version === 1) reader.skip((8 - (size % 8)) % 8);
    return value;
  };
  const nameField = part(sizes[0]);
  const nul = nameField.indexOf(0);
  const nameBytes = nul < 0 ? nameField : nameField.subarray(0, nul);
  const datatype = part(sizes[1]);
  const dataspace = part(sizes[2]);
  const data = reader.bytes(reader.left);
  return { name: textOf(nameBytes), nameBytes, datatype, dataspace, data, shared: version > 1 && shared };
}

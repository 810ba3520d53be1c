import { InvalidArgumentError } from "../../errors.js";
import {
  type DType,
  type Field,
  fixedTextLength,
  type NumericType,
  numericType,
} from "../../ndarray/dtype.js";
import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Datatype message (0x03): version << 4 | class, 3 bytes of bit field, size 4, properties.
 *   integer   `10`: bit 0 big-endian, bit 3 signed | offset 2 | precision 2
 *   float     `11`: bit 0 big-endian, bits 4-5 normalisation (2: implied leading one, 0: none), byte 1 sign position |
 *             offset 2 | precision 2 | exponent position 1, size 1 | mantissa position 1, size 1 | bias 4
 *   string    `13`: padding (1: NUL-padded) | character set << 4 (1: UTF-8)
 *   vlen text `19 01 01 00`, size 16 | base type (one byte unsigned)
 *   bool      enumeration `18 02 00 00` | int8 | names padded to 8 bytes | values
 *   compound  `36` members 2 | per member: name NUL, offset in 1 to 4 bytes by the compound's size, type.
 *             Version 3 throughout: its enumerations have unpadded names (`38`), its arrays are `3a`.
 *   array     `3a` | rank 1 | lengths 4 each | base type
 */
interface FloatLayout {
  readonly sign: number;
  readonly precision: number;
  readonly exponent: readonly [position: number, size: number];
  readonly mantissa: number;
  readonly bias: number;
  readonly normalisation: number;
}

const FLOATS: Readonly<Record<number, FloatLayout>> = {
  2: { sign: 15, precision: 16, exponent: [10, 5], mantissa: 10, bias: 15, normalisation: 0x20 },
  4: { sign: 31, precision: 32, exponent: [23, 8], mantissa: 23, bias: 127, normalisation: 0x20 },
  8: { sign: 63, precision: 64, exponent: [52, 11], mantissa: 52, bias: 1023, normalisation: 0x20 },
  // x86 long double: 80 bits with an explicit leading one, in 16 bytes.
  16: { sign: 79, precision: 80, exponent: [64, 15], mantissa: 64, bias: 16383, normalisation: 0 },
};

/** Bytes of one element as stored in the file: text of any length is a 16-byte reference into a global heap. */
export function storedSize(dtype: DType): number {
  if (dtype === "str") return 16;
  if (typeof dtype === "string") {
    const size = numericType(dtype)?.itemsize ?? fixedTextLength(dtype);
    if (size === undefined || size === 0) throw unknown(dtype);
    return size;
  }
  return dtype.reduce((sum, [, type, shape]) => sum + storedSize(type) * product(shape), 0);
}

/** True when elements hold references into a global heap. */
export function hasText(dtype: DType): boolean {
  return typeof dtype === "string" ? dtype === "str" : dtype.some(([, type]) => hasText(type));
}

export function encodeDatatype(dtype: DType): Buffer {
  return encode(dtype, false);
}

function encode(dtype: DType, inCompound: boolean): Buffer {
  if (typeof dtype !== "string") return encodeCompound(dtype);
  const version = inCompound ? 0x30 : 0x10;
  if (dtype === "str") {
    return new ByteWriter()
      .u8(version | 9, 1, 1, 0)
      .u32(16)
      .bytes(encodeInteger({ kind: "u", itemsize: 1, bigEndian: false }, version))
      .done();
  }
  const length = fixedTextLength(dtype);
  if (length)
    return new ByteWriter()
      .u8(version | 3, 0x11, 0, 0)
      .u32(length)
      .done();
  const type = numericType(dtype);
  if (!type) throw unknown(dtype);
  if (type.kind === "f") return encodeFloat(type, version);
  if (type.kind === "c") return encodeComplex(type);
  if (type.kind === "b") return encodeBool(inCompound);
  return encodeInteger(type, version);
}

function encodeInteger(type: NumericType, version: number): Buffer {
  return new ByteWriter()
    .u8(version, (type.bigEndian ? 1 : 0) | (type.kind === "i" ? 8 : 0), 0, 0)
    .u32(type.itemsize)
    .u16(0)
    .u16(8 * type.itemsize)
    .done();
}

function encodeFloat(type: NumericType, version: number): Buffer {
  const float = FLOATS[type.itemsize];
  if (!float) throw unknown(`f${type.itemsize}`);
  return new ByteWriter()
    .u8(version | 1, float.normalisation | (type.bigEndian ? 1 : 0), float.sign, 0)
    .u32(type.itemsize)
    .u16(0)
    .u16(float.precision)
    .u8(...float.exponent, 0, float.mantissa)
    .u32(float.bias)
    .done();
}

function encodeBool(inCompound: boolean): Buffer {
  const writer = new ByteWriter()
    .u8((inCompound ? 0x30 : 0x10) | 8, 2, 0, 0)
    .u32(1)
    .bytes(encodeInteger({ kind: "i", itemsize: 1, bigEndian: false }, inCompound ? 0x30 : 0x10));
  for (const name of ["FALSE", "TRUE"]) {
    writer.ascii(inCompound ? `${name}\0` : name.padEnd(8, "\0"));
  }
  return writer.u8(0, 1).done();
}

/** h5py's convention: a compound of `r` and `i`. */
function encodeComplex(type: NumericType): Buffer {
  const part = `${type.bigEndian ? ">" : "<"}f${type.itemsize / 2}`;
  return encodeCompound([
    ["r", part],
    ["i", part],
  ]);
}

function encodeCompound(fields: readonly Field[]): Buffer {
  if (fields.length === 0) throw new InvalidArgumentError("A compound needs at least one field.");
  const size = storedSize(fields);
  const width = offsetWidth(size);
  const writer = new ByteWriter().u8(0x36).u16(fields.length).u8(0).u32(size);
  let offset = 0;
  for (const [name, type, shape] of fields) {
    if (name === "" || name.includes("\0")) {
      throw new InvalidArgumentError(`${JSON.stringify(name)} cannot be the name of a compound's field.`);
    }
    writer.bytes(Buffer.from(`${name}\0`));
    for (let i = 0; i < width; i++) writer.u8(Math.floor(offset / 256 ** i) & 0xff);
    writer.bytes(shape && shape.length > 0 ? encodeArray(type, shape) : encode(type, true));
    offset += storedSize(type) * product(shape);
  }
  return writer.done();
}

/** Bytes of a member's offset: as many as the compound's size needs. */
export function offsetWidth(size: number): number {
  return size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4;
}

function encodeArray(type: DType, shape: readonly number[]): Buffer {
  const writer = new ByteWriter().u8(0x3a, 0, 0, 0).u32(storedSize(type) * product(shape));
  writer.u8(shape.length);
  for (const length of shape) writer.u32(length);
  return writer.bytes(encode(type, true)).done();
}

/** The dtype of a datatype message, or undefined when it is none of ours (references, opaque, other enumerations, …). */
export function parseDatatype(bytes: Uint8Array): DType | undefined {
  return parse(new ByteReader(bytes));
}

function parse(reader: ByteReader): DType | undefined {
  const head = reader.u8();
  const bits = [reader.u8(), reader.u8(), reader.u8()] as const;
  const size = reader.u32();
  const order = bits[0] & 1 ? ">" : "<";
  switch (head & 0x0f) {
    case 0: {
      const plain = reader.u16() === 0 && reader.u16() === 8 * size;
      const name = `${size === 1 ? "|" : order}${bits[0] & 8 ? "i" : "u"}${size}`;
      return plain && numericType(name) ? name : undefined;
    }
    case 1: {
      const usual = FLOATS[size] && isUsualFloat(size, reader.bytes(12));
      return usual ? `${order}f${size}` : undefined;
    }
    case 3:
      return `|S${size}`;
    case 6:
      return parseCompound(reader, head >> 4, bits[0] | (bits[1] << 8), size);
    case 8:
      return parseBool(reader, head >> 4, bits[0] | (bits[1] << 8));
    case 9: {
      const base = parse(reader);
      return (bits[0] & 0x0f) === 1 && base !== undefined ? "str" : undefined;
    }
    case 10:
      return undefined;
    default:
      return undefined;
  }
}

/** False when the bits of a float lie otherwise than in the float of that size that we know (where there is one). */
export function isUsualFloat(size: number, properties: Buffer): boolean {
  if (!FLOATS[size]) return true;
  return encodeFloat({ kind: "f", itemsize: size, bigEndian: false }, 0x10).subarray(8).equals(properties);
}

function parseBool(reader: ByteReader, version: number, members: number): DType | undefined {
  const base = parse(reader);
  if (members !== 2 || (base !== "|i1" && base !== "|u1")) return undefined;
  const names = [0, 1].map(() => {
    const start = reader.at;
    const name = reader.text();
    if (version < 3) reader.at = start + 8 * Math.ceil((name.length + 1) / 8);
    return name;
  });
  const values = [reader.u8(), reader.u8()];
  return names[0] === "FALSE" && names[1] === "TRUE" && values[0] === 0 && values[1] === 1
    ? "|b1"
    : undefined;
}

function parseCompound(
  reader: ByteReader,
  version: number,
  members: number,
  size: number,
): DType | undefined {
  const fields: Field[] = [];
  let expected = 0;
  for (let i = 0; i < members; i++) {
    const start = reader.at;
    const name = reader.text();
    if (version < 3) reader.at = start + 8 * Math.ceil((Buffer.byteLength(name) + 1) / 8);
    const offset = version >= 3 ? reader.uint(offsetWidth(size)) : reader.u32();
    if (version === 1) {
      if (reader.u8() !== 0) return undefined; // arrays of version 1 lie in the member itself
      reader.skip(27);
    }
    const field = parseMember(reader);
    if (!field || offset !== expected) return undefined;
    fields.push(field[1].length > 0 ? [name, field[0], field[1]] : [name, field[0]]);
    expected += storedSize(field[0]) * product(field[1]);
  }
  if (expected !== size) return undefined;
  return complexOf(fields) ?? fields;
}

function parseMember(reader: ByteReader): [DType, number[]] | undefined {
  const start = reader.at;
  const head = reader.u8();
  reader.at = start;
  if ((head & 0x0f) !== 10) {
    const type = parse(reader);
    return type === undefined ? undefined : [type, []];
  }
  reader.skip(8);
  const rank = reader.u8();
  if (head >> 4 < 3) reader.skip(3);
  const shape = Array.from({ length: rank }, () => reader.u32());
  if (head >> 4 < 3) reader.skip(4 * rank);
  const type = parse(reader);
  return type === undefined ? undefined : [type, shape];
}

function complexOf(fields: readonly Field[]): DType | undefined {
  const [real, imaginary] = fields;
  if (fields.length !== 2 || real?.[0] !== "r" || imaginary?.[0] !== "i" || real[1] !== imaginary[1])
    return undefined;
  if (real[2] || imaginary[2]) return undefined;
  const match = typeof real[1] === "string" ? /^([<>])f(4|8|16)$/.exec(real[1]) : null;
  return match ? `${match[1]}c${2 * Number(match[2])}` : undefined;
}

function product(shape: readonly number[] | undefined): number {
  return (shape ?? []).reduce((a, b) => a * b, 1);
}

function unknown(dtype: DType): InvalidArgumentError {
  return new InvalidArgumentError(
    `HDF5 files cannot hold elements of dtype ${JSON.stringify(dtype)}: use numbers, "str", "|S<n>" or compounds of these.`,
  );
}

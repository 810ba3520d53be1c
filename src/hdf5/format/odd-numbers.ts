import { ByteReader } from "./bytes.js";
import { isUsualFloat, offsetWidth } from "./datatype.js";

/**
 * What is odd about the numbers in a datatype message (also within compounds, arrays, …): bits that lie elsewhere than in the
 * types of processors, so that the stored bytes are not the number. Undefined when they are. Throws a RangeError for damaged ones.
 */
export function oddNumbers(message: Uint8Array): string | undefined {
  return oddIn(new ByteReader(message));
}

const CLASS = {
  integer: 0,
  float: 1,
  time: 2,
  bitfield: 4,
  opaque: 5,
  compound: 6,
  enumeration: 8,
  vlen: 9,
  array: 10,
};

/** As above, of the type at the reader's place, which is behind the type afterwards (unless something is odd). */
function oddIn(reader: ByteReader): string | undefined {
  const head = reader.u8();
  const version = head >> 4;
  const bits = [reader.u8(), reader.u8(), reader.u8()] as const;
  const size = reader.u32();
  const count = bits[0] | (bits[1] << 8);
  switch (head & 0x0f) {
    case CLASS.integer: {
      const [offset, precision] = [reader.u16(), reader.u16()];
      const signed = (bits[0] & 8) !== 0;
      // Unsigned ones are right as they are when the bits above them are zero, as HDF5 writes them.
      const odd = offset !== 0 || (signed && precision !== 8 * size);
      return odd ? `integers of ${precision} bits in ${size} bytes` : undefined;
    }
    case CLASS.float:
      return isUsualFloat(size, reader.bytes(12)) ? undefined : `floats of an unusual kind in ${size} bytes`;
    case CLASS.bitfield:
      reader.skip(4);
      return undefined;
    case CLASS.time:
      reader.skip(2);
      return undefined;
    case CLASS.opaque:
      reader.skip(bits[0]);
      return undefined;
    case CLASS.compound:
      return oddInCompound(reader, version, count, size);
    case CLASS.enumeration:
      return oddIn(reader) ?? skipMembers(reader, version, count, size);
    case CLASS.vlen:
      return oddIn(reader);
    case CLASS.array:
      skipLengths(reader, version);
      return oddIn(reader);
    default: // text and references
      return undefined;
  }
}

function oddInCompound(
  reader: ByteReader,
  version: number,
  members: number,
  size: number,
): string | undefined {
  for (let i = 0; i < members; i++) {
    skipName(reader, version);
    reader.skip(version >= 3 ? offsetWidth(size) : 4);
    if (version === 1) reader.skip(28);
    const odd = oddIn(reader);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

function skipMembers(reader: ByteReader, version: number, members: number, size: number): undefined {
  for (let i = 0; i < members; i++) skipName(reader, version);
  reader.skip(members * size);
}

function skipName(reader: ByteReader, version: number): void {
  const start = reader.at;
  reader.text();
  if (version < 3) reader.at = start + 8 * Math.ceil((reader.at - start) / 8);
}

function skipLengths(reader: ByteReader, version: number): void {
  const rank = reader.u8();
  reader.skip(version < 3 ? 3 + 8 * rank : 4 * rank);
}

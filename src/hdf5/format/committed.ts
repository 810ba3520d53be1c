import { ByteReader } from "./bytes.js";
import { MESSAGE } from "./messages.js";
import { type ReadBytes, readHeader } from "./object-header.js";

const COMMITTED = 2;

/**
 * The datatype message of a committed type, given what a message or attribute that shares it has in its place (version 1: 2 or 3 |
 * kind 1 | address 8). Undefined for the other kinds of sharing, which h5py does not offer.
 */
export async function readCommittedType(read: ReadBytes, reference: Uint8Array): Promise<Buffer | undefined> {
  const reader = new ByteReader(reference);
  const version = reader.u8();
  const kind = reader.u8();
  if (version < 2 || (version > 2 && kind !== COMMITTED)) return undefined;
  const { chunks } = await readHeader(read, reader.address());
  return chunks.flatMap(({ messages }) => messages).find(({ type }) => type === MESSAGE.datatype)?.body;
}

import { readAttributes, type StoredAttribute } from "./attributes.js";
import { readLinks, type StoredLink } from "./links.js";
import { readHeader } from "./messages.js";
import { type ByteSource, notAdoptable } from "./source.js";

/** All that a group holds, in the form in which a new header can take it over. */
export interface ForeignGroup {
  readonly links: readonly StoredLink[];
  readonly attributes: readonly StoredAttribute[];
}

const DATASPACE = 0x01;

/** Reads a group made by any HDF5 program, for adoption: the file itself is only read. */
export async function readForeignGroup(source: ByteSource, address: number): Promise<ForeignGroup> {
  const header = await readHeader(source, address);
  if (header.messages.some((message) => message.type === DATASPACE)) {
    throw notAdoptable(source, `the object at ${address} is a dataset, not a group`);
  }
  return { links: await readLinks(source, header), attributes: await readAttributes(source, header) };
}

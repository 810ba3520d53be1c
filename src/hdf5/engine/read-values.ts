import type { RawArray } from "../../ndarray/raw.js";
import { parseAttribute } from "../format/attribute.js";
import { ByteReader } from "../format/bytes.js";
import { parseDataspace } from "../format/dataspace.js";
import { parseDatatype } from "../format/datatype.js";
import { COLLECTION_HEADER, parseCollection, parseCollectionSize } from "../format/global-heap.js";
import type { ReadBytes } from "../format/object-header.js";
import { decodeElements } from "./elements.js";

/** The value of an attribute message; undefined when its type is none of ours. */
export async function readAttribute(message: Buffer, read: ReadBytes): Promise<RawArray | undefined> {
  const { datatype, dataspace, data, shared } = parseAttribute(message);
  const dtype = shared ? undefined : parseDatatype(datatype);
  if (dtype === undefined) return undefined;
  const { shape } = parseDataspace(dataspace);
  if (shape === null) return { dtype, shape, data: dtype === "str" ? [] : new Uint8Array(0) };
  return await decodeElements(dtype, shape, data, (reference) => readText(read, reference));
}

/** The text of a 16-byte reference into a global heap. */
async function readText(read: ReadBytes, reference: Buffer): Promise<string> {
  const reader = new ByteReader(reference);
  const length = reader.u32();
  const address = reader.address();
  const index = reader.u32();
  if (length === 0 || index === 0) return "";
  const size = parseCollectionSize(await read(address, COLLECTION_HEADER));
  const object = parseCollection(await read(address, size)).get(index);
  if (!object) throw new RangeError(`no object ${index} in the global heap at ${address}`);
  return object.toString("utf8", 0, length).replace(/\0.*$/s, "");
}

import { readAttributes } from "../format/attributes.js";
import { readLinks } from "../format/links.js";
import { MESSAGE, parseReferenceCount } from "../format/messages.js";
import type { ParsedHeader, ReadBytes } from "../format/object-header.js";
import { entry } from "./header-chunk.js";
import { StoredObject } from "./object.js";

/** Messages that describe the header itself or are rebuilt in our form. */
const REBUILT: ReadonlySet<number> = new Set([
  MESSAGE.nil,
  MESSAGE.linkInfo,
  MESSAGE.groupInfo,
  MESSAGE.link,
  MESSAGE.attribute,
  MESSAGE.attributeInfo,
  MESSAGE.symbolTable,
  MESSAGE.continuation,
  MESSAGE.referenceCount,
]);

/**
 * An object whose header we cannot edit in place (other versions, dense storage, long or straddling chunks), as one that will
 * be written anew when it is changed: links and attributes in our form, all else copied as it is. Its data stay where they are.
 * Creation order: as tracked, else by name, which is how h5py listed them.
 */
export async function readForeign(
  read: ReadBytes,
  parsed: ParsedHeader,
  address: number,
): Promise<StoredObject> {
  const messages = parsed.chunks.flatMap((chunk) => chunk.messages);
  const links = await readLinks(read, messages);
  const isGroup = links !== undefined;
  const isDataset = messages.some(({ type }) => type === MESSAGE.layout);
  const object = new StoredObject(isGroup ? "group" : isDataset ? "dataset" : "other");
  object.origin = address;
  for (const { type, flags, body } of messages) {
    if (!REBUILT.has(type)) object.header.add(entry(type, body, flags));
  }
  if (isGroup) object.addLinkInfo();
  object.addAttributeInfo();
  for (const { name, body, flags } of await readAttributes(read, messages))
    object.setAttribute(name, body, flags);
  for (const { name, link } of links ?? []) object.addLink(name, link);
  const count = messages.find(({ type }) => type === MESSAGE.referenceCount);
  object.references = count ? parseReferenceCount(count.body) : parsed.references;
  return object;
}

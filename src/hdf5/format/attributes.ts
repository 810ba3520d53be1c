import { type ParsedAttribute, parseAttribute } from "./attribute.js";
import { readDense } from "./dense.js";
import { byName } from "./links.js";
import { MESSAGE, parseAttributeInfo } from "./messages.js";
import type { Message, ReadBytes } from "./object-header.js";

export interface AttributeMessage extends ParsedAttribute {
  readonly body: Buffer;
  readonly flags: number;
}

/**
 * The attributes of an object (in messages, dense storage), given the messages of its header. In creation order where that is
 * tracked, else by name.
 */
export async function readAttributes(
  read: ReadBytes,
  messages: readonly Message[],
): Promise<AttributeMessage[]> {
  const info = messages.find(({ type }) => type === MESSAGE.attributeInfo);
  const { tracked, heap, nameIndex } = info ? parseAttributeInfo(info.body) : { tracked: false };
  const found =
    heap === undefined
      ? messages.filter(({ type }) => type === MESSAGE.attribute)
      : await readDense(read, heap, nameIndex);
  const attributes = found.map(({ body, flags, order }) => ({
    ...parseAttribute(body),
    body,
    flags,
    order,
  }));
  return tracked ? attributes.sort((a, b) => a.order - b.order) : byName(attributes);
}

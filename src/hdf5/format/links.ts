import { UnsupportedFileError } from "../errors.js";
import { readDense } from "./dense.js";
import { type Link, parseLink } from "./link.js";
import { MESSAGE, parseLinkInfo, parseSymbolTable } from "./messages.js";
import type { Message, ReadBytes } from "./object-header.js";
import { readSymbolTable } from "./symbol-table.js";

/**
 * The links of a group of any form (symbol table, messages, dense storage), given the messages of its header; undefined when it
 * is no group. In creation order where that is tracked, else by name, which is how h5py lists them.
 */
export async function readLinks(
  read: ReadBytes,
  messages: readonly Message[],
): Promise<{ name: string; link: Link }[] | undefined> {
  const table = messages.find(({ type }) => type === MESSAGE.symbolTable);
  if (table) {
    const { tree, heap } = parseSymbolTable(table.body);
    return byName(await readSymbolTable(read, tree, heap));
  }
  const info = messages.find(({ type }) => type === MESSAGE.linkInfo);
  const compact = messages.filter(({ type }) => type === MESSAGE.link).map(({ body }) => body);
  if (!info && compact.length === 0) return undefined;
  const { tracked, heap, nameIndex } = info ? parseLinkInfo(info.body) : { tracked: false };
  const bodies =
    heap === undefined ? compact : (await readDense(read, heap, nameIndex)).map(({ body }) => body);
  const links = bodies.map((body) => {
    const { name, order, link } = parseLink(body);
    if (!link)
      throw new UnsupportedFileError(
        `The link "${name}" is of a user-defined kind, which this writer does not keep.`,
      );
    return { name, order: order ?? 0, link };
  });
  return tracked ? links.sort((a, b) => a.order - b.order) : byName(links);
}

/** In the order of the names' bytes. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

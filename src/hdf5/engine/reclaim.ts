import { nodeSize, parseNode } from "../format/btree.js";
import { parseLayout } from "../format/layout.js";
import { MESSAGE } from "../format/messages.js";
import type { ReadBytes } from "../format/object-header.js";
import type { StoredObject } from "./object.js";
import type { Block } from "./storage.js";

/**
 * The blocks of the file that hold a dataset's elements and their index, for being used again when nothing refers to it any more.
 * Texts are not among them: their heap pages hold those of others too. A damaged index gives nothing.
 */
export async function blocksOf(object: StoredObject, read: ReadBytes): Promise<Block[]> {
  const message = object.message(MESSAGE.layout);
  const layout = message && parseLayout(message);
  if (!layout || object.origin !== undefined) return [];
  if (layout.kind === "contiguous") {
    return layout.address === undefined ? [] : [{ address: layout.address, size: layout.size }];
  }
  if (layout.kind === "virtual" || layout.index === undefined) return [];
  const blocks = new Map<number, Block>();
  try {
    for await (const block of walk(read, layout.index, layout.chunks.length))
      blocks.set(block.address, block);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
  return [...blocks.values()];
}

/** Nodes and chunks of an index, each node one level below its parent. */
async function* walk(
  read: ReadBytes,
  address: number,
  rank: number,
  expected?: number,
): AsyncGenerator<Block> {
  const { level, entries } = parseNode(await read(address, nodeSize(rank)), rank);
  if (expected !== undefined && level !== expected) throw new RangeError("a chunk index out of level");
  yield { address, size: nodeSize(rank) };
  for (const { child, size } of entries) {
    if (level === 0) yield { address: child, size };
    else yield* walk(read, child, rank, level - 1);
  }
}

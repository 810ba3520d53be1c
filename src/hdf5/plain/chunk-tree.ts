import { compareOffsets, type Node, type NodeEntry, nodeSize, parseNode } from "../format/btree.js";
import type { ReadBytes } from "../format/object-header.js";

/** Nodes kept in memory; each knows up to 64 chunks. */
const MOST_NODES = 256;
/** Levels of 64 children each that any file can have. */
const MOST_LEVELS = 16;

/** The chunk index of a dataset (a version 1 B-tree) for looking up single chunks; only the nodes on the way are read. */
export class ChunkTree {
  readonly #root: number | undefined;
  readonly #rank: number;
  readonly #read: ReadBytes;
  readonly #nodes = new Map<number, Node>();

  /** `root` is undefined while there are no chunks. */
  constructor(root: number | undefined, rank: number, read: ReadBytes) {
    this.#root = root;
    this.#rank = rank;
    this.#read = read;
  }

  /** The chunk at these offsets (in elements); undefined when it was never written. */
  async find(offsets: readonly number[]): Promise<NodeEntry | undefined> {
    let address = this.#root;
    let parent: Node | undefined;
    for (let step = 0; address !== undefined; step++) {
      const node: Node = this.#nodes.get(address) ?? (await this.#load(address));
      if (step > MOST_LEVELS || (parent && node.level !== parent.level - 1))
        throw new RangeError("a chunk index whose levels do not follow each other");
      const found = lastUpTo(node.entries, offsets);
      if (node.level === 0) return found && compareOffsets(found.offsets, offsets) === 0 ? found : undefined;
      parent = node;
      address = found?.child;
    }
    return undefined;
  }

  async #load(address: number): Promise<Node> {
    const node = parseNode(await this.#read(address, nodeSize(this.#rank)), this.#rank);
    if (this.#nodes.size >= MOST_NODES) this.#nodes.clear();
    this.#nodes.set(address, node);
    return node;
  }
}

/** The last entry whose offsets are not beyond the given ones. */
function lastUpTo(entries: readonly NodeEntry[], offsets: readonly number[]): NodeEntry | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry && compareOffsets(entry.offsets, offsets) <= 0) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1];
}

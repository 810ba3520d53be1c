import type { NodeEntry } from "../format/btree.js";
import { ChunkIndex } from "./chunk-index.js";
import type { IndexWrites } from "./index-node.js";
import type { Block, Space } from "./storage.js";

/** A chunk in the file: its address, stored bytes, and the mask of filters that were not applied. */
export interface PlacedChunk {
  readonly address: number;
  readonly size: number;
  readonly mask: number;
}

/** A change of the index that waits for its chunk to be in the file. */
export interface PlannedChunk {
  readonly offsets: readonly number[];
  /** The chunk has an entry already: its raw slot, free after the commit. */
  readonly slot: Block | undefined;
  /** Settles when the chunk is in the file. */
  done: Promise<void>;
  /** Where the chunk came to lie; "cut": not a chunk, but the end of the index: chunks from there on are dropped. */
  result: PlacedChunk | "cut" | undefined;
}

/** The chunk index of a dataset, with what is to become of it, in order, as chunks get into the file. */
export class PlannedIndex {
  private readonly space: Space;
  private readonly chunks: readonly number[];
  private index: ChunkIndex;
  private planned: PlannedChunk[] = [];
  private committing: PlannedChunk[] = [];
  private freed: Block[] = [];
  /** Chunks of a partial band that was laid out anew. */
  private cutChunks: Block[] = [];
  /** No chunks come after the last snapshot. */
  private last: boolean;
  /** The index lies in space that stays. */
  private settled: boolean;

  constructor(space: Space, chunks: readonly number[]) {
    this.space = space;
    this.chunks = chunks;
    this.last = false;
    this.settled = false;
    this.index = this.newIndex();
  }

  /** Takes up an index that lies in the file. */
  async open(root: number): Promise<void> {
    await this.index.open(root);
    this.settled = this.space.allocator.stays(root);
  }

  /** Address of the root node; undefined while there is no chunk. */
  get root(): number | undefined {
    return this.index.root;
  }

  /** The last chunk. */
  get lastChunk(): NodeEntry | undefined {
    return this.index.last;
  }

  /** The chunk at these offsets, as far as it is in the index. */
  find(offsets: readonly number[]): Promise<NodeEntry | undefined> {
    return this.index.find(offsets);
  }

  /** A chunk is on its way. */
  add(plan: PlannedChunk): void {
    this.planned.push(plan);
  }

  /** The chunks of rows from `row` on, which lie in these blocks, are to be dropped. */
  cut(row: number, blocks: readonly Block[]): void {
    this.planned.push({ offsets: [row], slot: undefined, done: Promise.resolve(), result: "cut" });
    this.cutChunks.push(...blocks);
  }

  /** What was planned so far belongs to the next commit; `last`: there will be no more. */
  snapshot(last: boolean): void {
    this.last = last;
    this.committing.push(...this.planned.splice(0));
  }

  /** What the index needs written once the chunks of the snapshot are in it. */
  async prepare(): Promise<IndexWrites> {
    // Unfinished datasets are recognised after a crash by an index that begins in scratch space.
    if (this.last !== this.settled) await this.rewrite(Number.POSITIVE_INFINITY);
    for (let plan = this.committing[0]; plan; plan = this.committing[0]) {
      await plan.done;
      await this.apply(plan);
      this.committing.shift();
    }
    return this.index.writes();
  }

  /** All of it is in the file: the blocks that readers of the previous state may still use. */
  committed(): Block[] {
    const size = this.index.nodeBytes;
    const nodes = this.index.written().map((address) => ({ address, size }));
    return [...nodes, ...this.freed.splice(0)];
  }

  /** Everything that chunks and nodes have in the file. */
  async blocks(): Promise<Block[]> {
    const blocks = [...this.cutChunks, ...this.freed];
    for (const { result } of [...this.committing, ...this.planned])
      if (result && result !== "cut") blocks.push(result);
    for await (const { child, size } of this.index.chunks()) blocks.push({ address: child, size });
    const size = this.index.nodeBytes;
    for (const address of await this.index.abandon()) blocks.push({ address, size });
    return blocks;
  }

  private async apply(plan: PlannedChunk): Promise<void> {
    if (!plan.result) throw new RangeError("a chunk without a place");
    if (plan.result === "cut") {
      await this.rewrite(plan.offsets[0] ?? 0);
      return;
    }
    const { address, size, mask } = plan.result;
    const key = { size, mask, offsets: plan.offsets };
    if (!plan.slot) this.index.append(key, address);
    else if (plan.slot.address !== address) {
      await this.index.replace(key, address);
      if (plan.slot.size > 0) this.freed.push(plan.slot);
    }
  }

  /** What an index gets at a commit lies in space that stays once the dataset is complete. */
  private newIndex(): ChunkIndex {
    const { allocator, read } = this.space;
    return new ChunkIndex(
      this.chunks,
      (size, where) => (this.last ? allocator.allocate(size, where) : allocator.allocateScratch(size, where)),
      read,
    );
  }

  /**
   * Writes the index anew, with the chunks of rows below `row`: when chunks to come lie between those it has, and when the
   * dataset is complete, or is no longer.
   */
  private async rewrite(row: number): Promise<void> {
    const old = this.index;
    this.settled = this.last;
    this.index = this.newIndex();
    for await (const { child, ...key } of old.chunks()) {
      if ((key.offsets[0] ?? 0) < row) this.index.append(key, child);
    }
    const size = old.nodeBytes;
    this.freed.push(
      ...(await old.abandon()).map((address) => ({ address, size })),
      ...this.cutChunks.splice(0),
    );
  }
}

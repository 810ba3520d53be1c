import { type Block, RowBuffer, type Space, type Storage, type StorageWrites } from "./storage.js";

const FIRST_BYTES = 512;
const GROWTH = 4;
/** When so many bytes have come since the last commit, more will come, and there is much to be written in the end. */
const AHEAD = 64 * 1024;
/** The block for them, or twice as much, and so on: it stays when at least half of it is used in the end. */
const AHEAD_BLOCK = 512 * 1024;

/**
 * The rows of a small growing dataset: one contiguous block of the file, which readers see as a plain dataset of the rows
 * committed so far. It lies in scratch space; when it is full the rows move to one four times as large, and at the end to one of just their size that stays.
 * Rows that come fast are written ahead of the commit, to a block that stays when they fill half of it and no free space suits them: the
 * rest is given back.
 * All rows stay in memory, so that they can move on (to a larger block, to chunks) without being read back.
 */
export class RegionStorage implements Storage {
  readonly rows = new RowBuffer();
  private readonly space: Space;
  /** Bytes that the dataset will hardly exceed in this form. */
  private readonly limit: number;
  /** Rows may be written ahead; not once they have outgrown a block that stays and was shown, which only the file's end frees. */
  private ahead: boolean;
  private block: Block | undefined;
  private written = 0;
  /** Resolves when what was sent to the block is there. */
  private writing: Promise<unknown> = Promise.resolve();
  /** Readers may know of the block. */
  private shown: boolean;
  private snapshotBytes = 0;
  private snapshotBlock: Block | undefined;
  /** Blocks given up since the last snapshot, and before it: these are free after the commit. */
  private replaced: Block[] = [];
  private leaving: Block[] = [];
  /** The block is one that stays. */
  private settled: boolean;

  /** `ahead`: the dataset will hardly exceed its limit, so that rows may be written ahead; `resumed`: rows that lie in the file already. */
  constructor(
    space: Space,
    limit: number,
    ahead: boolean,
    resumed?: { readonly block: Block | undefined; readonly rows: Buffer },
  ) {
    this.space = space;
    this.limit = limit;
    this.ahead = ahead;
    this.shown = resumed !== undefined;
    this.settled = resumed?.block !== undefined && space.allocator.stays(resumed.block.address);
    if (!resumed) return;
    this.block = resumed.block;
    this.rows.push(resumed.rows);
    this.written = resumed.rows.length;
  }

  get length(): number {
    return this.rows.length;
  }

  append(rows: Buffer): void {
    this.rows.push(rows, this.limit);
    const { length } = this.rows;
    if (this.ahead && length - this.written >= AHEAD && length < this.limit) this.writeAhead();
  }

  /** Other rows altogether, for instance wider ones: they need another block. */
  reset(rows: Buffer): void {
    this.abandon();
    this.rows.clear();
    this.rows.push(rows);
  }

  snapshot(last: boolean): void {
    this.snapshotBytes = this.rows.length;
    if (last) this.settle();
    else if (this.written < this.snapshotBytes && (this.block?.size ?? 0) < this.snapshotBytes) this.grow();
    this.snapshotBlock = this.block;
    this.shown = true;
    this.leaving.push(...this.replaced.splice(0));
    this.write();
  }

  async prepare(): Promise<StorageWrites> {
    return {
      layout: {
        kind: "contiguous",
        address: this.snapshotBytes > 0 ? this.snapshotBlock?.address : undefined,
        size: this.snapshotBytes,
      },
      filters: [],
      fresh: [],
      publish: [],
      settle: [],
    };
  }

  committed(): Block[] {
    return this.leaving.splice(0);
  }

  /** The rows will lie elsewhere: all blocks they had, of which readers may know. */
  leave(): Block[] {
    this.abandon();
    return [...this.leaving.splice(0), ...this.replaced.splice(0)];
  }

  close(): void {
    this.rows.clear();
  }

  async blocks(): Promise<Block[]> {
    return [...(this.block ? [this.block] : []), ...this.leaving, ...this.replaced];
  }

  private writeAhead(): void {
    const { length } = this.rows;
    if (!this.settled || !this.block || this.block.size < length) {
      this.abandon();
      if (!this.ahead) return;
      let size = AHEAD_BLOCK;
      while (size < length) size *= 2;
      this.block = { address: this.space.allocator.allocate(size), size };
      this.settled = true;
    }
    this.write();
  }

  /** Sends what the block does not have yet on its way. */
  private write(): void {
    const { block, rows, written } = this;
    if (!block || written === rows.length) return;
    const write = this.space.writes.write(block.address + written, rows.part(written));
    this.writing = Promise.all([this.writing, write]);
    this.written = rows.length;
  }

  private abandon(): void {
    const { block } = this;
    if (this.settled && this.shown) this.ahead = false;
    if (block && this.shown) this.replaced.push(block);
    else if (block) void this.writing.then(() => this.space.allocator.discard(block.address, block.size));
    this.settled = false;
    this.shown = false;
    this.block = undefined;
    this.written = 0;
  }

  /** The final place of the rows, which has just their size. */
  private settle(): void {
    const size = this.snapshotBytes;
    const { block } = this;
    const { allocator } = this.space;
    const stays = this.settled && block && block.size >= size && block.size <= 2 * size;
    const gap = stays && block.size > size ? allocator.allocateFreed(size) : undefined;
    if (stays && gap === undefined) this.shrink(block, size);
    else {
      this.abandon();
      if (size > 0) this.block = { address: gap ?? allocator.allocate(size), size };
    }
    this.settled = true;
  }

  /** Gives the rest of the block back, which nobody has seen. */
  private shrink({ address, size }: Block, used: number): void {
    const kept = Math.min(size, 8 * Math.ceil(used / 8));
    if (kept < size) this.space.allocator.discard(address + kept, size - kept);
    this.block = { address, size: used };
  }

  private grow(): void {
    let size = this.block ? GROWTH * this.block.size : FIRST_BYTES;
    while (size < this.snapshotBytes) size *= GROWTH;
    size = 8 * Math.ceil(Math.max(this.snapshotBytes, Math.min(size, this.limit)) / 8);
    this.abandon();
    this.block = { address: this.space.allocator.allocateScratch(size), size };
  }
}

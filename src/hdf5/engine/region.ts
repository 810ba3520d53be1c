import { type Block, RowBuffer, type Space, type Storage, type StorageWrites } from "./storage.js";

const FIRST_BYTES = 512;
const GROWTH = 4;

/**
 * The rows of a small growing dataset: one contiguous block of the file, which readers see as a plain dataset of the rows
 * committed so far. It lies in scratch space; when it is full the rows move to one four times as large, and at the end to one of just their size that stays. All rows stay in memory, so that they can
 * move on (to a larger block, to chunks) without being read back.
 */
export class RegionStorage implements Storage {
  readonly rows = new RowBuffer();
  private readonly space: Space;
  /** Bytes that the dataset will hardly exceed in this form. */
  private readonly limit: number;
  private block: Block | undefined;
  private written = 0;
  private snapshotBytes = 0;
  private snapshotBlock: Block | undefined;
  /** Blocks given up since the last snapshot, and before it: these are free after the commit. */
  private replaced: Block[] = [];
  private leaving: Block[] = [];
  /** The block is one that stays. */
  private settled: boolean;

  /** `resumed`: rows that lie in the file already. */
  constructor(
    space: Space,
    limit: number,
    resumed?: { readonly block: Block | undefined; readonly rows: Buffer },
  ) {
    this.space = space;
    this.limit = limit;
    // Beyond what stays lies the scratch space of a killed writer.
    this.settled = resumed?.block !== undefined && resumed.block.address < space.allocator.keptEnd;
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
    this.leaving.push(...this.replaced.splice(0));
    if (!this.block || this.written === this.snapshotBytes) return;
    void this.space.writes.write(this.block.address + this.written, this.rows.part(this.written));
    this.written = this.snapshotBytes;
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

  private abandon(): void {
    if (this.block) this.replaced.push(this.block);
    this.settled = false;
    this.block = undefined;
    this.written = 0;
  }

  /** The final place of the rows, which has just their size. */
  private settle(): void {
    const size = this.snapshotBytes;
    if (this.settled && this.block?.size === size) return;
    this.abandon();
    if (size > 0) this.block = { address: this.space.allocator.allocate(size), size };
    this.settled = true;
  }

  private grow(): void {
    let size = this.block ? GROWTH * this.block.size : FIRST_BYTES;
    while (size < this.snapshotBytes) size *= GROWTH;
    size = 8 * Math.ceil(Math.max(this.snapshotBytes, Math.min(size, this.limit)) / 8);
    this.abandon();
    this.block = { address: this.space.allocator.allocateScratch(size), size };
  }
}

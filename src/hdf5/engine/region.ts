import { type Block, RowBuffer, type Space, type Storage, type StorageWrites } from "./storage.js";

const FIRST_BYTES = 512;
const GROWTH = 4;

/**
 * The rows of a small growing dataset: one contiguous block of the file, which readers see as a plain dataset of the rows
 * committed so far. When the block is full the rows move to one four times as large. All rows stay in memory, so that they can
 * move on (to a larger block, to chunks) without being read back.
 */
export class RegionStorage implements Storage {
  readonly rows = new RowBuffer();
  private readonly space: Space;
  /** Bytes the dataset is expected to end with. */
  private readonly expected: number;
  private block: Block | undefined;
  private written = 0;
  private snapshotBytes = 0;
  private replaced: Block[] = [];

  constructor(
    space: Space,
    expected = 0,
    resumed?: { readonly block: Block | undefined; readonly rows: Buffer },
  ) {
    this.space = space;
    this.expected = expected;
    if (!resumed) return;
    this.block = resumed.block;
    this.rows.push(resumed.rows);
    this.written = resumed.rows.length;
  }

  get length(): number {
    return this.rows.length;
  }

  append(rows: Buffer): void {
    this.rows.push(rows);
  }

  /** Other rows altogether, for instance wider ones: they need another block. */
  reset(rows: Buffer): void {
    this.abandon();
    this.rows.take();
    this.rows.push(rows);
  }

  snapshot(): void {
    this.snapshotBytes = this.rows.length;
    if (this.written === this.snapshotBytes) return;
    if (!this.block || this.block.size < this.snapshotBytes) this.grow();
    if (!this.block) return;
    void this.space.writes.submit({
      address: this.block.address + this.written,
      bytes: Buffer.from(this.rows.view(this.written)),
    });
    this.written = this.snapshotBytes;
  }

  async prepare(): Promise<StorageWrites> {
    return {
      layout: {
        kind: "contiguous",
        address: this.snapshotBytes > 0 ? this.block?.address : undefined,
        size: this.snapshotBytes,
      },
      filters: [],
      fresh: [],
      publish: [],
    };
  }

  committed(): Block[] {
    return this.replaced.splice(0);
  }

  /** No more rows: the room that was kept for them goes back at once, no reader ever looked at it. */
  trim(): void {
    if (!this.block || this.block.size === this.written) return;
    const used = Math.ceil(this.written / 8) * 8;
    if (used < this.block.size)
      this.space.allocator.discard(this.block.address + used, this.block.size - used);
    this.block = { address: this.block.address, size: used };
  }

  /** Gives the block up: the rows will lie elsewhere. */
  abandon(): void {
    if (this.block) this.replaced.push(this.block);
    this.block = undefined;
    this.written = 0;
  }

  private grow(): void {
    const wanted = this.block ? Math.max(GROWTH * this.block.size, this.snapshotBytes) : this.firstSize();
    this.abandon();
    const size = 8 * Math.ceil(wanted / 8);
    this.block = { address: this.space.allocator.allocate(size), size };
  }

  private firstSize(): number {
    if (this.snapshotBytes <= this.expected) return this.expected;
    let size = FIRST_BYTES;
    while (size < this.snapshotBytes) size *= GROWTH;
    return size;
  }
}

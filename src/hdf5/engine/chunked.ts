import type { Memory } from "../../reusable-memory.js";
import type { Filter } from "../format/messages.js";
import { applyFilters, rawMask, undoFilters } from "./filters.js";
import { type PlannedChunk, PlannedIndex } from "./planned-index.js";
import { type Block, filled, RowBuffer, type Space, type Storage, type StorageWrites } from "./storage.js";
import { cutTile, pasteTile, type TileGrid, tileGrid } from "./tiles.js";

export interface ChunkedType {
  readonly itemsize: number;
  readonly rowShape: readonly number[];
  /** First axis, then the axes of a row. */
  readonly chunks: readonly number[];
  readonly filters: readonly Filter[];
  readonly fill: Buffer | undefined;
  /** Elements refer to texts in a heap. */
  readonly hasText: boolean;
}

/** Rows for a slot that other programs may look into. */
interface SlotRows {
  readonly address: number;
  readonly rows: Memory;
}

/**
 * A chunked dataset that grows along its first axis. Rows gather in memory until they fill a band of chunks; full bands are
 * filtered and written in the background. At a snapshot the rows of the last, partial band go into raw slots: unfiltered chunks
 * (filter mask: none applied) of full size that are appended to in place behind the rows that readers know.
 * When the band is full, filtered chunks replace its slots; without filters the slots are the chunks.
 */
export class ChunkedStorage implements Storage {
  private readonly index: PlannedIndex;
  private readonly space: Space;
  private type: ChunkedType;
  private grid: TileGrid;
  private readonly tail = new RowBuffer();
  /** First row of the band that `tail` belongs to. */
  private bandStart = 0;
  private slots: (Block | undefined)[] = [];
  /** Rows of the band that are in slots. */
  private slotRows = 0;
  /**
   * Rows of text for slots wait until the heap is in the file: when h5py appends after a crash, it looks at what the element that it
   * writes has referred to, though no reader was ever shown it.
   */
  private slotRowsLate: SlotRows[] = [];
  private committingLate: SlotRows[] = [];

  constructor(space: Space, type: ChunkedType) {
    this.space = space;
    this.type = type;
    this.grid = tileGrid(type.rowShape, type.chunks, type.itemsize);
    this.index = new PlannedIndex(space, type.chunks);
  }

  get chunks(): readonly number[] {
    return this.type.chunks;
  }

  /**
   * Takes up a dataset of `rows` rows whose index lies in the file: reads the last, partial band back, and goes on in its raw
   * slots where it has some.
   */
  async resume(root: number | undefined, rows: number): Promise<void> {
    const length = this.type.chunks[0] ?? 1;
    this.bandStart = Math.floor(rows / length) * length;
    if (root === undefined) {
      this.tail.push(filled((rows - this.bandStart) * this.grid.rowBytes, this.type.fill));
      return;
    }
    await this.index.open(root);
    const partial = rows - this.bandStart;
    const band = filled(partial * this.grid.rowBytes, this.type.fill);
    for (let tile = 0; tile < this.grid.count; tile++) await this.resumeTile(tile, partial, band);
    this.tail.push(band, this.grid.bandBytes);
    if ((this.index.lastChunk?.offsets[0] ?? 0) > this.bandStart) this.cutBand();
    else if (this.slots.length === this.grid.count && this.slots.every(Boolean)) this.slotRows = partial;
  }

  private async resumeTile(tile: number, rows: number, band: Buffer): Promise<void> {
    const found = await this.index.find(this.offsetsOf(tile));
    if (!found) return;
    const { filters } = this.type;
    const { tileBytes } = this.grid;
    const block = { address: found.child, size: found.size };
    if (found.mask === rawMask(filters) && found.size === tileBytes) this.slots[tile] = block;
    else this.known.set(tile, block);
    if (rows === 0) return;
    const stored = await this.space.read(found.child, found.size);
    const chunk = await undoFilters(stored, filters, found.mask, Buffer.allocUnsafe(tileBytes));
    pasteTile(this.grid, chunk, tile, rows, band);
  }

  /** Chunks of the current band that the index has in filtered form (resumed datasets). */
  private known = new Map<number, Block>();

  append(rows: Buffer): void {
    let rest = rows;
    const { bandBytes } = this.grid;
    while (rest.length > 0) {
      const take = Math.min(rest.length, bandBytes - this.tail.length);
      this.tail.push(rest.subarray(0, take), bandBytes);
      rest = rest.subarray(take);
      if (this.tail.length === bandBytes) this.sealBand(this.tail.take(), this.type.chunks[0] ?? 1);
    }
  }

  snapshot(last: boolean): void {
    if (last) this.finish();
    const rows = this.tail.length / this.grid.rowBytes;
    if (rows > this.slotRows && !(last && this.type.filters.length > 0)) {
      const band = this.tail.part();
      for (let tile = 0; tile < this.grid.count; tile++) this.writeSlot(tile, band, rows);
      band.release();
      this.slotRows = rows;
    }
    this.index.snapshot(last);
    this.committingLate.push(...this.slotRowsLate.splice(0));
  }

  /** The last, partial band in its final form: filtered like the others. */
  private finish(): void {
    const rows = this.tail.length / this.grid.rowBytes;
    if (rows > 0 && this.type.filters.length > 0) this.sealBand(this.tail.take(), rows);
  }

  async prepare(): Promise<StorageWrites> {
    const writes = await this.index.prepare();
    return {
      layout: {
        kind: "chunked",
        index: this.index.root,
        chunks: this.type.chunks,
        itemsize: this.type.itemsize,
      },
      filters: this.type.filters,
      ...writes,
      fresh: [
        ...this.committingLate.map(({ address, rows }) => ({ address, bytes: rows.bytes })),
        ...writes.fresh,
      ],
    };
  }

  committed(): Block[] {
    for (const { rows } of this.committingLate.splice(0)) rows.release();
    return this.index.committed();
  }

  /**
   * Longer row axes: complete bands keep the chunks they have (what is missing reads as the fill value), the rows of the
   * partial band, given at their new width, go into new chunks.
   */
  extendRows(rowShape: readonly number[], tailRows: Buffer): void {
    this.type = { ...this.type, rowShape };
    this.grid = tileGrid(rowShape, this.type.chunks, this.type.itemsize);
    this.tail.clear();
    this.tail.push(tailRows);
    if (this.slots.some(Boolean) || this.known.size > 0) this.cutBand();
  }

  close(): void {
    this.tail.clear();
  }

  async blocks(): Promise<Block[]> {
    const slots = this.slots.filter((slot) => slot !== undefined);
    const blocks = [...slots, ...(await this.index.blocks())];
    return [...new Map(blocks.map((block) => [block.address, block])).values()];
  }

  /** The rows of the partial band. */
  get tailRows(): Buffer {
    return this.tail.view();
  }

  /** Takes the chunks of the current band out of the index: its rows will be written anew. */
  private cutBand(): void {
    const slots = this.slots.filter((slot) => slot !== undefined);
    this.index.cut(this.bandStart, [...slots, ...this.known.values()]);
    this.slots = [];
    this.slotRows = 0;
    this.known.clear();
  }

  /** Sends a complete band on its way, and releases it. */
  private sealBand(band: Memory, rows: number): void {
    for (let tile = 0; tile < this.grid.count; tile++) {
      if (this.type.filters.length === 0) this.writeRest(tile, band, rows);
      else this.writeFiltered(tile, this.cut(band, tile, 0, rows, this.type.chunks[0] ?? 1));
    }
    band.release();
    this.bandStart += this.type.chunks[0] ?? 1;
    this.slots = [];
    this.slotRows = 0;
    this.known.clear();
  }

  private offsetsOf(tile: number): number[] {
    return [this.bandStart, ...this.grid.origin(tile)];
  }

  /** Rows of a chunk: those of the band from `from` to `to`, then fill values up to `rows`. */
  private cut(band: Memory, tile: number, from: number, to: number, rows = to - from): Memory {
    return cutTile(this.grid, band, tile, { from, to, rows }, this.type.fill);
  }

  private plan(
    tile: number,
    content: Memory,
    slot: Block | undefined,
    run: (plan: PlannedChunk) => Promise<void>,
  ): void {
    const plan: PlannedChunk = {
      offsets: this.offsetsOf(tile),
      slot: slot ?? this.known.get(tile),
      done: Promise.resolve(),
      result: undefined,
    };
    plan.done = this.space.writes.start(content, () => run(plan));
    this.index.add(plan);
  }

  private writeFiltered(tile: number, chunk: Memory): void {
    const { filters } = this.type;
    let filtered: Memory | undefined;
    this.plan(tile, chunk, this.slots[tile], async (plan) => {
      filtered ??= await applyFilters(chunk, filters); // once: when a write is tried again its place is known
      const raw = filtered.bytes.length >= chunk.bytes.length;
      const { bytes } = raw ? chunk : filtered;
      plan.result ??= {
        address: this.space.allocator.allocate(bytes.length), // also when it does not shrink: its slot is scratch space
        size: bytes.length,
        mask: raw ? rawMask(filters) : 0,
      };
      if (plan.result !== "cut") await this.space.writes.now({ address: plan.result.address, bytes });
      filtered.release();
    });
  }

  /** An unfiltered chunk: the rows that are not in its slot yet, or the whole chunk. */
  private writeRest(tile: number, band: Memory, rows: number): void {
    const slot = this.slots[tile];
    if (slot) {
      this.fillSlot(tile, slot, band, rows);
      return;
    }
    const chunk = this.cut(band, tile, 0, rows);
    const { bytes } = chunk;
    const address = this.space.allocator.allocate(bytes.length);
    this.plan(tile, chunk, undefined, async (plan) => {
      await this.space.writes.now({ address, bytes });
      plan.result = { address, size: bytes.length, mask: 0 };
    });
  }

  /** The rows that are not in the slot yet. */
  private fillSlot(tile: number, slot: Block, band: Memory, rows: number): void {
    if (rows === this.slotRows) return;
    const address = slot.address + this.slotRows * this.grid.tileRowBytes;
    const added = this.cut(band, tile, this.slotRows, rows);
    if (this.type.hasText) this.slotRowsLate.push({ address, rows: added });
    else void this.space.writes.write(address, added);
  }

  private writeSlot(tile: number, band: Memory, rows: number): void {
    const { tileBytes } = this.grid;
    const existing = this.slots[tile];
    if (existing) {
      this.fillSlot(tile, existing, band, rows);
      return;
    }
    const { address, blank } = this.space.allocator.allocateSlot(tileBytes, this.type.filters.length > 0);
    const zeros = !this.type.fill?.some((byte) => byte !== 0) && blank;
    const content = this.cut(band, tile, 0, rows, zeros ? rows : this.type.chunks[0]);
    this.plan(tile, content, undefined, async (plan) => {
      await this.space.writes.now({ address, bytes: content.bytes });
      plan.result = { address, size: tileBytes, mask: rawMask(this.type.filters) };
    });
    this.slots[tile] = { address, size: tileBytes };
  }
}

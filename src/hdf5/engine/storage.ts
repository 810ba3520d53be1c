import { Memory } from "../../reusable-memory.js";
import type { Layout } from "../format/layout.js";
import type { Filter } from "../format/messages.js";
import type { ReadBytes } from "../format/object-header.js";
import type { DataWrites } from "./data-writes.js";
import type { Write } from "./write-lane.js";
import type { Zones } from "./zones.js";

/** What the storage of a dataset needs of the file. */
export interface Space {
  readonly allocator: Zones;
  readonly writes: DataWrites;
  readonly read: ReadBytes;
}

/** What lies where, as of a snapshot: what the header has to say. */
export interface Stored {
  readonly layout: Layout;
  readonly filters: readonly Filter[];
}

/**
 * What a commit has to write for a dataset's storage once the data writes are settled: `fresh` before anything is
 * published, `publish` in order, before the header, `settle` after it.
 */
export interface StorageWrites extends Stored {
  readonly fresh: readonly Write[];
  readonly publish: readonly Write[];
  readonly settle: readonly Write[];
}

/** Blocks of the file that are no longer used. */
export interface Block {
  readonly address: number;
  readonly size: number;
}

/** The elements of a growing dataset, in one region or in chunks. */
export interface Storage {
  /** Takes whole rows; the bytes are copied. */
  append(rows: Buffer): void;
  /** Sends what has been appended so far on its way to the file; `last`: there will be no more. */
  snapshot(last: boolean): void;
  /** After the data writes have settled: what the last snapshot needs in the file's structures. */
  prepare(): Promise<StorageWrites>;
  /** All of it is in the file: the blocks that readers of the previous state may still use. */
  committed(): Block[];
  /** No more calls, but `blocks`: gives its memory back. */
  close(): void;
  /** Everything it has in the file, once the data writes have settled: for a dataset that was removed. */
  blocks(): Promise<Block[]>;
}

/** A buffer of `size` bytes full of the fill value. */
export function filled(size: number, fill: Buffer | undefined): Buffer {
  return fillWith(Buffer.allocUnsafe(size), fill);
}

export function fillWith(buffer: Buffer, fill: Buffer | undefined): Buffer {
  return buffer.fill(fill?.some((byte) => byte !== 0) ? fill : 0);
}

/** Rows on their way, in one growing piece of memory. */
export class RowBuffer {
  private memory = Memory.of(0);
  private used = 0;
  /** What the rows took before they were taken last: they will need as much again. */
  private usual = 256;

  get length(): number {
    return this.used;
  }

  push(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): void {
    const { length } = this.memory.bytes;
    const needed = this.used + bytes.length;
    if (needed > length) {
      const usual = Math.max(this.usual, 4 * bytes.length, 2 * length);
      const larger = Memory.of(Math.max(needed, usual < most / 4 ? usual : most));
      this.memory.bytes.copy(larger.bytes, 0, 0, this.used);
      this.memory.release();
      this.memory = larger;
    }
    this.memory.bytes.set(bytes, this.used);
    this.used = needed;
  }

  /** A view, valid until the next push. */
  view(start = 0, end = this.used): Buffer {
    return this.memory.bytes.subarray(start, end);
  }

  /** A part that stays, whatever happens to this buffer. */
  part(start = 0, end = this.used): Memory {
    return this.memory.part(start, end);
  }

  /** The content, which no longer belongs to this buffer. */
  take(): Memory {
    const content = this.memory.part(0, this.used);
    this.usual = Math.max(256, this.memory.bytes.length);
    this.clear();
    return content;
  }

  clear(): void {
    this.memory.release();
    this.memory = Memory.of(0);
    this.used = 0;
  }
}

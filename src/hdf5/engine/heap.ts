import { Memory } from "../../reusable-memory.js";
import {
  COLLECTION_HEADER,
  COLLECTION_MIN,
  encodeCollectionHeader,
  encodeFree,
  encodeObject,
  encodeReference,
  OBJECT_HEADER,
  objectSize,
} from "../format/global-heap.js";
import type { DataWrites } from "./data-writes.js";
import type { Zones } from "./zones.js";

export interface HeapObject {
  readonly address: number;
  readonly index: number;
}

/** A collection of one page. */
interface Page {
  readonly address: number;
  readonly image: Buffer;
  used: number;
  count: number;
  /** Bytes that are in the file already. */
  stored: number;
  /** Somebody is writing it, and goes on with what is put meanwhile. */
  saving: boolean;
}

/**
 * Puts text and other variable-size objects into global heaps of one page each, which fill up in place, before anything
 * refers to a new object. Readers may look at the page at any moment, for an older object: whatever is new is written
 * behind the header of the free rest, which hides it, and that header last. (HDF5 never ends reading a page in which a
 * header is all zeros.) An object that does not fit into a page gets a collection of its own.
 */
export class HeapWriter {
  private readonly allocator: Zones;
  /** They must have run before the next commit publishes anything. */
  private readonly writes: Pick<DataWrites, "start" | "now" | "submit">;
  private page: Page | undefined;

  constructor(allocator: Zones, writes: Pick<DataWrites, "start" | "now" | "submit">) {
    this.allocator = allocator;
    this.writes = writes;
  }

  put(data: Uint8Array): HeapObject {
    const need = objectSize(data.length);
    if (need + COLLECTION_HEADER > COLLECTION_MIN) return this.putAlone(data, need);
    if (!this.page || this.page.used + need > COLLECTION_MIN) this.startPage();
    const { page } = this;
    if (!page) throw new RangeError("no heap page");
    page.count++;
    page.image.set(encodeObject(page.count, data), page.used);
    page.used += need;
    page.image.set(encodeFree(COLLECTION_MIN - page.used), page.used);
    return { address: page.address, index: page.count };
  }

  /** The stored form of one text. */
  text(value: string): Buffer {
    const bytes = Buffer.from(value);
    if (bytes.length === 0) return Buffer.alloc(16);
    const { address, index } = this.put(bytes);
    return encodeReference(bytes.length, address, index);
  }

  /** Hands over what has been put since the last call. */
  flush(): void {
    const { page } = this;
    if (!page || page.saving || page.used === page.stored) return;
    page.saving = true;
    void this.writes.start(Memory.lent(page.image), () => this.save(page));
  }

  /** One at a time writes to a page: what is put meanwhile would overlap with it. Run again, it goes on where it failed. */
  private async save(page: Page): Promise<void> {
    while (page.stored < page.used) {
      const { address, used, stored } = page;
      const image = Buffer.from(page.image);
      const end = Math.min(COLLECTION_MIN, used + OBJECT_HEADER);
      if (stored === 0) await this.writes.now({ address, bytes: image });
      else {
        const behind = stored + OBJECT_HEADER;
        await this.writes.now({ address: address + behind, bytes: image.subarray(behind, end) });
        await this.writes.now({ address: address + stored, bytes: image.subarray(stored, behind) });
      }
      page.stored = used;
    }
    page.saving = false;
  }

  private startPage(): void {
    this.flush();
    const image = Buffer.alloc(COLLECTION_MIN);
    image.set(encodeCollectionHeader(COLLECTION_MIN));
    const address = this.allocator.allocate(COLLECTION_MIN, { align: COLLECTION_MIN });
    this.page = { address, image, used: COLLECTION_HEADER, count: 0, stored: 0, saving: false };
  }

  private putAlone(data: Uint8Array, need: number): HeapObject {
    const used = COLLECTION_HEADER + need;
    const size = Math.max(COLLECTION_MIN, used);
    const bytes = Buffer.alloc(size);
    bytes.set(encodeCollectionHeader(size));
    bytes.set(encodeObject(1, data), COLLECTION_HEADER);
    bytes.set(encodeFree(size - used), used);
    const address = this.allocator.allocate(size);
    void this.writes.submit({ address, bytes });
    return { address, index: 1 };
  }
}

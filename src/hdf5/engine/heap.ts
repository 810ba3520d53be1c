import {
  COLLECTION_HEADER,
  COLLECTION_MIN,
  encodeCollectionHeader,
  encodeFree,
  encodeObject,
  encodeReference,
  objectSize,
} from "../format/global-heap.js";
import type { Write } from "./header.js";
import type { Zones } from "./zones.js";

export interface HeapObject {
  readonly address: number;
  readonly index: number;
}

/**
 * Puts text and other variable-size objects into global heaps of one page each, which fill up in place: a new object and
 * the header of the free rest go out in one write inside the page, before anything refers to the object. An object that
 * does not fit into a page gets a collection of its own.
 */
export class HeapWriter {
  private readonly allocator: Zones;
  private readonly submit: (write: Write) => void;
  private page: { readonly address: number; readonly image: Buffer; used: number; count: number } | undefined;
  /** Bytes of the page that are in the file already. */
  private stored = 0;

  /** `submit` takes what is complete; it must be in the file before the next commit publishes anything. */
  constructor(allocator: Zones, submit: (write: Write) => void) {
    this.allocator = allocator;
    this.submit = submit;
  }

  put(data: Uint8Array): HeapObject {
    const need = objectSize(data.length);
    if (need + COLLECTION_HEADER > COLLECTION_MIN) return this.putAlone(data, need);
    if (!this.page || this.page.used + need > COLLECTION_MIN) this.startPage();
    const page = this.page;
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
    const page = this.page;
    if (!page || page.used === this.stored) return;
    const end = this.stored === 0 ? COLLECTION_MIN : Math.min(COLLECTION_MIN, page.used + 16);
    this.submit({
      address: page.address + this.stored,
      bytes: Buffer.from(page.image.subarray(this.stored, end)),
    });
    this.stored = page.used;
  }

  private startPage(): void {
    this.flush();
    const image = Buffer.alloc(COLLECTION_MIN);
    image.set(encodeCollectionHeader(COLLECTION_MIN));
    const address = this.allocator.allocate(COLLECTION_MIN, { align: COLLECTION_MIN });
    this.page = { address, image, used: COLLECTION_HEADER, count: 0 };
    this.stored = 0;
  }

  private putAlone(data: Uint8Array, need: number): HeapObject {
    const used = COLLECTION_HEADER + need;
    const size = Math.max(COLLECTION_MIN, used);
    const bytes = Buffer.alloc(size);
    bytes.set(encodeCollectionHeader(size));
    bytes.set(encodeObject(1, data), COLLECTION_HEADER);
    bytes.set(encodeFree(size - used), used);
    const address = this.allocator.allocate(size);
    this.submit({ address, bytes });
    return { address, index: 1 };
  }
}

import type { Extent } from "../format/note.js";
import { FreeSpace, joinExtents } from "./free-space.js";
import { type Placement, place } from "./placement.js";

/**
 * Gives out the file's space: freed space first, then the end of the file. Pure arithmetic; `end` is what the file must
 * cover. Space that readers may know of comes back by `retire` and is given out again only after the quarantine: a reader
 * with an older view of the file would otherwise see foreign bytes in its chunks.
 */
export class Allocator {
  private readonly free = new FreeSpace();
  private readonly retired: { readonly address: number; readonly size: number; readonly at: number }[] = [];
  private readonly quarantine: number;
  private readonly now: () => number;
  private top: number;
  private highest: number;

  /** `untouched`: from there on the file holds zeros. `quarantine` in milliseconds; `now` in milliseconds on a clock that never goes back. */
  constructor(end: number, untouched: number, quarantine: number, now = (): number => performance.now()) {
    this.top = end;
    this.highest = untouched;
    this.quarantine = quarantine;
    this.now = now;
  }

  /** First address after everything given out. */
  get end(): number {
    return this.top;
  }

  /** From this address on the file holds zeros. */
  get untouched(): number {
    return this.highest;
  }

  allocate(size: number, placement: Placement = {}): number {
    if (size <= 0) throw new RangeError(`cannot allocate ${size} bytes`);
    return this.reuse(size, placement) ?? this.extend(Math.ceil(size / 8) * 8, placement);
  }

  /** Freed space only; undefined when none suits. */
  reuse(size: number, placement: Placement = {}): number | undefined {
    this.release();
    return this.free.take(Math.ceil(size / 8) * 8, placement);
  }

  /** Goes on at `end`; what lies between belongs to someone else. */
  jump(end: number): void {
    this.top = end;
    this.highest = Math.max(this.highest, end);
  }

  /** Takes back space that no reader ever saw: usable at once. */
  discard(address: number, size: number): void {
    const start = Math.ceil(address / 8) * 8;
    const end = Math.min(this.top, Math.ceil((address + size) / 8) * 8);
    if (end <= start) return;
    if (end === this.top) this.top = start;
    else this.free.add(start, end - start);
  }

  /** Takes back space that readers may still look at: usable after the quarantine. */
  retire(address: number, size: number): void {
    const end = Math.min(this.top, Math.ceil((address + size) / 8) * 8);
    if (end <= address) return;
    this.retired.push({ address, size: end - address, at: this.now() });
  }

  /** All free extents, those in quarantine included, joined and in the order of addresses. */
  extents(): Extent[] {
    return joinExtents([...this.free.extents(), ...this.retired]);
  }

  /** Ends every quarantine (nobody reads the file any more) and gives free space at the end of the file back. */
  releaseAll(): void {
    const extents = this.extents();
    this.retired.length = 0;
    this.free.clear();
    for (const { address, size } of extents) this.discard(address, size);
  }

  private release(): void {
    const limit = this.now() - this.quarantine;
    let count = 0;
    for (const block of this.retired) {
      if (block.at > limit) break;
      this.free.add(block.address, block.size);
      count++;
    }
    if (count > 0) this.retired.splice(0, count);
  }

  private extend(size: number, placement: Placement): number {
    const start = place(this.top, size, placement);
    if (start > this.top) this.free.add(this.top, start - this.top);
    this.top = start + size;
    this.highest = Math.max(this.highest, this.top);
    return start;
  }
}

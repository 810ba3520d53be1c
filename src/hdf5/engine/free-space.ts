import type { Extent } from "../format/note.js";
import { type Placement, place } from "./placement.js";

/** Larger extents are not split for much smaller blocks: they are worth more whole. */
const SPLIT_LIMIT = 512 * 1024;
/** Blocks from this size on are worth joining extents for. */
const LARGE = 64 * 1024;

/**
 * Free extents by size: an exact fit first, then the smallest larger one, which is split. Extents are joined only when a large
 * block would not fit otherwise: most freed blocks (chunk slots, index nodes) are asked for again in just their size.
 */
export class FreeSpace {
  private readonly bySize = new Map<number, number[]>();
  /** Distinct sizes, ascending. */
  private sizes: number[] = [];
  total = 0;
  /** Bytes that have come since extents were joined last. */
  private unjoined = 0;

  add(address: number, size: number): void {
    const known = this.bySize.get(size);
    if (known) known.push(address);
    else {
      this.bySize.set(size, [address]);
      this.sizes.splice(this.position(size), 0, size);
    }
    this.total += size;
    this.unjoined += size;
  }

  /** An address for a block, or undefined when no extent can hold it. */
  take(size: number, placement: Placement): number | undefined {
    const found = this.find(size, placement);
    if (found !== undefined || size < LARGE || this.total < size || this.unjoined < size) return found;
    this.join();
    return this.find(size, placement);
  }

  private find(size: number, placement: Placement): number | undefined {
    for (let i = this.position(size); i < this.sizes.length; i++) {
      const extent = this.sizes[i] ?? 0;
      if (extent > Math.max(SPLIT_LIMIT, 16 * size)) return undefined;
      const addresses = this.bySize.get(extent) ?? [];
      for (let k = addresses.length - 1; k >= Math.max(0, addresses.length - 4); k--) {
        const address = addresses[k] ?? 0;
        const start = place(address, size, placement);
        if (start + size > address + extent) continue;
        addresses.splice(k, 1);
        this.total -= extent;
        if (addresses.length === 0) this.forget(i);
        if (start > address) this.add(address, start - address);
        if (start + size < address + extent) this.add(start + size, address + extent - start - size);
        return start;
      }
    }
    return undefined;
  }

  extents(): Extent[] {
    return [...this.bySize].flatMap(([size, addresses]) => addresses.map((address) => ({ address, size })));
  }

  private join(): void {
    const joined = joinExtents(this.extents());
    this.clear();
    for (const { address, size } of joined) this.add(address, size);
    this.unjoined = 0;
  }

  clear(): void {
    this.bySize.clear();
    this.sizes = [];
    this.total = 0;
  }

  private forget(index: number): void {
    this.bySize.delete(this.sizes[index] ?? 0);
    this.sizes.splice(index, 1);
  }

  /** Index of the first size that is not smaller. */
  private position(size: number): number {
    let low = 0;
    let high = this.sizes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sizes[middle] ?? 0) < size) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Extents in the order of addresses, those that lie side by side as one. */
export function joinExtents(extents: readonly Extent[]): Extent[] {
  const joined: { address: number; size: number }[] = [];
  for (const { address, size } of extents.toSorted((a, b) => a.address - b.address)) {
    const last = joined.at(-1);
    if (last && last.address + last.size === address) last.size += size;
    else joined.push({ address, size });
  }
  return joined;
}

import type { Extent } from "../format/note.js";
import { Allocator } from "./allocator.js";
import type { Placement } from "./placement.js";

/** Where scratch space begins: so far behind what is to stay; four times as far each time that the file has grown up to it. */
const GAP = 2 ** 30;
const GAP_GROWTH = 4;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The file's space in two zones. What stays lies at the front. Behind it, after a wide gap of nothing (sparse), lies scratch space:
 * blocks that serve readers only while a dataset grows (the rows of a small one, raw slots of partial chunks, its index). A finished
 * dataset has nothing there, so at close the file ends with the first zone, whatever live reading has cost.
 */
export class Zones {
  private readonly kept: Allocator;
  private readonly quarantine: number;
  /** What lies below was there before, and may be of another program. */
  private readonly firstOwn: number;
  private scratch: Allocator | undefined;
  private gap = GAP;
  /** False: the file system has no room for a gap. */
  sparse: boolean;
  /** First address of the scratch zone. */
  private scratchStart = 0;
  /** Addresses below this were scratch space of an earlier life of the file: new scratch space begins behind them. */
  private readonly formerEnd: number;
  /** Scratch space of a killed writer, to which datasets refer until they have been brought out of it. */
  private former: Range | undefined;
  /** Bytes of scratch space of earlier zones, which the kept zone has grown around. */
  private skipped = 0;

  /**
   * `end`: the file is in use up to there; `touched`: beyond, up to there, it may hold bytes other than zero; `quarantine` in
   * milliseconds; `former`: scratch space of a killed writer.
   */
  constructor(end: number, touched: number, quarantine: number, former?: Range) {
    this.kept = new Allocator(end, touched, quarantine);
    this.firstOwn = end;
    this.quarantine = quarantine;
    this.formerEnd = touched;
    this.former = former;
    this.sparse = true;
  }

  /** The end of what stays. */
  get keptEnd(): number {
    return this.kept.end;
  }

  /** False for scratch space: it ends with the file. */
  stays(address: number): boolean {
    return !this.isFormer(address) && this.of(address) === this.kept;
  }

  /** The end of all that readers may look at now. */
  get end(): number {
    return Math.max(this.kept.end, this.scratch?.end ?? 0);
  }

  /** The scratch zone, when there is one. */
  get scratchZone(): Range | undefined {
    return this.scratch && { start: this.scratchStart, end: this.scratch.end };
  }

  /** Where the next writer has to look for unfinished datasets if this one is killed now. */
  get unsettled(): Range | undefined {
    const { former, scratchZone } = this;
    if (!former || !scratchZone) return former ?? scratchZone;
    return { start: former.start, end: scratchZone.end };
  }

  /** Bytes given out so far, in both zones: a measure of speed. */
  get used(): number {
    return this.kept.end + (this.scratch ? this.scratch.end - this.scratchStart : 0) - this.skipped;
  }

  allocate(size: number, placement?: Placement): number {
    const needed = this.kept.end + 2 * size + 4096;
    if (this.scratch && needed > this.scratchStart) this.passScratch();
    if (this.former && this.kept.end < this.former.end && needed > this.former.start)
      this.passFormer(this.former);
    return this.kept.allocate(size, placement);
  }

  /** A place for what stays in space that was used before; undefined when there is none. */
  allocateFreed(size: number): number | undefined {
    return this.kept.reuse(size);
  }

  /** Room that is needed only while its dataset grows. On file systems without sparse files it is room like any other. */
  allocateScratch(size: number, placement?: Placement): number {
    if (!this.sparse) return this.allocate(size, placement);
    this.scratch ??= this.startScratch();
    return this.scratch.allocate(size, placement);
  }

  /** Room for a chunk that fills up slowly; `blank`: it holds zeros already. */
  allocateSlot(size: number, scratch: boolean): { readonly address: number; readonly blank: boolean } {
    const before = [this.kept.untouched, this.scratch?.untouched ?? 0] as const;
    const address = scratch ? this.allocateScratch(size) : this.allocate(size);
    return { address, blank: address >= (this.of(address) === this.kept ? before[0] : before[1]) };
  }

  /** Nothing refers to the scratch space of a killed writer any more. */
  leaveFormer(): void {
    const { former } = this;
    this.former = undefined;
    if (former && former.end <= this.kept.end) this.kept.retire(former.start, former.end - former.start);
  }

  discard(address: number, size: number): void {
    this.of(address).discard(address, size);
  }

  retire(address: number, size: number): void {
    if (this.isFormer(address)) return; // all of it will be free
    if (address >= this.firstOwn) {
      this.of(address).retire(address, size);
      return;
    }
    // In files of other programs the next thing may begin right behind: whole multiples of 8 bytes only.
    const start = 8 * Math.ceil(address / 8);
    this.of(address).retire(start, 8 * Math.floor((address + size) / 8) - start);
  }

  /** Nobody reads the file any more: all free space of the kept zone, for being listed. */
  close(): Extent[] {
    this.kept.releaseAll();
    return this.kept.extents();
  }

  private of(address: number): Allocator {
    return this.scratch && address >= this.scratchStart ? this.scratch : this.kept;
  }

  private isFormer(address: number): boolean {
    const { former } = this;
    return former !== undefined && address >= former.start && address < former.end;
  }

  private startScratch(): Allocator {
    const from = Math.max(this.kept.end + this.gap, this.formerEnd);
    this.scratchStart = 2 ** 20 * Math.ceil(from / 2 ** 20);
    return new Allocator(this.scratchStart, this.scratchStart, this.quarantine);
  }

  /** The kept zone has reached what a killed writer has left: it goes on behind it. */
  private passFormer({ start, end }: Range): void {
    const { kept } = this;
    const gap = kept.end;
    this.skipped += end - gap;
    kept.jump(end);
    kept.discard(gap, start - gap);
  }

  /** The kept zone has reached the scratch zone: it goes on behind it, and gets what is free there after the quarantine. */
  private passScratch(): void {
    const { scratch } = this;
    if (!scratch) return;
    const start = this.kept.end;
    this.skipped += scratch.end - start;
    this.kept.jump(scratch.end);
    this.kept.discard(start, this.scratchStart - start);
    for (const { address, size } of scratch.extents()) this.kept.retire(address, size);
    this.scratch = undefined;
    this.gap *= GAP_GROWTH;
  }
}

import { type BigIntStats, closeSync, fstatSync, openSync, read, readSync } from "node:fs";

/** Up to so many bytes are read on the spot: going to another thread and back takes as long as copying them. */
const AT_ONCE = 1024 * 1024;
/** As long as the disk makes us wait, only so many. */
const AT_ONCE_SLOW = 256 * 1024;
/** A read on the spot that took longer (milliseconds) has waited for the disk … */
const SLOW_MS = 3;
/** … and so may those that follow it for so long. */
const SLOW_FOR_MS = 1000;
/** Longer reads are shared among threads: new memory costs more than the copy, and that part runs in parallel. */
const PART_BYTES = 512 * 1024;
const MOST_PARTS = 4;
/** Where short reads follow each other, so many bytes are read ahead. */
const AHEAD_BYTES = 64 * 1024;
export const SHORT_BYTES = 4 * 1024;

/** A file that is read beside the HDF5 library. It is closed when nobody holds it any more. */
export class PlainFile {
  /** As it was when it was opened. */
  readonly stats: BigIntStats;
  readonly #fd: number;
  #holders = 1;
  /** The bytes from `#aheadAt` on, as far as they were read ahead. */
  #ahead: Buffer | undefined;
  #aheadAt = 0;
  /** The end of the last short read. */
  #shortEnd = 0;
  /** The disk is taken for slow until then. */
  #slowUntil = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
    this.stats = fstatSync(this.#fd, { bigint: true });
  }

  get size(): number {
    return Number(this.stats.size);
  }

  /** Keeps it open until `release`; false when it is closed already. */
  hold(): boolean {
    if (this.#holders === 0) return false;
    this.#holders++;
    return true;
  }

  release(): void {
    if (--this.#holders === 0) closeSync(this.#fd);
  }

  /** Bytes of the file, fewer at its end: for its structures, which are short. */
  readonly read = async (position: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, position));
  };

  /** Fills `target` from a position on; a RangeError when the file ends before. Undefined when that is done already. */
  fill(target: Uint8Array, position: number): Promise<unknown> | undefined {
    const began = performance.now();
    const most = began < this.#slowUntil ? AT_ONCE_SLOW : AT_ONCE;
    if (target.length > most) return this.#inThreads(target, position);
    this.fillNow(target, position);
    const ended = performance.now();
    if (ended - began > SLOW_MS) this.#slowUntil = ended + SLOW_FOR_MS;
    return undefined;
  }

  /** As `fill`, on the spot. */
  fillNow(target: Uint8Array, position: number): void {
    const { length } = target;
    if (length <= SHORT_BYTES && this.#fillShort(target, position)) return;
    if (readSync(this.#fd, target, 0, length, position) < length) throw atEnd();
  }

  /** From what was read ahead; which is begun when a read is near the end of the last one. */
  #fillShort(target: Uint8Array, position: number): boolean {
    const gap = position - this.#shortEnd;
    const end = position + target.length;
    this.#shortEnd = end;
    if (!this.#ahead || position < this.#aheadAt || end > this.#aheadAt + this.#ahead.length) {
      if (gap < 0 || gap > AHEAD_BYTES / 2) return false;
      const memory = Buffer.from((this.#ahead ?? Buffer.allocUnsafeSlow(AHEAD_BYTES)).buffer);
      this.#ahead = undefined;
      this.#aheadAt = position;
      this.#ahead = memory.subarray(0, readSync(this.#fd, memory, 0, memory.length, position));
      if (this.#ahead.length < target.length) throw atEnd();
    }
    const start = position - this.#aheadAt;
    target.set(this.#ahead.subarray(start, start + target.length));
    return true;
  }

  #inThreads(target: Uint8Array, position: number): Promise<unknown> {
    const parts = Math.min(MOST_PARTS, Math.ceil(target.length / PART_BYTES));
    const each = Math.ceil(target.length / parts);
    const reads = Array.from({ length: parts }, (_, i) =>
      this.#readAll(target.subarray(i * each, (i + 1) * each), position + i * each),
    );
    return Promise.all(reads);
  }

  async #readAll(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const got = await new Promise<number>((resolve, reject) => {
        read(this.#fd, target, done, target.length - done, position + done, (error, count) =>
          error ? reject(error) : resolve(count),
        );
      });
      if (got === 0) throw atEnd();
      done += got;
    }
  }
}

function atEnd(): RangeError {
  return new RangeError("the end of the file");
}

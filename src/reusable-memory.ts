/** Smaller pieces are left to the garbage collector. */
const LEAST = 16 * 1024;
/** At most so many bytes wait for being used again, in this process. */
const MOST = 64 * 2 ** 20;

/** Buffers that nobody uses, by size; the sizes used last come last. */
const spare = new Map<number, Buffer[]>();
let waiting = 0;

/**
 * A piece of memory for rows, chunks and payloads, used again when its holders have released it: fresh memory costs more (page faults,
 * garbage collection) than compressing or writing what it holds. Whoever makes one, or a part of one, releases it once; until the
 * last one has, its bytes stay.
 */
export class Memory {
  readonly bytes: Buffer;
  private readonly lease: { readonly buffer: Buffer; holders: number };

  private constructor(bytes: Buffer, lease: { readonly buffer: Buffer; holders: number }) {
    this.bytes = bytes;
    this.lease = lease;
  }

  /** Memory of `size` bytes that hold anything. */
  static of(size: number): Memory {
    const buffer = take(size);
    return new Memory(buffer, { buffer, holders: 1 });
  }

  /** Bytes that are someone else's and do not change: never used again. */
  static lent(bytes: Buffer): Memory {
    return new Memory(bytes, { buffer: bytes, holders: Number.POSITIVE_INFINITY });
  }

  part(start: number, end: number): Memory {
    this.lease.holders++;
    return new Memory(this.bytes.subarray(start, end), this.lease);
  }

  release(): void {
    if (--this.lease.holders === 0) give(this.lease.buffer);
  }
}

function take(size: number): Buffer {
  const buffers = spare.get(size);
  const buffer = buffers?.pop();
  if (!buffer) return Buffer.allocUnsafeSlow(size);
  waiting -= size;
  return buffer;
}

/** Keeps a buffer; when there are too many, those of the size that was not asked for the longest make room. */
function give(buffer: Buffer): void {
  const size = buffer.length;
  if (size < LEAST) return;
  const same = spare.get(size) ?? [];
  spare.delete(size);
  for (const [other, buffers] of spare) {
    if (waiting + size <= MOST) break;
    waiting -= other * buffers.length;
    spare.delete(other);
  }
  spare.set(size, same);
  if (waiting + size > MOST) return;
  same.push(buffer);
  waiting += size;
}

/** One write to the file. */
export interface Write {
  readonly address: number;
  readonly bytes: Buffer;
}

/** Writes go out at the same time while they are no more than this in all. */
const TOGETHER = 256 * 1024;
/** Pieces that lie one behind the other are joined up to this size. */
const JOINED = 4 * 2 ** 20;

interface Waiting extends Write {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The way of data to the file. Small writes go out several at once; large ones one after the other, joined where they lie
 * together: the operating system lets one at a time write to a file, and the others burn processor time waiting for it.
 */
export class WriteLane {
  private readonly write: (address: number, pieces: readonly Buffer[]) => Promise<void>;
  private readonly queue: Waiting[] = [];
  /** Bytes being written. */
  private flying = 0;

  constructor(write: (address: number, pieces: readonly Buffer[]) => Promise<void>) {
    this.write = write;
  }

  put(write: Write): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.queue.push({ ...write, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    for (let first = this.queue[0]; first; first = this.queue[0]) {
      if (this.flying > 0 && this.flying + first.bytes.length > TOGETHER) return;
      this.fly(this.takeJoined());
    }
  }

  /** The first write, and those behind it that go on where it ends. */
  private takeJoined(): Waiting[] {
    let [count, size] = [0, 0];
    for (const { address, bytes } of this.queue) {
      const fits = address === (this.queue[0]?.address ?? 0) + size && size + bytes.length <= JOINED;
      if (count > 0 && !fits) break;
      count++;
      size += bytes.length;
    }
    return this.queue.splice(0, count);
  }

  private fly(writes: readonly Waiting[]): void {
    const size = writes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.flying += size;
    const pieces = writes.map(({ bytes }) => bytes);
    this.write(writes[0]?.address ?? 0, pieces)
      .then(
        () => {
          for (const { resolve } of writes) resolve();
        },
        (error: unknown) => {
          for (const { reject } of writes) reject(error);
        },
      )
      .finally(() => {
        this.flying -= size;
        this.next();
      });
  }
}

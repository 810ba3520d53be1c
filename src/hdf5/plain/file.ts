import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";

/** Up to so many bytes are read on the spot: going to another thread and back takes longer. */
const AT_ONCE = 256 * 1024;
/** Longer reads are shared among threads: new memory costs more than the copy, and that part runs in parallel. */
const PART_BYTES = 512 * 1024;
const MOST_PARTS = 4;

/** A file that is read beside the HDF5 library. It is closed when nobody holds it any more. */
export class PlainFile {
  readonly #fd: number;
  #holders = 1;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
  }

  get inode(): bigint {
    return fstatSync(this.#fd, { bigint: true }).ino;
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
    const { length } = target;
    if (length > AT_ONCE) return this.#inThreads(target, position);
    if (readSync(this.#fd, target, 0, length, position) < length) throw atEnd();
    return undefined;
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

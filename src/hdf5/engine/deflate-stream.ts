import { constants, createDeflate, type Deflate } from "node:zlib";
import { Memory } from "../../reusable-memory.js";

/** How a part of a chunk is compressed, the quickest first. */
export type Way = "store" | "codes" | "runs" | "search";

/** Bytes that are compressed in one way. */
export interface Part {
  readonly bytes: Buffer;
  readonly way: Way;
}

const STRATEGIES: Readonly<Record<Way, number>> = {
  store: constants.Z_DEFAULT_STRATEGY,
  codes: constants.Z_HUFFMAN_ONLY,
  runs: constants.Z_RLE,
  search: constants.Z_DEFAULT_STRATEGY,
};
/** Ways that do not search take any level but 0, which stores. */
const LEVELS: Readonly<Record<Way, number | undefined>> = { store: 0, codes: 4, runs: 4, search: undefined };

/** Larger hash tables and blocks than zlib's default: a third faster on shuffled data, of the same size. */
const MEMORY_LEVEL = 9;
/** Memory that zlib gets for its output, for one chunk or several: for each such piece it comes back to the main thread. */
const OUTPUT_BYTES = 512 * 1024;
/** So many streams that nobody uses are kept. */
const MOST_IDLE = 6;

const idle: DeflateStream[] = [];

/**
 * Makes zlib streams, in zlib's threads, one after the other out of the same memory. A stream may change its way in the middle
 * (zlib's deflateParams): stored blocks, then Huffman codes, then matches. It stays one ordinary zlib stream, with the
 * checksum of it all:
 *
 *     78 xx | blocks of the first part | 00 00 00 FF FF | blocks of the second part | 00 00 00 FF FF … | last block | Adler-32
 *
 * where the five bytes (after a block head and padding to a whole byte) are an empty stored block.
 */
export class DeflateStream {
  private readonly zlib: Deflate;
  private pieces: Buffer[] = [];
  private reject: (error: unknown) => void = () => {};

  private constructor() {
    this.zlib = createDeflate({ memLevel: MEMORY_LEVEL, chunkSize: OUTPUT_BYTES });
    this.zlib.on("data", (piece: Buffer) => this.pieces.push(piece));
    this.zlib.on("error", (error) => this.reject(error));
  }

  /** Lends a stream to `use`. */
  static async during<T>(use: (stream: DeflateStream) => Promise<T>): Promise<T> {
    const stream = idle.pop() ?? new DeflateStream();
    try {
      const result = await use(stream);
      if (idle.length < MOST_IDLE) idle.push(stream);
      else stream.zlib.close();
      return result;
    } catch (error) {
      stream.zlib.close(); // whatever state it is in
      throw error;
    }
  }

  /** One zlib stream of all the parts, and how many bytes each of them took in it; `level` is for those that are searched. */
  async deflate(parts: readonly Part[], level: number): Promise<{ content: Memory; sizes: number[] }> {
    this.zlib.reset();
    const ends: number[] = [];
    for (const [i, { bytes, way }] of parts.entries()) {
      await this.step((done) => {
        if (way === parts[i - 1]?.way) this.zlib.flush(constants.Z_SYNC_FLUSH, done);
        else this.zlib.params(LEVELS[way] ?? level, STRATEGIES[way], done); // flushes if that changes anything
      });
      if (i > 0) ends.push(this.produced);
      this.zlib.write(bytes);
    }
    await this.step((done) => this.zlib.flush(constants.Z_FINISH, done));
    ends.push(this.produced);
    const content = joined(this.pieces.splice(0));
    return { content, sizes: ends.map((end, i) => end - (ends[i - 1] ?? 0)) };
  }

  private get produced(): number {
    while (this.zlib.read() !== null); // pieces that wait for the next tick
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  private step(run: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      run((error) => (error ? reject(error) : resolve()));
    });
  }
}

function joined(pieces: readonly Buffer[]): Memory {
  const [first] = pieces;
  if (first && pieces.length === 1) return Memory.lent(first);
  const memory = Memory.of(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    memory.bytes.set(piece, at);
    at += piece.length;
  }
  return memory;
}

import { promisify } from "node:util";
import { constants, deflate, deflateSync } from "node:zlib";

const deflateAsync = promisify(deflate);

/** Pieces of a chunk that are tried out, and how large they are: as zlib's window. */
const PIECES = 4;
const PIECE_BYTES = 32 * 1024;
/** A dataset's choice is made anew after so many chunks. */
const CHUNKS_PER_CHOICE = 16;
/** How much larger the quicker way's result may be. */
const TOLERANCE = 1.02;

interface Choice {
  strategy: number;
  left: number;
}

const choices = new WeakMap<object, Choice>();

/**
 * Compresses a chunk in zlib's threads. Shuffled measurements are mostly noise beside runs of equal bytes, where
 * looking for longer matches takes four times as long for nothing: per dataset, a part of every 16th chunk is compressed
 * both ways, and run lengths alone are used where that costs less than 2 % of size. Either gives an ordinary deflate stream.
 *
 * @param dataset stands for the dataset: the same object for all its chunks.
 */
export async function deflateChunk(bytes: Buffer, level: number, dataset: object): Promise<Buffer> {
  return deflateAsync(bytes, {
    level,
    strategy: strategyFor(bytes, level, dataset),
    // Room for the whole result at once: otherwise zlib comes back to the main thread every 16 KiB.
    chunkSize: bytes.length + (bytes.length >> 9) + 64,
  });
}

function strategyFor(bytes: Buffer, level: number, dataset: object): number {
  if (bytes.length < PIECES * PIECE_BYTES) return constants.Z_DEFAULT_STRATEGY;
  const known = choices.get(dataset);
  if (known && known.left-- > 0) return known.strategy;
  const sample = sampleOf(bytes);
  const thorough = deflateSync(sample, { level }).length;
  const quick = deflateSync(sample, { level, strategy: constants.Z_RLE }).length;
  const strategy = quick <= thorough * TOLERANCE ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY;
  choices.set(dataset, { strategy, left: CHUNKS_PER_CHOICE });
  return strategy;
}

/** Pieces from all over the chunk. */
function sampleOf(bytes: Buffer): Buffer {
  const step = Math.floor((bytes.length - PIECE_BYTES) / (PIECES - 1));
  return Buffer.concat(
    Array.from({ length: PIECES }, (_, i) => bytes.subarray(i * step, i * step + PIECE_BYTES)),
  );
}

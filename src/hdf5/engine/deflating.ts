import { promisify } from "node:util";
import { constants, deflate, deflateSync } from "node:zlib";

const deflateAsync = promisify(deflate);

/** Pieces of a chunk that are tried out (of all bytes of an element, when these are shuffled), and how large they are. */
const PIECES = 8;
const PIECE_BYTES = 16 * 1024;
/** A dataset's choice is made anew after so many chunks. */
const CHUNKS_PER_CHOICE = 16;
/** How much larger the quicker way's result may be. */
const TOLERANCE = 1.02;
/** A chunk that shrinks so much less than what was tried out is of another kind. */
const OTHER_KIND = 1.5;

/** Larger hash tables and blocks than zlib's default: a third faster on shuffled data, of the same size. */
const MEMORY = { memLevel: 9 };
/** Least room for a result. */
const LEAST_ROOM = 64 * 1024;

/**
 * Chunks that shrink to less than this part hold something regular (counters, ramps). Node's zlib finds far less in it than the
 * common one at low levels (counters as float64: three times the size at level 4), and from this level on as much, at the same speed.
 */
const REGULAR = 1 / 20;
const REGULAR_LEVEL = 6;

/** What is known of a dataset's chunks. */
interface Choice {
  strategy: number;
  /** The last chunk was regular. */
  regular: boolean;
  /** Which part of its size what was tried out shrank to. */
  share: number;
  left: number;
  /** Bytes of the largest result so far. */
  largest: number;
}

const choices = new WeakMap<object, Choice>();

/**
 * Compresses a chunk in zlib's threads. Shuffled measurements are mostly noise beside runs of equal bytes, where
 * looking for longer matches takes four times as long for nothing: per dataset, a part of every 16th chunk is compressed
 * both ways, and run lengths alone are used where that costs less than 2 % of size. Regular data are compressed at a higher level
 * than asked for, where that is not slower. All of these give ordinary deflate streams.
 *
 * @param dataset stands for the dataset: the same object for all its chunks.
 */
export async function deflateChunk(bytes: Buffer, level: number, dataset: object): Promise<Buffer> {
  const choice = choiceFor(bytes, level, dataset);
  if (choice.strategy === constants.Z_RLE) {
    const most = OTHER_KIND * choice.share * bytes.length;
    const quick = await deflateAt(bytes, level, choice);
    if (quick.length <= most) return quick;
    choice.left = 0;
    choice.strategy = constants.Z_DEFAULT_STRATEGY;
  }
  const better = Math.max(level, REGULAR_LEVEL);
  const tried = choice.regular ? better : level;
  const first = await deflateAt(bytes, tried, choice);
  choice.regular = first.length < REGULAR * bytes.length;
  if (!choice.regular || tried === better) return first;
  const second = await deflateAt(bytes, better, choice);
  return second.length < first.length ? second : first;
}

async function deflateAt(bytes: Buffer, level: number, choice: Choice): Promise<Buffer> {
  const bound = bytes.length + (bytes.length >> 9) + 64;
  const result = await deflateAsync(bytes, {
    ...MEMORY,
    level,
    strategy: choice.strategy,
    // Room for the whole result at once: otherwise zlib comes back to the main thread for each piece.
    chunkSize: choice.largest > 0 ? Math.min(bound, Math.ceil(1.25 * choice.largest)) : bound,
  });
  choice.largest = Math.max(choice.largest, result.length, LEAST_ROOM);
  return result;
}

function choiceFor(bytes: Buffer, level: number, dataset: object): Choice {
  const known = choices.get(dataset) ?? {
    strategy: constants.Z_DEFAULT_STRATEGY,
    regular: false,
    share: 1,
    left: 0,
    largest: 0,
  };
  choices.set(dataset, known);
  if (bytes.length < PIECES * PIECE_BYTES || known.left-- > 0) return known;
  const sample = sampleOf(bytes);
  const thorough = deflateSync(sample, { ...MEMORY, level }).length;
  const quick = deflateSync(sample, { ...MEMORY, level, strategy: constants.Z_RLE }).length;
  known.strategy = quick <= thorough * TOLERANCE ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY;
  known.share = quick / sample.length;
  known.left = CHUNKS_PER_CHOICE;
  return known;
}

/** Pieces from all over the chunk. */
function sampleOf(bytes: Buffer): Buffer {
  const step = Math.floor((bytes.length - PIECE_BYTES) / (PIECES - 1));
  return Buffer.concat(
    Array.from({ length: PIECES }, (_, i) => bytes.subarray(i * step, i * step + PIECE_BYTES)),
  );
}

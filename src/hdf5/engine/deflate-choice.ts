import type { DeflateStream, Way } from "./deflate-stream.js";

/** Bytes that are tried out, of the whole chunk, and in how many pieces at least. */
export const TRIED_BYTES = 128 * 1024;
const LEAST_PIECES = 4;
/** How much larger quicker ways may make a chunk. */
const TOLERANCE = 0.02;
/** Codes take an eighth whatever the bytes: a plane that needs hardly more is not told from one that has become constant. */
export const LEAST_CODES = 0.14;

/**
 * Chunks that shrink to less than this part hold something regular (counters, ramps). Node's zlib finds far less in it than the
 * common one at low levels (counters as float64: three times the size at level 4), and from level 6 on as much, at the same speed.
 */
export const REGULAR = 1 / 20;

/** How a plane of a chunk is compressed, and which part of its size it shrank to when that was tried out. */
export interface Choice {
  readonly way: Way;
  readonly share: number;
}

/**
 * The quickest way for each plane of a chunk that keeps all of it within 2 % of what searching everywhere would make of it,
 * judged by pieces of them.
 */
export async function chooseWays(
  stream: DeflateStream,
  planes: readonly Buffer[],
  level: number,
): Promise<Choice[]> {
  const samples = planes.map((plane) => sampleOf(plane, planes.length));
  const shareOf = async (sample: Buffer, way: Way): Promise<number> => {
    const { content } = await stream.deflate([{ bytes: sample, way }], level);
    content.release();
    return content.bytes.length / sample.length;
  };
  const searched: { sample: Buffer; share: number }[] = [];
  for (const sample of samples) searched.push({ sample, share: await shareOf(sample, "search") });
  const mean = searched.reduce((sum, { share }) => sum + share, 0) / planes.length;
  const choices: Choice[] = [];
  for (const { sample, share } of searched) {
    const quicker = mean < REGULAR ? undefined : await quickest(sample, share + TOLERANCE * mean, shareOf);
    choices.push(quicker ?? { way: "search", share });
  }
  return choices;
}

async function quickest(
  sample: Buffer,
  most: number,
  shareOf: (sample: Buffer, way: Way) => Promise<number>,
): Promise<Choice | undefined> {
  if (most >= 1) return { way: "store", share: 1 };
  for (const way of ["codes", "runs"] as const) {
    const share = await shareOf(sample, way);
    if (share <= most && (way !== "codes" || share >= LEAST_CODES)) return { way, share };
  }
  return undefined;
}

/** One piece of a plane of many, several from all over one of few. */
function sampleOf(plane: Buffer, planes: number): Buffer {
  const size = Math.floor(TRIED_BYTES / Math.max(planes, LEAST_PIECES));
  const count = Math.ceil(LEAST_PIECES / planes);
  const step = (plane.length - size) / (count + 1);
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i + 1) * step));
  return Buffer.concat(starts.map((start) => plane.subarray(start, start + size)));
}

import type { Memory } from "../../reusable-memory.js";
import { type Choice, chooseWays, LEAST_CODES, REGULAR, TRIED_BYTES } from "./deflate-choice.js";
import { DeflateStream, type Part } from "./deflate-stream.js";
import { looksRandom } from "./randomness.js";

/** A dataset's ways are chosen anew after so many chunks. */
const CHUNKS_PER_CHOICE = 16;
/** Planes that become so many times larger or smaller than what was tried out are of another kind. */
const OTHER_KIND = 1.5;
/** Elements of more bytes are compounds: their planes are not looked at one by one. */
const MOST_PLANES = 16;
/** For what is regular, when a lower one is asked for. */
const REGULAR_LEVEL = 6;

/** What is known of a dataset's chunks. */
interface Habits {
  choices: Promise<readonly Choice[]> | undefined;
  /** Chunks until the next choice. */
  left: number;
  /** The last chunk was regular. */
  regular: boolean;
}

/** Neighbouring planes that are compressed in the same way, one at a time where their sizes tell of what kind they are; and about how many bytes they should take. */
interface Run extends Part {
  readonly expected: number;
}

const SEARCH: Choice = { way: "search", share: 1 };

const known = new WeakMap<object, Habits>();

/**
 * Compresses a chunk in zlib's threads. The planes of shuffled measurements differ: random low bytes, of which zlib makes nothing
 * with much work; noise, where looking for matches takes four times as long as Huffman codes alone; high bytes in long runs. Per
 * dataset, a part of every 16th chunk is tried out, and each plane is then compressed in the quickest way that does not cost
 * 2 % of the chunk's size. Regular data are compressed at a higher level than asked for, where that is not slower. All of these
 * give ordinary zlib streams.
 *
 * @param itemsize the chunk was shuffled into so many planes (bytes that are left over follow the last); 1: not at all.
 * @param dataset stands for the dataset: the same object for all its chunks.
 */
export async function deflateChunk(
  bytes: Buffer,
  level: number,
  itemsize: number,
  dataset: object,
): Promise<Memory> {
  const habits = known.get(dataset) ?? { choices: undefined, left: 0, regular: false };
  known.set(dataset, habits);
  return DeflateStream.during(async (stream) => {
    if (bytes.length < TRIED_BYTES) {
      const { content } = await deflateRuns(stream, runsOf(bytes, [SEARCH]), level, habits);
      return content;
    }
    const planes = planesOf(bytes, itemsize <= MOST_PLANES ? itemsize : 1);
    for (let again: boolean = false; ; again = true) {
      const choices = await choicesFor(stream, planes, level, habits, again);
      if (!again && planes.some((plane, i) => choices[i]?.way === "store" && !looksRandom(plane))) continue;
      const { content, otherKind } = await deflateRuns(stream, runsOf(bytes, choices), level, habits);
      if (again || !otherKind) return content;
      content.release();
    }
  });
}

function planesOf(bytes: Buffer, count: number): Buffer[] {
  const size = Math.floor(bytes.length / count);
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * size, i === count - 1 ? bytes.length : (i + 1) * size),
  );
}

/** What was chosen last, unless too many chunks have followed or these planes are another kind. */
function choicesFor(
  stream: DeflateStream,
  planes: readonly Buffer[],
  level: number,
  habits: Habits,
  otherKind: boolean,
): Promise<readonly Choice[]> {
  if (habits.choices && habits.left-- > 0 && !otherKind) return habits.choices;
  habits.choices = chooseWays(stream, planes, level);
  habits.left = CHUNKS_PER_CHOICE;
  return habits.choices;
}

function runsOf(bytes: Buffer, choices: readonly Choice[]): Run[] {
  const size = Math.floor(bytes.length / choices.length);
  const runs: Run[] = [];
  for (let first = 0; first < choices.length; ) {
    const { way } = choices[first] ?? SEARCH;
    const alone = way === "codes" || way === "runs";
    const other = choices.findIndex((choice, i) => i > first && (alone || choice.way !== way));
    const next = other < 0 ? choices.length : other;
    const end = other < 0 ? bytes.length : next * size;
    const expected = choices.slice(first, next).reduce((sum, { share }) => sum + share * size, 0);
    runs.push({ bytes: bytes.subarray(first * size, end), way, expected });
    first = next;
  }
  return runs;
}

/** What is to be searched is, when it is regular, at a higher level. */
async function deflateRuns(
  stream: DeflateStream,
  runs: readonly Run[],
  level: number,
  habits: Habits,
): Promise<{ content: Memory; otherKind: boolean }> {
  const better = Math.max(level, REGULAR_LEVEL);
  const tried = habits.regular ? better : level;
  const { content, sizes } = await stream.deflate(runs, tried);
  const otherKind = runs.some((run, i) => isOtherKind(run, sizes[i] ?? 0));
  const length = runs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  habits.regular = content.bytes.length < REGULAR * length;
  if (!habits.regular || tried === better || runs.every(({ way }) => way !== "search"))
    return { content, otherKind };
  const second = (await stream.deflate(runs, better)).content;
  const [smaller, larger] =
    second.bytes.length < content.bytes.length ? [second, content] : [content, second];
  larger.release();
  return { content: smaller, otherKind };
}

function isOtherKind({ bytes, way, expected }: Run, size: number): boolean {
  if (way !== "codes" && way !== "runs") return false;
  // Codes make little of what has become regular.
  const least = way === "codes" ? Math.max(expected / OTHER_KIND, LEAST_CODES * bytes.length) : 0;
  return size < least || size > expected * OTHER_KIND;
}

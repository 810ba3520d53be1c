import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { Memory } from "../../reusable-memory.js";
import type { Filter } from "../format/messages.js";
import { deflateChunk } from "./deflating.js";

/** Filter numbers of the HDF5 library. */
const DEFLATE = 1;
const SHUFFLE = 2;

const inflateAsync = promisify(inflate);

/** The pipeline for the options of a dataset; empty: stored as it is. */
export function filtersFor(itemsize: number, options: { shuffle?: boolean; gzip?: number }): Filter[] {
  const filters: Filter[] = [];
  if (options.shuffle) filters.push({ id: SHUFFLE, values: [itemsize] });
  if (options.gzip !== undefined) filters.push({ id: DEFLATE, values: [options.gzip] });
  return filters;
}

/** True when we can apply and undo all the filters. */
export function areKnown(filters: readonly Filter[]): boolean {
  return filters.every(({ id }) => id === DEFLATE || id === SHUFFLE);
}

/** A chunk as it goes into the file. Deflation runs in zlib's threads. */
export async function applyFilters(chunk: Memory, filters: readonly Filter[]): Promise<Memory> {
  let content = chunk.part(0, chunk.bytes.length);
  let planes = 1;
  for (const { id, values } of filters) {
    const before = content;
    if (id === SHUFFLE) {
      planes = values[0] ?? 1;
      content = shuffled(before.bytes, planes);
    } else content = await deflateChunk(before.bytes, values[0] ?? 4, planes, filters);
    before.release();
  }
  return content;
}

function shuffled(bytes: Buffer, itemsize: number): Memory {
  const result = Memory.of(bytes.length);
  shuffle(bytes, result.bytes, itemsize);
  return result;
}

/**
 * Puts a chunk as it was before filtering into `result`, whose length it must have; `mask` bit i: filter i was not
 * applied. Inflation runs in zlib's threads.
 */
export async function undoFilters(
  chunk: Buffer,
  filters: readonly Filter[],
  mask: number,
  result: Buffer,
): Promise<Buffer> {
  let bytes = chunk;
  for (const [i, { id, values }] of [...filters.entries()].reverse()) {
    if (mask & (1 << i)) continue;
    if (id === DEFLATE) bytes = await inflateChunk(bytes, result.length);
    else if (i > 0 || bytes.length !== result.length) bytes = unshuffle(bytes, values[0] ?? 1);
    else return unshuffle(bytes, values[0] ?? 1, result);
  }
  if (bytes.length !== result.length)
    throw new RangeError(`a chunk of ${bytes.length} instead of ${result.length} bytes`);
  result.set(bytes);
  return result;
}

/** With room for the whole result at once: otherwise zlib comes back to the main thread for each piece. */
function inflateChunk(bytes: Buffer, length: number): Promise<Buffer> {
  return inflateAsync(bytes, { chunkSize: length + 64, maxOutputLength: length + 64 });
}

/** Filter mask of a chunk to which no filter was applied. */
export function rawMask(filters: readonly Filter[]): number {
  return 2 ** filters.length - 1;
}

/** Into `result`: the first bytes of all elements, then the second bytes, …; bytes after the last whole element stay at the end. */
export function shuffle(bytes: Buffer, result: Buffer, itemsize: number): void {
  const count = Math.floor(bytes.length / itemsize);
  if (itemsize === 2 || itemsize % 4 === 0) shuffleWords(bytes, result, itemsize, count);
  else shuffleBytes(bytes, result, itemsize, count);
  bytes.copy(result, count * itemsize, count * itemsize);
}

function shuffleBytes(bytes: Buffer, result: Buffer, itemsize: number, count: number): void {
  for (let part = 0; part < itemsize; part++) {
    const target = part * count;
    for (let i = 0, from = part; i < count; i++, from += itemsize) result[target + i] = bytes[from] as number;
  }
}

/** As `shuffleBytes`, with one read for two or four bytes: several times as fast. */
function shuffleWords(bytes: Buffer, result: Buffer, itemsize: number, count: number): void {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  if (itemsize === 2) {
    const words = new Uint16Array(aligned.buffer, aligned.byteOffset, count);
    for (let i = 0; i < count; i++) {
      const word = words[i] as number;
      result[i] = word;
      result[count + i] = word >>> 8;
    }
    return;
  }
  const perItem = itemsize / 4;
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, count * perItem);
  const byFours = count % 4 === 0 && result.byteOffset % 4 === 0;
  for (let part = 0; part < perItem; part++) {
    const planes = result.subarray(4 * part * count, 4 * (part + 1) * count);
    if (byFours) splitByFours(words, planes, part, perItem, count);
    else splitWords(words, planes, part, perItem, count);
  }
}

/** The four planes of the bytes of every `step`-th word from `first` on. */
function splitWords(words: Uint32Array, planes: Buffer, first: number, step: number, count: number): void {
  for (let i = 0, from = first; i < count; i++, from += step) {
    const word = words[from] as number;
    planes[i] = word;
    planes[i + count] = word >>> 8;
    planes[i + 2 * count] = word >>> 16;
    planes[i + 3 * count] = word >>> 24;
  }
}

/** As `splitWords`, four words at a time: twice as fast. */
function splitByFours(words: Uint32Array, planes: Buffer, first: number, step: number, count: number): void {
  const [p0, p1, p2, p3] = fourPlanes(planes, count);
  for (let i = 0, from = first; i < p0.length; i++, from += 4 * step) {
    const a = words[from] as number;
    const b = words[from + step] as number;
    const c = words[from + 2 * step] as number;
    const d = words[from + 3 * step] as number;
    // Even and odd bytes of the first two words and of the last two, side by side.
    const evenAb = (a & 0x00ff00ff) | ((b & 0x00ff00ff) << 8);
    const oddAb = ((a >>> 8) & 0x00ff00ff) | (b & 0xff00ff00);
    const evenCd = (c & 0x00ff00ff) | ((d & 0x00ff00ff) << 8);
    const oddCd = ((c >>> 8) & 0x00ff00ff) | (d & 0xff00ff00);
    p0[i] = (evenAb & 0xffff) | (evenCd << 16);
    p1[i] = (oddAb & 0xffff) | (oddCd << 16);
    p2[i] = (evenAb >>> 16) | (evenCd & 0xffff0000);
    p3[i] = (oddAb >>> 16) | (oddCd & 0xffff0000);
  }
}

function fourPlanes(planes: Buffer, count: number): [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const plane = (byte: number): Uint32Array =>
    new Uint32Array(planes.buffer, planes.byteOffset + byte * count, count / 4);
  return [plane(0), plane(1), plane(2), plane(3)];
}

/** The way back; into `result`, which is as long. */
export function unshuffle(
  bytes: Buffer,
  itemsize: number,
  result: Buffer = Buffer.allocUnsafeSlow(bytes.length),
): Buffer {
  const count = itemsize > 1 ? Math.floor(bytes.length / itemsize) : 0;
  const inWords = (itemsize === 2 || itemsize % 4 === 0) && result.byteOffset % 4 === 0;
  if (inWords) unshuffleWords(bytes, result, itemsize, count);
  else unshuffleBytes(bytes, result, itemsize, count);
  bytes.copy(result, count * itemsize, count * itemsize);
  return result;
}

function unshuffleBytes(bytes: Buffer, result: Buffer, itemsize: number, count: number): void {
  for (let part = 0; part < itemsize; part++) {
    const source = part * count;
    for (let i = 0, to = part; i < count; i++, to += itemsize) result[to] = bytes[source + i] as number;
  }
}

/** As `unshuffleBytes`, with one write for two or four bytes: several times as fast. */
function unshuffleWords(bytes: Buffer, result: Buffer, itemsize: number, count: number): void {
  if (itemsize === 2) {
    const words = new Uint16Array(result.buffer, result.byteOffset, count);
    for (let i = 0; i < count; i++) words[i] = (bytes[i] as number) | ((bytes[count + i] as number) << 8);
    return;
  }
  const perItem = itemsize / 4;
  const words = new Uint32Array(result.buffer, result.byteOffset, count * perItem);
  const byFours = count % 4 === 0 && bytes.byteOffset % 4 === 0;
  for (let part = 0; part < perItem; part++) {
    const planes = bytes.subarray(4 * part * count, 4 * (part + 1) * count);
    if (byFours) joinByFours(planes, words, part, perItem, count);
    else joinPlanes(planes, words, part, perItem, count);
  }
}

/** Words from the four planes of their bytes; they go to every `step`-th place from `first` on. */
function joinPlanes(planes: Buffer, words: Uint32Array, first: number, step: number, count: number): void {
  for (let i = 0, to = first; i < count; i++, to += step)
    words[to] =
      (planes[i] as number) |
      ((planes[i + count] as number) << 8) |
      ((planes[i + 2 * count] as number) << 16) |
      ((planes[i + 3 * count] as number) << 24);
}

/** As `joinPlanes`, four words at a time: twice as fast. */
function joinByFours(planes: Buffer, words: Uint32Array, first: number, step: number, count: number): void {
  const [p0, p1, p2, p3] = fourPlanes(planes, count);
  for (let i = 0, to = first; i < p0.length; i++, to += 4 * step) {
    const a = p0[i] as number;
    const b = p1[i] as number;
    const c = p2[i] as number;
    const d = p3[i] as number;
    // Even and odd bytes of the first two planes and of the last two, side by side.
    const evenAb = (a & 0x00ff00ff) | ((b & 0x00ff00ff) << 8);
    const oddAb = ((a >>> 8) & 0x00ff00ff) | (b & 0xff00ff00);
    const evenCd = (c & 0x00ff00ff) | ((d & 0x00ff00ff) << 8);
    const oddCd = ((c >>> 8) & 0x00ff00ff) | (d & 0xff00ff00);
    words[to] = (evenAb & 0xffff) | (evenCd << 16);
    words[to + step] = (oddAb & 0xffff) | (oddCd << 16);
    words[to + 2 * step] = (evenAb >>> 16) | (evenCd & 0xffff0000);
    words[to + 3 * step] = (oddAb >>> 16) | (oddCd & 0xffff0000);
  }
}

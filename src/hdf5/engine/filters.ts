import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import type { Filter } from "../format/messages.js";

/** Filter numbers of the HDF5 library. */
export const DEFLATE = 1;
export const SHUFFLE = 2;

const deflateAsync = promisify(deflate);
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
export async function applyFilters(chunk: Buffer, filters: readonly Filter[]): Promise<Buffer> {
  let bytes = chunk;
  for (const { id, values } of filters) {
    if (id === SHUFFLE) bytes = shuffle(bytes, values[0] ?? 1);
    // Room for the whole result at once: otherwise zlib comes back to the main thread every 16 KiB.
    else
      bytes = await deflateAsync(bytes, {
        level: values[0] ?? 4,
        chunkSize: bytes.length + (bytes.length >> 9) + 64,
      });
  }
  return bytes;
}

/** A chunk as it was before filtering; `mask` bit i: filter i was not applied. */
export async function undoFilters(chunk: Buffer, filters: readonly Filter[], mask: number): Promise<Buffer> {
  let bytes = chunk;
  for (const [i, { id, values }] of [...filters.entries()].reverse()) {
    if (mask & (1 << i)) continue;
    if (id === SHUFFLE) bytes = unshuffle(bytes, values[0] ?? 1);
    else bytes = await inflateAsync(bytes);
  }
  return bytes;
}

/** Filter mask of a chunk to which no filter was applied. */
export function rawMask(filters: readonly Filter[]): number {
  return 2 ** filters.length - 1;
}

/** The first bytes of all elements, then the second bytes, …; bytes after the last whole element stay at the end. */
export function shuffle(bytes: Buffer, itemsize: number): Buffer {
  if (itemsize <= 1) return bytes;
  const result = Buffer.allocUnsafe(bytes.length);
  const count = Math.floor(bytes.length / itemsize);
  for (let part = 0; part < itemsize; part++) {
    const target = part * count;
    for (let i = 0, from = part; i < count; i++, from += itemsize) result[target + i] = bytes[from] as number;
  }
  bytes.copy(result, count * itemsize, count * itemsize);
  return result;
}

export function unshuffle(bytes: Buffer, itemsize: number): Buffer {
  if (itemsize <= 1) return bytes;
  const result = Buffer.allocUnsafe(bytes.length);
  const count = Math.floor(bytes.length / itemsize);
  for (let part = 0; part < itemsize; part++) {
    const source = part * count;
    for (let i = 0, to = part; i < count; i++, to += itemsize) result[to] = bytes[source + i] as number;
  }
  bytes.copy(result, count * itemsize, count * itemsize);
  return result;
}

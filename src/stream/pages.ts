import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { type PointsEntry, parseEntry } from "./entry.js";
import { trimmed } from "./errors.js";

/** How many bytes one reply should hold; entries larger than that come one by one. */
export const PAGE_BYTES = 8 * 2 ** 20;
export const MOST_ENTRIES = 1_000;
const ENTRY_OVERHEAD = 64;

/** The size of an entry nobody has seen yet: a batch of points may be large. */
export const UNKNOWN_BYTES = 256 * 2 ** 10;

/** How many entries to ask for, so that a reply stays near PAGE_BYTES. */
export class PageSize {
  #entryBytes: number | undefined;

  /** About the size of an entry; undefined until one was seen. */
  get entryBytes(): number | undefined {
    return this.#entryBytes;
  }

  get entries(): number {
    return entriesFor(this.#entryBytes ?? UNKNOWN_BYTES);
  }

  /** Learns from the entries of a reply; grows at once, shrinks slowly. */
  learn(entries: readonly PointsEntry[]): void {
    if (entries.length === 0) return;
    let bytes = 0;
    for (const entry of entries) bytes += entry.payload.byteLength + ENTRY_OVERHEAD;
    const mean = bytes / entries.length;
    this.#entryBytes = Math.max(mean, ((this.#entryBytes ?? mean) + mean) / 2);
  }
}

/** How many entries of a size make a page. */
export function entriesFor(entryBytes: number, pageBytes = PAGE_BYTES): number {
  return Math.max(1, Math.min(MOST_ENTRIES, Math.floor(pageBytes / entryBytes)));
}

export interface PageOptions extends RequestOptions {
  /** Memory for the payloads of a page that begins with this point. */
  readonly roomFrom?: ((point: number) => Buffer | undefined) | undefined;
}

/**
 * The entries that hold points `start` to `stop`, all of which have been published, page by page. A point that was
 * trimmed, also while reading, is an IndexNoMoreThereError.
 */
export async function* readPages(
  redis: RedisClient,
  stream: { readonly key: string; readonly name: string; readonly pageSize: PageSize },
  start: number,
  stop: number,
  { signal, roomFrom }: PageOptions,
): AsyncGenerator<readonly PointsEntry[]> {
  const size = stream.pageSize;
  let next = start;
  while (next < stop) {
    const range = (from: number) => commands.xrange(stream.key, String(from), `${stop - 1}`, size.entries);
    // The first point may lie inside an entry.
    const holder = commands.xrevrange(stream.key, String(start), "-", 1);
    const looks = next > start ? [range(next)] : start + 1 < stop ? [holder, range(start + 1)] : [holder];
    const found = await redis.all(looks, { signal, room: roomFrom?.(next) });
    const complete: PointsEntry[] = [];
    for (const entry of found.flat().map((raw) => parseEntry(raw, stream.name))) {
      if (entry.kind === "seal" || entry.index > next) break;
      const isFirst = next === start;
      if (entry.index + entry.length <= next || (entry.index < next && !isFirst)) continue;
      complete.push(entry);
      next = entry.index + entry.length;
    }
    if (complete.length === 0) throw trimmed(stream.name, next);
    size.learn(complete);
    yield complete;
  }
}

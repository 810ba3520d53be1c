import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { endOf, type PointsEntry, parseEntry, type StreamEntry } from "./entry.js";
import { trimmed } from "./errors.js";

/** How many bytes one reply should hold; entries larger than that come one by one. */
export const PAGE_BYTES = 8 * 2 ** 20;
/** As much where several pages are under way at a time. */
const SMALL_PAGE_BYTES = 2 ** 20;
const AT_A_TIME = 3;
export const MOST_ENTRIES = 1_000;
const ENTRY_OVERHEAD = 64;

/** The size of an entry nobody has seen yet: a batch of points may be large. */
export const UNKNOWN_BYTES = 256 * 2 ** 10;

/** What is known of a stream's entries, from those that were read. */
export class PageSize {
  /** The least that an entry may have: it holds one point. */
  readonly least: number;
  #entryBytes: number | undefined;
  /** Of the entries seen last, when all were of one length: that, and where one of them began. */
  #points: { readonly each: number; readonly first: number } | undefined;

  constructor(pointBytes = 0) {
    this.least = pointBytes + ENTRY_OVERHEAD;
  }

  /** About the size of an entry; undefined until one was seen. */
  get entryBytes(): number | undefined {
    return this.#entryBytes;
  }

  /** How many entries to ask for, so that a reply stays near PAGE_BYTES, or is small when it is one of several. */
  get entries(): number {
    const bytes = this.#entryBytes ?? Math.max(UNKNOWN_BYTES, this.least);
    return entriesFor(bytes, this.#points ? SMALL_PAGE_BYTES : PAGE_BYTES);
  }

  /** How many pages to have under way: small entries take longer to look at than to come, and more of them only more memory. */
  get pages(): number {
    return this.entries < MOST_ENTRIES ? AT_A_TIME : 1;
  }

  /** Learns from the entries of a reply; grows at once, shrinks slowly. */
  learn(entries: readonly PointsEntry[]): void {
    const [first] = entries;
    if (!first) return;
    let bytes = 0;
    let alike = true;
    for (const entry of entries) {
      bytes += entry.payload.byteLength + ENTRY_OVERHEAD;
      alike &&= entry.length === first.length;
    }
    const mean = bytes / entries.length;
    this.#entryBytes = Math.max(mean, ((this.#entryBytes ?? mean) + mean) / 2);
    this.#points = alike ? { each: first.length, first: first.index } : undefined;
  }

  /** Where so many entries end, the first of which holds this point, if they are like those before. */
  guessEnd(point: number, entries: number): number | undefined {
    if (!this.#points) return undefined;
    const { each, first } = this.#points;
    return first + (Math.floor((point - first) / each) + entries) * each;
  }
}

/** How many entries of a size make a page. */
export function entriesFor(entryBytes: number, pageBytes = PAGE_BYTES): number {
  return Math.max(1, Math.min(MOST_ENTRIES, Math.floor(pageBytes / entryBytes)));
}

export interface PageOptions extends RequestOptions {
  /** Memory for the payloads of a page that begins with this point, up to another. */
  readonly roomFor?: ((from: number, to: number) => Buffer | undefined) | undefined;
}

/** A page under way. */
interface Asked {
  readonly from: number;
  readonly entries: Promise<readonly StreamEntry[]>;
}

/**
 * The entries that hold points `start` to `stop`, all of which have been published, page by page. A point that was
 * trimmed, also while reading, is an IndexNoMoreThereError. Where entries are alike, it is known where the next pages
 * begin: some are asked for at a time, so that Redis puts one together while another comes.
 */
export async function* readPages(
  redis: RedisClient,
  stream: { readonly key: string; readonly name: string; readonly pageSize: PageSize },
  start: number,
  stop: number,
  { signal, roomFor }: PageOptions,
): AsyncGenerator<readonly PointsEntry[]> {
  const size = stream.pageSize;
  const ask = (from: number, count: number, to: number): Asked => {
    const range = (first: number) => commands.xrange(stream.key, String(first), `${stop - 1}`, count);
    // The first point may lie inside an entry.
    const holder = commands.xrevrange(stream.key, String(start), "-", 1);
    const looks = from > start ? [range(from)] : start + 1 < stop ? [holder, range(start + 1)] : [holder];
    const found = redis.all(looks, { signal, room: roomFor?.(from, to) });
    const entries = found.then((replies) => {
      const entries: StreamEntry[] = [];
      for (const reply of replies) for (const entry of reply) entries.push(parseEntry(entry, stream.name));
      return entries;
    });
    entries.catch(() => {}); // it may not be waited for
    return { from, entries };
  };
  const asked: Asked[] = [];
  let next = start;
  for (let ahead: number | undefined = start; next < stop; ) {
    while (ahead !== undefined && ahead < stop && asked.length < size.pages) {
      const count = size.entries;
      const end: number | undefined = size.guessEnd(ahead, ahead > start ? count : count + 1);
      asked.push(ask(ahead, count, Math.min(end ?? stop, stop)));
      ahead = end;
    }
    const page = pageFrom(next, (await asked.shift()?.entries) ?? [], next === start);
    if (page.length === 0) throw trimmed(stream.name, next);
    next = endOf(page.at(-1) as PointsEntry);
    size.learn(page);
    if (asked[0]?.from !== next) {
      // They are not alike after all. What was asked for goes into memory where other points belong.
      await Promise.allSettled(asked.splice(0).map(({ entries }) => entries));
      ahead = next;
    }
    yield page;
  }
}

/** The points' entries without a gap from a point on; only the first page may begin inside an entry. */
function pageFrom(from: number, entries: readonly StreamEntry[], isFirst: boolean): PointsEntry[] {
  const page: PointsEntry[] = [];
  let next = from;
  for (const entry of entries) {
    if (entry.kind === "seal" || entry.index > next) break;
    if (endOf(entry) <= next || (entry.index < next && !(isFirst && next === from))) continue;
    page.push(entry);
    next = endOf(entry);
  }
  return page;
}

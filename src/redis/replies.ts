import type { Reply } from "./connection.js";
import { RedisCommandError } from "./errors.js";

/** An entry of a Redis stream. */
export interface Entry {
  /** `<milliseconds or index>-<sequence>`. */
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

/** What a reply was expected to be and was not: a server or a proxy that does not speak as Redis does. */
function unexpected(what: string, reply: Reply): RedisCommandError {
  return new RedisCommandError(`Redis answered something else than ${what}: ${String(reply).slice(0, 80)}`);
}

export function asText(reply: Reply): string {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (typeof reply === "number") return String(reply);
  throw unexpected("a text", reply);
}

export function asTextOrNull(reply: Reply): string | null {
  return reply === null ? null : asText(reply);
}

export function asNumber(reply: Reply): number {
  const number = typeof reply === "number" ? reply : Number(asText(reply));
  if (!Number.isFinite(number)) throw unexpected("a number", reply);
  return number;
}

export function asList(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  if (reply === null) return [];
  throw unexpected("a list", reply);
}

export function asNothing(): void {}

export function asEntries(reply: Reply): Entry[] {
  const entries: Entry[] = [];
  for (const item of asList(reply)) if (item !== null) entries.push(asEntry(item));
  return entries;
}

function asEntry(reply: Reply): Entry {
  const [id = null, list = null] = asList(reply);
  const items = asList(list);
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = items[i + 1] ?? null;
    if (!Buffer.isBuffer(value)) throw unexpected("a stream entry's field", value);
    fields.set(asText(items[i] ?? null), value);
  }
  return { id: asText(id), fields };
}

/** Of XREAD and XREADGROUP: entries by key. */
export function asEntriesByKey(reply: Reply): Map<string, Entry[]> {
  const streams = new Map<string, Entry[]>();
  for (const item of asList(reply)) {
    const [key = null, entries = null] = asList(item);
    streams.set(asText(key), asEntries(entries));
  }
  return streams;
}

/** Of FT.SEARCH … NOCONTENT: the number of documents found, and the keys of those returned. */
export function asSearch(reply: Reply): { total: number; keys: string[] } {
  const [total = null, ...keys] = asList(reply);
  return { total: asNumber(total), keys: keys.map(asText) };
}

/** Names and values, one after the other. */
export function asPairs(reply: Reply): Map<string, Reply> {
  const items = asList(reply);
  const pairs = new Map<string, Reply>();
  for (let i = 0; i + 1 < items.length; i += 2) pairs.set(asText(items[i] ?? null), items[i + 1] ?? null);
  return pairs;
}

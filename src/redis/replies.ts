import { Buffer } from "node:buffer"; // the global one is a getter, much of what an entry costs
import type { Reply } from "./connection.js";
import { RedisCommandError } from "./errors.js";

/** The fields of a stream entry: a part of what maps have. */
export interface EntryFields extends Iterable<[string, Buffer]> {
  readonly size: number;
  get(name: string): Buffer | undefined;
}

/** An entry of a Redis stream. */
export interface Entry {
  /** `<milliseconds or index>-<sequence>`. */
  readonly id: string;
  /** The first number of the id; inexact beyond 2^53. */
  readonly index: number;
  readonly fields: EntryFields;
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
  if (!Buffer.isBuffer(id)) throw unexpected("a stream entry's id", id);
  const items = asList(list);
  for (let i = 1; i < items.length; i += 2) {
    if (!Buffer.isBuffer(items[i])) throw unexpected("a stream entry's field", items[i] ?? null);
  }
  return new ReplyEntry(id, new ReplyFields(items as readonly Buffer[]));
}

const DASH = 45;

/** The id as Redis sent it: entries come by the thousand, and of most only the index is asked for. */
class ReplyEntry implements Entry {
  readonly fields: EntryFields;
  private readonly idBytes: Buffer;

  constructor(id: Buffer, fields: EntryFields) {
    this.idBytes = id;
    this.fields = fields;
  }

  get id(): string {
    return this.idBytes.toString("latin1");
  }

  get index(): number {
    let index = 0;
    for (const character of this.idBytes) {
      if (character === DASH) break;
      index = 10 * index + character - 48;
    }
    return index;
  }
}

/** Names and values as Redis sent them: of most entries only one or two fields are asked for. */
class ReplyFields implements EntryFields {
  private readonly items: readonly Buffer[];

  constructor(items: readonly Buffer[]) {
    this.items = items;
  }

  get size(): number {
    return this.items.length >> 1;
  }

  get(name: string): Buffer | undefined {
    for (let i = 0; i < this.items.length; i += 2) {
      if (isText(this.items[i] as Buffer, name)) return this.items[i + 1];
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<[string, Buffer]> {
    for (let i = 0; i + 1 < this.items.length; i += 2) {
      yield [asText(this.items[i] ?? null), this.items[i + 1] as Buffer];
    }
  }
}

/** Whether these bytes are a text in ASCII. */
function isText(bytes: Buffer, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
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

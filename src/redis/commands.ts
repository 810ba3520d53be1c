import type { Arg, Reply } from "./connection.js";
import { KEYS, streamKey } from "./keys.js";
import {
  asEntries,
  asEntriesByKey,
  asList,
  asNothing,
  asNumber,
  asPairs,
  asSearch,
  asText,
  asTextOrNull,
  type Entry,
} from "./replies.js";

/** A command of Redis with the meaning of its reply: the only place that names commands. */
export interface Command<T> {
  readonly args: readonly Arg[];
  readonly parse: (reply: Reply) => T;
  /** True when it may be sent again after a broken connection: it reads, or does nothing the second time. */
  readonly repeatable: boolean;
}

function reading<T>(args: readonly Arg[], parse: (reply: Reply) => T): Command<T> {
  return { args, parse, repeatable: true };
}

function writing<T>(args: readonly Arg[], parse: (reply: Reply) => T): Command<T> {
  return { args, parse, repeatable: false };
}

// Keys

export const get = (key: string) => reading(["GET", key], asTextOrNull);
export const set = (key: string, value: Arg) => ({
  ...writing(["SET", key, value], asNothing),
  repeatable: true,
});
/** Adds 1 to a counter, which begins at `first`. */
export const countUp = (key: string, first: number) =>
  [writing(["SETNX", key, first - 1], asNothing), writing(["INCR", key], asNumber)] as const;
export const del = (key: string) => ({ ...writing(["DEL", key], asNumber), repeatable: true });
export const exists = (key: string) => reading(["EXISTS", key], (reply) => asNumber(reply) > 0);
/** Seconds left: -1 for ever, -2 when the key does not exist. */
export const ttl = (key: string) => reading(["TTL", key], asNumber);
/** With `onlySooner`, a key that expires earlier anyway keeps its time. */
export const expire = (key: string, seconds: number, onlySooner = false) =>
  reading(["EXPIRE", key, seconds, ...(onlySooner ? ["LT"] : [])], asNumber);
export const dbsize = () => reading(["DBSIZE"], asNumber);

// Scan documents

export const jsonSet = (key: string, text: string) => writing(["JSON.SET", key, ".", text], asNothing);
export const jsonGet = (key: string) => reading(["JSON.GET", key, "."], asTextOrNull);
/** One path of many documents, as JSON texts; null where the document or the path is missing. */
export const jsonMget = (keys: readonly string[], path: string) =>
  reading(["JSON.MGET", ...keys, path], (reply) => asList(reply).map(asTextOrNull));
/** Keys of documents whose `id` matches; `total` may exceed `limit`. Without a timeout, which would cut the answer silently. */
export const searchScans = (query: string, limit: number) =>
  reading(
    ["FT.SEARCH", KEYS.index, query, "NOCONTENT", "TIMEOUT", 0, "LIMIT", 0, limit, "DIALECT", 2],
    asSearch,
  );

/** The scans of a search as far as opening a file needs them. */
export interface FoundScans {
  readonly total: number;
  /** Place of the newest scan of all in the history; undefined before the first one. */
  readonly timetag: string | undefined;
  /** `id` is the identity as JSON; seconds to live as `ttl` gives them. */
  readonly scans: readonly { key: string; id: string | null; statePk: string | null; ttl: number }[];
  /** The last one created of them: its document (null when that is known already) and its state's entry. */
  readonly newest: { key: string; text: string | null; state: Entry | undefined } | undefined;
}

// In one round trip, and of one moment: which scan is the newest is only known when they are found. Keys end in ULIDs, whose
// order is that of creation. The index finds scans that have expired and are not cleared away yet, without any contents.
const SEARCH_FILE = `#!lua flags=no-writes
local index, query, limit, known, streams = unpack(ARGV)
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local found = redis.call('FT.SEARCH', index, query, 'RETURN', 2, '$.id', '$.state_stream.pk',
  'TIMEOUT', 0, 'LIMIT', 0, limit, 'DIALECT', 2)
local scans, newest = {}, nil
for i = 2, #found, 2 do
  local fields, pairs = {}, found[i + 1] or {}
  for j = 1, #pairs, 2 do fields[pairs[j]] = pairs[j + 1] end
  local scan = {found[i], fields['$.id'] or false, fields['$.state_stream.pk'] or false, redis.call('TTL', found[i])}
  if scan[4] ~= -2 and (not newest or scan[1] > newest[1]) then newest = scan end
  scans[i / 2] = scan
end
local reply = {last and last[1] or false, found[1], scans}
if not newest then return reply end
reply[4] = newest[1]
reply[5] = newest[1] ~= known and redis.call('JSON.GET', newest[1], '.')
reply[6] = redis.call('XREVRANGE', streams .. (newest[3] or ''), '+', '-', 'COUNT', 1)
return reply`;

/** As `searchScans`, with what opening a file needs of the scans; the document of the newest one unless it is `known`. */
export const searchFile = (query: string, limit: number, known: string) =>
  reading(
    ["EVAL", SEARCH_FILE, 1, KEYS.history, KEYS.index, query, limit, known, streamKey("")],
    (reply): FoundScans => {
      const [last = null, total = null, scans = null, key = null, text = null, states = null] = asList(reply);
      return {
        total: asNumber(total),
        timetag: asTextOrNull(last) ?? undefined,
        scans: asList(scans).map((scan) => {
          const [key = null, id = null, statePk = null, ttl = null] = asList(scan);
          return {
            key: asText(key),
            id: asTextOrNull(id),
            statePk: asTextOrNull(statePk),
            ttl: asNumber(ttl),
          };
        }),
        newest:
          key === null
            ? undefined
            : { key: asText(key), text: asTextOrNull(text), state: asEntries(states)[0] },
      };
    },
  );

// Streams

// No command gives an entry's id without its contents, which may be images. Runs also when Redis is out of memory.
const LAST_IDS = `#!lua flags=no-writes
local ids = {}
for i, key in ipairs(KEYS) do
  local last = redis.pcall('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  ids[i] = last and last[1] or false
end
return ids`;

export const xadd = (key: string, id: string, fields: readonly Arg[], maxLength?: number) =>
  writing(["XADD", key, ...(maxLength ? ["MAXLEN", "~", maxLength] : []), id, ...fields], asText);
export const xlen = (key: string) => reading(["XLEN", key], asNumber);
/** Entries from `start` to `end`, both included; `(id` excludes. */
export const xrange = (key: string, start: string, end: string, count?: number) =>
  reading(["XRANGE", key, start, end, ...(count ? ["COUNT", count] : [])], asEntries);
/** Entries from `end` back to `start`: newest first. */
export const xrevrange = (key: string, end: string, start: string, count: number) =>
  reading(["XREVRANGE", key, end, start, "COUNT", count], asEntries);
/** The newest entry. */
export const lastEntry = (key: string) =>
  reading(["XREVRANGE", key, "+", "-", "COUNT", 1], (reply): Entry | undefined => asEntries(reply)[0]);
/** The ids of the newest entries of many streams, without their contents; undefined where there is none, or no stream. */
export const lastIds = (keys: readonly string[]) =>
  reading(["EVAL", LAST_IDS, keys.length, ...keys], (reply) =>
    asList(reply).map((id) => asTextOrNull(id) ?? undefined),
  );
/** Entries after an id, of many streams; with `block` (milliseconds, never 0) it waits for the first ones. */
export const xread = (after: ReadonlyMap<string, string>, count: number, block?: number) =>
  reading(
    ["XREAD", ...blocking(block), "COUNT", count, "STREAMS", ...after.keys(), ...after.values()],
    asEntriesByKey,
  );
/** How many entries a stream ever had, and how many it has. */
export const entryCounts = (key: string) =>
  reading(["XINFO", "STREAM", key], (reply) => {
    const facts = asPairs(reply);
    return { added: asNumber(facts.get("entries-added") ?? 0), present: asNumber(facts.get("length") ?? 0) };
  });
/** Removes entries before an id; the number of removed ones. */
export const xtrim = (key: string, minId: string) => reading(["XTRIM", key, "MINID", minId], asNumber);
/** Seals a stream: its length. Fails when it is sealed already. */
export const sealStream = (key: string) => writing(["FCALL", "seal_stream", 1, key], asNumber);

function blocking(milliseconds: number | undefined): Arg[] {
  return milliseconds === undefined ? [] : ["BLOCK", Math.max(1, Math.ceil(milliseconds))];
}

// Consumer groups

/** Fails with BUSYGROUP when the group exists. */
export const createGroup = (key: string, group: string) =>
  writing(["XGROUP", "CREATE", key, group, "0", "MKSTREAM"], asNothing);
/** New entries for a consumer (`>`), or again those it has not acknowledged, after an id. */
export const xreadgroup = (key: string, group: string, consumer: string, after: string, count: number) =>
  writing(["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, after], (reply) => {
    return asEntriesByKey(reply).get(key) ?? [];
  });
export const xack = (key: string, group: string, ids: readonly string[]) =>
  reading(["XACK", key, group, ...ids], asNumber);
/** Ids of entries that were handed out, and not acknowledged for `idle` milliseconds. */
export const pendingFor = (key: string, group: string, idle: number, count: number) =>
  reading(["XPENDING", key, group, "IDLE", idle, "-", "+", count], (reply) =>
    asList(reply).map((item) => asText(asList(item)[0] ?? null)),
  );
/** Takes over an entry, or one after it, that was not acknowledged for `idle` milliseconds. Trimmed ones have no fields. */
export const xautoclaim = (key: string, group: string, consumer: string, idle: number, id: string) =>
  writing(["XAUTOCLAIM", key, group, consumer, idle, id, "COUNT", 1], (reply): Entry[] => {
    const [, entries = null, trimmed = null] = asList(reply);
    return [...asEntries(asList(trimmed).map((id) => [id, null])), ...asEntries(entries)];
  });
/** How many entries were handed out and not yet acknowledged. */
export const pendingCount = (key: string, group: string) =>
  reading(["XPENDING", key, group], (reply) => asNumber(asList(reply)[0] ?? 0));
/** The id of the newest entry that a group was handed; undefined without the group. */
export const lastDelivered = (key: string, group: string) =>
  reading(["XINFO", "GROUPS", key], (reply) => {
    const groups = asList(reply).map(asPairs);
    const own = groups.find((pairs) => asText(pairs.get("name") ?? null) === group);
    return own && asText(own.get("last-delivered-id") ?? null);
  });

// Server

/** Milliseconds since 1970, by the server's clock. */
export const serverTime = () =>
  reading(["TIME"], (reply) => {
    const [seconds = null, micros = null] = asList(reply);
    return asNumber(seconds) * 1000 + Math.floor(asNumber(micros) / 1000);
  });
export const moduleNames = () =>
  reading(["MODULE", "LIST"], (reply) =>
    asList(reply).map((item) => asText(asPairs(item).get("name") ?? null)),
  );
export const configSet = (name: string, value: Arg) => reading(["CONFIG", "SET", name, value], asNothing);
export const searchConfigSet = (name: string, value: Arg) =>
  reading(["FT.CONFIG", "SET", name, value], asNothing);
export const createIndex = (definition: readonly Arg[]) =>
  writing(["FT.CREATE", KEYS.index, ...definition], asNothing);
export const loadFunctions = (code: string) => reading(["FUNCTION", "LOAD", "REPLACE", code], asNothing);
/** A section of INFO as `name:value` pairs. */
export const info = (section: string) =>
  reading(["INFO", section], (reply) => {
    const lines = asText(reply)
      .split("\r\n")
      .filter((line) => line.includes(":"));
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    );
  });

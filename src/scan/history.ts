import { InvalidArgumentError } from "../errors.js";
import { BLOCK, type RedisClient, type RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { compareIds } from "../redis/entry-ids.js";
import { KEYS, streamKey } from "../redis/keys.js";
import type { Entry } from "../redis/replies.js";
import type { Deadline } from "../waiting.js";
import { isDeleted } from "./loading.js";
import { searchScans } from "./search.js";

/** A created scan: its place in the history, and its key. */
export interface HistoryItem {
  readonly timetag: string;
  readonly key: string;
}

const PAGE = 100;

/** A place in the history, as given by a user. */
export function requireTimetag(text: string): string {
  if (/^\d+(-\d+)?$/.test(text)) return text;
  throw new InvalidArgumentError(
    `${JSON.stringify(text)} is no timetag: take that of a scan or of a search, or "0-0" for the oldest scan.`,
  );
}

/** The history's newest entry; `0-0` when no scan was ever created. */
export async function lastTimetag(redis: RedisClient, options: RequestOptions): Promise<string> {
  return (await redis.do(commands.lastEntry(KEYS.history), options))?.id ?? "0-0";
}

/** The newest scan that is not deleted, undefined when there is none. */
export async function lastItem(
  redis: RedisClient,
  options: RequestOptions,
): Promise<HistoryItem | undefined> {
  let end = "+";
  for (;;) {
    const items = itemsOf(await redis.do(commands.xrevrange(KEYS.history, end, "-", PAGE), options));
    const [present] = await existing(redis, items, options);
    if (present || items.length < PAGE) return present;
    end = `(${items.at(-1)?.timetag}`;
  }
}

/** The scans created after a timetag that still exist, in order; waits for the first ones until the deadline. */
export async function nextItems(
  redis: RedisClient,
  since: string,
  deadline: Deadline,
  options: RequestOptions,
): Promise<{ readonly items: readonly HistoryItem[]; readonly timetag: string }> {
  let after = since;
  for (;;) {
    const block = Math.min(BLOCK, deadline.left);
    const read = commands.xread(new Map([[KEYS.history, after]]), PAGE, block);
    const entries = (await redis.blocking(read, options)).get(KEYS.history) ?? [];
    after = entries.at(-1)?.id ?? after;
    const items = await existing(redis, itemsOf(entries), options);
    if (items.length > 0 || deadline.passed) return { items, timetag: after };
  }
}

/**
 * The scans created after a timetag that the history (the last 2048 scans) has dropped since, in order. The first entry
 * of a scan's states is written together with its entry in the history, so that its time is that of the timetag; scans of
 * the same millisecond are numbered as Redis numbered them.
 */
export async function droppedItems(
  redis: RedisClient,
  since: string,
  options: RequestOptions,
): Promise<readonly HistoryItem[]> {
  const [first] = await redis.do(commands.xrange(KEYS.history, "-", "+", 1), options);
  if (!first || compareIds(first.id, since) <= 0) return [];
  const { added, present } = await redis.do(commands.entryCounts(KEYS.history), options);
  if (added === present) return [];
  const found = await searchScans(redis, {}, options);
  // After the search: a scan created in between is in the history, and is followed from there.
  const remembered = itemsOf(await redis.do(commands.xrange(KEYS.history, "-", "+"), options));
  const known = new Set(remembered.map(({ key }) => key));
  const keys = found.keys.filter((key) => !known.has(key)).sort(); // ULIDs: in the order of creation
  const items: HistoryItem[] = [];
  const perMillisecond = new Map<string, number>();
  for (let start = 0; start < keys.length; start += PAGE) {
    const page = keys.slice(start, start + PAGE);
    const births = await birthsOf(redis, page, options);
    page.forEach((key, i) => {
      const time = births[i]?.split("-")[0];
      if (time === undefined) return;
      const number = perMillisecond.get(time) ?? 0;
      perMillisecond.set(time, number + 1);
      items.push({ timetag: `${time}-${number}`, key });
    });
  }
  const missed = items.filter(({ timetag }) => compareIds(timetag, since) > 0);
  const left = await existing(redis, missed, options);
  return left.sort((a, b) => compareIds(a.timetag, b.timetag));
}

/** Ids of the first entries of scans' states; undefined for scans without. */
async function birthsOf(
  redis: RedisClient,
  keys: readonly string[],
  options: RequestOptions,
): Promise<(string | undefined)[]> {
  const pks = await redis.do(commands.jsonMget(keys, "state_stream.pk"), options);
  const reads = pks.map((text) => {
    const pk: unknown = JSON.parse(text ?? "null");
    return commands.xrange(streamKey(typeof pk === "string" ? pk : ""), "-", "+", 1);
  });
  return (await redis.all(reads, options)).map((entries) => entries[0]?.id);
}

function itemsOf(entries: readonly Entry[]): HistoryItem[] {
  return entries.flatMap(({ id, fields }) => {
    const key = fields.get("key");
    return key ? [{ timetag: id, key: key.toString() }] : [];
  });
}

async function existing(
  redis: RedisClient,
  items: readonly HistoryItem[],
  options: RequestOptions,
): Promise<HistoryItem[]> {
  const ttls = await redis.all(
    items.map(({ key }) => commands.ttl(key)),
    options,
  );
  return items.filter((_, i) => !isDeleted(ttls[i] ?? -2));
}

import { BLOCK, type RedisClient, type RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { KEYS } from "../redis/keys.js";
import type { Entry } from "../redis/replies.js";
import type { Deadline } from "../waiting.js";
import { isDeleted } from "./loading.js";

/** A created scan: its place in the history, and its key. */
export interface HistoryItem {
  readonly timetag: string;
  readonly key: string;
}

const PAGE = 100;

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
    const entries = (await redis.blocking(read, block, options)).get(KEYS.history) ?? [];
    after = entries.at(-1)?.id ?? after;
    const items = await existing(redis, itemsOf(entries), options);
    if (items.length > 0 || deadline.passed) return { items, timetag: after };
  }
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

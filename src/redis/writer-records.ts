import type { RedisClient, RequestOptions } from "./client.js";
import { type Command, exists, get, xread, xrevrange } from "./commands.js";
import type { Arg, Reply } from "./connection.js";
import { compareIds } from "./entry-ids.js";
import { asList, asNothing, asText, asTextOrNull } from "./replies.js";
import { EMPTIED, fileDefaultKey, scanRecordKey, WRITER_KEYS } from "./writer-keys.js";

/**
 * What writers keep about a scan in Redis, as texts: `status` for those who look on, `claims` and `prepared` for the
 * writer that goes on after a crash.
 */
export interface ScanRecord {
  /** JSON of the scan's status. */
  readonly status: string | undefined;
  /** JSON: the items that this scan has made in files, noted before they are made. */
  readonly claims: string | undefined;
  /** The scan's `info` that the files follow (deflated JSON), noted before it is applied. */
  readonly prepared: Buffer | undefined;
}

export type RecordFields = Partial<Record<keyof ScanRecord, string | Uint8Array>>;

const FIELDS = ["status", "claims", "prepared"] as const;
const EVENTS_KEPT = 4096;
/** Seconds. */
const FILE_NOTES_KEPT = 7 * 24 * 3600;

export async function readScanRecord(
  client: RedisClient,
  scan: string,
  options: RequestOptions = {},
): Promise<ScanRecord> {
  const command: Command<readonly Reply[]> = {
    args: ["HMGET", scanRecordKey(scan), ...FIELDS],
    parse: asList,
    repeatable: true,
  };
  const [status = null, claims = null, prepared] = await client.do(command, options);
  return {
    status: asTextOrNull(status) ?? undefined,
    claims: asTextOrNull(claims) ?? undefined,
    prepared: Buffer.isBuffer(prepared) ? prepared : undefined,
  };
}

/** Keeps what the next writer must know of a scan. */
export async function writeScanRecord(
  client: RedisClient,
  scan: string,
  fields: Omit<RecordFields, "status">,
  options: RequestOptions = {},
): Promise<void> {
  await client.all(
    [
      change(["HSET", scanRecordKey(scan), ...Object.entries(fields).flat()]),
      change(["ZADD", WRITER_KEYS.statuses, Date.now(), scan]),
    ],
    options,
  );
}

const PUBLISH = `
if ${EMPTIED} then return 0 end
local final = ARGV[3] == "1"
if redis.call("HEXISTS", KEYS[1], "final") == 1 and not final then return 0 end
redis.call("HSET", KEYS[1], "status", ARGV[2])
if final then
  redis.call("HSET", KEYS[1], "final", "1")
  redis.call("HDEL", KEYS[1], "prepared")
end
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[1])
redis.call("XADD", KEYS[3], "MAXLEN", "~", ${EVENTS_KEPT}, "*", "scan", ARGV[1])
return 1`;

/**
 * Publishes the status of a scan, and tells those who wait for events. One that is `final` stays: what a writer that was cut
 * off says later of the same scan is not published.
 */
export async function writeStatus(
  client: RedisClient,
  scan: string,
  status: string,
  final: boolean,
  options: RequestOptions = {},
): Promise<void> {
  const keys = [scanRecordKey(scan), WRITER_KEYS.statuses, WRITER_KEYS.events];
  await client.do(
    change(["EVAL", PUBLISH, keys.length, ...keys, scan, status, final ? "1" : "0", Date.now()]),
    options,
  );
}

/** The keys of all scans that have a record, the latest change last. */
export function recordedScans(client: RedisClient, options: RequestOptions = {}): Promise<string[]> {
  return client.do(texts(["ZRANGE", WRITER_KEYS.statuses, 0, -1]), options);
}

/** The JSON statuses of scans, in their order; undefined where there is none. */
export async function readStatuses(
  client: RedisClient,
  scans: readonly string[],
  options: RequestOptions = {},
): Promise<(string | undefined)[]> {
  const replies = await client.all(
    scans.map((scan) => ({
      args: ["HGET", scanRecordKey(scan), "status"],
      parse: asTextOrNull,
      repeatable: true,
    })),
    options,
  );
  return replies.map((reply) => reply ?? undefined);
}

/** Removes the records, unchanged for `age` milliseconds, of scans that Redis no longer holds. */
export async function forgetDeletedScans(
  client: RedisClient,
  age: number,
  options: RequestOptions = {},
): Promise<void> {
  const scans = await client.do(
    texts(["ZRANGEBYSCORE", WRITER_KEYS.statuses, "-inf", Date.now() - age]),
    options,
  );
  const present = await client.all(scans.map(exists), options);
  const gone = scans.filter((_, i) => !present[i]);
  if (gone.length === 0) return;
  await client.atomically(
    [change(["DEL", ...gone.map(scanRecordKey)]), change(["ZREM", WRITER_KEYS.statuses, ...gone])],
    options,
  );
}

/**
 * Whether a scan that was closed at `stateId` is the last one of a file, as far as is known; notes it then. Only for the
 * holder of the file's lease.
 */
export async function isLastOfFile(
  client: RedisClient,
  path: string,
  stateId: string,
  options: RequestOptions = {},
): Promise<boolean> {
  const key = fileDefaultKey(path);
  const known = await client.do(get(key), options);
  if (known !== null && compareIds(known, stateId) > 0) return false;
  await client.do(change(["SET", key, stateId, "EX", FILE_NOTES_KEPT]), options);
  return true;
}

/** Where the events stand now: the id to wait from. */
export async function latestEvent(client: RedisClient, options: RequestOptions = {}): Promise<string> {
  const [entry] = await client.do(xrevrange(WRITER_KEYS.events, "+", "-", 1), options);
  return entry?.id ?? "0-0";
}

export interface WriterEvents {
  /** Pass it to the next call. */
  readonly last: string;
  /** Scans whose record changed, each once. */
  readonly scans: readonly string[];
  /** Files whose lease was given back. */
  readonly released: readonly string[];
}

/** Waits for events after `since`, at most `milliseconds` (then both lists are empty). */
export async function nextEvents(
  client: RedisClient,
  since: string,
  milliseconds: number,
  options: RequestOptions = {},
): Promise<WriterEvents> {
  const command = xread(new Map([[WRITER_KEYS.events, since]]), 1000, milliseconds);
  const entries = (await client.blocking(command, options)).get(WRITER_KEYS.events) ?? [];
  const named = (name: string) => [
    ...new Set(entries.flatMap(({ fields }) => fields.get(name)?.toString() ?? [])),
  ];
  return { last: entries.at(-1)?.id ?? since, scans: named("scan"), released: named("released") };
}

/** All these commands may be sent twice: an event too many only makes somebody look once more. */
function change(args: readonly Arg[]): Command<void> {
  return { args, parse: asNothing, repeatable: true };
}

function texts(args: readonly Arg[]): Command<string[]> {
  return { args, parse: (reply) => asList(reply).map(asText), repeatable: true };
}

import type { Connection, Reply } from "./connection.js";
import { scanRecordKey, WRITER_KEYS } from "./writer-keys.js";

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

interface Options {
  readonly signal?: AbortSignal | undefined;
}

export async function readScanRecord(
  connection: Connection,
  scan: string,
  options: Options = {},
): Promise<ScanRecord> {
  const reply = await connection.call(["HMGET", scanRecordKey(scan), ...FIELDS], {
    repeatable: true,
    ...options,
  });
  const [status, claims, prepared] = Array.isArray(reply) ? reply : [];
  return {
    status: text(status),
    claims: text(claims),
    prepared: Buffer.isBuffer(prepared) ? prepared : undefined,
  };
}

/** Changes fields of a scan's record and tells those who wait on the events; `forget` removes fields. */
export async function writeScanRecord(
  connection: Connection,
  scan: string,
  fields: RecordFields,
  forget: readonly (keyof ScanRecord)[] = [],
): Promise<void> {
  const key = scanRecordKey(scan);
  const values = Object.entries(fields).flat();
  await connection.transaction(
    [
      ...(values.length > 0 ? [["HSET", key, ...values]] : []),
      ...(forget.length > 0 ? [["HDEL", key, ...forget]] : []),
      ["ZADD", WRITER_KEYS.statuses, Date.now(), scan],
      ["XADD", WRITER_KEYS.events, "MAXLEN", "~", EVENTS_KEPT, "*", "scan", scan],
    ],
    { repeatable: true },
  );
}

/** The keys of all scans that have a record, the latest change last. */
export async function recordedScans(connection: Connection, options: Options = {}): Promise<string[]> {
  const reply = await connection.call(["ZRANGE", WRITER_KEYS.statuses, 0, -1], {
    repeatable: true,
    ...options,
  });
  return Array.isArray(reply) ? reply.map(String) : [];
}

/** The JSON statuses of scans, in their order; undefined where there is none. */
export async function readStatuses(
  connection: Connection,
  scans: readonly string[],
  options: Options = {},
): Promise<(string | undefined)[]> {
  const replies = await connection.pipeline(
    scans.map((scan) => ["HGET", scanRecordKey(scan), "status"]),
    { repeatable: true, ...options },
  );
  return replies.map(text);
}

/** Removes the records of scans that Redis no longer holds. */
export async function forgetDeletedScans(connection: Connection, options: Options = {}): Promise<number> {
  const scans = await recordedScans(connection, options);
  const exists = await connection.pipeline(
    scans.map((scan) => ["EXISTS", scan]),
    { repeatable: true, ...options },
  );
  const gone = scans.filter((_, i) => exists[i] === 0);
  if (gone.length > 0) {
    await connection.transaction(
      [
        ["DEL", ...gone.map(scanRecordKey)],
        ["ZREM", WRITER_KEYS.statuses, ...gone],
      ],
      { repeatable: true, ...options },
    );
  }
  return gone.length;
}

/** Where the events stand now: the id to wait from. */
export async function latestEvent(connection: Connection, options: Options = {}): Promise<string> {
  const reply = await connection.call(["XREVRANGE", WRITER_KEYS.events, "+", "-", "COUNT", 1], {
    repeatable: true,
    ...options,
  });
  const [entry] = Array.isArray(reply) ? reply : [];
  return Array.isArray(entry) ? String(entry[0]) : "0-0";
}

export interface WriterEvents {
  /** Pass it to the next call. */
  readonly last: string;
  /** Scans whose record changed, each once. */
  readonly scans: readonly string[];
  /** Files whose lease was given back. */
  readonly released: readonly string[];
}

/**
 * Waits on a connection of its own for events after `since`, at most `milliseconds` (then both lists are empty).
 */
export async function nextEvents(
  connection: Connection,
  since: string,
  milliseconds: number,
  options: Options = {},
): Promise<WriterEvents> {
  const block = Math.max(1, Math.ceil(milliseconds));
  const reply = await connection.call(
    ["XREAD", "COUNT", 1000, "BLOCK", block, "STREAMS", WRITER_KEYS.events, since],
    { repeatable: true, ...options },
  );
  const entries = entriesOf(reply);
  const fields = entries.map(([, pairs]) => (Array.isArray(pairs) ? pairs.map(String) : []));
  const of = (name: string) => [
    ...new Set(fields.filter(([kind]) => kind === name).map(([, value]) => value ?? "")),
  ];
  return { last: String(entries.at(-1)?.[0] ?? since), scans: of("scan"), released: of("released") };
}

function entriesOf(reply: Reply): readonly (readonly Reply[])[] {
  const [stream] = Array.isArray(reply) ? reply : [];
  const entries = Array.isArray(stream) ? stream[1] : undefined;
  return Array.isArray(entries)
    ? entries.filter((entry): entry is readonly Reply[] => Array.isArray(entry))
    : [];
}

function text(reply: Reply | undefined): string | undefined {
  return Buffer.isBuffer(reply) ? reply.toString() : undefined;
}

import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isScanKey, streamKey } from "../redis/keys.js";
import type { Entry } from "../redis/replies.js";
import { parseDocument, type ScanDocument } from "./document.js";
import { ScanFormatError, ScanNotFoundError } from "./errors.js";
import { parseState, SCAN_STATES, type ScanState } from "./state.js";

/** A key that expires within this many seconds counts as deleted: nobody shall begin to wait for it. */
export const DELETED_TTL = 10;

/** True for the time to live of a key that is gone, or as good as gone. */
export function isDeleted(ttl: number): boolean {
  return ttl === -2 || (ttl >= 0 && ttl <= DELETED_TTL);
}

export function notFound(key: string): ScanNotFoundError {
  return new ScanNotFoundError(
    `There is no scan ${key}: it was deleted or has expired, or the key is wrong.`,
    {
      scan: key,
    },
  );
}

/** A scan's document and state at one moment; `stateId` is the id of the state's entry. */
export interface LoadedScan {
  readonly document: ScanDocument;
  readonly state: ScanState;
  readonly stateId: string;
}

export interface LoadOptions extends RequestOptions {
  /** Also a scan that was deleted, as long as it has not disappeared: for those who were waiting for its end. */
  readonly deleted?: boolean;
  /** Names the scan's states, when that is known: then one look is enough. */
  readonly statePk?: string;
}

/** Reads a scan. Errors: ScanNotFoundError, ScanFormatError. */
export async function loadDocument(
  redis: RedisClient,
  key: string,
  options: LoadOptions,
): Promise<LoadedScan> {
  if (!isScanKey(key)) throw notFound(key);
  const before = options.statePk === undefined ? await firstLook(redis, key, options) : undefined;
  const statePk = options.statePk ?? before?.document.statePk ?? "";
  const [last, ttl, text] = await redis.atomically(
    [commands.lastEntry(streamKey(statePk)), commands.ttl(key), commands.jsonGet(key)],
    options,
  );
  const present = requirePresent(ttl, text, key, options);
  return loadedFrom(key, before?.text === present ? before.document : parseDocument(present, key), last);
}

/** A scan from its document and the newest entry of its states, both of one moment. */
export function loadedFrom(key: string, document: ScanDocument, last: Entry | undefined): LoadedScan {
  if (!last) throw new ScanFormatError(`Scan ${key} has no states.`, { scan: key });
  return { document, state: stateOf(last, key), stateId: last.id };
}

/** The document as it is now; its state may be another one already. */
async function firstLook(
  redis: RedisClient,
  key: string,
  options: LoadOptions,
): Promise<{ text: string; document: ScanDocument }> {
  const [ttl, found] = await redis.all([commands.ttl(key), commands.jsonGet(key)], options);
  const text = requirePresent(ttl, found, key, options);
  return { text, document: parseDocument(text, key) };
}

function requirePresent(ttl: number, text: string | null, key: string, { deleted }: LoadOptions): string {
  if ((isDeleted(ttl) && !deleted) || text === null) throw notFound(key);
  return text;
}

/** The state in an entry of a state stream. */
export function stateOf(entry: Entry, key: string): ScanState {
  return parseState(entry.fields.get("state")?.toString(), key);
}

/** The states of many scans in two round trips; scans that are gone, or have no valid state, have none. */
export async function statesOf(
  redis: RedisClient,
  keys: readonly string[],
  options: RequestOptions,
): Promise<Map<string, ScanState>> {
  const states = new Map<string, ScanState>();
  if (keys.length === 0) return states;
  const pks = await redis.do(commands.jsonMget(keys, "state_stream.pk"), options);
  const known = keys.flatMap((key, i) => {
    const pk: unknown = JSON.parse(pks[i] ?? "null");
    return typeof pk === "string" ? [{ key, stateKey: streamKey(pk) }] : [];
  });
  const lasts = await redis.all(
    known.map(({ stateKey }) => commands.lastEntry(stateKey)),
    options,
  );
  known.forEach(({ key }, i) => {
    const state = SCAN_STATES[Number(lasts[i]?.fields.get("state") ?? Number.NaN)];
    if (state) states.set(key, state);
  });
  return states;
}

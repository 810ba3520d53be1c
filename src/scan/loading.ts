import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isScanKey, streamKey } from "../redis/keys.js";
import type { Entry } from "../redis/replies.js";
import { parseDocument, type ScanDocument } from "./document.js";
import { ScanFormatError, ScanNotFoundError } from "./errors.js";
import { parseState, type ScanState } from "./state.js";

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
}

/** Reads a scan. Errors: ScanNotFoundError, ScanFormatError. */
export async function loadDocument(
  redis: RedisClient,
  key: string,
  options: LoadOptions,
): Promise<LoadedScan> {
  if (!isScanKey(key)) throw notFound(key);
  // The state first: the document is then at least as new, and a change in between is seen as the next state.
  const [ttl, before] = await redis.all([commands.ttl(key), commands.jsonGet(key)], options);
  if ((isDeleted(ttl) && !options.deleted) || before === null) throw notFound(key);
  const document = parseDocument(before, key);
  const [last, text] = await redis.atomically(
    [commands.lastEntry(streamKey(document.statePk)), commands.jsonGet(key)],
    options,
  );
  if (text === null) throw notFound(key);
  if (!last) throw new ScanFormatError(`Scan ${key} has no states.`, { scan: key });
  const now = text === before ? document : parseDocument(text, key);
  return { document: now, state: stateOf(last, key), stateId: last.id };
}

/** The state in an entry of a state stream. */
export function stateOf(entry: Entry, key: string): ScanState {
  return parseState(entry.fields.get("state")?.toString(), key);
}

import type { RedisClient } from "../redis/client.js";
import { isConnectionError } from "../redis/errors.js";
import type { SignalOption } from "../stream/reading.js";
import { Deadline } from "../waiting.js";
import { droppedItems, type HistoryItem, nextItems } from "./history.js";
import type { Scan } from "./scan.js";

export interface FollowScansOptions extends SignalOption {
  /** Timetag to go on from: of a search, or of the last scan seen. Default: scans created from now on. */
  readonly since?: string;
  /** Only scans of this session. */
  readonly session?: string;
  /** Only scans that are saved in this file. */
  readonly path?: string;
  /** Told of scans that cannot be read, which are left out; the others go on. */
  readonly onError?: (key: string, error: unknown) => void;
}

/**
 * Every scan created after a timetag, in order, for ever. `load` gives undefined for a scan that was deleted meanwhile; a
 * scan that it cannot read is told to `onError` and left out.
 */
export async function* followScans(
  redis: RedisClient,
  since: string,
  load: (item: HistoryItem) => Promise<Scan | undefined>,
  options: FollowScansOptions,
): AsyncGenerator<Scan, undefined, undefined> {
  const loaded = (item: HistoryItem) =>
    load(item).catch((error) => {
      if (isConnectionError(error) || options.signal?.aborted || redis.closed) throw error;
      options.onError?.(item.key, error);
      return undefined;
    });
  let after = since;
  // A reader that was away for more scans than the history holds has not missed them either.
  let items = await droppedItems(redis, after, options);
  for (;;) {
    for (const item of items) {
      const scan = await loaded(item);
      if (scan && isWanted(scan, options)) yield scan;
    }
    const next = await nextItems(redis, after, new Deadline(undefined), options);
    items = next.items;
    after = next.timetag;
  }
}

function isWanted({ id }: Scan, { session, path }: FollowScansOptions): boolean {
  return (session === undefined || id.session === session) && (path === undefined || id.path === path);
}

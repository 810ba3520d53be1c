import { decodeTime } from "ulid";
import { isNxliveError } from "../errors.js";
import { SCAN_PREFIX, scanKey } from "../redis/keys.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";

/** What is told of a scan in a list. */
export interface ScanLine {
  readonly key: string;
  readonly number: number;
  readonly name: string;
  readonly state: string;
  readonly session: string | null;
  readonly path: string | null;
  /** The publisher's start time, else the moment of the scan's creation; ISO 8601. */
  readonly start: string;
}

export function scanLine({ key, id, state, info }: Scan): ScanLine {
  const started = info.start_time;
  const start = typeof started === "string" && started !== "" ? started : creationOf(key);
  return { key, number: id.number, name: id.name, state, session: id.session, path: id.path, start };
}

/** The time in a scan's ULID; the document's own start may be missing. */
function creationOf(key: string): string {
  try {
    return new Date(decodeTime(key.slice(SCAN_PREFIX.length))).toISOString();
  } catch {
    return "";
  }
}

/** The scan that a command's argument names: `last`, a key, or a key without its prefix. */
export async function scanOf(store: DataStore, name: string, signal: AbortSignal): Promise<Scan> {
  if (name === "last") return await store.lastScan({ signal });
  return await store.loadScan(name.startsWith(SCAN_PREFIX) ? name : scanKey(name), { signal });
}

/**
 * Scans of keys, in the order of the keys. Those that have expired meanwhile are left out; `onError` is told of those that
 * cannot be read.
 */
export async function* loadScans(
  store: DataStore,
  keys: readonly string[],
  signal: AbortSignal,
  onError: (error: unknown) => Promise<void>,
): AsyncGenerator<Scan> {
  const page = 50;
  for (let first = 0; first < keys.length; first += page) {
    const loading = keys.slice(first, first + page).map((key) => store.loadScan(key, { signal }));
    for (const result of await Promise.allSettled(loading)) {
      signal.throwIfAborted();
      if (result.status === "fulfilled") yield result.value;
      else if (!isNxliveError(result.reason, "ERR_SCAN_NOT_FOUND")) await onError(result.reason);
    }
  }
}

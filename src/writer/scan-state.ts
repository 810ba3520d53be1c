import { deflateRawSync, inflateRawSync } from "node:zlib";
import { parseExactJson } from "../json.js";
import { formatJson } from "../json-text.js";
import type { ScanRecord } from "../redis/writer-records.js";
import { parseStatus, type ScanStatus } from "./status.js";

/** What a writer must know of a scan to go on after a crash, its own or another writer's. */
export interface SavedState {
  readonly status: ScanStatus | undefined;
  /** The `info` that the files follow, undefined before anything was written. */
  readonly preparedInfo: Readonly<Record<string, unknown>> | undefined;
  /** File path → the topmost items that the scan has made, or was about to make. */
  readonly claims: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads the state from a scan's record; what is not readable counts as missing. */
export function parseSavedState(record: ScanRecord): SavedState {
  return {
    status: record.status === undefined ? undefined : parseStatus(record.status),
    preparedInfo: readable(record.prepared, parseInfo),
    claims: readable(record.claims, parseClaims) ?? new Map(),
  };
}

function readable<T, R>(value: T | undefined, parse: (value: T) => R): R | undefined {
  try {
    return value === undefined ? undefined : parse(value);
  } catch {
    return undefined;
  }
}

/** An `info` with the kinds of its numbers, small enough to be kept in Redis. */
export function formatPreparedInfo(info: Readonly<Record<string, unknown>>): Buffer {
  return deflateRawSync(formatJson(info));
}

export function formatClaims(claims: ReadonlyMap<string, ReadonlySet<string>>): string {
  return JSON.stringify([...claims].map(([file, items]) => [file, [...items]]));
}

function parseInfo(bytes: Buffer): Readonly<Record<string, unknown>> {
  const info = parseExactJson(inflateRawSync(bytes).toString());
  if (typeof info !== "object" || info === null) throw new TypeError("no info");
  return info as Readonly<Record<string, unknown>>;
}

function parseClaims(text: string): Map<string, Set<string>> {
  const entries = JSON.parse(text) as [string, string[]][];
  return new Map(entries.map(([file, items]) => [file, new Set(items)]));
}

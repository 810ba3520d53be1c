import { createHash } from "node:crypto";
import { KEYS } from "./keys.js";

/**
 * Keys that nxlive's writers add to the database. They lie outside blissdata's prefixes, so that no Python program
 * takes them for scans or streams.
 */
const PREFIX = "nxlive:writer:";

export const WRITER_KEYS = {
  /** Set of the ids of writers that are, or were until they died, at work. */
  writers: `${PREFIX}ids`,
  /** Stream of changes (status, released lease): what followers and other writers wait for. */
  events: `${PREFIX}events`,
  /** Sorted set of the scan keys that have a status, scored by the time (ms) of its last change. */
  statuses: `${PREFIX}scans`,
} as const;

/** In a script: the database was emptied. Nothing is put there: nobody could initialise it any more. */
export const EMPTIED = `redis.call("EXISTS", "${KEYS.protocolVersion}") == 0`;

/** Hash: what a writer knows of one scan. */
export function scanRecordKey(scan: string): string {
  return `${PREFIX}scan:${scan}`;
}

/** String with a time to live: the id of the CLOSED state of the scan that a file's `default` attribute shows. */
export function fileDefaultKey(path: string): string {
  return `${PREFIX}default:${createHash("sha1").update(path).digest("hex")}`;
}

/** String with a time to live: the id of the writer that owns a file. The path is hashed: it may have any length. */
export function fileLeaseKey(path: string): string {
  return `${PREFIX}lease:${createHash("sha1").update(path).digest("hex")}`;
}

/** Stream with a time to live: files that other writers wait for while this writer holds them. */
export function requestsKey(writer: string): string {
  return `${PREFIX}requests:${writer}`;
}

/** Hash with a time to live: stream key → first entry that this writer still needs. */
export function positionsKey(writer: string): string {
  return `${PREFIX}positions:${writer}`;
}

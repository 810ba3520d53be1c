import type { Connection } from "./connection.js";
import { fileLeaseKey, WRITER_KEYS } from "./writer-keys.js";

/**
 * Leases of files: a file is written by one writer at a time, whichever machine it runs on. A lease is a string key with
 * a time to live that holds its owner's id; a dead owner's lease runs out, and another writer takes over.
 */
export const LEASE_TTL = 10_000;

const TAKE = `
if redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then return 1 end
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`;

const RENEW = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`;

const RELEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("DEL", KEYS[1])
redis.call("XADD", KEYS[2], "MAXLEN", "~", "2048", "*", "released", ARGV[2])
return 1`;

export interface LeaseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; default LEASE_TTL. */
  readonly ttl?: number;
}

/** Takes the lease of a file, when it is free or `owner` holds it already: true when `owner` holds it now. */
export function takeLease(
  connection: Connection,
  path: string,
  owner: string,
  options: LeaseOptions = {},
): Promise<boolean> {
  return evaluate(connection, TAKE, path, owner, options);
}

/**
 * Makes a lease last for another `ttl`. False when it has run out, even when nobody took it since: the file may have
 * been another writer's for a moment, so that what is known of it is worth nothing.
 */
export function renewLease(
  connection: Connection,
  path: string,
  owner: string,
  options: LeaseOptions = {},
): Promise<boolean> {
  return evaluate(connection, RENEW, path, owner, options);
}

async function evaluate(
  connection: Connection,
  script: string,
  path: string,
  owner: string,
  options: LeaseOptions,
): Promise<boolean> {
  const command = ["EVAL", script, 1, fileLeaseKey(path), owner, options.ttl ?? LEASE_TTL] as const;
  return (await connection.call(command, { repeatable: true, signal: options.signal })) === 1;
}

/** Gives a file back and tells the other writers; nothing when `owner` does not hold it. */
export async function releaseLease(connection: Connection, path: string, owner: string): Promise<void> {
  await connection.call(["EVAL", RELEASE, 2, fileLeaseKey(path), WRITER_KEYS.events, owner, path], {
    repeatable: true,
  });
}

/** Who holds a file and for how many ms more, undefined when nobody does. */
export async function leaseOf(
  connection: Connection,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<{ owner: string; ttl: number } | undefined> {
  const key = fileLeaseKey(path);
  const [owner, ttl] = await connection.pipeline(
    [
      ["GET", key],
      ["PTTL", key],
    ],
    { repeatable: true, ...options },
  );
  return Buffer.isBuffer(owner) && typeof ttl === "number" ? { owner: owner.toString(), ttl } : undefined;
}

import type { RedisClient } from "./client.js";
import { type Command, xread } from "./commands.js";
import { NotInitialisedError } from "./errors.js";
import { asNumber, asTextOrNull } from "./replies.js";
import { EMPTIED, fileLeaseKey, requestsKey, WRITER_KEYS } from "./writer-keys.js";

/**
 * Leases of files: a file is written by one writer at a time, whichever machine it runs on. A lease is a string key with
 * a time to live that holds its owner's id; a dead owner's lease runs out, and another writer takes over.
 */
export const LEASE_TTL = 10_000;

/** Requests are of use as long as somebody may wait for them (ms). */
const REQUESTS_KEPT = 60_000;

const TAKE = `
if ${EMPTIED} then return -1 end
if redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then return 1 end
local owner = redis.call("GET", KEYS[1])
if owner ~= ARGV[1] and owner ~= ARGV[3] then
  local requests = ARGV[5] .. owner
  redis.call("XADD", requests, "MAXLEN", "~", "256", "*", "path", ARGV[4])
  redis.call("PEXPIRE", requests, ${REQUESTS_KEPT})
  return 0
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`;

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
  /** Take it from this owner, who is known to be dead. */
  readonly from?: string;
}

/**
 * Takes the lease of a file, when it is free or `owner` holds it already: true when `owner` holds it now. Its holder is
 * told otherwise, see `nextRequests`.
 *
 * @throws {NotInitialisedError} when the database is not initialised (any more).
 */
export async function takeLease(
  client: RedisClient,
  path: string,
  owner: string,
  options: LeaseOptions = {},
): Promise<boolean> {
  const values = [options.from ?? owner, path, requestsKey("")];
  const taken = await evaluate(client, TAKE, path, owner, values, options);
  if (taken >= 0) return taken === 1;
  throw new NotInitialisedError(
    `The database at ${client.target.label} was emptied, and is not initialised any more.`,
    { path },
  );
}

/**
 * Makes a lease last for another `ttl`. False when it has run out, even when nobody took it since: the file may have
 * been another writer's for a moment, so that what is known of it is worth nothing.
 */
export async function renewLease(
  client: RedisClient,
  path: string,
  owner: string,
  options: LeaseOptions = {},
): Promise<boolean> {
  return (await evaluate(client, RENEW, path, owner, [], options)) === 1;
}

async function evaluate(
  client: RedisClient,
  script: string,
  path: string,
  owner: string,
  values: readonly string[],
  options: LeaseOptions,
): Promise<number> {
  const ttl = options.ttl ?? LEASE_TTL;
  return client.do(run(script, [fileLeaseKey(path)], [owner, ttl, ...values]), options);
}

/** Waits, at most so many milliseconds, for files that others want of `owner`; `last` is to be passed to the next call. */
export async function nextRequests(
  client: RedisClient,
  owner: string,
  since: string,
  milliseconds: number,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<{ readonly last: string; readonly paths: ReadonlySet<string> }> {
  const key = requestsKey(owner);
  const command = xread(new Map([[key, since]]), 1000, milliseconds);
  const entries = (await client.blocking(command, options)).get(key) ?? [];
  const paths = entries.flatMap(({ fields }) => fields.get("path")?.toString() ?? []);
  return { last: entries.at(-1)?.id ?? since, paths: new Set(paths) };
}

/** Gives a file back and tells the other writers; nothing when `owner` does not hold it. */
export async function releaseLease(
  client: RedisClient,
  path: string,
  owner: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await client.do(run(RELEASE, [fileLeaseKey(path), WRITER_KEYS.events], [owner, path]), options);
}

/** Who holds a file and for how many ms more, undefined when nobody does. */
export async function leaseOf(
  client: RedisClient,
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<{ owner: string; ttl: number } | undefined> {
  const key = fileLeaseKey(path);
  const [owner, ttl] = await client.all(
    [
      { args: ["GET", key], parse: asTextOrNull, repeatable: true },
      { args: ["PTTL", key], parse: asNumber, repeatable: true },
    ],
    options,
  );
  return owner === null ? undefined : { owner, ttl };
}

/** The scripts do nothing the second time. */
function run(script: string, keys: readonly string[], values: readonly (string | number)[]): Command<number> {
  return { args: ["EVAL", script, keys.length, ...keys, ...values], parse: asNumber, repeatable: true };
}

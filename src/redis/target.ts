import type { RedisOptions } from "ioredis";
import { InvalidArgumentError } from "../errors.js";

export type TargetOptions = Omit<RedisOptions, "replyMapping">;

export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** Where a Redis database is and how to log in. */
export interface Target {
  readonly options: TargetOptions;
  /** Where to connect without TLS, when nobody else has to be asked for it. */
  readonly address?: Address;
  /** The URL without credentials, for messages. */
  readonly label: string;
}

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `rediss://…` (TLS), `unix:///path/to/socket[?db=n]`, or
 * `redis+sentinel://[user:password@]host[:port],…/name[/db]`, which follows the master of that name through failovers. A
 * query such as redis-py's `?protocol=2` is ignored. Anything else is an InvalidArgumentError.
 */
export function parseTarget(url: string): Target {
  if (typeof url !== "string") throw new InvalidArgumentError(`A Redis URL is a text, not ${url}.`);
  if (url.startsWith(SENTINEL)) return parseSentinels(url);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Without the cause: it holds the URL with its password.
    throw new InvalidArgumentError(
      `Cannot read the Redis URL ${JSON.stringify(withoutSecrets(url))}: expected "redis://host:6379".`,
    );
  }
  const credentials = {
    ...(parsed.username && { username: decoded(parsed.username, url) }),
    ...(parsed.password && { password: decoded(parsed.password, url) }),
  };
  if (parsed.protocol === "unix:") {
    const db = databaseNumber(parsed.searchParams.get("db") ?? "", url);
    const address = { path: parsed.pathname };
    return { options: { ...address, db, ...credentials }, address, label: `unix://${parsed.pathname}` };
  }
  if (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:") {
    throw new InvalidArgumentError(
      `Unknown scheme "${parsed.protocol}" in the Redis URL: use redis:, rediss:, redis+sentinel: or unix:.`,
    );
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  const port = parsed.port === "" ? 6379 : Number(parsed.port);
  const db = databaseNumber(parsed.pathname.slice(1), url);
  const encrypted = parsed.protocol === "rediss:";
  return {
    options: { host, port, db, ...credentials, ...(encrypted && { tls: {} }) },
    ...(!encrypted && { address: { host, port } }),
    label: `${parsed.protocol}//${parsed.host || "localhost"}/${db}`,
  };
}

const SENTINEL = "redis+sentinel://";

function parseSentinels(url: string): Target {
  const match = /^([^@/]*@)?([^/@]+)\/([^/?]+)(?:\/(\d*))?(?:\?.*)?$/.exec(url.slice(SENTINEL.length));
  const [, login = "", hosts = "", name = "", db = ""] = match ?? [];
  if (!match) {
    throw new InvalidArgumentError(
      `Cannot read the Redis URL "${withoutSecrets(url)}": expected "${SENTINEL}host:26379,host:26379/name".`,
    );
  }
  // Each address as a URL of its own: those may hold IPv6 addresses, but no list.
  const sentinels = hosts.split(",").map((host) => {
    const { options } = parseTarget(`redis://${host}`);
    return { host: options.host ?? "localhost", port: /:\d+$/.test(host) ? (options.port ?? 26379) : 26379 };
  });
  const { username, password } = parseTarget(`redis://${login}localhost`).options;
  const credentials = { ...(username && { username }), ...(password && { password }) };
  return {
    options: { sentinels, name, db: Number(db), sentinelRetryStrategy: () => null, ...credentials },
    label: `${SENTINEL}${hosts}/${name}/${Number(db)}`,
  };
}

function databaseNumber(text: string, url: string): number {
  if (!/^\d*$/.test(text)) {
    throw new InvalidArgumentError(
      `"${text}" is not a database number, in the Redis URL "${withoutSecrets(url)}".`,
    );
  }
  return Number(text);
}

function decoded(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidArgumentError(
      `The user or password in the Redis URL "${withoutSecrets(url)}" is not percent-encoded: write % as %25.`,
    );
  }
}

/** Up to the last @, as a password may hold anything while the URL is not known to be well-formed. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/, "//");
}

import { RedisClient } from "../../src/redis/client.js";
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from "../../src/redis/server.js";
import { initialiseDatabase } from "../../src/redis/setup.js";

export interface TestRedisOptions extends PrivateRedisOptions {
  /** Prepare the database for scans; true when absent. */
  readonly initialised?: boolean;
}

/**
 * A private Redis with JSON and Search for one test file: searching works only in database 0, so files never share one.
 * Call `stop()` in afterAll, or hold it with `await using`.
 */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<PrivateRedis> {
  const { initialised = true, ...server } = options;
  const redis = await startPrivateRedis(server);
  if (initialised) await initialise(redis.url);
  return redis;
}

/** Empties the database and prepares it anew: a fresh start between tests, quicker than another server. */
export async function resetTestRedis(redis: PrivateRedis): Promise<void> {
  const client = new RedisClient(redis.url);
  try {
    await client.commands.call(["FLUSHALL"]);
    await initialiseDatabase(client);
  } finally {
    client.close();
  }
}

async function initialise(url: string): Promise<void> {
  const client = new RedisClient(url);
  try {
    await initialiseDatabase(client);
  } finally {
    client.close();
  }
}

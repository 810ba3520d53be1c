import { RedisClient } from "../redis/client.js";
import type { Context } from "./command.js";

/** Runs with a client of the database, prepared for scans or not; a server that does not answer is an error at once. */
export async function withDatabase<T>(
  { redisUrl, signal }: Pick<Context, "redisUrl" | "signal">,
  run: (client: RedisClient) => Promise<T>,
): Promise<T> {
  const client = new RedisClient(redisUrl);
  try {
    await client.commands.connect({ signal, patience: 0 });
    return await run(client);
  } finally {
    client.close();
  }
}

import { once } from "node:events";
import type { RedisClient } from "../../redis/client.js";
import { dbsize } from "../../redis/commands.js";
import { startPrivateRedis } from "../../redis/server.js";
import { checkProtocol, initialiseDatabase } from "../../redis/setup.js";
import { command, numberOf } from "../command.js";
import { withDatabase } from "../database.js";

export const redis = command({
  usage: "",
  help: `Starts a Redis server with JSON and Search on this machine, prepares it for scans, and writes its URL as
the first line of standard output. It stops with Ctrl-C. Redis 8 or Redis Stack on PATH is used, else Redis
Stack is fetched once into the cache folder ($NXLIVE_CACHE, default ~/.cache/nxlive).`,
  options: {
    port: { type: "string", value: "N", description: "TCP port (default: a free one)" },
    maxmemory: {
      type: "string",
      value: "SIZE",
      description: "memory limit, such as 500mb or 2gb (default: none)",
    },
    dir: {
      type: "string",
      value: "DIR",
      description: "keep the database in this folder (default: nothing is kept)",
    },
  },
  redis: false,
  async run({ values, json, signal, print, printJson, warn }) {
    const { maxmemory, dir } = values;
    await using server = await startPrivateRedis({
      ...(values.port !== undefined && { port: numberOf(values.port, "--port", 1) }),
      ...(maxmemory !== undefined && { maxmemory }),
      ...(dir !== undefined && { dir }),
      onFetch: () => void warn("fetching Redis with JSON and Search (50 MB) …"),
    });
    await withDatabase({ redisUrl: server.url, signal }, prepare);
    await (json ? printJson({ url: server.url, port: server.port, pid: server.pid }) : print(server.url));
    const interrupted = signal.aborted ? undefined : once(signal, "abort");
    await Promise.race([interrupted, server.exited]);
    if (signal.aborted) return 0;
    await warn("nxlive redis: the server has ended by itself");
    return 1;
  },
});

/** Prepares a new database; one that was loaded from a folder must be prepared already. */
async function prepare(client: RedisClient): Promise<void> {
  if ((await client.do(dbsize())) === 0) await initialiseDatabase(client);
  else await checkProtocol(client);
}

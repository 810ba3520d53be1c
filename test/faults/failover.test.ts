import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { DataStore } from "../../src/index.js";
import { RedisClient } from "../../src/redis/client.js";
import { findRedisProgram } from "../../src/redis/server-binary.js";
import { startStream } from "../stream/support.js";
import { startTestRedis } from "../support/redis.js";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A Sentinel that watches the master at `port` under the name `main`. */
async function startSentinel(port: number, folder: string) {
  const own = await freePort();
  const config = join(folder, "sentinel.conf");
  await writeFile(
    config,
    `port ${own}
bind 127.0.0.1
dir ${folder}
sentinel monitor main 127.0.0.1 ${port} 1
sentinel down-after-milliseconds main 1000
sentinel failover-timeout main 5000
`,
  );
  const { server } = await findRedisProgram();
  const child = spawn(server, [config, "--sentinel"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  /** Resolves when the log says something. */
  const says = (text: string) =>
    new Promise<void>((resolve) => lines.on("line", (line) => (line.includes(text) ? resolve() : undefined)));
  const replicaFound = says("+slave ");
  const client = new RedisClient(`redis://127.0.0.1:${own}`);
  await client.commands.connect({ patience: 10_000 });
  const stop = async () => {
    client.close();
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return {
    url: `redis+sentinel://127.0.0.1:${own}/main`,
    client,
    says,
    replicaFound,
    [Symbol.asyncDispose]: stop,
  };
}

test("a store behind Sentinel goes on with the new master after a failover, without loss or repeat", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nxlive-sentinel-"));
  await using master = await startTestRedis();
  await using replica = await startTestRedis({ initialised: false });
  const follower = new RedisClient(replica.url);
  await follower.commands.call(["REPLICAOF", "127.0.0.1", String(master.port)]);
  await using sentinel = await startSentinel(master.port, folder);
  const store = await DataStore.connect(sentinel.url);
  const { publisher, reader } = await startStream(store, { dtype: "<u4" });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const value of reader.values()) seen.push(value);
  })();
  for (let i = 0; i < 10; i++) await publisher.send(i);
  await publisher.flush();
  const leader = new RedisClient(master.url);
  expect(await leader.commands.call(["WAIT", "1", "10000"])).toBe(1);
  leader.close();
  const switched = sentinel.says("+switch-master");
  await sentinel.replicaFound;
  await sentinel.client.commands.call(["SENTINEL", "FAILOVER", "main"]);
  await switched;
  await master.stop();
  for (let i = 10; i < 20; i++) await publisher.send(i);
  await publisher.seal({ timeout: 20_000 });
  await reading;
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  await store.close();
  follower.close();
  await rm(folder, { recursive: true });
}, 60_000);

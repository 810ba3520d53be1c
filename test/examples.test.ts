import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrivateRedis } from "../src/redis/server.js";
import { startTestRedis } from "./support/redis.js";

const run = promisify(execFile);
const RUNNER = fileURLToPath(new URL("../scripts/example.mjs", import.meta.url));

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(async () => {
  await redis.stop();
});

async function example(...args: string[]): Promise<string> {
  const env = { ...process.env, REDIS_URL: redis.url };
  const { stdout } = await run(process.execPath, [RUNNER, ...args], { env });
  return stdout;
}

test("the example that publishes a scan runs, and the one that reads live files shows it", {
  timeout: 60_000,
}, async () => {
  const published = await example("publish");
  expect(published).toMatch(/esrf:scan:\w+/);
  const read = await example("read-live", "/tmp/nxlive-example.h5", redis.url);
  expect(read.trim().split("\n").length).toBeGreaterThan(1);
});

test("two writers share a session, one survives the other, and the example leaves nothing running", {
  timeout: 60_000,
}, async () => {
  const program = fileURLToPath(new URL("../examples/two-writers/two-writers.mjs", import.meta.url));
  const { stdout } = await run(process.execPath, [program]);
  expect(stdout.match(/COMPLETE +40 /g)).toHaveLength(8);
});

test("an unknown example is wrong use, and the others are named", async () => {
  await expect(example("nonsense")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/usage: npm run example NAME; there are .*publish/),
  });
});

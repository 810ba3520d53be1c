import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrivateRedis } from "../../src/redis/server.js";
import { DataStore } from "../../src/scan/store.js";
import { firstLine, resultOf, runCli, spawnCli } from "../support/cli.js";
import { startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startTestRedis({ maxmemory: "100mb" });
  await using store = await DataStore.connect(redis.url);
  const scan = await store.createScan({ name: "closed", number: 1, data_policy: "no_policy" });
  await scan.createStream("diode", { dtype: "<f8" }).send([1, 2, 3]);
  await scan.prepare();
  await scan.close();
});
afterAll(() => redis.stop());

test("track --once --json prints one report and ends well", async () => {
  const { code, stdout } = await runCli(["track", "--once", "--json", "--redis", redis.url]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    maxMemory: 100 * 2 ** 20,
    exhausted: false,
    expiring: [expect.stringMatching(/^esrf:scan:/)],
    warnings: [],
  });
});

test("track --once ends with 1 when memory stays short", async () => {
  const { code, stderr } = await runCli(["track", "--once", "--threshold", "0", "--redis", redis.url]);
  expect(code).toBe(1);
  expect(stderr).toContain("Memory is short");
});

test("track looks again and again, until it is interrupted", async () => {
  const child = spawnCli(["track", "--json", "--period", "0.05", "--redis", redis.url]);
  expect(JSON.parse(await firstLine(child))).toMatchObject({ exhausted: false });
  child.kill("SIGTERM");
  const { code } = await resultOf(child);
  expect(code).toBe(0);
});

test.each([
  ["--period", "often", "--period takes a number"],
  ["--threshold", "120", "threshold must be from 0 to 100"],
])("track %s %s is wrong use", async (option, value, message) => {
  const { code, stderr } = await runCli(["track", option, value, "--redis", redis.url]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test("track says that a Redis without maxmemory has no limit to keep", async () => {
  await using unlimited = await startTestRedis();
  const { code, stderr } = await runCli(["track", "--redis", unlimited.url]);
  expect(code).toBe(1);
  expect(stderr).toContain("ERR_NO_MEMORY_LIMIT");
});

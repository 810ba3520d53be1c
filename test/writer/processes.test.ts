import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PrivateRedis, startPrivateRedis } from "../../src/redis/server.js";
import { readStatuses } from "../../src/redis/writer-records.js";
import { DataStore } from "../../src/scan/store.js";
import { isFinal, type ScanStatus } from "../../src/writer/index.js";
import { parseStatus } from "../../src/writer/status.js";
import { startTestRedis } from "../support/redis.js";
import { startWriter } from "./processes.js";
import { publishSimple } from "./publishing.js";
import { awaitStatus, points, readValues, shapeIn } from "./support.js";

let redis: PrivateRedis;
let store: DataStore;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "nxlive-writers-"));
  redis = await startTestRedis({ dir: await mkdtemp(join(root, "redis-")) });
  store = await DataStore.connect(redis.url);
});
afterEach(async () => {
  await store.close();
  await redis.stop();
  await rm(root, { recursive: true, force: true });
});

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const fileOf = (number: number) => join(root, `scan${number}.h5`);

async function statusesOf(keys: readonly string[]): Promise<ScanStatus[]> {
  const texts = await readStatuses(store.redis, keys);
  return texts.flatMap((text) => parseStatus(text ?? "null") ?? []);
}

/** Publishes scans with these numbers, each with 10 points and a file of its own, and waits until they are written so far. */
async function publishAll(numbers: readonly number[], session: string) {
  const scans = await Promise.all(
    numbers.map((number) => publishSimple(store, fileOf(number), number, { session })),
  );
  await Promise.all(scans.map((scan) => scan.send(0, 10)));
  const statuses = await Promise.all(
    scans.map(({ scan }) => awaitStatus(store, scan.key, (status) => points(status) === 10)),
  );
  return { scans, writers: new Set(statuses.map(({ writer }) => writer)) };
}

test("two writers divide the scans between them, and one takes over from the other when it is killed", async () => {
  // Each has some that the other one cannot have; of those for both, the quicker one may take all.
  const one = startWriter(redis.url, "--session", "first");
  await one.says(/Writing the scans/);
  const first = await publishAll([1, 2, 3], "first");
  const other = startWriter(redis.url);
  await other.says(/Writing the scans/);
  const second = await publishAll([4, 5, 6], "second");
  const both = await publishAll([7, 8, 9, 10], "first");
  expect(first.writers.size).toBe(1);
  expect(second.writers.size).toBe(1);
  expect(second.writers).not.toEqual(first.writers);
  const scans = [first, second, both].flatMap((published) => published.scans);
  const numbers = range(scans.length).map((i) => i + 1);
  const keys = scans.map(({ scan }) => scan.key);

  await one.crash();
  await Promise.all(scans.map((scan) => scan.send(10, 10)));
  await Promise.all(scans.map((scan) => scan.end()));
  await Promise.all(keys.map((key) => awaitStatus(store, key, isFinal)));
  const done = await statusesOf(keys);
  expect(new Set(done.map(({ state }) => state))).toEqual(new Set(["COMPLETE"]));
  for (const number of numbers) {
    expect(await readValues(fileOf(number), `/${number}.1/data`)).toEqual(range(20));
  }
  expect(await other.terminate()).toBe(0);
  const completions = [...one.log, ...other.log].filter((line) => /: COMPLETE,/.test(line));
  expect(completions).toHaveLength(scans.length); // nobody writes a scan again that another has written
}, 60_000);

test("a writer killed before the first points of a variable-size stream loses none of them", async () => {
  const one = startWriter(redis.url);
  await one.says(/Writing the scans/);
  const { scan, diode, end } = await publishSimple(store, fileOf(1), 1, { shape: [-1] });
  await expect.poll(() => shapeIn(fileOf(1), "/1.1/data")).toEqual([0, 0]);
  await one.crash();
  await diode.send(Float64Array.of(1, 2, 3));
  await diode.send(Float64Array.of(4));
  await end();
  const next = startWriter(redis.url, "--until-idle", "0.3");
  expect(await next.ended).toBe(0);
  expect((await statusesOf([scan.key])).map(({ state }) => state)).toEqual(["COMPLETE"]);
  expect(await readValues(fileOf(1), "/1.1/data")).toEqual([
    [1, 2, 3],
    [4, Number.NaN, Number.NaN],
  ]);
}, 60_000);

test("Redis being restarted is waited for, and writing goes on", async () => {
  const writer = startWriter(redis.url);
  await writer.says(/Writing the scans/);
  const scan = await publishSimple(store, fileOf(1));
  await scan.send(0, 10);
  await awaitStatus(store, scan.scan.key, (status) => points(status) === 10);
  const { port } = redis;
  await redis.stop();
  redis = await startPrivateRedis({ port, dir: await folderOfRedis() });
  await scan.send(10, 10);
  await scan.end();
  const late = await publishSimple(store, fileOf(2), 2);
  await late.send(0, 5);
  await late.end();
  await awaitStatus(store, scan.scan.key, ({ state }) => state === "COMPLETE");
  await awaitStatus(store, late.scan.key, ({ state }) => state === "COMPLETE");
  expect(await readValues(fileOf(1), "/1.1/data")).toEqual(range(20));
  expect(await readValues(fileOf(2), "/2.1/data")).toEqual(range(5));
  expect(await writer.terminate()).toBe(0);
}, 60_000);

async function folderOfRedis(): Promise<string> {
  const { readdir } = await import("node:fs/promises");
  const name = (await readdir(root)).find((entry) => entry.startsWith("redis-"));
  return join(root, name ?? "");
}

test("SIGTERM finishes closed scans, commits open ones, and leaves them to the next writer", async () => {
  const writer = startWriter(redis.url);
  await writer.says(/Writing the scans/);
  const open = await publishSimple(store, fileOf(1), 1);
  const closed = await publishSimple(store, fileOf(2), 2);
  await open.send(0, 10);
  await awaitStatus(store, open.scan.key, (status) => points(status) === 10);
  await closed.send(0, 10);
  await awaitStatus(store, closed.scan.key, (status) => points(status) === 10);
  await closed.end();
  expect(await writer.terminate()).toBe(0);
  expect(await readValues(fileOf(1), "/1.1/data")).toEqual(range(10));
  const [first] = await statusesOf([open.scan.key]);
  expect(first).toMatchObject({ state: "RUNNING", end: null });
  await open.end();
  const next = startWriter(redis.url, "--until-idle", "0.3");
  expect(await next.ended).toBe(0);
  expect((await statusesOf([open.scan.key, closed.scan.key])).map(({ state }) => state)).toEqual([
    "COMPLETE",
    "COMPLETE",
  ]);
  expect(await readValues(fileOf(1), "/1.1/data")).toEqual(range(10));
  expect(await readValues(fileOf(2), "/2.1/data")).toEqual(range(10));
}, 60_000);

test("a writer whose log nobody reads any more works on, and ends in order", async () => {
  const writer = startWriter(redis.url);
  await writer.says(/Writing the scans/);
  writer.ignoreLog();
  for (const number of [1, 2]) {
    const scan = await publishSimple(store, fileOf(number), number);
    await scan.send(0, 10);
    await scan.end();
    await awaitStatus(store, scan.scan.key, ({ state }) => state === "COMPLETE");
  }
  expect(await writer.terminate()).toBe(0);
  expect(await readValues(fileOf(2), "/2.1/data")).toEqual(range(10));
}, 60_000);

test("--until-idle ends with exit code 1 when a scan failed", async () => {
  const first = await publishSimple(store, fileOf(1), 1);
  await first.end();
  const again = await publishSimple(store, fileOf(1), 1);
  await again.end();
  const writer = startWriter(redis.url, "--until-idle", "0.2");
  expect(await writer.ended).toBe(1);
}, 30_000);

test("--until-idle 0 ends with the last scan, not before", async () => {
  const open = await publishSimple(store, fileOf(1), 1);
  await open.send(0, 10);
  const writer = startWriter(redis.url, "--until-idle", "0");
  await awaitStatus(store, open.scan.key, (status) => points(status) === 10);
  await open.send(10, 10);
  await open.end();
  expect(await writer.ended).toBe(0);
  expect(await readValues(fileOf(1), "/1.1/data")).toEqual(range(20));
}, 30_000);

test("a writer that cannot have its HTTP port says so and ends, also with scans in hand", async () => {
  const open = await publishSimple(store, fileOf(1), 1);
  const taken = new URL(redis.url).port;
  const writer = startWriter(redis.url, "--http-port", taken);
  await writer.says(/Cannot listen on 127\.0\.0\.1:\d+/);
  expect(await writer.ended).toBe(2);
  await open.end();
}, 30_000);

test("scans outside of the allowed folders are refused before anything is made", async () => {
  const scan = await publishSimple(store, join(root, "elsewhere", "scan.h5"), 1);
  await scan.end();
  const writer = startWriter(redis.url, "--until-idle", "0.2", "--root", join(root, "allowed"));
  expect(await writer.ended).toBe(1);
  const [status] = await statusesOf([scan.scan.key]);
  expect(status).toMatchObject({
    state: "FAILED",
    message: expect.stringContaining("outside of the allowed folders"),
  });
}, 30_000);

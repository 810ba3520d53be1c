import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PrivateRedis, startPrivateRedis } from "../../src/redis/server.js";
import { DataStore } from "../../src/scan/store.js";
import { Writer } from "../../src/writer/index.js";
import { startProxy, type TcpProxy } from "../support/proxy.js";
import { runPython } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";
import { startWriter } from "./processes.js";
import { publishSimple } from "./publishing.js";
import { awaitStatus, points, readValues } from "./support.js";

let root: string;
let redis: PrivateRedis;
let store: DataStore;
let file: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "nxlive-outage-"));
  await mkdir(join(root, "redis"));
  redis = await startTestRedis({ dir: join(root, "redis") });
  store = await DataStore.connect(redis.url);
  file = join(root, "scan.h5");
});
afterEach(async () => {
  await store.close();
  await redis.stop();
  await rm(root, { recursive: true, force: true });
});

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const LEASE_LOST = /The lease of .* ran out/;

test("Redis being away for longer than a lease lasts is waited for: the writer takes its file again and goes on", async () => {
  const writer = startWriter(redis.url);
  await writer.says(/Writing the scans/);
  const scan = await publishSimple(store, file);
  await scan.send(0, 10);
  await awaitStatus(store, scan.scan.key, (status) => points(status) === 10);
  const { port } = redis;
  await redis.stop();
  await writer.says(LEASE_LOST);
  redis = await startPrivateRedis({ port, dir: join(root, "redis") });
  await scan.send(10, 10);
  await scan.end();
  await awaitStatus(store, scan.scan.key, ({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(20));
  expect(await writer.terminate()).toBe(0);
  expect(await readValues(file, "/1.1/data")).toEqual(range(20));
}, 90_000);

test("a writer that is cut off from Redis loses its file to another one, and leaves it alone when it comes back", async () => {
  await using proxy = await startProxy(redis.port);
  const one = startWriter(proxy.url);
  await one.says(/Writing the scans/);
  const scan = await publishSimple(store, file);
  await scan.send(0, 10);
  const first = await awaitStatus(store, scan.scan.key, (status) => points(status) === 10);
  const other = startWriter(redis.url);
  await other.says(/Writing the scans/);
  proxy.refuse(true);
  await scan.send(10, 10);
  const second = await awaitStatus(store, scan.scan.key, (status) => points(status) === 20);
  expect(second.writer).not.toBe(first.writer);
  await one.says(LEASE_LOST);
  proxy.refuse(false);
  await scan.send(20, 10);
  await scan.end();
  const last = await awaitStatus(store, scan.scan.key, ({ durable }) => durable);
  expect(last).toMatchObject({ state: "COMPLETE", warnings: [] });
  // What the first writer does once it is back: a scan of its own in the same file, then its orderly end.
  expect(await other.terminate()).toBe(0);
  const next = await publishSimple(store, file, 2);
  await next.send(0, 5);
  await next.end();
  await awaitStatus(store, next.scan.key, ({ durable }) => durable);
  expect(await one.terminate()).toBe(0);
  expect(await readValues(file, "/1.1/data")).toEqual(range(30));
  expect(await readValues(file, "/2.1/data")).toEqual(range(5));
  const completions = [...one.log, ...other.log].filter((line) => /: COMPLETE,/.test(line));
  expect(completions).toHaveLength(2);
}, 90_000);

test.each([
  ["refuses connections", (proxy: TcpProxy) => proxy.refuse(true)],
  ["says nothing", (proxy: TcpProxy) => proxy.freeze()],
])(
  "SIGTERM while Redis %s ends a writer soon: what had come is in the file, what Redis was not told in the log",
  async (_, cutOff) => {
    await using proxy = await startProxy(redis.port);
    const writer = startWriter(proxy.url);
    await writer.says(/Writing the scans/);
    const scan = await publishSimple(store, file);
    const other = await publishSimple(store, join(root, "other.h5"), 2);
    for (const { send } of [scan, other]) await send(0, 10);
    await awaitStatus(store, scan.scan.key, (status) => points(status) === 10);
    await awaitStatus(store, other.scan.key, (status) => points(status) === 10);
    cutOff(proxy);
    expect(await writer.terminate()).toBe(0);
    expect(writer.log).toContainEqual(expect.stringMatching(/Redis at .* does not answer/));
    expect(writer.log).toContainEqual(expect.stringMatching(/Scan 1 ascan is let go of/));
    expect(writer.log).toContainEqual(expect.stringMatching(/The lease of .*scan.h5 was not given back/));
    expect(await readValues(file, "/1.1/data")).toEqual(range(10));
    expect(await readValues(join(root, "other.h5"), "/2.1/data")).toEqual(range(10));
  },
  20_000,
);

/** A sparse file whose next bytes come behind `size`. */
const LARGE = `
import sys, h5py
from h5py import h5d, h5p, h5s, h5t
with h5py.File(sys.argv[1], "w") as file:
    options = h5p.create(h5p.DATASET_CREATE)
    options.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    options.set_fill_time(h5d.FILL_TIME_NEVER)
    h5d.create(file.id, b"large", h5t.NATIVE_UINT8, h5s.create_simple((int(sys.argv[2]),)), options)
`;

test("a disk without room makes a scan wait, others go on, and it is completed once there is room", async () => {
  // The system's limit on the size of files refuses bytes as a full disk does: for a large file only, and until it is lifted.
  const [large, limit] = [3 * 2 ** 30, 2.5 * 2 ** 30];
  await runPython(LARGE, [file, String(large)]);
  const writer = startWriter(redis.url);
  await writer.says(/Writing the scans/);
  const allow = (size: string) =>
    execFileSync("prlimit", ["--pid", String(writer.pid), `--fsize=${size}:unlimited`]);
  const full = await publishSimple(store, file, 1);
  await full.send(0, 100);
  await awaitStatus(store, full.scan.key, (status) => points(status) === 100);
  allow(String(limit));
  const noise = Float64Array.from({ length: 200_000 }, (_, i) => Math.sin(i) * 1e6);
  await full.diode.send(noise);
  await full.diode.flush();
  const waiting = await awaitStatus(store, full.scan.key, ({ retrying }) => retrying);
  expect(waiting.message).toMatch(/files may not be that large/);
  const other = await publishSimple(store, join(root, "other.h5"), 2);
  await other.send(0, 5);
  await other.end();
  await awaitStatus(store, other.scan.key, ({ state }) => state === "COMPLETE");
  allow("unlimited");
  await full.end();
  await awaitStatus(store, full.scan.key, ({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual([...range(100), ...noise]);
  expect(await writer.terminate()).toBe(0);
}, 60_000);

test("a writer whose store is closed before it ends by itself, and the next one goes on", async () => {
  const scan = await publishSimple(store, file);
  await scan.send(0, 10);
  const own = await DataStore.connect(redis.url);
  const writer = await Writer.start(own);
  await awaitStatus(store, scan.scan.key, (status) => points(status) === 10);
  await own.close();
  for await (const _ of writer.statuses()); // to the end of the writer
  await scan.send(10, 10);
  await scan.end();
  await using next = await Writer.start(store);
  expect(await next.untilIdle(100)).toBe(true);
  expect(await readValues(file, "/1.1/data")).toEqual(range(20));
}, 60_000);

import { rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { leaseOf } from "../../src/redis/leases.js";
import { latestEvent, nextEvents, readStatuses } from "../../src/redis/writer-records.js";
import { Writer } from "../../src/writer/index.js";
import { parseStatus } from "../../src/writer/status.js";
import { publishSimple } from "./publishing.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();
let file: string;

beforeEach(() => {
  file = join(at.root, "scans.h5");
});

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

async function publishWhole(number: number, session: string) {
  const scan = await publishSimple(at.store, file, number, { session });
  await scan.send(0, 10);
  await scan.end();
  return scan.scan.key;
}

/** Resolves when the file's lease is given back. */
async function released(since: string): Promise<void> {
  for (let last = since; ; ) {
    const events = await nextEvents(at.store.redis, last, 1000);
    if (events.released.includes(file)) return;
    last = events.last;
  }
}

test("scans that follow each other find their file open; it gets its exact size a moment after the last one", async () => {
  const since = await latestEvent(at.store.redis);
  await using writer = await Writer.start(at.store, { leastFree: 0, session: "test" });
  const watch = new StatusWatch(writer);
  for (const number of [1, 2, 3]) {
    await publishWhole(number, "test");
    await watch.until((status) => status.number === number && status.durable);
    expect(await readValues(file, `/${number}.1/data`)).toEqual(range(10));
  }
  const { released: soFar } = await nextEvents(at.store.redis, since, 1);
  expect(soFar).toEqual([]);
  const open = await stat(file);
  await released(since);
  const closed = await stat(file);
  expect(closed.size).toBeLessThan(open.size);
  expect(closed.size).toBeLessThan(512 * closed.blocks + 4096);
  expect(await readValues(file, "/3.1/data")).toEqual(range(10));
});

test("another writer gets a file that nobody uses as soon as it asks, and both may go on in turns", async () => {
  await using one = await Writer.start(at.store, { leastFree: 0, session: "one" });
  await using other = await Writer.start(at.store, { leastFree: 0, session: "other" });
  const watches = { one: new StatusWatch(one), other: new StatusWatch(other) };
  for (let number = 1; number <= 6; number += 2) {
    await publishWhole(number, "one");
    await watches.one.until((status) => status.number === number && status.durable);
    expect(await leaseOf(at.store.redis, file)).toMatchObject({ owner: one.id });
    await publishWhole(number + 1, "other");
    await watches.other.until((status) => status.number === number + 1 && status.durable);
    expect(await leaseOf(at.store.redis, file)).toMatchObject({ owner: other.id });
  }
  for (const number of range(6)) {
    expect(await readValues(file, `/${number + 1}.1/data`)).toEqual(range(10));
  }
});

test("a file that is removed between two scans is made again for the second one", async () => {
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  await publishWhole(1, "test");
  await watch.until(({ durable }) => durable);
  await rm(file);
  await publishWhole(2, "test");
  await watch.until((status) => status.number === 2 && status.durable);
  expect(await readValues(file, "/2.1/data")).toEqual(range(10));
});

test("a scan is told complete when every reader sees it, and is final once it is flushed to the disk", async () => {
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const key = await publishWhole(1, "test");
  const told = await watch.until(({ state }) => state === "COMPLETE");
  expect(told.durable).toBe(false);
  expect(await readValues(file, "/1.1/data")).toEqual(range(10));
  await watch.until(({ durable }) => durable);
  const [text] = await readStatuses(at.store.redis, [key]);
  expect(parseStatus(text ?? "null")).toMatchObject({ state: "COMPLETE", durable: true, retrying: false });
});

test("room on the disk is watched while a scan runs: a warning, then it waits, and goes on when there is room", async () => {
  const MEGABYTE = 1e6;
  const { bavail, bsize } = await statfs(at.root);
  // What others do on this disk meanwhile is small beside the ballast.
  const leastFree = bavail * bsize - 300 * MEGABYTE;
  const ballast = join(at.root, "ballast");
  await using writer = await Writer.start(at.store, { leastFree });
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file, 1);
  await scan.send(0, 10);
  const running = await watch.until((status) => points(status) === 10);
  expect(running.warnings).toEqual([expect.stringMatching(/Less than \d+ MB are free/)]);
  await writeFile(ballast, Buffer.alloc(600 * MEGABYTE));
  await scan.send(10, 10);
  const waiting = await watch.until(({ retrying }) => retrying);
  expect(waiting.message).toMatch(/Only \d+ MB free .* at least \d+ MB are needed/);
  await scan.send(20, 10);
  await scan.end();
  await rm(ballast);
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(30));
}, 60_000);

import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { serverTime } from "../../src/redis/commands.js";
import { SEAL_ID } from "../../src/stream/entry.js";
import { MemoryTracker } from "../../src/tracker/index.js";
import { spawnPython } from "../support/python.js";
import { startTestStore } from "../support/store.js";
import { entryIds, imageScan, sendImages } from "./support.js";

/** blissdata's memory tracker and this one continue each other's journal. */
const { redis, store } = await startTestStore({ maxmemory: "100mb", fresh: true });

/** Runs blissdata's daemon until it has logged a line; the answer is that line. */
async function pythonTracker(options: Record<string, number>, until: RegExp): Promise<string> {
  const args = Object.entries({ "redis-url": redis.url, ...options }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const daemon = spawnPython(["-m", "blissdata.redis_engine.memory_tracker", ...args]);
  const errors: string[] = [];
  daemon.stderr.on("data", (text) => errors.push(String(text)));
  const ended = once(daemon, "close");
  try {
    for await (const line of createInterface({ input: daemon.stdout })) if (until.test(line)) return line;
  } finally {
    daemon.kill();
    await ended;
  }
  throw new Error(`The daemon ended without ${until}: ${errors.join("")}`);
}

/** A running stream of 300 images and a sealed one, which hold data from before the journal's first entry. */
async function fill() {
  const { scan, images } = await imageScan(store, 2);
  const [open, sealed] = images;
  if (!open || !sealed) throw new Error("The scan has streams.");
  await sendImages(open, 0, 300);
  await sendImages(sealed, 0, 300);
  await sealed.seal();
  return { scan, open, sealed };
}

async function clockToMove(): Promise<void> {
  const time = await store.redis.do(serverTime());
  while ((await store.redis.do(serverTime())) <= time + 1);
}

test("nxlive trims what blissdata has journalled", async () => {
  const { open, sealed } = await fill();
  await pythonTracker({ "monitoring-period": 1 }, /Memory usage/);
  expect(await entryIds(store, "_MEMORY_TRACKING_")).toHaveLength(1);
  await sendImages(open, 300, 310);
  await clockToMove();
  const tracker = new MemoryTracker(store, { threshold: 0, protectedHistory: 0, timeSlice: 100 });
  const report = await tracker.look();
  expect(report.warnings).toEqual([expect.stringContaining("Memory is short")]);
  expect(report.trimmedStreams).toBeGreaterThanOrEqual(2);
  expect(await entryIds(store, sealed.key)).toEqual([SEAL_ID]);
  expect((await entryIds(store, open.key)).at(-1)).toBe("309-1");
  expect((await entryIds(store, open.key)).length).toBeLessThanOrEqual(11);
});

test("blissdata trims what nxlive has journalled", async () => {
  const { open, sealed } = await fill();
  await new MemoryTracker(store).look();
  const [journalled] = await entryIds(store, "_MEMORY_TRACKING_");
  await clockToMove();
  await pythonTracker(
    { "cleaning-threshold": 1, "protected-history": 0, "cleaning-time-slice": 100, "monitoring-period": 1 },
    /Trimmed off the oldest/,
  );
  expect(await entryIds(store, sealed.key)).toEqual([SEAL_ID]);
  const left = await entryIds(store, open.key);
  expect(left.at(-1)).toBe("299-1");
  expect(left.length).toBeLessThan(300); // blissdata trims running streams approximately
  expect(await entryIds(store, "_MEMORY_TRACKING_")).not.toContain(journalled);
});

test("both give closed scans the same time, and neither shortens the other's", async () => {
  const { scan } = await fill();
  await scan.close();
  await pythonTracker({ "monitoring-period": 1, "closed-scan-deletion": 5_000 }, /is terminated/);
  for (const key of scan.keys) expect(await ttl(key)).toBeLessThanOrEqual(5_000);
  await new MemoryTracker(store, { closedScanDeletion: 100_000 }).look();
  for (const key of scan.keys) expect(await ttl(key)).toBeLessThanOrEqual(5_000);
  await new MemoryTracker(store, { closedScanDeletion: 1_000 }).look();
  for (const key of scan.keys) expect(await ttl(key)).toBeLessThanOrEqual(1_000);
});

async function ttl(key: string): Promise<unknown> {
  return store.redis.commands.call(["TTL", key]);
}

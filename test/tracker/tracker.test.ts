import { describe, expect, test } from "vitest";
import { serverTime } from "../../src/redis/commands.js";
import { publishPositions, withdrawPositions } from "../../src/redis/positions.js";
import { DataStore } from "../../src/scan/store.js";
import { SEAL_ID } from "../../src/stream/entry.js";
import { MemoryTracker, type TrackerOptions, type TrackerReport } from "../../src/tracker/index.js";
import { startTestStore } from "../support/store.js";
import { entryIds, imageScan, sendImages } from "./support.js";

const { redis, store } = await startTestStore({ maxmemory: "100mb", fresh: true });

const JOURNAL = "_MEMORY_TRACKING_";
/** Trims whatever is in the journal, at every look. */
const GREEDY = { threshold: 0, protectedHistory: 0, timeSlice: 100 };
const DAY = 24 * 60 * 60;

/** Journals, waits for the server's clock to move on, and then trims all that is in the journal. */
async function trimAll(options: TrackerOptions = {}): Promise<TrackerReport> {
  const { time } = await new MemoryTracker(store).look();
  while ((await store.redis.do(serverTime())) <= time + 1);
  return new MemoryTracker(store, { ...GREEDY, ...options }).look();
}

function call(...args: (string | number)[]) {
  return store.redis.commands.call(args);
}

describe("the journal", () => {
  test("has one entry per look: where each stream of the open scans ends", async () => {
    const { images } = await imageScan(store, 3);
    const [first, second] = images;
    if (!first || !second) throw new Error("The scan has streams.");
    await sendImages(first, 0, 5);
    await sendImages(second, 0, 2);
    await second.seal();
    const report = await new MemoryTracker(store).look();
    expect(report).toMatchObject({ scans: 1, trimmedEntries: 0, exhausted: false, warnings: [] });
    const [entry] = (await call("XRANGE", JOURNAL, "-", "+")) as [[Buffer, Buffer[]]];
    expect(entry[1].map(String)).toEqual([first.key, "4-1", second.key, SEAL_ID]);
  });

  test("has no entry when there is nothing to say", async () => {
    await store.createScan({ name: "created", number: 1, data_policy: "no_policy" });
    await new MemoryTracker(store).look();
    expect(await call("EXISTS", JOURNAL)).toBe(0);
  });

  test("knows scans that were there before, and those that came since", async () => {
    const before = await imageScan(store);
    const tracker = new MemoryTracker(store);
    expect((await tracker.look()).scans).toBe(1);
    await imageScan(store);
    expect((await tracker.look()).scans).toBe(2);
    await before.scan.close();
    expect(await tracker.look()).toMatchObject({ scans: 1, expiring: [before.scan.key] });
  });
});

describe("trimming", () => {
  test("keeps the last entry of each stream", async () => {
    const { images } = await imageScan(store, 2);
    const [stream, empty] = images;
    if (!stream || !empty) throw new Error("The scan has streams.");
    await sendImages(stream, 0, 20);
    const report = await trimAll();
    expect(report).toMatchObject({ trimmedEntries: 19, trimmedStreams: 1 });
    expect(await entryIds(store, stream.key)).toEqual(["19-1"]);
    expect(await call("EXISTS", empty.key)).toBe(0);
  });

  test("leaves the seal of a sealed stream: its length stays known", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 20);
    await scan.close();
    const report = await trimAll();
    expect(report).toMatchObject({ trimmedEntries: 20, trimmedStreams: 1, exhausted: true });
    expect(await entryIds(store, image.key)).toEqual([SEAL_ID]);
    const stream = (await store.loadScan(scan.key)).streams.get("image0");
    expect(await stream?.length()).toBe(20);
    await expect(stream?.at(3)).rejects.toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE" });
  });

  test("stops when memory is below the threshold", async () => {
    const { image } = await imageScan(store);
    const tracker = new MemoryTracker(store, { threshold: 80, protectedHistory: 0, timeSlice: 20 });
    for (let i = 0; i < 1100; i += 100) {
      await sendImages(image, 10 * i, 10 * (i + 100));
      const report = await tracker.look();
      expect(report.usedMemory).toBeLessThan(0.8 * report.maxMemory);
      expect(report.exhausted).toBe(false);
    }
    const left = await entryIds(store, image.key);
    expect(left.length).toBeGreaterThan(100);
    expect(left.length).toBeLessThan(11_000);
  });

  test("never touches what is younger than the protected history", async () => {
    const { image } = await imageScan(store);
    await sendImages(image, 0, 20);
    const report = await new MemoryTracker(store, { threshold: 0 }).look();
    expect(report).toMatchObject({ trimmedEntries: 0, exhausted: true });
    expect(report.warnings).toEqual([expect.stringContaining("too recent")]);
    expect(await call("XLEN", image.key)).toBe(20);
  });

  test("heeds all of a long journal", async () => {
    const { image } = await imageScan(store);
    await sendImages(image, 0, 200);
    const now = await store.redis.do(serverTime());
    for (let i = 0; i < 150; i++) await call("XADD", JOURNAL, `${now - 10_000 + i}-0`, image.key, `${i}-1`);
    const report = await new MemoryTracker(store, { ...GREEDY, protectedHistory: 5 }).look();
    expect(report).toMatchObject({ trimmedEntries: 149 });
    expect((await entryIds(store, image.key))[0]).toBe("149-1");
  });

  test("shortens the journal too", async () => {
    await sendImages((await imageScan(store)).image, 0, 3);
    const tracker = new MemoryTracker(store);
    for (let i = 0; i < 5; i++) await tracker.look();
    expect(await call("XLEN", JOURNAL)).toBe(5);
    await trimAll();
    expect(await call("XLEN", JOURNAL)).toBeLessThan(5);
  });
});

describe("a damaged journal", () => {
  test("names what is no stream, and more than a stream has: the others are trimmed, the newest entries stay", async () => {
    const { scan, images } = await imageScan(store, 2);
    const [first, second] = images;
    if (!first || !second) throw new Error("The scan has streams.");
    for (const stream of images) await sendImages(stream, 0, 5);
    const now = await store.redis.do(serverTime());
    const foreign = ["note", "by hand", scan.key, "9-1", "esrf:stream:GONE", "9-1"];
    await call("XADD", JOURNAL, `${now - 10_000}-0`, ...foreign, first.key, "77-1", second.key, SEAL_ID);
    const report = await new MemoryTracker(store, { ...GREEDY, protectedHistory: 5 }).look();
    expect(report).toMatchObject({ trimmedEntries: 8, exhausted: true });
    expect(report.warnings).toContainEqual(expect.stringContaining(`${scan.key} cannot be trimmed`));
    for (const { key } of images) expect(await entryIds(store, key)).toEqual(["4-1"]);
    expect(await call("XLEN", JOURNAL)).toBe(1);
  });

  test("from the future is begun anew", async () => {
    const { image } = await imageScan(store);
    await sendImages(image, 0, 5);
    const now = await store.redis.do(serverTime());
    await call("XADD", JOURNAL, `${now + 10_000_000}-0`, image.key, "3-1");
    const tracker = new MemoryTracker(store, GREEDY);
    expect((await tracker.look()).warnings).toContainEqual(expect.stringContaining("begun anew"));
    const { time } = await tracker.look();
    while ((await store.redis.do(serverTime())) <= time + 1);
    await tracker.look();
    expect(await entryIds(store, image.key)).toEqual(["4-1"]);
  });

  test("has nothing of a scan whose document names something else as a stream, and all of the others", async () => {
    const { scan } = await imageScan(store);
    const { image } = await imageScan(store);
    await sendImages(image, 0, 2);
    await call("SET", "esrf:stream:TEXT", "no stream");
    await call("JSON.SET", scan.key, ".data_streams.image0.pk", '"TEXT"');
    expect((await new MemoryTracker(store).look()).scans).toBe(2);
    expect(await call("XLEN", JOURNAL)).toBe(1);
  });
});

describe("what a live writer has not written yet", () => {
  test("is not trimmed, and a warning says so, until it is written", async () => {
    const { scan, images } = await imageScan(store, 2);
    const [slow, free] = images;
    if (!slow || !free) throw new Error("The scan has streams.");
    await sendImages(slow, 0, 20);
    await sendImages(free, 0, 20);
    await scan.close();
    await publishPositions(store.redis, "writer-1", new Map([[slow.key, 12]]));
    const report = await trimAll();
    expect(report.warnings).toContainEqual(expect.stringContaining(slow.key));
    expect(await entryIds(store, slow.key)).toEqual([...range(12, 20).map((i) => `${i}-1`), SEAL_ID]);
    expect(await entryIds(store, free.key)).toEqual([SEAL_ID]);
    await publishPositions(store.redis, "writer-1", new Map(), [slow.key]);
    await trimAll();
    expect(await entryIds(store, slow.key)).toEqual([SEAL_ID]);
  });

  test("counts entries as a whole: a batch of which some points are missing stays", async () => {
    const scan = await store.createScan({ name: "batches", number: 1, data_policy: "no_policy" });
    const stream = scan.createStream("numbers", { dtype: "<f8" });
    await scan.prepare();
    for (let i = 0; i < 100; i += 10) await stream.send(Float64Array.from({ length: 10 }, (_, k) => i + k));
    await scan.close();
    await publishPositions(store.redis, "writer-1", new Map([[stream.key, 35]]));
    await trimAll();
    expect((await entryIds(store, stream.key))[0]).toBe("30-1");
  });

  test("does not expire and is not deleted", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 2);
    await publishPositions(store.redis, "writer-1", new Map([[image.key, 0]]));
    const tracker = new MemoryTracker(store, { inactiveScanDeletion: 1 });
    await tracker.look();
    await scan.close();
    expect((await tracker.look()).expiring).toEqual([]);
    await withdrawPositions(store.redis, "writer-1");
    expect((await tracker.look()).expiring).toEqual([scan.key]);
  });

  test("is trimmed when the writer has died: its positions have run out", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 20);
    await scan.close();
    await publishPositions(store.redis, "writer-1", new Map([[image.key, 12]]));
    await call("DEL", "nxlive:writer:positions:writer-1");
    await trimAll();
    expect(await entryIds(store, image.key)).toEqual([SEAL_ID]);
  });

  test("holds nothing back once all is written", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 20);
    await scan.close();
    await publishPositions(store.redis, "writer-1", new Map([[image.key, 20]]));
    const { warnings } = await trimAll();
    expect(warnings.filter((warning) => warning.includes("writer"))).toEqual([]);
    expect(await entryIds(store, image.key)).toEqual([SEAL_ID]);
  });
});

describe("scans", () => {
  test("disappear a week after they were closed, with all their keys", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 2);
    await scan.close();
    const report = await new MemoryTracker(store).look();
    expect(report.expiring).toEqual([scan.key]);
    for (const key of scan.keys) {
      expect(await call("TTL", key)).toBeGreaterThan(7 * DAY - 60);
      expect(await call("TTL", key)).toBeLessThanOrEqual(7 * DAY);
    }
  });

  test("that expire sooner anyway keep their time", async () => {
    const { scan } = await imageScan(store);
    await scan.close();
    await call("EXPIRE", scan.key, 1000);
    await new MemoryTracker(store).look();
    expect(await call("TTL", scan.key)).toBeLessThanOrEqual(1000);
  });

  test("in which nothing happens are closed and deleted, others are not", async () => {
    const idle = await imageScan(store);
    const active = await imageScan(store);
    await sendImages(idle.image, 0, 1);
    await sendImages(active.image, 0, 1);
    const tracker = new MemoryTracker(store, { inactiveScanDeletion: 1 });
    await tracker.look();
    let report = await tracker.look();
    for (let i = 1; report.deleted.length === 0; i++) {
      await sendImages(active.image, i, i + 1);
      report = await tracker.look();
    }
    expect(report.deleted).toEqual([idle.scan.key]);
    await expect(store.loadScan(idle.scan.key)).rejects.toMatchObject({ code: "ERR_SCAN_NOT_FOUND" });
    expect((await store.loadScan(active.scan.key)).state).toBe("STARTED");
  });

  test("that were deleted by others are forgotten", async () => {
    const { scan } = await imageScan(store);
    const tracker = new MemoryTracker(store);
    expect((await tracker.look()).scans).toBe(1);
    await store.deleteScan(scan.key, { force: true });
    expect(await tracker.look()).toMatchObject({ scans: 0, warnings: [] });
  });

  test("that cannot be read are told of, and the others are tracked", async () => {
    await call("JSON.SET", "esrf:scan:01BROKEN", ".", '{"pk": "01BROKEN", "id": 5}');
    await call("XADD", "_SCAN_HISTORY_", "*", "key", "esrf:scan:01BROKEN");
    await imageScan(store);
    const report = await new MemoryTracker(store).look();
    expect(report.scans).toBe(1);
    expect(report.warnings).toEqual([expect.stringContaining("esrf:scan:01BROKEN")]);
  });
});

describe("a Redis that is out of memory", () => {
  test("is trimmed all the same, from what the journal and the tracker remember", async () => {
    const { scan, image } = await imageScan(store);
    await sendImages(image, 0, 200);
    const tracker = new MemoryTracker(store, { protectedHistory: 0, timeSlice: 100 });
    await call("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction");
    try {
      await expect(image.send(new Float64Array(1024)).then(() => image.flush())).rejects.toMatchObject({
        code: "ERR_REDIS_OUT_OF_MEMORY",
      });
      const report = await tracker.look();
      expect(report.warnings).toContainEqual(expect.stringContaining("out of memory"));
      expect(await call("EXISTS", JOURNAL)).toBe(0);
      while ((await store.redis.do(serverTime())) <= report.time + 1);
      expect((await tracker.look()).trimmedEntries + report.trimmedEntries).toBe(199);
      expect(await entryIds(store, image.key)).toEqual(["199-1"]);
    } finally {
      await call("CONFIG", "SET", "maxmemory", "100mb");
    }
    await scan.close().catch(() => {});
  });
});

describe("running", () => {
  test("a Redis without maxmemory is refused", async () => {
    await call("CONFIG", "SET", "maxmemory", "0");
    try {
      await expect(new MemoryTracker(store).reports().next()).rejects.toMatchObject({
        code: "ERR_NO_MEMORY_LIMIT",
      });
    } finally {
      await call("CONFIG", "SET", "maxmemory", "100mb");
    }
  });

  test("goes on after its connection was cut", async () => {
    const { image } = await imageScan(store);
    await sendImages(image, 0, 2);
    const reports = new MemoryTracker(store, { period: 0.01 }).reports();
    expect((await reports.next()).value?.scans).toBe(1);
    const other = await DataStore.connect(redis.url);
    await other.redis.commands.call(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await other.close();
    expect((await reports.next()).value?.scans).toBe(1);
    await reports.return(undefined);
  });

  test("ends at once when the signal aborts, with its reason", async () => {
    const controller = new AbortController();
    const reports = new MemoryTracker(store, { period: 1000 }).reports({ signal: controller.signal });
    await reports.next();
    const next = reports.next();
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
  });

  test.each([{ threshold: 101 }, { period: 0 }, { timeSlice: -1 }, { protectedHistory: Number.NaN }])(
    "%j is refused",
    (options) => {
      expect(() => new MemoryTracker(store, options)).toThrow(Object.keys(options)[0]);
    },
  );
});

function range(start: number, stop: number): number[] {
  return Array.from({ length: stop - start }, (_, i) => start + i);
}

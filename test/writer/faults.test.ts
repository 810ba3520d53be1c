import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { del, xtrim } from "../../src/redis/commands.js";
import { Writer } from "../../src/writer/index.js";
import { spawnPython } from "../support/python.js";
import { publishSimple } from "./publishing.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();
let file: string;

beforeEach(() => {
  file = join(at.root, "data", "scan.h5");
});

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const startWriter = () => Writer.start(at.store, { leastFree: 0 });

test("a folder that is deleted while the scan runs is made again, with all data", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file);
  await scan.send(0, 10);
  await watch.until((status) => points(status) === 10);
  await rm(join(at.root, "data"), { recursive: true });
  await scan.send(10, 10);
  await scan.end();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(20));
});

test("a file that is moved away while the scan runs stays as it was, and all data go into a new one", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file);
  await scan.send(0, 10);
  await watch.until((status) => points(status) === 10);
  const away = join(at.root, "away.h5");
  await rename(file, away);
  await scan.send(10, 10);
  await scan.end();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(20));
  expect(await readValues(away, "/1.1/data")).toEqual(expect.arrayContaining(range(10)));
});

test("a scan whose folder cannot be made waits with a message, others go on, and it recovers", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  await writeFile(join(at.root, "data"), "in the way");
  const blocked = await publishSimple(at.store, file, 1);
  const other = await publishSimple(at.store, join(at.root, "other.h5"), 2);
  await blocked.send(0, 5);
  const waiting = await watch.until(({ retrying }) => retrying);
  expect(waiting).toMatchObject({
    state: "FAILED",
    number: 1,
    message: expect.stringContaining(join(at.root, "data")),
  });
  await other.send(0, 5);
  await other.end();
  await watch.until(({ state, number }) => state === "COMPLETE" && number === 2);
  await rm(join(at.root, "data"));
  await blocked.end();
  await watch.until(({ state, number }) => state === "COMPLETE" && number === 1);
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
});

test("a file that another HDF5 program holds is waited for", async () => {
  await mkdir(join(at.root, "data"));
  const holder = spawnPython(["-c", HOLD, file]);
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file);
  await scan.send(0, 5);
  const waiting = await watch.until(({ retrying }) => retrying);
  expect(waiting.message).toContain(file);
  holder.stdin.end("\n");
  await scan.end();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
});

const HOLD = `
import sys, h5py
with h5py.File(sys.argv[1], "w") as file:
    file["mine"] = 1
    file.flush()
    print("holding")
    sys.stdin.readline()
`;

test("points that were trimmed while no writer ran are reported as missing, the rest is written", async () => {
  const scan = await publishSimple(at.store, file);
  for (let first = 0; first < 20; first += 5) await scan.send(first, 5);
  await at.store.redis.do(xtrim(scan.diode.key, "10"));
  await scan.end();
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const status = await watch.until(({ end }) => end !== null);
  expect(status.state).toBe("COMPLETE");
  expect(status.streams.diode).toMatchObject({ lost: 10, points: 20 });
  expect(status.warnings).toEqual([expect.stringContaining('Points 0 to 9 of stream "diode" are missing')]);
  const values = await readValues(file, "/1.1/data");
  expect(values).toEqual([...range(10).map(() => Number.NaN), ...range(20).slice(10)]);
});

test("points of variable size whose first ones were trimmed: the rest is written, behind rows of fill values", async () => {
  const scan = await publishSimple(at.store, file, 1, { shape: [-1] });
  for (const length of [1, 2, 3]) {
    await scan.diode.send(Float64Array.from({ length }, (_, i) => i));
    await scan.diode.flush();
  }
  await at.store.redis.do(xtrim(scan.diode.key, "2"));
  await scan.end();
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const status = await watch.until(({ end }) => end !== null);
  expect(status).toMatchObject({ state: "COMPLETE", streams: { diode: { lost: 2, points: 3 } } });
  const missing = [Number.NaN, Number.NaN, Number.NaN];
  expect(await readValues(file, "/1.1/data")).toEqual([missing, missing, [0, 1, 2]]);
});

test("a scan that is deleted while it runs is written as far as it came, and does not disturb", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file, 1);
  await scan.send(0, 5);
  await watch.until((status) => points(status) === 5);
  await at.store.deleteScan(scan.scan.key, { force: true });
  const status = await watch.until(({ end }) => end !== null);
  expect(status.number).toBe(1);
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
});

test("a Redis that was emptied under the writer can be initialised anew, and its scans are written", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const before = await publishSimple(at.store, file, 1);
  await before.send(0, 5);
  await watch.until((status) => points(status) === 5);
  await at.store.redis.commands.call(["FLUSHALL"]);
  await watch.until(({ retrying, message }) => retrying && /was emptied/.test(message));
  await at.store.initialise();
  const after = await publishSimple(at.store, file, 2);
  await after.send(0, 10);
  await after.end();
  await watch.until(({ number, durable }) => number === 2 && durable);
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
  expect(await readValues(file, "/2.1/data")).toEqual(range(10));
});

test("a stream that is never sealed does not keep a closed scan waiting", async () => {
  await using writer = await startWriter();
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file, 1);
  await scan.send(0, 5);
  // Closed by another client, which does not own the stream.
  const other = await at.store.openScan(scan.scan.key);
  await other.close();
  const status = await watch.until(({ end }) => end !== null);
  expect(status).toMatchObject({ state: "COMPLETE", warnings: [expect.stringContaining("never sealed")] });
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
});

test("closing the writer commits open scans, and the next writer goes on", async () => {
  const scan = await publishSimple(at.store, file, 1);
  {
    await using writer = await startWriter();
    await scan.send(0, 5);
    await new StatusWatch(writer).until((status) => points(status) === 5);
  }
  expect(await readValues(file, "/1.1/data")).toEqual(range(5));
  await using next = await startWriter();
  const watch = new StatusWatch(next);
  await scan.send(5, 5);
  await scan.end();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(range(10));
});

test("scans that are deleted before the writer comes to them are named in the log, and only they", async () => {
  const log: string[] = [];
  const logger = pino(
    new Writable({
      write(line: Buffer, _encoding, done) {
        log.push(line.toString());
        done();
      },
    }),
  );
  const keys = new Set<string>();
  for (const number of range(40)) {
    const { scan, end } = await publishSimple(at.store, file, number + 1);
    await end();
    keys.add(scan.key);
  }
  const writer = await Writer.start(at.store, { leastFree: 0, concurrency: 1, logger });
  const watch = new StatusWatch(writer);
  await watch.until(({ state }) => state === "COMPLETE");
  for (const key of keys) await at.store.redis.do(del(key));
  await writer.untilIdle(1);
  await writer.close();
  const ended = watch.seen.filter(({ end }) => end !== null).map(({ scan }) => scan);
  const named = log.filter((line) => line.includes("nothing of it is written"));
  const lost = [...keys].filter((key) => named.some((line) => line.includes(key)));
  expect(lost.length).toBeGreaterThan(0);
  expect(new Set([...ended, ...lost])).toEqual(keys);
  expect(lost.filter((key) => ended.includes(key))).toEqual([]);
});

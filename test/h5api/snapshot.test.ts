import { expect, test } from "vitest";
import { momentsOf } from "../../src/h5api/frozen-file.js";
import { DataStore, type Dataset, File, mapping } from "../../src/index.js";
import { readLayout } from "../../src/mapping/layout.js";
import { sent } from "../support/sent.js";
import { startTestStore } from "../support/store.js";
import { FILE, finish, startScan } from "./demo-scan.js";

const { redis, store } = await startTestStore({ fresh: true });

const frames = (count: number) => new Uint16Array(count * 12);

test("a snapshot keeps its lengths while the file grows", async () => {
  const one = await startScan(store);
  await sent(one.diode, Float64Array.of(1, 2, 3));
  await using file = await File.open(FILE, { store });
  const snapshot = await file.snapshot();
  const data = (await snapshot.get("/12.1/instrument/diode/data")) as Dataset;
  await sent(one.diode, Float64Array.of(4, 5));
  expect(await data.shape()).toEqual([3]);
  expect((await data.slice()).toNested()).toEqual([1, 2, 3]);
  expect((await data.slice(1, 10)).toNested()).toEqual([2, 3]);
  expect((await data.slice(-1)).toNested()).toEqual([3]);
  expect(await file.get("/12.1/instrument/diode/data").shape()).toEqual([5]);
  await finish(one);
});

test("the members of measurement have one common length, the datasets themselves their own", async () => {
  const one = await startScan(store);
  await sent(one.diode, Float64Array.of(1, 2, 3, 4));
  await sent(one.image, frames(2));
  await using file = await File.open(FILE, { store });
  const snapshot = await file.snapshot();
  expect(await snapshot.get("/12.1/measurement/diode").shape()).toEqual([2]);
  expect(await snapshot.get("/12.1/measurement/image").shape()).toEqual([2, 3, 4]);
  expect(await snapshot.get("/12.1/instrument/diode/data").shape()).toEqual([4]);
  await finish(one);
});

test("a snapshot keeps the members and values of its moment when the mapping changes", async () => {
  const one = await startScan(store);
  await using file = await File.open(FILE, { store });
  const snapshot = await file.snapshot();
  await startScan(store, 13);
  expect(await snapshot.keys()).toEqual(["12.1"]);
  expect(await snapshot.has("/13.1")).toBe(false);
  expect(await snapshot.get("/title").value()).toBe("ascan 12");
  expect(await file.get("/title").value()).toBe("ascan 13");
  await finish(one);
});

test("snapshots tell whether anything changed, and which datasets have grown", async () => {
  const one = await startScan(store);
  await sent(one.diode, 1);
  await using file = await File.open(FILE, { store });
  const first = await file.snapshot();
  expect((await file.snapshot()).generation).toBe(first.generation);
  await sent(one.diode, Float64Array.of(2, 3));
  const second = await file.snapshot();
  expect(second.generation).toBeGreaterThan(first.generation);
  expect(second.grownSince(first)).toEqual([{ path: "/12.1/instrument/diode/data", from: 1, to: 3 }]);
  await sent(one.image, frames(1));
  await finish(one);
  const last = await file.snapshot();
  expect(last.grownSince(first).map(({ path, to }) => [path, to])).toEqual([
    ["/12.1/instrument/diode/data", 3],
    ["/12.1/instrument/camera/image", 1],
  ]);
  expect(last.grownSince(last)).toEqual([]);
});

test("streams are not taken for empty when Redis cannot be asked", async () => {
  const one = await startScan(store);
  await sent(one.diode, Float64Array.of(1, 2, 3));
  const own = await DataStore.connect(redis.url);
  const scan = await own.loadScan(one.scan.key);
  const tree = readLayout(scan.layoutSource).files.get(FILE);
  expect((await momentsOf([{ scan, tree }], {})).map(({ points }) => points)).toEqual([3, 0]);
  await own.close();
  await expect(momentsOf([{ scan, tree }], {})).rejects.toMatchObject({ code: "ERR_CLOSED" });
  await finish(one);
});

test("following a dataset of a snapshot ends with its last point", async () => {
  const one = await startScan(store);
  await sent(one.diode, Float64Array.of(1, 2));
  await using file = await File.open(FILE, { store });
  const snapshot = await file.snapshot();
  await sent(one.diode, 3);
  const seen: unknown[] = [];
  for await (const value of snapshot.get("/instrument/diode/data")) seen.push(value);
  expect(seen).toEqual([1, 2]);
  await finish(one);
});

test("a caller that gives up takes nothing from others who wait for the same file", async () => {
  const one = await startScan(store, 12, "/data/other.h5");
  const { scan } = await startScan(store, 13);
  await scan.stop();
  scan.info.h5maps = {
    [FILE]: mapping.root({ other: mapping.externalLink("/data/other.h5", "/12.1/title") }),
  };
  await scan.close();
  await using file = await File.open(FILE, { store });
  const snapshot = await file.snapshot();
  const { commands } = store.redis;
  const before = commands.asked;
  const controller = new AbortController();
  const reason = new Error("enough");
  const given = expect((async () => snapshot.get("/other", { signal: controller.signal }))()).rejects.toBe(
    reason,
  );
  const other = snapshot.get("/other").value();
  while (commands.asked === before) await null;
  controller.abort(reason);
  await given;
  expect(await other).toBe("ascan 12");
  await finish(one);
});

test("a caller that gives up takes nothing from others who ask a dataset for its shape", async () => {
  const one = await startScan(store);
  await sent(one.diode, Float64Array.of(1, 2));
  await using file = await File.open(FILE, { store });
  const data = await (await file.snapshot()).get("/12.1/instrument/diode/data");
  const { commands } = store.redis;
  const before = commands.asked;
  const controller = new AbortController();
  const reason = new Error("enough");
  const given = expect(data.shape({ signal: controller.signal })).rejects.toBe(reason);
  const other = data.shape();
  while (commands.asked === before) await null;
  controller.abort(reason);
  await given;
  expect(await other).toEqual([2]);
  await finish(one);
});

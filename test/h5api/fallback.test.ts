import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { File, mapping, type NdArray } from "../../src/index.js";
import { RedisClient } from "../../src/redis/client.js";
import * as commands from "../../src/redis/commands.js";
import { Writer } from "../../src/writer/index.js";
import { resetTestRedis } from "../support/redis.js";
import { sent } from "../support/sent.js";
import { startTestStore } from "../support/store.js";
import { finish, startScan } from "./demo-scan.js";

const { redis, store } = await startTestStore();
let folder: string;
let path: string;

beforeEach(async () => {
  await resetTestRedis(redis);
  folder = await mkdtemp(join(tmpdir(), "nxlive-fallback-"));
  path = join(folder, "demo.h5");
  return () => rm(folder, { recursive: true, force: true });
});

/** Lets our writer write everything that is in Redis now. */
async function write(): Promise<void> {
  const writer = await Writer.start(store, { roots: [folder] });
  await writer.untilIdle(50);
  await writer.close();
}

/** Removes the points before an index, as the memory tracker does. */
async function trim(key: string, index: number): Promise<void> {
  const client = new RedisClient(redis.url);
  await client.do(commands.xtrim(key, `${index}-0`));
  client.close();
}

describe("a file in auto mode", () => {
  test("has the entries of expired scans from disk, those of the others from Redis", async () => {
    const one = await startScan(store, 1, path);
    await sent(one.diode, Float64Array.of(1, 2, 3));
    await finish(one);
    await write();
    await store.deleteScan(one.scan.key);
    const two = await startScan(store, 2, path);
    await sent(two.diode, 7);
    await using file = await File.open(path, { store });
    expect(await file.keys()).toEqual(["1.1", "2.1"]);
    expect((await file.get("/1.1/instrument/diode").slice()).toNested()).toEqual([1, 2, 3]);
    expect((await file.get("/2.1/instrument/diode").slice(0, 1)).toNested()).toEqual([7]);
    expect(await file.get("/title").value()).toBe("ascan 2");
    await finish(two);
  });

  test("reads points that were trimmed from Redis from the file", async () => {
    const one = await startScan(store, 1, path);
    for (let i = 0; i < 10; i++) await sent(one.diode, i);
    await finish(one);
    await write();
    await trim(one.scan.streams.get("diode")?.key ?? "", 6);
    await using live = await File.open(path, { store, mode: "live" });
    const gone = { code: "ERR_INDEX_NO_MORE_THERE" };
    await expect(live.get("/1.1/instrument/diode/data").slice(0, 3)).rejects.toMatchObject(gone);
    await using file = await File.open(path, { store });
    const data = file.get("/1.1/instrument/diode/data");
    expect((await data.slice()).toNested()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await data.slice(8, null, -3)).toNested()).toEqual([8, 5, 2]);
    expect(await data.at(0)).toBe(0);
    const seen: unknown[] = [];
    for await (const value of data.points({ from: 4 })) seen.push(value);
    expect(seen).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test("reads trimmed JSON values from the file as the values that they were", async () => {
    const scan = await store.createScan(
      { name: "log", number: 1, data_policy: "no_policy", session: "demo", path },
      { h5maps: { [path]: mapping.root({ "1.1": mapping.entry({ log: mapping.stream("log") }) }) } },
    );
    const log = scan.createStream("log", { dtype: "json" });
    await scan.prepare();
    await scan.start();
    const values = [{ a: 1 }, "two", 3, null, [5, "5"], true];
    for (const value of values) await sent(log, value);
    await scan.close();
    await write();
    await trim(log.key, 4);
    await using file = await File.open(path, { store });
    const data = await file.get("/1.1/log").dataset();
    expect(data.dtype).toBe("json");
    for (const [start, stop] of [
      [0, 6],
      [1, 3],
    ] as const) {
      const part = await data.slice(start, stop);
      expect([part.dtype, part.data]).toEqual(["json", values.slice(start, stop)]);
    }
    expect(await data.at(0)).toEqual({ a: 1 });
    const seen: unknown[] = [];
    for await (const value of data) seen.push(value);
    expect(seen).toEqual(values);
  });

  test("points of varying size are read when older ones were trimmed, with or without a file", async () => {
    const scan = await store.createScan(
      { name: "spectra", number: 1, data_policy: "no_policy", session: "demo", path },
      { h5maps: { [path]: mapping.root({ "1.1": mapping.entry({ mca: mapping.stream("mca") }) }) } },
    );
    const mca = scan.createStream("mca", { dtype: "<i4", shape: [-1] });
    await scan.prepare();
    await scan.start();
    for (const point of [[1], [2, 2], [3], [4], [5, 5, 5]]) await sent(mca, Int32Array.from(point));
    await trim(mca.key, 2);

    await using live = await File.open(path, { store, mode: "live" });
    const mine = await live.get("/1.1/mca").dataset();
    expect(await mine.shape()).toEqual([5, 3]);
    expect((await mine.slice(2, 5)).toNested()).toEqual([
      [3, 0, 0],
      [4, 0, 0],
      [5, 5, 5],
    ]);
    expect(((await mine.at(4)) as NdArray).toNested()).toEqual([5, 5, 5]);
    await expect(mine.slice(0, 2)).rejects.toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE" });
    expect(await (await live.snapshot()).get("/1.1/mca").shape()).toEqual([5, 3]);

    // The file has the first three of them.
    const saved = new Uint8Array(Int32Array.of(1, 0, 2, 2, 3, 0).buffer);
    await using writer = await openHdf5(path, { mode: "create" });
    await writer.createGroup("/1.1");
    await writer.createDataset("/1.1/mca", { dtype: "<i4", shape: [3, 2], data: saved });
    await writer.commit();
    await using file = await File.open(path, { store });
    const data = await file.get("/1.1/mca").dataset();
    expect(await data.shape()).toEqual([5, 3]);
    expect((await data.slice(1, 5)).toNested()).toEqual([
      [2, 2, 0],
      [3, 0, 0],
      [4, 0, 0],
      [5, 5, 5],
    ]);
    await scan.close();
  });

  test("a dataset that was opened live goes on from disk when its scan has gone", async () => {
    const one = await startScan(store, 1, path);
    await sent(one.diode, Float64Array.of(1, 2));
    await using file = await File.open(path, { store });
    const data = await file.get("/1.1/instrument/diode/data").dataset();
    await finish(one);
    await write();
    await store.deleteScan(one.scan.key);
    const client = new RedisClient(redis.url);
    for (const key of [one.scan.key, ...[...one.scan.streams.values()].map((stream) => stream.key)]) {
      await client.commands.call(["DEL", key]);
    }
    client.close();
    expect((await data.slice(0, 2)).toNested()).toEqual([1, 2]);
    expect(await data.attrs.get("units")).toBe("V");
  });

  test("without scans is the file on disk, and a file that is no HDF5 is refused", async () => {
    const one = await startScan(store, 1, path);
    await sent(one.diode, 1);
    await finish(one);
    await write();
    await resetTestRedis(redis);
    await using file = await File.open(path, { store });
    expect(await file.keys()).toEqual(["1.1"]);
    const names: string[] = [];
    for await (const name of file) names.push(name); // nothing live: it ends
    expect(names).toEqual(["1.1"]);
    expect(
      await file
        .get("/measurement/diode")
        .slice()
        .then((array) => array.toNested()),
    ).toEqual([1]);
    await expect(File.open(path, { store, mode: "live" })).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
    });
    await expect(File.open(new URL(import.meta.url).pathname)).rejects.toMatchObject({
      code: "ERR_HDF5_NOT_A_FILE",
    });
  });
});

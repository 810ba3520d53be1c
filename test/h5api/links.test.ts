import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { File, mapping, type PublishedScan } from "../../src/index.js";
import { Writer } from "../../src/writer/index.js";
import { resetTestRedis } from "../support/redis.js";
import { sent } from "../support/sent.js";
import { startTestStore } from "../support/store.js";
import { finish, startScan } from "./demo-scan.js";

const { redis, store } = await startTestStore();
let folder: string;
beforeEach(async () => {
  await resetTestRedis(redis);
  folder = await mkdtemp(join(tmpdir(), "nxlive-links-"));
  return () => rm(folder, { recursive: true, force: true });
});

type Children = Parameters<typeof mapping.root>[0];

/** A prepared scan whose tree is given whole. */
async function scanWith(number: number, path: string, children: Children): Promise<PublishedScan> {
  const scan = await store.createScan({ name: "scan", number, data_policy: "no_policy", path });
  scan.info.h5maps = { [path]: mapping.root(children) };
  await scan.prepare();
  return scan;
}

test("soft links lead into another scan's entry, and follow it as it grows", async () => {
  const path = join(folder, "a.h5");
  const one = await startScan(store, 1, path);
  await scanWith(2, path, { "2.1": mapping.entry({ earlier: mapping.softLink("/1.1/instrument/diode") }) });
  await using file = await File.open(path, { store });
  const waiting = file.get("/2.1/earlier").slice(0, 2);
  await sent(one.diode, Float64Array.of(5, 6));
  expect((await waiting).toNested()).toEqual([5, 6]);
  const diode = await file.get("/2.1/earlier/data").dataset();
  expect(diode.name).toBe("/2.1/earlier/data");
  expect(diode.target).toEqual({ filename: path, path: "/1.1/instrument/diode/data" });
  await finish(one);
});

test("external links lead to live files, and to files on disk", async () => {
  const [main, live, disk] = ["main.h5", "live.h5", "disk.h5"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const onDisk = await startScan(store, 1, disk);
  await sent(onDisk.diode, Float64Array.of(1, 2, 3));
  await finish(onDisk);
  const writer = await Writer.start(store, { roots: [folder] });
  await writer.untilIdle(50);
  await writer.close();
  await store.deleteScan(onDisk.scan.key);
  const other = await startScan(store, 2, live);
  await sent(other.diode, 4);
  await scanWith(3, main, {
    "3.1": mapping.entry({
      live: mapping.externalLink("live.h5", "/2.1/instrument"),
      disk: mapping.externalLink(disk, "/1.1/measurement"),
      lost: mapping.externalLink("lost.h5", "/1.1"),
    }),
  });
  await using file = await File.open(main, { store });
  expect((await file.get("/3.1/live/diode").slice(0, 1)).toNested()).toEqual([4]);
  expect((await file.get("/3.1/disk/diode").slice()).toNested()).toEqual([1, 2, 3]);
  expect(await file.get("/3.1/disk").keys()).toEqual(["diode", "image"]);
  await expect(file.get("/3.1/lost/title")).rejects.toMatchObject({
    code: "ERR_BROKEN_LINK",
    chain: ["/3.1/lost → lost.h5::/1.1"],
  });
  const items = await file.get("/3.1").items();
  expect(items.map(([name, node]) => [name, node?.kind])).toEqual([
    ["live", "group"],
    ["disk", "group"],
    ["lost", undefined],
  ]);
  await finish(other);
});

test("links in a circle across files show every step", async () => {
  const [a, b] = [join(folder, "a.h5"), join(folder, "b.h5")];
  await scanWith(1, a, { "1.1": mapping.entry({ x: mapping.externalLink("b.h5", "/2.1/x") }) });
  await scanWith(2, b, { "2.1": mapping.entry({ x: mapping.externalLink("a.h5", "/1.1/x") }) });
  await using file = await File.open(a, { store });
  await expect(file.get("/1.1/x")).rejects.toMatchObject({
    code: "ERR_LINK_CYCLE",
    chain: [`/1.1/x → b.h5::/2.1/x`, `${b}::/2.1/x → a.h5::/1.1/x`, `/1.1/x → b.h5::/2.1/x`],
  });
});

test("virtual datasets are read through live sources, with the fill value where points are missing", async () => {
  const path = join(folder, "v.h5");
  const one = await startScan(store, 1, path);
  await sent(
    one.image,
    Uint16Array.from({ length: 24 }, (_, i) => i + 1),
  );
  const source = "/1.1/instrument/camera/image";
  await scanWith(2, path, {
    "2.1": mapping.entry({
      stack: mapping.virtual({
        dtype: "<i4",
        shape: [5, 3, 4],
        sources: [
          {
            dataset: source,
            from: { start: [0, 0, 0], count: [4, 3, 4] },
            to: { start: [0, 0, 0], count: [4, 3, 4] },
          },
          {
            file: "missing.h5",
            dataset: "/x",
            from: { start: [0], count: [12] },
            to: { start: [4, 0, 0], count: [1, 3, 4] },
          },
        ],
      }),
      folded: mapping.virtual({
        dtype: "<f8",
        shape: [4, 6],
        sources: [
          {
            dataset: source,
            from: { start: [0, 0, 0], count: [2, 3, 4] },
            to: { start: [0, 0], count: [4, 6] },
          },
        ],
      }),
      row: mapping.virtual({
        dtype: "<i4",
        shape: [4],
        sources: [
          { dataset: source, from: { start: [1, 2, 0], count: [1, 1, 4] }, to: { start: [0], count: [4] } },
        ],
      }),
    }),
  });
  await using file = await File.open(path, { store });
  const stack = await file.get("/2.1/stack").dataset();
  expect((await stack.slice([0, 3], 1, [0, null, 2])).toNested()).toEqual([
    [5, 7],
    [17, 19],
    [0, 0],
  ]);
  expect((await file.get("/2.1/folded").slice([1, 4, 2], [4, 6])).toNested()).toEqual([
    [11, 12],
    [23, 24],
  ]);
  expect((await stack.slice([1, null, -1], 2, 3)).toNested()).toEqual([24, 12]);
  expect(
    await file
      .get("/2.1/row")
      .value()
      .then((array) => jsonOf(array)),
  ).toEqual([21, 22, 23, 24]);
  await finish(one);
});

const jsonOf = (value: unknown) => (value as { toNested(): unknown }).toNested();

test("raw data files are read in parts, across their borders; a missing one is an error", async () => {
  const path = join(folder, "raw.h5");
  const numbers = Int16Array.from({ length: 12 }, (_, i) => i);
  await writeFile(join(folder, "one.raw"), new Uint8Array(numbers.buffer, 0, 10));
  await writeFile(
    join(folder, "two.raw"),
    Buffer.concat([Buffer.alloc(3), new Uint8Array(numbers.buffer, 10, 14)]),
  );
  await scanWith(1, path, {
    "1.1": mapping.entry({
      raw: mapping.externalBinary({
        dtype: "<i2",
        shape: [3, 4],
        files: [
          { name: "one.raw", size: 10 },
          { name: "two.raw", offset: 3, size: 14 },
        ],
      }),
      lost: mapping.externalBinary({ dtype: "<i2", shape: [3], files: [{ name: "lost.raw", size: 6 }] }),
    }),
  });
  await using file = await File.open(path, { store });
  expect((await file.get("/1.1/raw").slice([1, null], [0, 4, 3])).toNested()).toEqual([
    [4, 7],
    [8, 11],
  ]);
  await expect(file.get("/1.1/lost").slice()).rejects.toMatchObject({ code: "ERR_DATA_MISSING" });
});

test("what the mapping gains at the end of a scan is there on the next access", async () => {
  const path = join(folder, "end.h5");
  const one = await startScan(store, 1, path);
  await using file = await File.open(path, { store });
  const entry = await file.get("/1.1");
  const title = await file.get("/1.1/title").dataset();
  expect(await title.value()).toBe("ascan 1");
  expect(await file.has("/1.1/end_time")).toBe(false);
  await one.scan.stop();
  one.scan.info.h5maps = {
    [path]: mapping.root({
      "1.1": mapping.entry({ title: "finished", end_time: "now" }, { end_reason: "SUCCESS" }),
      "1.2": mapping.entry({ title: "another" }),
    }),
  };
  await one.scan.close();
  expect(await file.get("/1.1/end_time").value()).toBe("now");
  expect(await title.value()).toBe("finished");
  expect(await entry.attrs.get("end_reason")).toBe("SUCCESS");
  expect(await file.keys()).toEqual(["1.1", "1.2"]);
});

test("what is new in the files that links lead to is seen", async () => {
  const [main, live] = [join(folder, "main.h5"), join(folder, "live.h5")];
  const first = await startScan(store, 1, live);
  await scanWith(3, main, {
    "3.1": mapping.entry({
      first: mapping.externalLink("live.h5", "/1.1/instrument/diode"),
      second: mapping.externalLink("live.h5", "/2.1/instrument/diode"),
    }),
  });
  await using file = await File.open(main, { store });
  await sent(first.diode, 1);
  expect(await file.get("/3.1/first/data").at(0)).toBe(1);
  await expect(file.get("/3.1/second/data").at(0)).rejects.toMatchObject({ code: "ERR_BROKEN_LINK" });
  const second = await startScan(store, 2, live);
  await sent(second.diode, 2);
  expect(await file.get("/3.1/second/data").at(0)).toBe(2);
  await finish(first);
  await finish(second);
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import type { TreeChange } from "../../src/mapping/diff.js";
import type { GroupNode, TreeNode } from "../../src/mapping/tree.js";
import { xtrim } from "../../src/redis/commands.js";
import { scanRecordKey } from "../../src/redis/writer-keys.js";
import { readScanRecord } from "../../src/redis/writer-records.js";
import { Writer } from "../../src/writer/index.js";
import { MovedData } from "../../src/writer/moved-data.js";
import { publishSimple } from "./publishing.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();

test("a value that the final mapping replaces keeps its place in the group", async () => {
  const file = join(at.root, "scans.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0, session: "test" });
  const watch = new StatusWatch(writer);
  const simple = await publishSimple(at.store, file);
  await simple.send(0, 5);
  await watch.until((status) => points(status) === 5);
  await simple.scan.stop();
  const text = JSON.stringify(simple.scan.info);
  simple.scan.info = JSON.parse(text.replace('"title":"a scan","data"', '"title":[1,2,3],"data"'));
  expect(JSON.stringify(simple.scan.info)).not.toBe(text);
  await simple.scan.close();
  await watch.until((status) => status.durable);
  expect(await readValues(file, "/1.1/title")).toEqual([1n, 2n, 3n]);
  await using reader = await openHdf5Reader(file);
  expect(await reader.list("/1.1")).toEqual(["title", "data"]);
});

const live = (stream: string, attributes: object = {}) => ({
  type: "dataset",
  attributes,
  value: { type: "stream", stream },
});
const group = (children: object, attributes: object = {}) => ({ type: "group", attributes, children });

/** Writes a scan of two streams, a = 1 … 3, b = 4 … 6, that changes its entry when it is closed, and Redis has no points any more. */
async function rearrange(file: string, before: object, after: object) {
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const identity = { name: "ascan", number: 1, data_policy: "none", session: "test", path: file };
  const scan = await at.store.createScan(identity, {});
  const streams = ["a", "b"].map((name) => scan.createStream(name, { dtype: "<f8" }));
  const mapping = (entry: object) => ({
    h5maps: { [file]: group({ "1.1": group(entry, { NX_class: "NXentry" }) }) },
  });
  scan.info = mapping(before);
  await scan.prepare();
  await scan.start();
  for (const [i, stream] of streams.entries())
    await stream.send(Float64Array.of(1, 2, 3).map((x) => x + 3 * i));
  await watch.until(({ streams }) => Object.values(streams).every(({ points }) => points === 3));
  await scan.stop();
  for (const { key } of streams) await at.store.redis.do(xtrim(key, "3-1"));
  scan.info = mapping(after);
  await scan.close();
  const status = await watch.until(({ durable }) => durable);
  await using reader = await openHdf5Reader(file);
  expect(await reader.list("/")).toEqual(["1.1"]);
  return status;
}

test.each([
  ["change places", { x: live("a"), y: live("b") }, { x: live("b"), y: live("a") }, "y", "x"],
  [
    "take the place of a value",
    { x: live("a"), y: 5, z: live("b") },
    { x: 5, y: live("a"), z: live("b") },
    "y",
    "z",
  ],
  [
    "move into a group of their name",
    { x: live("a"), b: live("b") },
    { x: group({ d: live("a") }), b: live("b") },
    "x/d",
    "b",
  ],
  [
    "move out of a group of their name",
    { x: group({ d: live("a"), b: live("b") }) },
    { x: live("a"), b: live("b") },
    "x",
    "b",
  ],
])("data of streams may %s at the end, though Redis has trimmed them", async (_, before, after, a, b) => {
  const file = join(at.root, "moved.h5");
  expect(await rearrange(file, before, after)).toMatchObject({ state: "COMPLETE", warnings: [] });
  expect(await readValues(file, `/1.1/${a}`)).toEqual([1, 2, 3]);
  expect(await readValues(file, `/1.1/${b}`)).toEqual([4, 5, 6]);
});

test.each([
  ["beside the first one", { x: live("a"), y: live("b") }, { x: live("a"), y: live("b"), z: live("a") }, "z"],
  [
    "while the first one moves",
    { x: live("a"), y: live("b") },
    { y: live("b"), z: live("a"), w: live("a") },
    "w",
  ],
  [
    "and another takes the first one",
    { x: live("a"), y: live("b") },
    { x: live("b"), z: live("a"), w: live("a") },
    "w",
  ],
])(
  "a stream that Redis has trimmed is whole at a path that comes at the end, %s",
  async (_, before, after, path) => {
    const file = join(at.root, "twice.h5");
    expect(await rearrange(file, before, after)).toMatchObject({
      state: "COMPLETE",
      warnings: [],
      streams: { a: { points: 3, lost: 0 } },
    });
    expect(await readValues(file, `/1.1/${path}`)).toEqual([1, 2, 3]);
    expect(await readValues(file, path === "z" ? "/1.1/x" : "/1.1/z")).toEqual([1, 2, 3]);
  },
);

test("a stream that moves at the end has the attributes of its new place only", async () => {
  const file = join(at.root, "attributes.h5");
  await rearrange(
    file,
    { x: live("a", { units: "V", old: 1 }) },
    { g: group({ y: live("a", { units: "mV" }) }) },
  );
  await using reader = await openHdf5Reader(file);
  const attributes = await reader.attributes("/1.1/g/y");
  expect([...attributes].map(([name, { data }]) => [name, data])).toEqual([["units", ["mV"]]]);
});

test("a stream whose new place keeps the data of another one stays where it was", async () => {
  const file = join(at.root, "blocked.h5");
  const status = await rearrange(file, { x: live("a"), y: live("b") }, { y: live("a") });
  expect(status).toMatchObject({
    state: "FAILED",
    message: expect.stringContaining('/1.1/y keeps the data of stream "b"'),
  });
  expect(await readValues(file, "/1.1/x")).toEqual([1, 2, 3]);
  expect(await readValues(file, "/1.1/y")).toEqual([4, 5, 6]);
});

test("data that were put aside when the writer was killed find their place in the next go", async () => {
  const path = join(at.root, "aside.h5");
  const dataset: TreeNode = {
    kind: "dataset",
    attributes: new Map(),
    value: { kind: "stream", stream: "a" },
  };
  const entry: GroupNode = { kind: "group", attributes: new Map(), children: new Map([["y", dataset]]) };
  const after: GroupNode = { ...entry, children: new Map([["1.1", entry]]) };
  const changes: TreeChange[] = [
    { change: "removed", path: "/1.1/x", node: dataset },
    { change: "added", path: "/1.1/y", node: dataset },
  ];
  await using hdf5 = await openHdf5(path);
  await hdf5.createGroup("/1.1");
  await hdf5.createDataset("/1.1/x", {
    dtype: "<f8",
    shape: [2],
    data: new Uint8Array(Float64Array.of(1, 2).buffer),
  });
  const file = { path, hdf5 };
  await new MovedData(file).setAside(changes, new Set(["/1.1"]), after);
  await hdf5.remove("/1.1/x");
  const next = new MovedData(file);
  await next.setAside(changes, new Set(["/1.1"]), after);
  await next.bring({
    path: "/1.1/y",
    stream: "a",
    attributes: new Map(),
    layout: undefined,
    resume: false,
  });
  await hdf5.commit();
  expect(await readValues(path, "/1.1/y")).toEqual([1, 2]);
  await using reader = await openHdf5Reader(path);
  expect(await reader.list("/")).toEqual(["1.1"]);
});

test("data that have moved stay, when the writer ends before it has noted that the scan is done", async () => {
  const file = join(at.root, "again.h5");
  const { store } = at;
  const simple = await publishSimple(store, file);
  await simple.send(0, 5);
  const key = scanRecordKey(simple.scan.key);
  const writer = await Writer.start(store, { leastFree: 0, session: "test" });
  const watch = new StatusWatch(writer);
  await watch.until((status) => points(status) === 5);
  await simple.scan.stop();
  await store.redis.do(xtrim(simple.diode.key, "5-1"));
  const text = JSON.stringify(simple.scan.info);
  const names = { '"title":': '"data":', '"data":': '"title":' };
  simple.scan.info = JSON.parse(
    text.replace(/"h5maps".*/, (maps) =>
      maps.replace(/"title":|"data":/g, (name) => names[name as keyof typeof names]),
    ),
  );
  await simple.scan.close();
  await watch.until(({ state, durable }) => state === "COMPLETE" && !durable);
  const { prepared = "", status = "" } = await readScanRecord(store.redis, simple.scan.key);
  await watch.until(({ durable }) => durable);
  await writer.close();
  await store.redis.commands.transaction([
    ["HDEL", key, "final"],
    ["HSET", key, "prepared", prepared, "status", status],
  ]);
  await using next = await Writer.start(store, { leastFree: 0, session: "test" });
  await new StatusWatch(next).until(({ durable }) => durable);
  expect(await readValues(file, "/1.1/title")).toEqual([0, 1, 2, 3, 4]);
});

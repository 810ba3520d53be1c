import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { xadd } from "../../src/redis/commands.js";
import { scanRecordKey } from "../../src/redis/writer-keys.js";
import { Writer } from "../../src/writer/index.js";
import { runCli } from "../support/cli.js";
import { startWriter } from "./processes.js";
import { publishSimple } from "./publishing.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();
let file: string;

beforeEach(() => {
  file = join(at.root, "scan.h5");
});

const group = (children: object, attributes: object = {}) => ({ type: "group", attributes, children });
const live = (attributes: object = {}) => ({
  type: "dataset",
  attributes,
  value: { type: "stream", stream: "diode" },
});

/** A scan of three points with the children of its entry; `last`: those of its final mapping. */
async function publish(children: object, { last = children, attributes = {} } = {}) {
  const identity = { name: "ascan", number: 1, data_policy: "none", session: "test", path: file };
  const scan = await at.store.createScan(identity, {});
  const diode = scan.createStream("diode", { dtype: "<f8" });
  const mapping = (entry: object) => ({
    h5maps: { [file]: group({ "1.1": group(entry, { NX_class: "NXentry", ...attributes }) }) },
  });
  scan.info = mapping(children);
  await scan.prepare();
  await scan.start();
  await diode.send(Float64Array.of(1, 2, 3));
  await scan.stop();
  scan.info = mapping(last);
  await scan.close();
}

test("an attribute that HDF5 cannot hold is lost alone: the group and the stream that have it are written", async () => {
  const large = Array.from({ length: 10_000 }, (_, i) => i);
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const children = (unit: string) => ({
    data: live({ large, units: unit }),
    values: { type: "dataset", attributes: { large, units: "s" }, value: [1, 2] },
  });
  const first = children("V");
  const last = { ...children("mV"), values: first.values, added: group({ x: 1 }, { large, kind: "b" }) };
  await publish(first, { last, attributes: { large, kind: "a" } });
  const status = await watch.until(({ durable }) => durable);
  expect(status).toMatchObject({ state: "FAILED", message: expect.stringContaining('attribute "large"') });
  for (const path of ["/1.1", "/1.1/data", "/1.1/values", "/1.1/added"]) {
    expect(status.warnings).toContainEqual(
      expect.stringContaining(`${file}::${path}: the attribute "large"`),
    );
  }
  expect(await readValues(file, "/1.1/data")).toEqual([1, 2, 3]);
  expect(await readValues(file, "/1.1/values")).toEqual([1n, 2n]);
  expect(await readValues(file, "/1.1/added/x")).toBe(1n);
  await using reader = await openHdf5Reader(file);
  const names = async (path: string) => [...(await reader.attributes(path)).keys()];
  expect(await names("/1.1")).toEqual(["NX_class", "kind"]);
  expect(await names("/1.1/added")).toEqual(["kind"]);
  expect((await reader.attributes("/1.1/data")).get("units")?.data).toEqual(["mV"]);
});

test("names of scans and streams cannot add lines to the log and to the table, nor fill them", async () => {
  const name = `ascan\n2026 FATAL gone\u001b[2J`;
  const identity = { name, number: 1, data_policy: "none", session: "test", path: file };
  const scan = await at.store.createScan(identity, {});
  const stream = { type: "dataset", value: { type: "stream", stream: "s".repeat(100_000) } };
  scan.info = { h5maps: { [file]: group({ "1.1": group({ data: stream }), ["n".repeat(100_000)]: 1 }) } };
  await scan.close();
  const writer = startWriter(at.store.url, "--until-idle", "0.2");
  expect(await writer.ended).toBe(1);
  expect(writer.log).toHaveLength(2);
  expect(writer.log[1]).toContain("ascan 2026 FATAL gone [2J: FAILED");
  const { stdout } = await runCli(["status", "--redis", at.store.url]);
  expect(stdout.trim().split("\n")).toHaveLength(2);
  expect(stdout.length).toBeLessThan(10_000);
  expect(stdout).not.toContain("\u001b");
});

test("empty points of a stream whose size varies are rows of fill values, wherever they come", async () => {
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const simple = await publishSimple(at.store, file, 1, { shape: [-1] });
  const empty = Buffer.from([0x92, 0x91, 0, 0xc4, 0]); // MessagePack of [[0], no bytes]
  await at.store.redis.do(xadd(simple.diode.key, "0-1", ["payload", empty]));
  await watch.until((status) => status.state === "RUNNING" && points(status) === 1);
  await simple.scan.sealAll();
  await simple.end();
  expect(await watch.until(({ durable }) => durable)).toMatchObject({ state: "COMPLETE" });
  expect(await readValues(file, "/1.1/data")).toEqual([[Number.NaN]]);
});

test("a stream that fails midway keeps its points, and its status tells them", async () => {
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const simple = await publishSimple(at.store, file, 1, { shape: [2] });
  await simple.diode.send(Float64Array.of(1, 2, 3, 4));
  await simple.diode.flush();
  await watch.until((status) => points(status) === 2);
  const odd = Buffer.alloc(12); // no whole point
  await at.store.redis.do(xadd(simple.diode.key, "2-1", ["payload", odd]));
  await watch.until(({ message }) => message !== "");
  await simple.scan.sealAll();
  await simple.scan.close();
  const { state, streams } = await watch.until(({ durable }) => durable);
  expect(state).toBe("FAILED");
  expect(streams.diode).toMatchObject({
    points: 2,
    bytes: 32,
    targets: [`${file}::/1.1/data`],
    error: expect.stringContaining("12 bytes"),
  });
  expect(await readValues(file, "/1.1/data")).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test.each([
  ["status", JSON.stringify({ scan: "x", state: "RUNNING", streams: {}, start: "yesterday" })],
  ["status", JSON.stringify({ scan: "x", state: "RUNNING", streams: null, start: "2026-01-01T00:00:00Z" })],
  ["claims", '{"a"'],
  ["claims", '{"a":1}'],
  ["prepared", "no deflated text"],
])(
  "a record of a scan whose %s is %s counts as missing: the scan is written, as are the others",
  async (field, value) => {
    const [odd, other] = [await publishSimple(at.store, file, 1), await publishSimple(at.store, file, 2)];
    await at.store.redis.commands.call(["HSET", scanRecordKey(odd.scan.key), field, value]);
    for (const { send, end } of [odd, other]) {
      await send(0, 3);
      await end();
    }
    await using writer = await Writer.start(at.store, { leastFree: 0 });
    const watch = new StatusWatch(writer);
    for (const number of [1, 2]) {
      const status = await watch.until((seen) => seen.number === number && seen.durable);
      expect(status).toMatchObject({ state: "COMPLETE", warnings: [] });
      expect(await readValues(file, `/${number}.1/data`)).toEqual([0, 1, 2]);
    }
  },
);

test("what cannot be written is told while the scan runs", async () => {
  await using writer = await Writer.start(at.store, { leastFree: 0, roots: [join(at.root, "elsewhere")] });
  const watch = new StatusWatch(writer);
  const simple = await publishSimple(at.store, file);
  const running = await watch.until(({ state, message }) => state === "RUNNING" && message !== "");
  expect(running.message).toContain("lies outside of the allowed folders");
  await simple.end();
  expect(await watch.until(({ durable }) => durable)).toMatchObject({
    state: "FAILED",
    message: running.message,
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { registerStreamPlugin } from "../../../src/stream/plugin.js";
import { lima2Definition } from "../../../src/stream/plugins/definitions.js";
import { type FrameRequest, Lima2Stream, lima2Plugin } from "../../../src/stream/plugins/lima2.js";
import { fixture, replayFixture } from "../../support/fixtures.js";
import { runPython } from "../../support/python.js";
import { startTestRedis } from "../../support/redis.js";
import { isWaiting } from "../support.js";
import { collect, errorOf, scanWith } from "./support.js";

let redis: PrivateRedis;
let store: DataStore;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-lima2-"));
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
});
afterEach(() => registerStreamPlugin("lima2", lima2Plugin()));
afterAll(async () => {
  await store?.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const master = {
  file: fixture("h5maps/lima2_master", "files", "scan0001", "cam_master.h5"),
  dataset: "/entry_0000/instrument/det/data",
};

function definition(masterFile: typeof master | null) {
  return lima2Definition({
    dtype: "<u2",
    shape: [12, 16],
    acquisition: "0b1c2d3e-0000-4000-8000-000000000001",
    source: "frame",
    conductor: { hostname: "lima2-host", port: 58000 },
    masterFile,
  });
}

/** A frame whose pixels are all its index. */
const frame = (index: number) => new NdArray(new Uint16Array(12 * 16).fill(index), [12, 16], "<u2");

describe("frames in a master file", () => {
  test("are read once the stream is sealed", async () => {
    const { scans } = await replayFixture(redis.url, "h5maps/lima2_master", join(folder, "master"));
    const stream = (await store.loadScan(scans[0] ?? "")).streams.get("frame");
    if (!(stream instanceof Lima2Stream)) throw new Error("This is no Lima2 stream.");
    expect(stream).toMatchObject({ dtype: "<u2", shape: [12, 16], plugin: "lima2" });
    expect(stream.masterFile?.file).toBe(join(folder, "master", "scan0001", "cam_master.h5"));
    const length = await stream.length();
    const all = await stream.slice();
    expect(all.shape).toEqual([length, 12, 16]);
    const images = (await collect(stream.values())) as NdArray[];
    expect(images.map((image) => image.toNested())).toEqual(all.toNested());
    expect(await stream.at(-1)).toEqual(images.at(-1));
  });

  test("cannot be read while frames are taken, but are counted", async () => {
    const { publisher, stream } = await scanWith(store, definition(master));
    await publisher.send(3);
    await publisher.flush();
    expect(await stream.length()).toBe(3);
    expect(await errorOf(stream.at(2))).toMatchObject({
      code: "ERR_LIVE_FRAME",
      message: expect.stringContaining("fetchFrame"),
    });
    const waited = stream.at(2, { wait: true });
    expect(await isWaiting(store, waited)).toBe(true);
    await publisher.seal();
    expect((await waited) as NdArray).toMatchObject({ shape: [12, 16] });
  });

  test("are counted by integers of any type, and by nothing else", async () => {
    const wide = await scanWith(store, { ...definition(master), dtype: "<u8" });
    await wide.publisher.send(3n);
    await wide.publisher.seal();
    expect(await wide.stream.length()).toBe(3);
    const odd = await scanWith(store, { ...definition(master), dtype: "json" });
    await odd.publisher.send({ frames: 3 });
    await odd.publisher.flush();
    expect(await errorOf(odd.stream.length())).toMatchObject({
      code: "ERR_STREAM_FORMAT",
      message: expect.stringContaining('{"frames":3}'),
    });
  });

  test("are counted in it when the counters were trimmed from Redis", async () => {
    const { publisher, stream } = await scanWith(store, definition(master));
    await publisher.send(5);
    await publisher.seal();
    await store.redis.commands.call(["XTRIM", stream.key, "MAXLEN", "1"]);
    expect(await stream.length()).toBeGreaterThanOrEqual(5);
    expect(await stream.at(4)).toBeInstanceOf(NdArray);
  });

  test("are waited for when the detector finishes its file after the seal", async () => {
    const late = { file: join(folder, "late.h5"), dataset: master.dataset };
    const { publisher, stream } = await scanWith(store, definition(late));
    const frames = collect(stream.values());
    const waited = stream.at(1, { wait: true });
    await publisher.send(2);
    await publisher.seal();
    await runPython(
      `
import h5py, numpy, sys
with h5py.File(sys.argv[1], "w") as f:
    f[sys.argv[2]] = numpy.zeros((2, 12, 16), dtype="uint16")
`,
      [late.file, late.dataset],
    );
    expect(await waited).toMatchObject({ shape: [12, 16] });
    expect(await frames).toHaveLength(2);
  });

  test("that is missing are an error that names it", async () => {
    const { publisher, stream } = await scanWith(
      store,
      definition({ file: "/nowhere/master.h5", dataset: "/x" }),
    );
    await publisher.send(1);
    await publisher.seal();
    expect(await errorOf(stream.at(0))).toMatchObject({
      code: "ERR_DATA_FILE_MISSING",
      path: "/nowhere/master.h5",
    });
  });
});

describe("frames in the detector's memory", () => {
  test("come from the fetcher that the user gives", async () => {
    const requests: FrameRequest[] = [];
    registerStreamPlugin(
      "lima2",
      lima2Plugin({
        fetchFrame: async (request) => {
          requests.push(request);
          return frame(request.index);
        },
      }),
    );
    const { publisher, stream } = await scanWith(store, definition(null));
    const cursor = stream.cursor({ maxPoints: 2 });
    await publisher.send(3);
    const { value } = await cursor.next();
    expect(value).toMatchObject({ index: 0, length: 2 });
    expect((await value?.data())?.get(1, 0, 0)).toBe(1);
    expect(((await stream.at(2)) as NdArray).get(11, 15)).toBe(2);
    expect((await stream.slice(2, null, -2)).shape).toEqual([2, 12, 16]);
    expect(requests[0]).toMatchObject({
      acquisition: "0b1c2d3e-0000-4000-8000-000000000001",
      source: "frame",
      conductor: { hostname: "lima2-host", port: 58000 },
      index: 0,
    });
  });

  test("that the fetcher cannot give are an error with its cause", async () => {
    const cause = new Error("overwritten");
    registerStreamPlugin("lima2", lima2Plugin({ fetchFrame: () => Promise.reject(cause) }));
    const { publisher, stream } = await scanWith(store, definition(null));
    await publisher.send(1);
    await publisher.flush();
    expect(await errorOf(stream.at(0))).toMatchObject({ code: "ERR_LIVE_FRAME", index: 0, cause });
  });

  test("cannot be read without a fetcher, also after the seal", async () => {
    const { publisher, stream } = await scanWith(store, definition(null));
    await publisher.send(1);
    await publisher.seal();
    expect(await errorOf(stream.at(0, { wait: true }))).toMatchObject({ code: "ERR_LIVE_FRAME" });
  });

  test("a fetch is given up when the caller aborts", async () => {
    registerStreamPlugin(
      "lima2",
      lima2Plugin({
        fetchFrame: ({ signal }) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
      }),
    );
    const { publisher, stream } = await scanWith(store, definition(null));
    await publisher.send(1);
    await publisher.flush();
    const controller = new AbortController();
    const reading = errorOf(stream.at(0, { signal: controller.signal }));
    const reason = new Error("enough");
    setImmediate(() => controller.abort(reason));
    expect(await reading).toBe(reason);
  });
});

test.each([
  ["another protocol", { protocol_version: 1 }],
  ["a master file that is none", { master_file: "/a.h5" }],
  ["no acquisition", { acq_uuid: null }],
])("%s breaks the stream, not the scan", async (_, info) => {
  const good = definition(master);
  const { stream } = await scanWith(store, { ...good, info: { ...good.info, ...info } });
  expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_PLUGIN_BROKEN" });
});

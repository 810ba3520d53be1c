import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { limaDefinition } from "../../../src/stream/plugins/definitions.js";
import { LimaStream } from "../../../src/stream/plugins/lima.js";
import { fixture, replayFixture } from "../../support/fixtures.js";
import { runPython } from "../../support/python.js";
import { startTestRedis } from "../../support/redis.js";
import { collect, errorOf, scanWith, sha256 } from "./support.js";

let redis: PrivateRedis;
let store: DataStore;
let folder: string;
let multi: readonly string[];
let edf: readonly string[];
let split: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-lima-"));
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
  multi = (await replayFixture(redis.url, "h5maps/lima1_multi_file", join(folder, "multi"))).scans;
  split = (await replayFixture(redis.url, "scan-info/14_lima", join(folder, "split"))).scans;
  edf = (await replayFixture(redis.url, "scan-info/17_lima_edf", join(folder, "edf"))).scans;
});
afterAll(async () => {
  await store?.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

async function limaStream(key: string | undefined, name: string): Promise<LimaStream> {
  const stream = (await store.loadScan(key ?? "")).streams.get(name);
  if (!(stream instanceof LimaStream)) throw new Error(`${name} is no Lima stream.`);
  return stream;
}

/** A running scan whose camera saves 10 images per file, as in the fixture's first scan. */
async function running(options: { framesPerAcquisition?: number; saved?: boolean } = {}) {
  const saving = {
    filePath: join(folder, "multi", "scan0001", "cam_%04d.h5"),
    dataPath: "/entry_0000/measurement/data",
    fileFormat: "HDF5",
    fileOffset: 0,
    framesPerFile: 10,
  };
  const definition = limaDefinition({
    dtype: "<u2",
    shape: [12, 16],
    serverUrl: "id00/limaccds/cam",
    bufferMaxNumber: 16,
    framesPerAcquisition: options.framesPerAcquisition ?? 35,
    acquisitionOffset: 0,
    ...(options.saved !== false && { saving }),
  });
  const { stream, ...rest } = await scanWith(store, definition);
  if (!(stream instanceof LimaStream)) throw new Error("This is no Lima stream.");
  return { ...rest, stream };
}

const status = (last_index: number, last_index_saved: number) => ({ last_index, last_index_saved });

describe("images of a finished scan", () => {
  test("are what the detector saved, across its files", async () => {
    const stream = await limaStream(multi[0], "cam");
    expect(stream).toMatchObject({ dtype: "<u2", shape: [12, 16], plugin: "lima" });
    expect(await stream.length()).toBe(35);
    const all = await stream.slice();
    expect(all.shape).toEqual([35, 12, 16]);
    expect(sha256(all)).toBe("7c21c0e66298b3d153846527826a984dc26f41e53a066aea7897319d35679de5");
  });

  test("of an aborted scan end where it was aborted", async () => {
    const all = await (await limaStream(multi[1], "cam")).slice();
    expect(all.shape).toEqual([17, 12, 16]);
    expect(sha256(all)).toBe("db9995f89a501201c12955ef05a9470b0a4a73fd8a2604a7da764ba3b47d0718");
  });

  test.each([
    [8, 22, 1],
    [33, 5, -4],
    [null, null, 10],
    [-3, null, 1],
    [9, 9, 1],
  ])("slice(%o, %o, %o) takes what NumPy takes", async (start, stop, step) => {
    const stream = await limaStream(multi[0], "cam");
    const all = (await stream.slice()).toNested() as unknown[];
    const indices = Array.from({ length: 35 }, (_, i) => i);
    const chosen =
      step > 0
        ? indices.slice(start ?? 0, stop ?? 35)
        : indices.slice((stop ?? -1) + 1, (start ?? 34) + 1).reverse();
    const wanted = chosen.filter((_, k) => k % Math.abs(step) === 0).map((i) => all[i]);
    expect((await stream.slice(start, stop, step)).toNested()).toEqual(wanted);
  });

  test("come one by one, as arrays of the image's shape", async () => {
    const stream = await limaStream(multi[0], "cam");
    const image = await stream.at(34);
    expect(image).toBeInstanceOf(NdArray);
    expect(image).toEqual(await stream.at(-1));
    const images = await collect(stream.values({ from: 30 }));
    expect(images).toHaveLength(5);
    expect(images.at(-1)).toEqual(image);
  });

  test("come in views of limited size from cursors", async () => {
    const stream = await limaStream(multi[0], "cam");
    const views = await collect(stream.cursor({ from: 3, maxPoints: 9 }));
    expect(views.map(({ index, length, lost }) => [index, length, lost])).toEqual([
      [3, 9, 0],
      [12, 9, 0],
      [21, 9, 0],
      [30, 5, 0],
    ]);
    expect((await views[1]?.data())?.toNested()).toEqual((await stream.slice(12, 21)).toNested());
  });

  // The last file of cam2 was never written.
  test.each([
    ["cam1:image", 5],
    ["cam2:image", 5],
    ["cam3:image", 3],
    ["cam5:image", 5],
  ])("of %s are found however its detector splits acquisitions and files", async (name, count) => {
    const stream = await limaStream(split[0], name);
    const read = await runPython(
      `
import h5py, json, sys
runs = json.loads(sys.argv[1])
print(json.dumps([i.tolist() for r in runs for i in h5py.File(r["file"])[r["dataset"]][r["index"]:][:r["count"]]]))
`,
      [JSON.stringify(stream.references(0, count))],
    );
    expect((await stream.slice(0, count)).toNested()).toEqual(JSON.parse(read));
  });

  test("come in views of a few megabytes when nobody says how many", async () => {
    const large = limaDefinition({
      dtype: "<f8",
      shape: [1024, 512],
      serverUrl: "x",
      bufferMaxNumber: 1,
      framesPerAcquisition: 35,
      acquisitionOffset: 0,
      saving: { filePath: "/x_%d.h5", dataPath: "/d", fileFormat: "hdf5", fileOffset: 0, framesPerFile: 35 },
    });
    const { publisher, stream } = await scanWith(store, large);
    await publisher.send(status(4, 4));
    await publisher.seal();
    const views = await collect(stream.cursor());
    expect(views.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test("are there from EDF files too", async () => {
    const stream = await limaStream(edf[0], "cam:image");
    const all = await stream.slice();
    expect(all.shape).toEqual([4, 4, 6]);
    const last = (await stream.at(3)) as NdArray;
    expect(last.toNested()).toEqual((all.toNested() as unknown[])[3]);
  });

  test("are there from files with bitshuffle and LZ4 compression, as Lima writes them", async () => {
    const path = join(folder, "compressed_0000.h5");
    await runPython(
      `
import h5py, hdf5plugin, numpy, sys
data = numpy.arange(4 * 64 * 32, dtype="uint16").reshape(4, 64, 32)
with h5py.File(sys.argv[1], "w") as f:
    f.create_dataset("data", data=data, chunks=(1, 64, 32), **hdf5plugin.Bitshuffle())
`,
      [path],
    );
    const saving = { dataPath: "/data", fileFormat: "HDF5BS", fileOffset: 0, framesPerFile: 4 };
    const { publisher, stream } = await scanWith(
      store,
      limaDefinition({
        dtype: "<u2",
        shape: [64, 32],
        serverUrl: "x",
        bufferMaxNumber: 1,
        framesPerAcquisition: 4,
        acquisitionOffset: 0,
        saving: { ...saving, filePath: join(folder, "compressed_%04d.h5") },
      }),
    );
    await publisher.send(status(3, 3));
    await publisher.seal();
    const images = await stream.slice();
    expect(images.shape).toEqual([4, 64, 32]);
    expect([0, 1, 2047, 2048, 8191].map((i) => images.flat(i))).toEqual([0, 1, 2047, 2048, 8191]);
  });

  test("are counted from the files when the status was trimmed from Redis", async () => {
    const stream = await limaStream(multi[0], "cam");
    await store.redis.commands.call(["XTRIM", stream.key, "MAXLEN", "1"]);
    const anew = await limaStream(multi[0], "cam");
    expect(await anew.length()).toBe(35);
    expect(await anew.at(-1)).toEqual(await stream.at(34));
    expect(await collect((await limaStream(multi[0], "cam")).values({ from: 33 }))).toHaveLength(2);
  });
});

describe("references", () => {
  test("name file, dataset and index of each image, one item per file", async () => {
    const stream = await limaStream(multi[1], "cam");
    const dataset = "/entry_0000/measurement/data";
    const file = (number: number) => join(folder, "multi", "raw", `cam_000${number}.h5`);
    expect(stream.references(9, 12)).toEqual([
      { start: 9, count: 1, file: file(5), dataset, index: 9 },
      { start: 10, count: 2, file: file(6), dataset, index: 0 },
    ]);
    expect(stream.reference(11)).toEqual({ file: file(6), dataset, index: 1 });
  });

  test("need no image to exist", async () => {
    const { stream } = await running();
    expect(stream.references(0, 35)).toHaveLength(4);
  });
});

describe("while the detector takes images", () => {
  test("an image can be read once its file is closed, not before", async () => {
    const { publisher, stream } = await running();
    expect(await errorOf(stream.at(0))).toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE", index: 0 });
    await publisher.send(status(5, 3));
    await publisher.flush();
    expect(await stream.length()).toBe(6);
    expect(await errorOf(stream.at(3))).toMatchObject({
      code: "ERR_FILE_NOT_CLOSED",
      path: join(folder, "multi", "scan0001", "cam_0000.h5"),
      index: 3,
    });
    await publisher.send(status(14, 10));
    await publisher.flush();
    expect(await stream.at(9)).toBeInstanceOf(NdArray);
    expect(await errorOf(stream.slice(5, 12))).toMatchObject({ code: "ERR_FILE_NOT_CLOSED", index: 10 });
  });

  test("waiting for an image ends when its file is closed", async () => {
    const { publisher, stream } = await running();
    const image = stream.at(12, { wait: true });
    await publisher.send(status(15, 12));
    await publisher.send(status(21, 20));
    expect(image).toBeInstanceOf(Promise);
    expect(await image).toEqual(await stream.at(12));
  });

  test("waiting for a slice ends at the seal when fewer images were taken", async () => {
    const { publisher, stream } = await running();
    const images = stream.slice(8, 30, 1, { wait: true });
    await publisher.send(status(16, 16));
    await publisher.seal();
    expect((await images).shape).toEqual([9, 12, 16]);
  });

  test("cursors hand out images file by file, and the rest at the seal", async () => {
    const { publisher, stream } = await running();
    const cursor = stream.cursor();
    await publisher.send(status(12, 11));
    expect((await cursor.next()).value).toMatchObject({ index: 0, length: 10 });
    const next = cursor.next();
    await publisher.send(status(34, 34));
    expect((await next).value).toMatchObject({ index: 10, length: 20 });
    await publisher.seal();
    const rest = await cursor.next();
    expect(rest.value).toMatchObject({ index: 30, length: 5 });
    expect((await rest.value?.data())?.shape).toEqual([5, 12, 16]);
    expect((await cursor.next()).done).toBe(true);
  });

  test("a cursor for the newest image only skips the others", async () => {
    const { publisher, stream } = await running();
    await publisher.send(status(31, 31));
    const cursor = stream.cursor({ lastOnly: true });
    const { value } = await cursor.next();
    expect(value).toMatchObject({ index: 29, length: 1 });
    expect((await value?.data())?.shape).toEqual([1, 12, 16]);
    await publisher.seal();
    expect((await cursor.next()).value).toMatchObject({ index: 31 });
  });

  test("images beyond the last one are not there after the seal", async () => {
    const { publisher, stream } = await running();
    await publisher.send(status(16, 16));
    await publisher.seal();
    expect(await errorOf(stream.at(17))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
    expect(await errorOf(stream.at(17, { wait: true }))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
    expect(await errorOf(stream.at(-18))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE", index: -18 });
  });

  test("a closed scan is final, though its publisher died without sealing the stream", async () => {
    const { scan, publisher, stream } = await running();
    await publisher.send(status(16, 16));
    await publisher.flush();
    await (await store.openScan(scan.key)).close();
    expect(await stream.isSealed()).toBe(false);
    expect(await stream.at(16)).toBeInstanceOf(NdArray);
    const fresh = (await store.loadScan(scan.key)).streams.get("points");
    expect(await fresh?.at(16)).toEqual(await stream.at(16));
  });

  test("negative indices wait for the seal", async () => {
    const { publisher, stream } = await running();
    await publisher.send(status(16, 16));
    await publisher.flush();
    expect(await errorOf(stream.at(-1))).toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE" });
    const last = stream.at(-1, { wait: true });
    await publisher.seal();
    expect(await last).toEqual(await stream.at(16));
  });
});

describe("images that cannot be read", () => {
  test("are counted when the detector does not save them, and say so when asked for", async () => {
    const { publisher, stream } = await running({ saved: false });
    await publisher.send(status(4, -1));
    await publisher.flush();
    expect(await stream.length()).toBe(5);
    expect(await errorOf(stream.at(4))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
    expect(await errorOf(stream.at(4, { wait: true }))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
    expect(() => stream.references(0, 1)).toThrow("does not save");
    const { value } = await stream.cursor().next();
    expect(value).toMatchObject({ index: 0, length: 5 });
    expect(await errorOf(value?.data() ?? Promise.resolve())).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
  });

  test("are not even counted once their status was trimmed", async () => {
    const { publisher, stream } = await running({ saved: false });
    await publisher.send(status(4, -1));
    await publisher.seal();
    await store.redis.commands.call(["XTRIM", publisher.key, "MAXLEN", "1"]);
    expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE" });
  });

  test("at the end of an aborted scan are not passed over silently", async () => {
    const { publisher, stream } = await running();
    await publisher.send(status(16, 12));
    await publisher.seal();
    expect(await errorOf(stream.at(13))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED", index: 13 });
    const views = await collect(stream.cursor());
    expect(views.map(({ index, length }) => [index, length])).toEqual([
      [0, 13],
      [13, 4],
    ]);
    expect(await errorOf(views[1]?.data() ?? Promise.resolve())).toMatchObject({
      code: "ERR_IMAGES_NOT_SAVED",
    });
  });

  test("name the file that is missing", async () => {
    const { publisher, stream } = await running({ framesPerAcquisition: 100 });
    await publisher.send(status(59, 59));
    await publisher.seal();
    expect(await errorOf(stream.at(45))).toMatchObject({
      code: "ERR_DATA_FILE_MISSING",
      path: join(folder, "multi", "scan0001", "cam_0004.h5"),
    });
    expect(await errorOf(stream.at(36))).toMatchObject({ code: "ERR_DATA_FILE", index: 6 });
  });

  test("in a format that is not supported say which", async () => {
    expect(await errorOf((await limaStream(edf[1], "cam:image")).at(0))).toMatchObject({
      code: "ERR_FILE_FORMAT",
    });
  });

  test("with another type than announced are an error", async () => {
    const { publisher, stream } = await scanWith(
      store,
      limaDefinition({
        dtype: "<f4",
        shape: [12, 16],
        serverUrl: "x",
        bufferMaxNumber: 1,
        framesPerAcquisition: 35,
        acquisitionOffset: 0,
        saving: {
          filePath: fixture("h5maps/lima1_multi_file", "files", "scan0001", "cam_%04d.h5"),
          dataPath: "/entry_0000/measurement/data",
          fileFormat: "hdf5",
          fileOffset: 0,
          framesPerFile: 10,
        },
      }),
    );
    await publisher.send(status(9, 9));
    await publisher.seal();
    expect(await errorOf(stream.at(0))).toMatchObject({ code: "ERR_DATA_FILE" });
  });
});

describe("descriptions that cannot be used", () => {
  test.each([
    ["no lima_info", { plugin: "lima", dtype: "uint16", shape: [2, 2] }],
    [
      "another protocol",
      { plugin: "lima", dtype: "uint16", shape: [2, 2], lima_info: { protocol_version: 7 } },
    ],
    [
      "an unknown dtype",
      { plugin: "lima", dtype: "quaternion", shape: [2, 2], lima_info: { protocol_version: 1 } },
    ],
    ["no shape", { plugin: "lima", dtype: "uint16", lima_info: { protocol_version: 1 } }],
    [
      "a bad pattern",
      {
        plugin: "lima",
        dtype: "uint16",
        shape: [2],
        lima_info: { protocol_version: 1, file_path: "/a/b.h5" },
      },
    ],
  ])("%s: the stream is broken, the scan is not", async (_, info) => {
    const scan = await store.createScan({ name: "bad", number: 1, data_policy: "no_policy" });
    scan.createStream("cam", { dtype: "json", info });
    await scan.createStream("diode", { dtype: "<f8" }).send([1, 2]);
    await scan.prepare();
    await scan.close();
    const { streams } = await store.loadScan(scan.key);
    expect(await streams.get("diode")?.length()).toBe(2);
    expect(await errorOf(streams.get("cam")?.length() ?? Promise.resolve())).toMatchObject({
      code: "ERR_PLUGIN_BROKEN",
      stream: "cam",
    });
  });

  test("a status that is none fails the stream's calls only", async () => {
    const { publisher, stream } = await running();
    await publisher.send({ last_index: "many" });
    await publisher.flush();
    expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_STREAM_FORMAT" });
  });

  test("publishers are told of them before anything is written", () => {
    const definition = {
      dtype: "<u2",
      shape: [2, 2],
      serverUrl: "x",
      bufferMaxNumber: 1,
      framesPerAcquisition: 1,
      acquisitionOffset: 0,
    };
    const saving = {
      filePath: "/a/b.h5",
      dataPath: "/d",
      fileFormat: "hdf5",
      fileOffset: 0,
      framesPerFile: 1,
    };
    expect(() => limaDefinition({ ...definition, saving })).toThrow("exactly one number");
    expect(() => limaDefinition({ ...definition, dtype: "pixel" })).toThrow("Unknown numeric dtype");
  });
});

describe("aborting", () => {
  test.each([
    ["at", (stream: LimaStream, signal: AbortSignal) => stream.at(5, { wait: true, signal })],
    ["slice", (stream: LimaStream, signal: AbortSignal) => stream.slice(0, 5, 1, { wait: true, signal })],
    ["values", (stream: LimaStream, signal: AbortSignal) => collect(stream.values({ signal }))],
    ["cursor", (stream: LimaStream, signal: AbortSignal) => collect(stream.cursor({ signal }))],
  ])("%s rejects at once with the signal's reason", async (_, run) => {
    const { stream } = await running();
    const controller = new AbortController();
    const waiting = errorOf(run(stream, controller.signal));
    const reason = new Error("enough");
    setImmediate(() => controller.abort(reason));
    expect(await waiting).toBe(reason);
  });

  test("a timeout is a TimeoutError that names the stream", async () => {
    const { stream } = await running();
    expect(await errorOf(stream.at(5, { wait: true, timeout: 20 }))).toMatchObject({
      code: "ERR_TIMEOUT",
      message: expect.stringContaining('stream "points"'),
    });
  });
});

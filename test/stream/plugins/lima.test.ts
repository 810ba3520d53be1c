import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import { limaDefinition } from "../../../src/stream/plugins/definitions.js";
import { runPython } from "../../support/python.js";
import { limaScans, limaStream, running, status } from "./lima-support.js";
import { collect, scanWith, sha256 } from "./support.js";

const scans = limaScans({ split: "scan-info/14_lima", edf: "scan-info/17_lima_edf" });

describe("images of a finished scan", () => {
  test("are what the detector saved, across its files", async () => {
    const stream = await limaStream(scans(), "multi", 0, "cam");
    expect(stream).toMatchObject({ dtype: "<u2", shape: [12, 16], plugin: "lima" });
    expect(await stream.length()).toBe(35);
    const all = await stream.slice();
    expect(all.shape).toEqual([35, 12, 16]);
    expect(sha256(all)).toBe("7c21c0e66298b3d153846527826a984dc26f41e53a066aea7897319d35679de5");
  });

  test("of an aborted scan end where it was aborted", async () => {
    const all = await (await limaStream(scans(), "multi", 1, "cam")).slice();
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
    const stream = await limaStream(scans(), "multi", 0, "cam");
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
    const stream = await limaStream(scans(), "multi", 0, "cam");
    const image = await stream.at(34);
    expect(image).toBeInstanceOf(NdArray);
    expect(image).toEqual(await stream.at(-1));
    const images = await collect(stream.values({ from: 30 }));
    expect(images).toHaveLength(5);
    expect(images.at(-1)).toEqual(image);
  });

  test("come in views of limited size from cursors", async () => {
    const stream = await limaStream(scans(), "multi", 0, "cam");
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
    const stream = await limaStream(scans(), "split", 0, name);
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
    const { publisher, stream } = await scanWith(scans().store, large);
    await publisher.send(status(4, 4));
    await publisher.seal();
    const views = await collect(stream.cursor());
    expect(views.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test("are there from EDF files too", async () => {
    const stream = await limaStream(scans(), "edf", 0, "cam:image");
    const all = await stream.slice();
    expect(all.shape).toEqual([4, 4, 6]);
    const last = (await stream.at(3)) as NdArray;
    expect(last.toNested()).toEqual((all.toNested() as unknown[])[3]);
  });

  test("are there from files with bitshuffle and LZ4 compression, as Lima writes them", async () => {
    const path = join(scans().folder, "compressed_0000.h5");
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
      scans().store,
      limaDefinition({
        dtype: "<u2",
        shape: [64, 32],
        serverUrl: "x",
        bufferMaxNumber: 1,
        framesPerAcquisition: 4,
        acquisitionOffset: 0,
        saving: { ...saving, filePath: join(scans().folder, "compressed_%04d.h5") },
      }),
    );
    await publisher.send(status(3, 3));
    await publisher.seal();
    const images = await stream.slice();
    expect(images.shape).toEqual([4, 64, 32]);
    expect([0, 1, 2047, 2048, 8191].map((i) => images.flat(i))).toEqual([0, 1, 2047, 2048, 8191]);
  });

  test("are counted from the files when the status was trimmed from Redis", async () => {
    const stream = await limaStream(scans(), "multi", 0, "cam");
    await scans().store.redis.commands.call(["XTRIM", stream.key, "MAXLEN", "1"]);
    const anew = await limaStream(scans(), "multi", 0, "cam");
    expect(await anew.length()).toBe(35);
    expect(await anew.at(-1)).toEqual(await stream.at(34));
    expect(await collect((await limaStream(scans(), "multi", 0, "cam")).values({ from: 33 }))).toHaveLength(
      2,
    );
  });
});

describe("references", () => {
  test("name file, dataset and index of each image, one item per file", async () => {
    const stream = await limaStream(scans(), "multi", 1, "cam");
    const dataset = "/entry_0000/measurement/data";
    const file = (number: number) => join(scans().folder, "multi", "raw", `cam_000${number}.h5`);
    expect(stream.references(9, 12)).toEqual([
      { start: 9, count: 1, file: file(5), dataset, index: 9 },
      { start: 10, count: 2, file: file(6), dataset, index: 0 },
    ]);
    expect(stream.reference(11)).toEqual({ file: file(6), dataset, index: 1 });
  });

  test("need no image to exist", async () => {
    const { stream } = await running(scans());
    expect(stream.references(0, 35)).toHaveLength(4);
  });

  test("count from 0, and end", async () => {
    const { stream } = await running(scans());
    for (const index of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => stream.reference(index)).toThrow("counted from 0");
      expect(() => stream.references(0, index)).toThrow("counted from 0");
    }
  });
});

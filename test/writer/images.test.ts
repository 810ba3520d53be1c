import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import * as mapping from "../../src/mapping/builder/index.js";
import { limaDefinition } from "../../src/stream/plugins/definitions.js";
import { Writer } from "../../src/writer/index.js";
import { runPython } from "../support/python.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();

beforeEach(async () => {
  await mkdir(join(at.root, "scan0001"));
});

const DETECTOR = `
import h5py, numpy, sys
path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with h5py.File(path, "w") as file:
    file["entry/data"] = (numpy.arange(count * 24, dtype="<u2") + first * 24).reshape(count, 4, 6)
`;

const READ_BACK = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as file:
    images = file["/1.1/camera"]
    print(json.dumps([images.is_virtual, images.dtype.str, list(images.shape), images[()].ravel().tolist()]))
`;

/** A scan of a camera that saves two images per file and does not tell their size. */
async function publishCamera(path: string, { shape = [-1, -1], framesPerFile = 2, number = 1 } = {}) {
  const identity = { name: "loopscan", number, data_policy: "none", session: "images", path };
  const scan = await at.store.createScan(identity);
  const camera = scan.createStream(
    "camera:image",
    limaDefinition({
      dtype: "<u2",
      shape,
      serverUrl: "tango://none",
      bufferMaxNumber: 10,
      framesPerAcquisition: framesPerFile && 4,
      acquisitionOffset: 0,
      saving: {
        filePath: join(at.root, "scan0001", "cam_%04d.h5"),
        dataPath: "/entry/data",
        fileFormat: "hdf5",
        fileOffset: 0,
        framesPerFile,
      },
    }),
  );
  scan.info.h5maps = {
    [path]: mapping.root({ "1.1": mapping.entry({ camera: mapping.stream("camera:image") }) }),
  };
  await scan.prepare();
  await scan.start();
  return { scan, camera };
}

test("images of a size that only the detector's files tell become a virtual dataset once the first file is there", async () => {
  const path = join(at.root, "scan.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const { scan, camera } = await publishCamera(path);
  await runPython(DETECTOR, [join(at.root, "scan0001", "cam_0000.h5"), "0", "2"]);
  await camera.send({ last_index: 2, last_index_saved: 2 }); // a file is complete when the next one is begun
  await watch.until((status) => points(status) === 2);
  const values = Array.from({ length: 96 }, (_, i) => i);
  expect(JSON.parse(await runPython(READ_BACK, [path]))).toEqual([
    true,
    "<u2",
    [2, 4, 6],
    values.slice(0, 48),
  ]);
  await runPython(DETECTOR, [join(at.root, "scan0001", "cam_0001.h5"), "2", "2"]);
  await camera.send({ last_index: 3, last_index_saved: 3 });
  await scan.stop();
  await scan.close();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(JSON.parse(await runPython(READ_BACK, [path]))).toEqual([true, "<u2", [4, 4, 6], values]);
});

test("they are a list of files and indices when no file tells their size", async () => {
  const path = join(at.root, "scan.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const { scan, camera } = await publishCamera(path);
  await camera.send({ last_index: 2, last_index_saved: 2 });
  await scan.stop();
  await scan.close();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(path, "/1.1/camera")).toEqual([
    "scan0001/cam_0000.h5::0",
    "scan0001/cam_0000.h5::1",
    "scan0001/cam_0001.h5::0",
  ]);
});

test.each([
  ["images in more files than a dataset can be made of", 2, 10_000_000, "100000 files"],
  ["more images than there can be", 0, 1e15, "that a scan may have"],
])(
  "statuses that tell of %s fail their scan, and hold up no other one",
  async (_, framesPerFile, last, limit) => {
    await using writer = await Writer.start(at.store, { leastFree: 0 });
    const watch = new StatusWatch(writer);
    const mad = await publishCamera(join(at.root, "mad.h5"), { shape: [4, 6], framesPerFile });
    await mad.camera.send({ last_index: last, last_index_saved: last });
    await mad.scan.close();
    const sane = await publishCamera(join(at.root, "sane.h5"), { shape: [4, 6], number: 2 });
    await sane.camera.send({ last_index: 3, last_index_saved: 3 });
    await sane.scan.close();
    expect(await watch.until(({ number, durable }) => number === 2 && durable)).toMatchObject({
      state: "COMPLETE",
    });
    const failed = await watch.until(({ number, durable }) => number === 1 && durable);
    expect(failed).toMatchObject({ state: "FAILED", message: expect.stringContaining(limit) });
  },
);

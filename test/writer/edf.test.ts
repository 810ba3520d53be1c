import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as mapping from "../../src/mapping/builder/index.js";
import { DataStore } from "../../src/scan/store.js";
import { limaDefinition } from "../../src/stream/plugins/definitions.js";
import { Writer } from "../../src/writer/index.js";
import { runPython } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const DETECTOR_FILES = fileURLToPath(
  new URL("../../fixtures/scan-info/17_lima_edf/files/scan0001/", import.meta.url),
);

const READ_BACK = `
import h5py, json, sys, numpy
with h5py.File(sys.argv[1]) as file:
    images = file["/1.1/camera"]
    raw = [open(name, "rb").read()[offset : offset + size] for name, offset, size in images.external]
    same = all(image.tobytes() == bytes for image, bytes in zip(images[()], raw))
    print(json.dumps([list(images.shape), images.dtype.str, len(images.external), same]))
`;

test("raw EDF images of a mapped Lima stream become external storage that h5py reads", async () => {
  await using redis = await startTestRedis();
  await using store = await DataStore.connect(redis.url);
  const root = await mkdtemp(join(tmpdir(), "nxlive-edf-"));
  try {
    await mkdir(join(root, "scan0001"));
    for (const name of ["cam_0000.edf", "cam_0001.edf"])
      await copyFile(join(DETECTOR_FILES, name), join(root, "scan0001", name));
    const path = join(root, "scan.h5");
    const scan = await store.createScan({
      name: "loopscan",
      number: 1,
      data_policy: "no_policy",
      session: "edf",
      path,
    });
    const camera = scan.createStream(
      "camera:image",
      limaDefinition({
        dtype: "<u2",
        shape: [4, 6],
        serverUrl: "tango://none",
        bufferMaxNumber: 10,
        framesPerAcquisition: 4,
        acquisitionOffset: 0,
        saving: {
          filePath: join(root, "scan0001", "cam_%04d.edf"),
          dataPath: "",
          fileFormat: "edf",
          fileOffset: 0,
          framesPerFile: 2,
        },
      }),
    );
    scan.info.h5maps = {
      [path]: mapping.root({ "1.1": mapping.entry({ camera: mapping.stream("camera:image") }) }),
    };
    await scan.prepare();
    await scan.start();
    await camera.send({ last_index: 3, last_index_saved: 3 });
    await scan.stop();
    await scan.close();
    await using writer = await Writer.start(store, { session: "edf", leastFree: 0 });
    await writer.drain();
    const seen = JSON.parse(await runPython(READ_BACK, [path]));
    expect(seen).toEqual([[4, 4, 6], "<u2", 4, true]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NdArray } from "../../src/ndarray/ndarray.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { nextLimaAcquisition } from "../../src/scan/lima-acquisition.js";
import type { Scan } from "../../src/scan/scan.js";
import { ScanSequenceStream } from "../../src/scan/sequence.js";
import { DataStore } from "../../src/scan/store.js";
import {
  hdf5FallbackDefinition,
  lima2Definition,
  limaDefinition,
  scanSequenceDefinition,
} from "../../src/stream/plugins/definitions.js";
import { runPython, runPythonFile } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Image i holds 6 i … 6 i + 5. */
const image = (index: number) => [0, 3].map((row) => [0, 1, 2].map((column) => 6 * index + row + column));
const images = (start: number, stop: number) =>
  Array.from({ length: stop - start }, (_, i) => image(start + i));

let redis: PrivateRedis;
let store: DataStore;
let folder: string;
/** blissdata's lima2 plugin wants to know the version of the detector's conductor. */
let conductor: Server;
let port: number;
let published: Scan;
let child: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-plugins-"));
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
  conductor = createServer((_, response) => response.end('"4.99.0"')).listen(0, "127.0.0.1");
  await once(conductor, "listening");
  const address = conductor.address();
  port = typeof address === "object" && address ? address.port : 0;
  const args = [redis.url, folder, String(port)];
  const keys = (await runPythonFile(script("plugin_publisher.py"), args)).trim().split("\n");
  published = await store.loadScan(keys[0] ?? "");
  child = keys[1] ?? "";
});
afterAll(async () => {
  conductor.close();
  await store?.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

function stream(name: string) {
  const found = published.streams.get(name);
  if (!found) throw new Error(`There is no stream ${name}.`);
  return found;
}

describe("what blissdata's plugins publish", () => {
  test.each(["hdf5", "edf", "lima2"])("%s: images come from the detector's files", async (name) => {
    expect(stream(name)).toMatchObject({ dtype: "<u2", shape: [2, 3] });
    expect(await stream(name).length()).toBe(9);
    expect((await stream(name).slice()).toNested()).toEqual(images(0, 9));
    expect((await stream(name).slice(7, 2, -2)).toNested()).toEqual([image(7), image(5), image(3)]);
    expect(((await stream(name).at(-1)) as NdArray).toNested()).toEqual(image(8));
  });

  test("images that are not saved can be counted", async () => {
    expect(await stream("unsaved").length()).toBe(9);
    await expect(stream("unsaved").at(0)).rejects.toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
  });

  test("hdf5_fallback: trimmed points come from the file", async () => {
    const values: unknown[] = [];
    for await (const value of stream("diode").values()) values.push(value);
    expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("scan_sequence: the scans are found by their keys", async () => {
    const sequence = stream("scans");
    if (!(sequence instanceof ScanSequenceStream)) throw new Error("This is no sequence.");
    expect((await sequence.slice()).toNested()).toEqual([child]);
    expect(await sequence.at(0)).toBe(child);
    const titles: unknown[] = [];
    for await (const scan of sequence.scans()) titles.push(scan.info.title);
    expect(titles).toEqual(["child"]);
    expect((await sequence.scan(0)).key).toBe(child);
  });
});

test("nxlive and blissdata count the acquisitions of a Lima server together", async () => {
  const program = `
import sys
from blissdata.lima.client import acquisition_on_server, prepare_next_lima_acquisition
from blissdata.redis_engine.store import DataStore
store = DataStore(sys.argv[1])
print(acquisition_on_server(store, "id00/lima/count"), prepare_next_lima_acquisition(store, "id00/lima/count"))
`;
  expect(await nextLimaAcquisition(store, "id00/lima/count")).toBe(0);
  expect(await nextLimaAcquisition(store, "id00/lima/count")).toBe(1);
  expect((await runPython(program, [redis.url])).trim()).toBe("1 2");
  expect(await nextLimaAcquisition(store, "id00/lima/count")).toBe(3);
  await expect(nextLimaAcquisition(store, "")).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
});

test("what nxlive publishes is read by blissdata's plugins", async () => {
  const scan = await store.createScan({ name: "plugins", number: 3, data_policy: "no_policy" });
  const lima = {
    dtype: "<u2",
    shape: [2, 3],
    serverUrl: "id00/lima/nxlive",
    bufferMaxNumber: 16,
    framesPerAcquisition: 9,
    acquisitionOffset: 0,
  };
  const saving = {
    filePath: join(folder, "py_%04d.h5"),
    dataPath: "/entry_0000/measurement/data",
    fileFormat: "HDF5",
    fileOffset: 0,
    framesPerFile: 4,
  };
  const cam = scan.createStream("cam", limaDefinition({ ...lima, saving }));
  const oneFile = { ...saving, framesPerFile: 0 };
  const whole = scan.createStream("whole", limaDefinition({ ...lima, saving: oneFile }));
  const endless = scan.createStream(
    "endless",
    limaDefinition({ ...lima, framesPerAcquisition: 0, saving: oneFile }),
  );
  const unsaved = scan.createStream("unsaved", limaDefinition(lima));
  const lima2 = scan.createStream(
    "lima2",
    lima2Definition({
      dtype: "<u2",
      shape: [2, 3],
      acquisition: "uuid",
      source: "frame",
      conductor: { hostname: "127.0.0.1", port },
      masterFile: { file: join(folder, "master.h5"), dataset: "/frames" },
    }),
  );
  const diode = scan.createStream(
    "diode",
    hdf5FallbackDefinition({ dtype: "<f8", file: join(folder, "data.h5"), dataset: "/1.1/diode" }),
  );
  const scans = scan.createStream("scans", scanSequenceDefinition());
  await scan.prepare();
  await scan.start();
  await cam.send({ last_index: 8, last_index_saved: 8 });
  await whole.send({ last_index: 8, last_index_saved: 8 });
  await endless.send({ last_index: 8, last_index_saved: 8 });
  await unsaved.send({ last_index: 5, last_index_saved: -1 });
  await lima2.send(9);
  for (let i = 0; i < 20; i++) await diode.send(i);
  await scans.send({ key: child });
  await scan.close();
  await store.redis.commands.call(["XTRIM", diode.key, "MAXLEN", "6"]);
  const read: unknown = JSON.parse(await runPythonFile(script("plugin_reader.py"), [redis.url, scan.key]));
  const reference = (file: number, index: number) => [
    "HDF5",
    join(folder, `py_000${file}.h5`),
    "/entry_0000/measurement/data",
    index,
  ];
  expect(read).toEqual({
    plugins: {
      cam: "lima",
      whole: "lima",
      endless: "lima",
      unsaved: "lima",
      lima2: "lima2",
      diode: "hdf5_fallback",
      scans: "scan_sequence",
    },
    cam: {
      length: 9,
      dtype: "<u2",
      shape: [2, 3],
      images: images(2, 7),
      references: [reference(0, 3), reference(1, 0), reference(1, 1)],
    },
    one_file: [7, 8, 7, 8].map((index) => [join(folder, "py_0000.h5"), index]),
    unsaved: 6,
    lima2: { length: 9, image: image(8) },
    diode: Array.from({ length: 20 }, (_, i) => i),
    scans: [child],
  });
});

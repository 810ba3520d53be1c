import { join } from "node:path";
import { expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { Writer } from "../../src/writer/index.js";
import { readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();

/** A scan without a mapping, whose identity names no file. */
async function publishDerived(file: string, sample: unknown) {
  const identity = { name: "ascan", number: 1, data_policy: "none", session: "test", path: null };
  const scan = await at.store.createScan(identity, {
    save: true,
    data_writer: "nexus",
    filename: file,
    scan_nb: 1,
    title: "a scan",
    start_time: "2026-01-01T10:00:00+01:00",
    acquisition_chain: { axis: { devices: ["counter"] } },
    devices: { counter: { name: "counter", channels: ["v"] } },
    channels: {},
    scan_meta_categories: ["sample"],
    sample,
  });
  const v = scan.createStream("v", { dtype: "<f8" });
  await scan.prepare();
  await scan.start();
  await v.send(1);
  return scan;
}

test("a scan without a mapping needs no id.path when its info names the file", async () => {
  const file = join(at.root, "named.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const scan = await publishDerived(file, { name: "Si" });
  await scan.stop();
  await scan.close();
  const status = await watch.until(({ durable }) => durable);
  expect(status).toMatchObject({ state: "COMPLETE", files: [file] });
  expect(await readValues(file, "/1.1/title")).toBe("a scan");
});

test("decimals of the metadata stay decimals when the last value is whole, texts and lists change as they are", async () => {
  const file = join(at.root, "decimals.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const scan = await publishDerived(file, { thickness: 1.5, sizes: [0.5, 1], turns: 3, note: "a" });
  await watch.until(({ state }) => state === "RUNNING");
  await scan.stop();
  scan.info = { ...scan.info, sample: { thickness: 2, sizes: [1, 2], turns: 4, note: "b" } };
  await scan.close();
  await watch.until(({ durable, files }) => durable && files.includes(file));
  await using reader = await openHdf5Reader(file);
  const typeOf = async (name: string) => {
    const item = await reader.describe(`/1.1/sample/${name}`);
    return item?.kind === "dataset" ? item.dtype : undefined;
  };
  expect(await typeOf("thickness")).toBe("<f8");
  expect(await typeOf("sizes")).toBe("<f8");
  expect(await typeOf("turns")).toBe("<i8");
  expect(await readValues(file, "/1.1/sample/thickness")).toBe(2);
  expect(await readValues(file, "/1.1/sample/sizes")).toEqual([1, 2]);
  expect(await readValues(file, "/1.1/sample/note")).toBe("b");
});

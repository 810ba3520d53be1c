import { join } from "node:path";
import { expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { Writer } from "../../src/writer/index.js";
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

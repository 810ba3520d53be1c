import { join } from "node:path";
import { expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { Writer } from "../../src/writer/index.js";
import { publishSimple } from "./publishing.js";
import { workplace } from "./workplace.js";

const at = workplace();

test("scans that waited for the writer are in their file in the order of their creation, those never prepared left out", async () => {
  const file = join(at.root, "scans.h5");
  const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
  for (const number of numbers) {
    // More of these than the writer begins with at a time.
    if (number % 5 === 0) {
      const identity = { name: "never prepared", number, data_policy: "none", session: "test", path: file };
      await at.store.createScan(identity);
      continue;
    }
    const scan = await publishSimple(at.store, file, number);
    await scan.send(0, 3);
    await scan.end();
  }
  const prepared = numbers.filter((number) => number % 5 !== 0);
  await using writer = await Writer.start(at.store, { leastFree: 0, concurrency: 2 });
  let complete = 0;
  for await (const status of writer.statuses()) {
    if (status.durable && status.state === "COMPLETE" && ++complete === prepared.length) break;
  }
  await using reader = await openHdf5Reader(file);
  expect(await reader.list("/")).toEqual(prepared.map((number) => `${number}.1`));
});

import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { spawnPython } from "../support/python.js";
import { range, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

/** Opens the file, and reads the dataset once more through the same handle when a line comes in. */
const HOLDER = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], locking=False) as file:
    data = file["x"]
    print(len(data))
    sys.stdin.readline()
    data.refresh()
    print(len(data), bool((data[:] == np.arange(len(data))).all()))
`;

test("a reader that holds the file open reads on, however much scratch space was used meanwhile", async () => {
  const path = folder("held.h5");
  await using file = await openHdf5(path, { mode: "create" });
  const options = { chunks: [131_072], contiguousBelow: 0, gzip: 1, shuffle: true };
  const data = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] }, options);
  const small = await file.createGrowing("/small", { dtype: "<f8", rowShape: [] });
  await small.append(range(0, 10));
  await file.commit();
  const reader = spawnPython(["-c", HOLDER, path]);
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: "0" });
  // Each megabyte is shown half full, and lies raw in scratch space until it is full.
  for (let start = 0; start < 14_000_000; start += 65_536) {
    await data.append(range(start, 65_536));
    await file.commit();
  }
  reader.stdin.end("\n");
  expect(await lines.next()).toMatchObject({ value: `${data.length} True` });
  await once(reader, "exit");
});

test("a reader that opened a new file before its first rows sees them through the same handle", async () => {
  const path = folder("empty.h5");
  await using file = await openHdf5(path, { mode: "create" });
  const data = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] });
  await file.commit();
  const reader = spawnPython(["-c", HOLDER, path]);
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: "0" });
  await data.append(range(0, 100));
  await file.commit();
  reader.stdin.end("\n");
  expect(await lines.next()).toMatchObject({ value: "100 True" });
  await once(reader, "exit");
});

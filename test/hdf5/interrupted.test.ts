import { afterEach, expect, test, vi } from "vitest";
import { DataFile } from "../../src/hdf5/engine/file.js";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { DatasetOptions, GrowingDataset } from "../../src/hdf5/writer-api.js";
import { h5py, range, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

/** Every write from the `count`-th on fails: the file stays as a process that is killed there leaves it. */
function failAfter(count: number): void {
  const write = DataFile.prototype.writeJoined;
  let left = count;
  vi.spyOn(DataFile.prototype, "writeJoined").mockImplementation(async function (this: DataFile, ...args) {
    if (left-- <= 0) throw new Error("killed");
    await write.apply(this, args);
  });
}

/** Appends and commits, all but the first `count` writes of it; gives the path, and true when that was all. */
async function interrupted(
  options: DatasetOptions,
  [before, added]: readonly [number, number],
  count: number,
  append: (dataset: GrowingDataset, from: number, rows: number) => Promise<void>,
  dtype: string,
): Promise<{ path: string; whole: boolean }> {
  const path = folder("interrupted.h5");
  const file = await openHdf5(path, { mode: "create" });
  const dataset = await file.createGrowing("/x", { dtype, rowShape: [] }, options);
  await append(dataset, 0, before);
  await file.commit();
  failAfter(count);
  await append(dataset, before, added);
  const whole = await file.commit().then(
    () => true,
    () => false,
  );
  vi.restoreAllMocks();
  await file.abandon();
  return { path, whole };
}

async function extendedByH5py(path: string, rows: string, read: string): Promise<string> {
  const result = await h5py(
    path,
    `
import os
with h5py.File(path, "r+") as f:
    d = f["x"]; k = len(d); first = list(${read}) == ${rows.replace("RANGE", "range(k)")}
    d.resize(k + 777, axis=0); d[k:] = ${rows.replace("RANGE", "range(k, k + 777)")}
with h5py.File(path, "r") as f:
    d = f["x"]; print(first, list(${read}) == ${rows.replace("RANGE", "range(k + 777)")})
os.unlink(path)`,
  );
  return result;
}

const CHUNK = 4;
const NODE = 64 * CHUNK;

test.each([
  ["raw chunks, one node to two", {}, [NODE - 2, CHUNK]],
  ["raw chunks, many at once", {}, [NODE - 7, NODE + 9]],
  ["gzip, one node to two", { gzip: 1 }, [NODE - 2, CHUNK]],
  ["gzip, two levels to three", { gzip: 1 }, [64 * NODE - 3, 2 * CHUNK]],
  ["gzip, a further node on the second level", { gzip: 1 }, [65 * NODE - 5, 2 * CHUNK]],
] as const)(
  "h5py appends to what a writer left that was killed before any of its writes: %s",
  async (_, options, rows) => {
    const append = (dataset: GrowingDataset, from: number, count: number): Promise<void> =>
      dataset.append(range(from, count));
    for (let count = 0, whole = false; !whole; count++) {
      const all = { ...options, chunks: [CHUNK], contiguousBelow: 0 };
      const { path, whole: done } = await interrupted(all, rows, count, append, "<f8");
      expect([count, await extendedByH5py(path, "list(RANGE)", "d[:]")]).toEqual([count, "True True"]);
      whole = done;
    }
  },
  60_000,
);

test("h5py appends texts to what a writer left that was killed before any of its writes", async () => {
  const append = (dataset: GrowingDataset, from: number, count: number): Promise<void> =>
    dataset.append(Array.from({ length: count }, (_, i) => `text ${from + i}${"x".repeat(300)}`));
  for (let count = 0, whole = false; !whole; count++) {
    const options = { chunks: [64], contiguousBelow: 0 };
    const { path, whole: done } = await interrupted(options, [10, 40], count, append, "str");
    const texts = `[f"text {i}" + "x" * 300 for i in RANGE]`;
    expect([count, await extendedByH5py(path, texts, "d.asstr()[:]")]).toEqual([count, "True True"]);
    whole = done;
  }
}, 60_000);

test("a writer that is killed while it takes up what another one left costs nothing", async () => {
  const names = ["block", "chunks", "packed"];
  const options = { contiguousBelow: 0, chunks: [50] };
  for (let count = 0, whole = false; !whole; count++) {
    const path = folder("taken-up.h5");
    const first = await openHdf5(path, { mode: "create" });
    for (const [i, name] of names.entries()) {
      const dataset = await first.createGrowing(
        `/${name}`,
        { dtype: "<f8", rowShape: [] },
        [{}, options, { ...options, gzip: 1 }][i],
      );
      await dataset.append(range(0, 120));
    }
    await first.commit();
    await first.abandon();
    failAfter(count);
    const second = await openHdf5(path).catch(() => undefined);
    whole = second !== undefined;
    vi.restoreAllMocks();
    await second?.abandon();
    await (await openHdf5(path)).close();
    const right = `print(all(list(d[:]) == list(range(120)) for d in h5py.File(path).values()))`;
    expect([count, await h5py(path, `${right}; import os; os.unlink(path)`)]).toEqual([count, "True"]);
  }
});

test("what is new in a group shows after the rows of its datasets, wherever a commit stops", async () => {
  for (let count = 0, whole = false; !whole; count++) {
    const path = folder(`ended-${count}.h5`);
    const file = await openHdf5(path, { mode: "create" });
    await file.createGroup("/1.1");
    const a = await file.createGrowing("/1.1/a", { dtype: "<f8", rowShape: [] });
    const b = await file.createGrowing(
      "/1.1/b",
      { dtype: "<f8", rowShape: [] },
      { chunks: [4], contiguousBelow: 0 },
    );
    await file.commit();
    failAfter(count);
    await file.createDataset("/1.1/end_time", { dtype: "<f8", shape: [], data: range(0, 1) });
    await file.setAttributes("/1.1", new Map([["status", { dtype: "<f8", shape: [], data: range(0, 1) }]]));
    for (const dataset of [a, b]) await dataset.append(range(0, 9));
    whole = await file.commit().then(
      () => true,
      () => false,
    );
    vi.restoreAllMocks();
    await file.abandon();
    const program = `
with h5py.File(path, "r") as f:
    g = f["1.1"]; print("end_time" in g or "status" in g.attrs, len(g["a"]) == len(g["b"]) == 9)`;
    const [ended, complete] = (await h5py(path, program)).split(" ");
    if (ended === "True") expect([count, complete]).toEqual([count, "True"]);
    expect(whole).toBe(ended === "True" && complete === "True");
  }
});

import { createHash } from "node:crypto";
import { copyFile, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import type { Hdf5Reader } from "../../src/hdf5/reader-api.js";
import { acquireHandle, dropHandle } from "../../src/hdf5/reader-handle.js";
import type { DatasetOptions } from "../../src/hdf5/writer-api.js";
import type { RawArray } from "../../src/ndarray/raw.js";
import type { AxisRange } from "../../src/ndarray/slice.js";
import { wholeAxis } from "../../src/ndarray/take.js";
import { h5py, range, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

/** True when a dataset that was read was read without the library. */
function wasPlain(reader: Hdf5Reader, path: string): boolean {
  const handle = acquireHandle(reader.path);
  const facts = handle.recall<{ plain: unknown }>(`facts ${path}`);
  dropHandle(handle);
  return facts?.plain !== undefined;
}

async function shapeOf(reader: Hdf5Reader, path: string): Promise<readonly number[]> {
  const item = await reader.describe(path);
  if (item?.kind !== "dataset" || !item.shape) throw new Error(`${path} is no dataset with data`);
  return item.shape;
}

/** Any selection of an array: positive and negative steps, single and no elements. */
function selection(shape: readonly number[]): fc.Arbitrary<AxisRange[]> {
  const axis = (length: number) =>
    fc
      .tuple(fc.nat(Math.max(0, length - 1)), fc.integer({ min: -3, max: 3 }), fc.nat(length))
      .map(([start, given, most]): AxisRange => {
        const step = given === 0 ? 1 : given;
        const there = step > 0 ? Math.ceil((length - start) / step) : Math.floor(start / -step) + 1;
        return { start, step, count: length === 0 ? 0 : Math.min(most, there), drop: false };
      });
  return fc.tuple(...shape.map(axis));
}

/** Reads a selection both ways: `/via` is a link to the root, and what lies behind links is left to the library. */
async function expectSame(reader: Hdf5Reader, path: string, ranges: readonly AxisRange[]): Promise<void> {
  const [plain, reference] = [await reader.read(path, ranges), await reader.read(`/via${path}`, ranges)];
  expect({ ...plain, data: digest(plain) }).toEqual({ ...reference, data: digest(reference) });
}

/** What stands for the data in comparisons: quicker than element by element. */
function digest({ data }: RawArray): unknown {
  return data instanceof Uint8Array ? createHash("sha1").update(data).digest("hex") : data;
}

describe("datasets of numbers are read without the library as they are with it", () => {
  test.each(["earliest", "v108", "v110", "latest"])("random ones of h5py, libver %s", async (libver) => {
    const path = folder(`${libver}.h5`);
    const seed = 20 + libver.length;
    const made = await h5py(path, `from random_datasets import make\nmake(path, ${seed}, "${libver}")`);
    const plain = new Set(JSON.parse(made) as string[]);
    expect(plain.size).toBeGreaterThan(10);
    await using reader = await openHdf5Reader(path);
    for (const name of (await reader.list("/")).filter((item) => item !== "via")) {
      const shape = await shapeOf(reader, `/${name}`);
      expect(await reader.describe(`/${name}`)).toEqual(await reader.describe(`/via/${name}`));
      await expectSame(reader, `/${name}`, shape.map(wholeAxis));
      await fc.assert(
        fc.asyncProperty(selection(shape), (ranges) => expectSame(reader, `/${name}`, ranges)),
        { numRuns: 15 },
      );
      expect([name, wasPlain(reader, `/${name}`)]).toEqual([name, plain.has(name)]);
    }
  });

  test("large ones in many pages and chunks, whole, in steps and backwards", async () => {
    const path = folder("large.h5");
    await h5py(
      path,
      `
with h5py.File(path, "w") as file:
    values = (np.arange(3_000_000, dtype="uint32") * 2654435761 % 5000).astype("float32").reshape(3000, 1000)
    file["via"] = h5py.SoftLink("/")
    file["block"] = values
    file.create_dataset("raw", data=values, chunks=(100, 300))
    file.create_dataset("packed", data=values, chunks=(128, 1000), compression="gzip", shuffle=True)
    file.create_dataset("huge", data=values, chunks=(3000, 700), compression="gzip", compression_opts=1)
`,
    );
    await using reader = await openHdf5Reader(path);
    const every = (step: number, length: number): AxisRange => ({
      start: step > 0 ? 0 : length - 1,
      step,
      count: Math.ceil(length / Math.abs(step)),
      drop: false,
    });
    for (const name of ["/block", "/raw", "/packed", "/huge"]) {
      await expectSame(reader, name, [wholeAxis(3000), wholeAxis(1000)]);
      await expectSame(reader, name, [every(7, 3000), wholeAxis(1000)]);
      await expectSame(reader, name, [every(-1, 3000), every(-3, 1000)]);
      await expectSame(reader, name, [
        { ...wholeAxis(2900), start: 50 },
        { ...wholeAxis(1), start: 9 },
      ]);
      expect(wasPlain(reader, name)).toBe(true);
    }
  });

  test.each<[string, DatasetOptions]>([
    ["small", {}],
    ["chunked", { contiguousBelow: 0, chunks: [64] }],
    ["packed", { contiguousBelow: 0, chunks: [64], gzip: 1, shuffle: true }],
    ["from small to packed", { contiguousBelow: 1000, chunks: [64], gzip: 1, shuffle: true }],
  ])("growing ones of our writer: %s", async (name, options) => {
    const path = folder(`${name}.h5`);
    await using writer = await openHdf5(path);
    await writer.createSoftLink("/via", "/");
    const data = await writer.createGrowing("/data", { dtype: "<f8", rowShape: [] }, options);
    await writer.commit();
    await using reader = await openHdf5Reader(path);
    // Does not look for news: it has to go on with what it saw.
    let late = await openHdf5Reader(path);
    for (let rows = 0, round = 0; round < 30; round++) {
      const more = (round * 13) % 29;
      await data.append(range(rows, more));
      rows += more;
      await writer.commit();
      await reader.refresh();
      const whole = [wholeAxis(rows)];
      expect(await shapeOf(reader, "/data")).toEqual([rows]);
      expect((await reader.read("/data", whole)).data).toEqual(range(0, rows));
      expect(wasPlain(reader, "/data")).toBe(true);
      await expectSame(reader, "/data", whole);
      const [seen = 0] = await shapeOf(late, "/data");
      expect((await late.read("/data", [wholeAxis(seen)])).data).toEqual(range(0, seen));
      if (round % 10 === 9) {
        await late.close();
        late = await openHdf5Reader(path);
      }
    }
    await late.close();
  });
});

describe("a file that is written while it is read", () => {
  test("gives the values of what it was at some moment", async () => {
    const path = folder("busy.h5");
    const writer = await openHdf5(path);
    const options = { contiguousBelow: 500, chunks: [100], gzip: 1, shuffle: true };
    const data = await writer.createGrowing("/data", { dtype: "<f8", rowShape: [] }, options);
    await writer.commit();
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < 300; i++) {
        await data.append(range(i * 7, 7));
        await writer.commit();
      }
      await data.finish();
      await writer.close();
      done = true;
    })();
    await using reader = await openHdf5Reader(path);
    let most = 0;
    while (!done) {
      await reader.refresh();
      const [rows = 0] = await shapeOf(reader, "/data");
      expect(rows).toBeGreaterThanOrEqual(most);
      most = rows;
      expect((await reader.read("/data", [wholeAxis(rows)])).data).toEqual(range(0, rows));
      await new Promise(setImmediate);
    }
    await writing;
    await reader.refresh();
    expect((await reader.read("/data", [wholeAxis(2100)])).data).toEqual(range(0, 2100));
  });
});

describe("what is wrong with a file", () => {
  test("is told by the library: chunks that are damaged, or beyond the end", async () => {
    const path = folder("damaged.h5");
    const places = await h5py(
      path,
      `
with h5py.File(path, "w") as file:
    for name in "ab":
        file.create_dataset(name, data=np.random.rand(1000), chunks=(500,), compression="gzip")
    print(json.dumps([file["a"].id.get_chunk_info(1).byte_offset, file["b"].id.get_chunk_info(1).byte_offset]))
`,
    );
    const [middle = 0, last = 0] = JSON.parse(places) as number[];
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(100, 0xff), 0, 100, middle + 50);
    await file.utimes(1, 1);
    await file.close();
    {
      await using reader = await openHdf5Reader(path);
      await expect(reader.read("/a", [wholeAxis(1000)])).rejects.toMatchObject({ code: "ERR_HDF5_READ" });
      expect((await reader.read("/a", [wholeAxis(500)])).shape).toEqual([500]);
      expect((await reader.read("/b", [wholeAxis(1000)])).shape).toEqual([1000]);
      expect(wasPlain(reader, "/a")).toBe(true);
    }
    const short = await open(path, "r+");
    await short.truncate(last + 10);
    await short.close();
    await expect(openHdf5Reader(path)).rejects.toMatchObject({ code: "ERR_HDF5_NOT_A_FILE" });
  });

  test("an aborted reading of many pieces ends with the signal's reason, and the file is closed after it", async () => {
    const path = folder("aborted.h5");
    await h5py(
      path,
      `h5py.File(path, "w").create_dataset("data", data=np.arange(4_000_000.0), chunks=(1000,), shuffle=True)`,
    );
    const reader = await openHdf5Reader(path);
    const controller = new AbortController();
    const reading = reader.read("/data", [wholeAxis(4_000_000)], { signal: controller.signal });
    setImmediate(() => {
      controller.abort(new Error("enough"));
      void reader.close();
    });
    await expect(reading).rejects.toThrow("enough");
  });

  test("a file that takes the place of another is not mixed with it", async () => {
    const path = folder("replaced.h5");
    const fixture = fileURLToPath(new URL("../../fixtures/hdf5/compressed.h5", import.meta.url));
    await copyFile(fixture, path);
    await using reader = await openHdf5Reader(path);
    const whole = (await shapeOf(reader, "/gzip")).map(wholeAxis);
    const before = await reader.read("/gzip", whole);
    await h5py(path, `os.remove(path); h5py.File(path, "w").create_dataset("gzip", data=np.arange(5))`);
    expect(await reader.read("/gzip", whole)).toEqual(before);
    await reader.refresh();
    expect(await shapeOf(reader, "/gzip")).toEqual([5]);
  });
});

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isNxliveError } from "../../src/errors.js";
import { openHdf5 } from "../../src/hdf5/open.js";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import type { Hdf5Reader } from "../../src/hdf5/reader-api.js";
import { NdArray } from "../../src/ndarray/ndarray.js";
import { wholeAxis } from "../../src/ndarray/take.js";
import { spawnPython } from "../support/python.js";

const TABLES = fileURLToPath(new URL("../../fixtures/h5api/tables.h5", import.meta.url));
const COMPRESSED = fileURLToPath(new URL("../../fixtures/hdf5/compressed.h5", import.meta.url));

const SWMR = `
import sys, h5py
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    data = file.create_dataset("a", (0,), "<i4", maxshape=(None,), chunks=(4,))
    file.swmr_mode = True
    print("ready")
    for line in sys.stdin:
        length = len(data)
        data.resize((length + 5,))
        data[length:] = range(length, length + 5)
        data.flush()
        print("written")
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-reader-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function readAll(reader: Hdf5Reader, path: string): Promise<NdArray> {
  const found = await reader.describe(path);
  if (found?.kind !== "dataset" || found.shape === null) throw new Error(`${path} is no dataset with data`);
  return NdArray.fromRaw(await reader.read(path, found.shape.map(wholeAxis)));
}

describe("compressed datasets", () => {
  const expected = Uint16Array.from({ length: 8000 }, (_, i) => i % 997);

  test.each([
    "gzip",
    "gzip_shuffle",
    "lzf",
    "lz4",
    "bitshuffle_lz4",
    "bitshuffle_zstd",
    "blosc",
    "blosc2",
    "zstd",
    "fletcher32",
    "none",
  ])("are read through the filter %s", async (name) => {
    await using reader = await openHdf5Reader(COMPRESSED);
    expect((await readAll(reader, `/${name}`)).data).toEqual(expected);
    const pixel = { start: 3, step: 1, count: 1, drop: false };
    const part = await reader.read(`/${name}`, [
      pixel,
      pixel,
      { start: 40, step: -20, count: 2, drop: false },
    ]);
    expect(NdArray.fromRaw(part).toNested()).toEqual([[[(6000 + 150 + 40) % 997, (6000 + 150 + 20) % 997]]]);
  });
});

describe("what cannot be read", () => {
  test("a missing file, a folder and another kind of file are typed errors that name it", async () => {
    await expect(openHdf5Reader(join(folder, "none.h5"))).rejects.toMatchObject({ code: "ERR_HDF5_ACCESS" });
    await expect(openHdf5Reader(folder)).rejects.toMatchObject({ code: "ERR_HDF5_NOT_A_FILE" });
    await writeFile(join(folder, "text.h5"), "hello");
    await expect(openHdf5Reader(join(folder, "text.h5"))).rejects.toThrow(/text\.h5 is not an HDF5 file/);
  });

  test("nothing lies at a missing path, and reading it says so", async () => {
    await using reader = await openHdf5Reader(TABLES);
    expect(await reader.describe("/2.1/nothing")).toBeUndefined();
    expect(await reader.describe("/2.1/vector/below")).toBeUndefined();
    await expect(reader.list("/2.1/nothing")).rejects.toMatchObject({ code: "ERR_HDF5_ITEM_MISSING" });
    await expect(reader.list("/2.1/vector")).rejects.toThrow(/not a group/);
  });

  test("a closed reader refuses every call; closing twice is fine", async () => {
    const reader = await openHdf5Reader(TABLES);
    await reader.close();
    await reader.close();
    await expect(reader.list("/")).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  test("an aborted read ends with the signal's reason", async () => {
    await using reader = await openHdf5Reader(TABLES);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(reader.read("/2.1/vector", [wholeAxis(10)], { signal })).rejects.toThrow("enough");
  });

  test("damaged files give typed errors or data, and the next file is read as ever", async () => {
    const sound = readFileSync(TABLES);
    let random = 42;
    const next = (limit: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      return random % limit;
    };
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(sound.subarray(0, round % 10 === 9 ? next(sound.length) : sound.length));
      for (let k = 0; k < 5; k++) if (bytes.length > 0) bytes[next(bytes.length)] = next(256);
      const path = join(folder, `damaged${round}.h5`);
      await writeFile(path, bytes);
      await utimes(path, 1, 1); // not a file that is just being written
      await walk(path);
    }
    await using reader = await openHdf5Reader(TABLES);
    expect((await readAll(reader, "/2.1/vector")).size).toBe(10);
  });

  /** Reads everything that can be reached; only typed errors are allowed. */
  async function walk(path: string): Promise<void> {
    const allowed = (error: unknown) => {
      if (!isNxliveError(error)) throw error;
      return undefined;
    };
    const reader = await openHdf5Reader(path).catch(allowed);
    if (!reader) return;
    const open = ["/"];
    // Damaged links may lead back to a group above them: the tree then has no end.
    for (let at = open.pop(), left = 500; at !== undefined && left > 0; at = open.pop(), left--) {
      const item = await reader.describe(at).catch(allowed);
      if (item?.kind === "group" || item?.kind === "dataset") await reader.attributes(at).catch(allowed);
      if (item?.kind === "group") {
        const names = (await reader.list(at).catch(allowed)) ?? [];
        if (at.length < 60) open.push(...names.map((name) => `${at === "/" ? "" : at}/${name}`));
      }
      const small = item?.kind === "dataset" && item.shape?.every((length) => length < 1000);
      if (small && item.shape) await reader.read(at, item.shape.map(wholeAxis)).catch(allowed);
    }
    await reader.close();
  }
});

describe("a file that others write", () => {
  test("is seen as it grows, by readers that have it open", async () => {
    const path = join(folder, "growing.h5");
    await using writer = await openHdf5(path, { mode: "create" });
    await writer.createGroup("/1.1");
    const data = await writer.createGrowing("/1.1/data", { dtype: "<f8", rowShape: [] });
    await writer.commit();
    await using reader = await openHdf5Reader(path);
    for (let round = 1; round <= 40; round++) {
      const rows = Float64Array.from({ length: 100 }, (_, i) => (round - 1) * 100 + i);
      await data.append(new Uint8Array(rows.buffer));
      await writer.commit();
      await reader.refresh();
      const array = await readAll(reader, "/1.1/data");
      expect(array.shape).toEqual([round * 100]);
      expect(array.flat(round * 100 - 1)).toBe(round * 100 - 1);
    }
  });

  test("can be read while it is written, at any moment", async () => {
    const path = join(folder, "busy.h5");
    const writer = await openHdf5(path, { mode: "create" });
    await writer.commit();
    await using reader = await openHdf5Reader(path);
    let done = false;
    const writing = (async () => {
      for (let scan = 1; scan <= 30; scan++) {
        await writer.createGroup(`/${scan}.1`);
        await writer.createDataset(`/${scan}.1/title`, { dtype: "str", shape: [], data: [`scan ${scan}`] });
        await writer.commit();
      }
      await writer.close();
      done = true;
    })();
    while (!done) {
      await reader.refresh();
      for (const name of await reader.list("/")) {
        const item = await reader.describe(`/${name}/title`);
        if (item) expect((await readAll(reader, `/${name}/title`)).flat(0)).toBe(`scan ${name.slice(0, -2)}`);
      }
    }
    await writing;
    await reader.refresh();
    expect(await reader.list("/")).toHaveLength(30);
  });

  test("can be read while h5py writes it in SWMR mode", async () => {
    const path = join(folder, "swmr.h5");
    const h5py = spawnPython(["-c", SWMR, path], { env: { ...process.env, HDF5_USE_FILE_LOCKING: "FALSE" } });
    const written = createInterface({ input: h5py.stdout })[Symbol.asyncIterator]();
    await written.next();
    const reader = await openHdf5Reader(path);
    for (const count of [5, 10, 15]) {
      h5py.stdin.write("more\n");
      await written.next();
      await reader.refresh();
      expect((await readAll(reader, "/a")).data).toEqual(Int32Array.from({ length: count }, (_, i) => i));
    }
    await reader.close();
    h5py.kill("SIGKILL");
    await once(h5py, "exit");
    await using later = await openHdf5Reader(path);
    expect((await readAll(later, "/a")).data).toHaveLength(15);
  });

  test("may be replaced by another one: after a refresh the new one is read", async () => {
    const path = join(folder, "replaced.h5");
    await copyFile(COMPRESSED, path);
    await using reader = await openHdf5Reader(path);
    expect(await reader.list("/")).toContain("blosc");
    await rm(path);
    await copyFile(TABLES, path);
    await reader.refresh();
    expect(await reader.list("/")).toEqual(["1.1", "2.1"]);
  });
});

describe("large data", () => {
  test("come in pages between which other work goes on", async () => {
    const path = join(folder, "large.h5");
    await using writer = await openHdf5(path, { mode: "create" });
    const values = Uint32Array.from({ length: 6_000_000 }, (_, i) => i);
    const data = new Uint8Array(values.buffer);
    await writer.createDataset("/data", { dtype: "<u4", shape: [6000, 1000], data });
    await writer.commit();
    await using reader = await openHdf5Reader(path);
    let turns = 0; // of the event loop, however quick the disk is
    const turn = () => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const array = await readAll(reader, "/data");
    clearImmediate(next);
    expect(Buffer.compare(new Uint8Array((array.data as Uint32Array).buffer), data)).toBe(0);
    expect(turns).toBeGreaterThan(2);
    const backwards = { start: 5999, step: -2999, count: 3, drop: false };
    const column = { start: 7, step: 1, count: 1, drop: false };
    const picked = NdArray.fromRaw(await reader.read("/data", [backwards, column]));
    expect(picked.toNested()).toEqual([[5_999_007], [3_000_007], [1007]]);
  });

  test("more files than may be open at a time are opened again as they are needed", async () => {
    const readers: Hdf5Reader[] = [];
    for (let i = 0; i < 80; i++) {
      const path = join(folder, `many${i}.h5`);
      await copyFile(TABLES, path);
      readers.push(await openHdf5Reader(path));
    }
    for (const reader of readers) expect(await reader.list("/")).toEqual(["1.1", "2.1"]);
    for (const reader of readers) await reader.close();
  });
});

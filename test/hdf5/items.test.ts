import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { Hdf5Writer, Selection } from "../../src/hdf5/writer-api.js";
import { bytesOf, doubles, dump, h5py, range, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();
let files = 0;

async function create(): Promise<Hdf5Writer> {
  return await openHdf5(folder(`items-${files++}.h5`), { mode: "create" });
}

function box(start: readonly number[], block: readonly number[]): Selection {
  return { start, block, count: block.map(() => 1), stride: block };
}

describe("links", () => {
  test("of all kinds are seen as such, and hard links are counted", async () => {
    await using file = await create();
    await file.createGroup("/a");
    await file.createDataset("/a/values", doubles([1, 2]));
    await file.createSoftLink("/soft", "/a/values");
    await file.createSoftLink("/a/dangling", "nowhere");
    await file.createExternalLink("/external", "other.h5", "/x/y");
    await file.createHardLink("/hard", "/a/values");
    await file.commit();
    expect((await dump(file.path)).items).toMatchObject({
      "/": { children: ["a", "soft", "external", "hard"] },
      "/soft": { kind: "soft_link", target: "/a/values" },
      "/a/dangling": { kind: "soft_link", target: "nowhere" },
      "/external": { kind: "external_link", file: "other.h5", path: "/x/y" },
      "/hard": { kind: "dataset", shape: [2] },
    });
    expect(await h5py(file.path, "print(h5py.h5o.get_info(h5py.File(path)['hard'].id).rc)")).toBe("2");
    await file.remove("/a/values");
    await file.commit();
    expect(
      await h5py(
        file.path,
        "f = h5py.File(path); print(h5py.h5o.get_info(f['hard'].id).rc, f['hard'][:], 'values' in f['a'])",
      ),
    ).toBe("1 [1. 2.] False");
  });

  test("and items are described by the writer itself", async () => {
    await using file = await create();
    await file.createGroup("/g");
    await file.createSoftLink("/s", "/g");
    await file.createExternalLink("/e", "f", "/p");
    await file.createDataset("/s/through the link", doubles([1]));
    expect(
      await Promise.all(
        ["/", "/g", "/s", "/e", "/g/through the link", "/none"].map((path) => file.kindOf(path)),
      ),
    ).toEqual(["group", "group", "soft_link", "external_link", "dataset", undefined]);
    expect(await file.linkAt("/e")).toEqual({ kind: "external_link", file: "f", path: "/p" });
    expect(await file.linkAt("/s")).toEqual({ kind: "soft_link", target: "/g" });
    expect(await file.list("/")).toEqual(["g", "s", "e"]);
  });
});

describe("names and groups", () => {
  test("may hold any character that HDF5 allows", async () => {
    await using file = await create();
    const names = ["a b", "µ≠日本", "..", "with\nnewline", "x".repeat(300), "'\"\\", "%d", "e\u0301"];
    for (const name of names) {
      await file.createGroup(`/${name}`, new Map([[name, text(name)]]));
    }
    await file.commit();
    const seen = await dump(file.path);
    expect(seen.at("/").children).toEqual(names);
    for (const name of names) expect(seen.attribute(`/${name}`, name)).toEqual([name]);
  });

  test("hold thousands of children in the order of creation, added over many commits", async () => {
    await using file = await create();
    const names = Array.from({ length: 3000 }, (_, i) => `child ${(i * 7919) % 3000}`);
    for (const [i, name] of names.entries()) {
      await file.createSoftLink(`/${name}`, "/target");
      if (i % 100 === 0) await file.commit();
    }
    await file.commit();
    expect(
      JSON.parse(await h5py(file.path, "import json; print(json.dumps(list(h5py.File(path))))")),
    ).toEqual(names);
    await file.close();
    await using again = await openHdf5(file.path);
    expect(await again.list("/")).toEqual(names);
  });
});

describe("attributes", () => {
  test("are replaced by larger and smaller ones in their place, and deleted", async () => {
    await using file = await create();
    await file.createGroup(
      "/g",
      new Map([
        ["a", text("1")],
        ["b", text("2")],
        ["c", text("3")],
      ]),
    );
    await file.commit();
    for (const size of [5, 300, 4000, 2, 60_000, 1]) {
      await file.setAttributes(
        "/g",
        new Map([["b", { dtype: "|u1", shape: [size], data: new Uint8Array(size).fill(size % 251) }]]),
      );
      await file.commit();
      const seen = await dump(file.path);
      expect(Object.keys(seen.at("/g").attributes)).toEqual(["a", "b", "c"]);
      expect(seen.attribute("/g", "b")).toBe(Buffer.alloc(size, size % 251).toString("hex"));
    }
    await file.deleteAttribute("/g", "a");
    await file.commit();
    expect(Object.keys((await dump(file.path)).at("/g").attributes)).toEqual(["b", "c"]);
  });

  test("beyond 64 KiB are refused before anything is written", async () => {
    await using file = await create();
    const large = doubles(new Array<number>(9000).fill(0));
    await expect(
      file.createGroup(
        "/g",
        new Map([
          ["ok", text("1")],
          ["large", large],
        ]),
      ),
    ).rejects.toMatchObject({ code: "ERR_HDF5_LIMIT" });
    expect(await file.kindOf("/g")).toBeUndefined();
  });

  test("replaced thousands of times neither lose their order nor run out of it", async () => {
    await using file = await create();
    for (let i = 0; i < 2000; i++) {
      await file.setAttributes(
        "/",
        new Map([
          ["progress", doubles([i], [])],
          [`n${i % 3}`, text("x".repeat(i % 50))],
        ]),
      );
      if (i % 20 === 0) await file.commit();
    }
    await file.commit();
    expect(Object.keys((await dump(file.path)).at("/").attributes)).toEqual(["progress", "n0", "n1", "n2"]);
  });
});

describe("removing", () => {
  test("an item and creating another under its name is one step for readers", async () => {
    await using file = await create();
    await file.createDataset("/x", doubles([1]));
    await file.commit();
    await file.remove("/x");
    await file.createDataset("/x", doubles([1, 2, 3]));
    await file.commit();
    expect((await dump(file.path)).at("/x").shape).toEqual([3]);
  });

  test("a group takes all it holds, and its growing datasets take no more rows", async () => {
    await using file = await create();
    await file.createGroup("/g");
    const dataset = await file.createGrowing("/g/x", { dtype: "<f8", rowShape: [] });
    await dataset.append(range(0, 10));
    await file.commit();
    await file.remove("/g");
    await file.commit();
    await expect(dataset.append(range(0, 1))).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect((await dump(file.path)).paths).toEqual(["/"]);
  });
});

describe("virtual datasets", () => {
  test("map sources in other files and in the same file; missing ones read as the fill value", async () => {
    await h5py(
      folder("source.h5"),
      "f = h5py.File(path, 'w'); f['d'] = np.arange(24, dtype='i4').reshape(6, 4); f.close()",
    );
    await using file = await create();
    await file.createDataset("/own", {
      dtype: "<i4",
      shape: [2, 4],
      data: bytesOf(new Int32Array(8).fill(7)),
    });
    const fill = { dtype: "<i4", shape: [], data: bytesOf(Int32Array.of(-1)) };
    await file.createVirtual(
      "/v",
      {
        dtype: "<i4",
        shape: [10, 4],
        fill,
        sources: [
          { file: "source.h5", dataset: "/d", source: box([0, 0], [6, 4]), target: box([0, 0], [6, 4]) },
          { file: ".", dataset: "/own", source: box([0, 0], [2, 4]), target: box([6, 0], [2, 4]) },
          { file: "missing.h5", dataset: "/d", source: box([0, 0], [2, 4]), target: box([8, 0], [2, 4]) },
        ],
      },
      { attributes: new Map([["units", text("counts")]]) },
    );
    await file.commit();
    const out = await h5py(
      file.path,
      "d = h5py.File(path)['v']; print(d.is_virtual, d.attrs['units'], d[:].sum(axis=1).tolist(), len(d.virtual_sources()))",
    );
    expect(out).toBe("True counts [6, 22, 38, 54, 70, 86, 28, 28, -4, -4] 3");
  });

  test("with unlimited selections grow with their source", async () => {
    await using file = await create();
    const source = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] }, { contiguousBelow: 0 });
    await source.append(range(0, 5));
    const all: Selection = { start: [0], stride: [1], count: [null], block: [1] };
    await file.createVirtual("/v", {
      dtype: "<f8",
      shape: [0],
      maxshape: [null],
      sources: [{ file: ".", dataset: "/x", source: all, target: all }],
    });
    await file.commit();
    await source.append(range(5, 3));
    await file.commit();
    expect(await h5py(file.path, "print(h5py.File(path)['v'][:].tolist())")).toBe(
      "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]",
    );
  });

  test("whose selections do not match are refused", async () => {
    await using file = await create();
    const sources = [{ file: "f", dataset: "/d", source: box([0], [3]), target: box([0], [4]) }];
    await expect(file.createVirtual("/v", { dtype: "<f8", shape: [4], sources })).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
    });
  });
});

describe("external raw datasets", () => {
  test("show the bytes of raw files, the last one to its end", async () => {
    await using file = await create();
    const [first, second] = [folder("first.raw"), folder("second.raw")];
    await h5py(first, "np.arange(10, dtype='>i2').tofile(path)");
    await h5py(second, "np.arange(10, 20, dtype='>i2').tofile(path)");
    await file.createExternal("/raw", {
      dtype: ">i2",
      shape: [8, 2],
      files: [
        { name: first, offset: 8, size: 12 },
        { name: second, offset: 0, size: null },
      ],
    });
    await file.commit();
    expect(await h5py(file.path, "d = h5py.File(path)['raw']; print(d.dtype, d[:].ravel().tolist())")).toBe(
      ">i2 [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]",
    );
  });
});

describe("wrong calls", () => {
  test("name the path and change nothing", async () => {
    await using file = await create();
    await file.createDataset("/x", doubles([1]));
    const code = async (call: Promise<unknown>): Promise<unknown> => await call.catch((error) => error.code);
    expect(await code(file.createGroup("/x"))).toBe("ERR_HDF5_ITEM_EXISTS");
    expect(await code(file.createGroup("/no/where"))).toBe("ERR_HDF5_ITEM_MISSING");
    expect(await code(file.createGroup("/x/in a dataset"))).toBe("ERR_HDF5_ITEM_MISSING");
    expect(await code(file.createGroup("relative"))).toBe("ERR_INVALID_ARGUMENT");
    expect(await code(file.remove("/none"))).toBe("ERR_HDF5_ITEM_MISSING");
    expect(await code(file.deleteAttribute("/x", "none"))).toBe("ERR_HDF5_ITEM_MISSING");
    expect(await code(file.createDataset("/y", { dtype: "<f8", shape: [2], data: new Uint8Array(8) }))).toBe(
      "ERR_INVALID_ARGUMENT",
    );
    expect(await code(file.createDataset("/y", text("a\0b")))).toBe("ERR_INVALID_ARGUMENT");
    expect(await code(file.createDataset("/y", doubles([1]), { gzip: 11 }))).toBe("ERR_INVALID_ARGUMENT");
    await file.commit();
    expect((await dump(file.path)).paths).toEqual(["/", "/x"]);
    await file.close();
    expect(await code(file.createGroup("/y"))).toBe("ERR_CLOSED");
  });
});

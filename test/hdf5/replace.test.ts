import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { Hdf5Writer } from "../../src/hdf5/writer-api.js";
import { doubles, dump, h5py, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();
let count = 0;
const path = (): string => folder(`${count++}.h5`);

describe("an item that is replaced", () => {
  test("gives its position to the next one of whatever kind, and is there until then", async () => {
    await using file = await openHdf5(path());
    const names = ["first", "x", "last"];
    for (const name of names) await file.createGroup(`/${name}`, new Map([["n", text(name)]]));
    await file.createDataset("/x/inside", doubles([1]));
    await file.commit();
    const kinds: readonly [string, (at: string) => Promise<unknown>][] = [
      ["dataset", (at) => file.createDataset(at, doubles([1, 2, 3]))],
      ["soft_link", (at) => file.createSoftLink(at, `/${"far/".repeat(50)}away`)],
      ["external_link", (at) => file.createExternalLink(at, "other.h5", "/x")],
      ["dataset", (at) => file.createGrowing(at, { dtype: "<f8", rowShape: [] })],
      ["dataset", (at) => file.createDataset(at, text("now a text"))],
      ["group", (at) => file.createHardLink(at, "/first")],
      ["dataset", (at) => file.createDataset(at, doubles([5]))],
    ];
    for (const [kind, make] of kinds) {
      const before = (await dump(file.path)).at("/x").kind;
      await file.replace("/x");
      expect(await file.kindOf("/x")).toBeUndefined();
      await file.commit();
      expect((await dump(file.path)).at("/x").kind).toBe(before);
      await make("/x");
      expect(await file.kindOf("/x")).toBe(kind);
      await file.commit();
      const seen = await dump(file.path);
      expect(seen.at("/").children).toEqual(names);
      expect(seen.at("/x").kind).toBe(kind);
      await expect(make("/x")).rejects.toMatchObject({ code: "ERR_HDF5_ITEM_EXISTS" });
    }
    expect((await dump(file.path)).attribute("/first", "n")).toEqual(["first"]);
  });

  test("stays when the new one is refused, and may be removed", async () => {
    await using file = await openHdf5(path());
    await file.createDataset("/x", doubles([1]));
    await file.replace("/x");
    await expect(file.createDataset("/x", doubles([1], [2]))).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
    });
    await file.commit();
    expect((await dump(file.path)).at("/x").kind).toBe("dataset");
    await file.remove("/x");
    await file.createDataset("/x", doubles([2]));
    await file.commit();
    expect((await dump(file.path)).paths).toEqual(["/", "/x"]);
    await expect(file.replace("/y")).rejects.toMatchObject({ code: "ERR_HDF5_ITEM_MISSING" });
  });

  test("is never missing for readers, in groups of any size", async () => {
    await using file = await openHdf5(path());
    await file.createGroup("/g");
    for (let i = 0; i < 400; i++) await file.createDataset(`/g/item ${i}`, doubles([i]));
    await file.commit();
    for (let i = 0; i < 400; i += 7) {
      await file.replace(`/g/item ${i}`);
      await file.createDataset(`/g/item ${i}`, doubles([-i]));
      if (i % 5 === 0) await file.commit();
    }
    await file.commit();
    const right = await h5py(
      file.path,
      `f = h5py.File(path); print(list(f["g"]) == [f"item {i}" for i in range(400)], all(f["g"][f"item {i}"][0] == (-i if i % 7 == 0 else i) for i in range(400)))`,
    );
    expect(right).toBe("True True");
  });
});

/** Ways to store 400 kB, removed again. */
const STORED: readonly [string, (file: Hdf5Writer, at: string, seed: number) => Promise<unknown>][] = [
  ["one block", (file, at, seed) => file.createDataset(at, doubles(noisy(seed)))],
  ["chunks", (file, at, seed) => file.createDataset(at, doubles(noisy(seed)), { chunks: [1000] })],
  ["gzip", (file, at, seed) => file.createDataset(at, doubles(noisy(seed)), { chunks: [5000], gzip: 1 })],
  ["a growing block", (file, at, seed) => grow(file, at, seed, {})],
  ["growing chunks", (file, at, seed) => grow(file, at, seed, { chunks: [3000], contiguousBelow: 0 })],
  ["growing gzip", (file, at, seed) => grow(file, at, seed, { chunks: [3000], contiguousBelow: 0, gzip: 1 })],
];

function noisy(seed: number): number[] {
  return Array.from({ length: 50_000 }, (_, i) => Math.sin((i + 1) * (seed + 1) * 1e4));
}

async function grow(file: Hdf5Writer, at: string, seed: number, options: object): Promise<void> {
  const dataset = await file.createGrowing(at, { dtype: "<f8", rowShape: [] }, options);
  const bytes = new Uint8Array(Float64Array.from(noisy(seed)).buffer);
  await dataset.append(bytes.subarray(0, 8 * 20_000));
  await file.commit();
  await dataset.append(bytes.subarray(8 * 20_000));
  if (seed % 2 === 0) await dataset.finish();
}

describe("the space of removed datasets", () => {
  test.each(STORED)("in %s is used again after the quarantine", async (_, store) => {
    await using file = await openHdf5(path(), { quarantineMinutes: 0 });
    await file.createDataset("/keep", doubles([1, 2, 3]));
    for (let round = 0; round < 12; round++) {
      await file.createGroup("/g");
      await store(file, "/g/x", round);
      await file.commit();
      await file.remove("/g");
      await file.commit();
    }
    await store(file, "/x", 5);
    await file.close();
    expect(statSync(file.path).size).toBeLessThan(4 * 400_000);
    const right = await h5py(
      file.path,
      `f = h5py.File(path); i = np.arange(50000) + 1; print(f["keep"][:].tolist(), bool(np.allclose(f["x"][:], np.sin(i * 6 * 1e4), atol=1e-6)))`,
    );
    expect(right).toBe("[1.0, 2.0, 3.0] True");
  });

  test.each(STORED)(
    "in %s is kept for readers until the file is closed, and used by the next writer",
    async (_, store) => {
      const at = path();
      const file = await openHdf5(at);
      await store(file, "/x", 0);
      await file.commit();
      await file.remove("/x");
      await file.commit();
      await store(file, "/other", 1);
      await file.createDataset("/last", doubles([1]));
      await file.close();
      const { size } = statSync(at);
      const again = await openHdf5(at);
      await store(again, "/new", 2);
      await again.close();
      expect(statSync(at).size - size).toBeLessThan(150_000);
      const right = await h5py(
        at,
        `f = h5py.File(path); i = np.arange(50000) + 1; print(*[bool(np.allclose(f[n][:], np.sin(i * k * 1e4), atol=1e-6)) for n, k in (("other", 2), ("new", 3))])`,
      );
      expect(right).toBe("True True");
    },
  );

  test("of chunks that h5py packed closely is used again when they are exchanged, and nothing beside them is touched", async () => {
    const at = path();
    await h5py(
      at,
      `
rng = np.random.default_rng(3)
with h5py.File(path, "w", libver="earliest") as f:
    for k in range(40):
        f.create_dataset(f"z{k}", data=rng.integers(0, 60, 150 + k).astype("u1"), maxshape=(None,), chunks=(1000,), compression="gzip")
        f[f"u{k}"] = np.full(101 + k, k, "u1")`,
    );
    const file = await openHdf5(at, { quarantineMinutes: 0 });
    for (let k = 0; k < 40; k++) {
      const dataset = await file.openGrowing(`/z${k}`);
      await dataset.append(new Uint8Array(3));
      await file.commit();
      await dataset.append(new Uint8Array(2));
      await file.commit();
    }
    for (let k = 0; k < 200; k++) {
      await file.createDataset(`/new${k}`, { dtype: "|u1", shape: [41], data: new Uint8Array(41).fill(k) });
      await file.commit();
    }
    await file.close();
    const right = await h5py(
      at,
      `
f = h5py.File(path); rng = np.random.default_rng(3)
print(all((f[f"z{k}"][:] == np.append(rng.integers(0, 60, 150 + k), [0] * 5)).all() and (f[f"u{k}"][:] == k).all() and len(f[f"u{k}"]) == 101 + k for k in range(40)), all((f[f"new{k}"][:] == k).all() for k in range(200)))`,
    );
    expect(right).toBe("True True");
  });

  test("of a file made by h5py is used again, and nothing beside it is touched", async () => {
    const at = path();
    await h5py(
      at,
      `
with h5py.File(path, "w", libver="earliest") as f:
    for k in range(10):
        f[f"x{k}"] = np.full(1001, k, "u1")
        f.create_dataset(f"c{k}", data=np.full(30000, k, "i2"), chunks=(777,))
    f["text"] = ["one", "two"]`,
    );
    const file = await openHdf5(at, { quarantineMinutes: 0 });
    for (let k = 0; k < 10; k += 2) {
      for (const name of [`x${k}`, `c${k}`]) {
        await file.setAttributes(`/${name}`, new Map([["mine", text("now ours")]]));
        await file.commit();
        await file.remove(`/${name}`);
        await file.commit();
      }
    }
    for (let k = 0; k < 30; k++)
      await file.createDataset(`/new${k}`, doubles(new Array<number>(500).fill(k)));
    await file.close();
    const right = await h5py(
      at,
      `
f = h5py.File(path)
print(all((f[f"x{k}"][:] == k).all() and (f[f"c{k}"][:] == k).all() for k in range(1, 10, 2)), all((f[f"new{k}"][:] == k).all() for k in range(30)), f["text"].asstr()[:].tolist())`,
    );
    expect(right).toBe("True True ['one', 'two']");
  });
});

import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { Hdf5Writer } from "../../src/hdf5/writer-api.js";
import { bytesOf, doubles, dump, h5py, range, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();
let files = 0;

async function create(): Promise<Hdf5Writer> {
  return await openHdf5(folder(`growing-${files++}.h5`), { mode: "create" });
}

function wave(start: number, count: number): Uint8Array {
  const values = Array.from(
    { length: count },
    (_, i) => Math.floor(1000 * Math.sin((start + i) / 1000)) + ((start + i) % 7),
  );
  return bytesOf(Float64Array.from(values));
}

/** True when the dataset holds 0, 1, 2, … */
async function counts(path: string, dataset: string): Promise<string> {
  return await h5py(
    path,
    `d = h5py.File(path)["${dataset}"]; print(len(d), bool((d[:].ravel() == np.arange(d.size)).all()), d.chunks, d.maxshape)`,
  );
}

describe("a growing dataset", () => {
  test.each([
    ["a small one", {}],
    ["one of chunks", { chunks: [4], contiguousBelow: 0 }],
  ] as const)("goes on after its end, before a commit has shown it: %s", async (_, options) => {
    const file = await create();
    const ended = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] }, options);
    await ended.append(range(0, 10));
    await ended.finish();
    const resumed = await file.openGrowing("/x", options);
    expect(resumed.length).toBe(10);
    await resumed.append(range(10, 10));
    await file.close();
    const all = await h5py(file.path, 'f = h5py.File(path, "r"); print(list(f["x"][:]) == list(range(20)))');
    expect(all).toBe("True");
  });

  test("is visible up to each commit, in the form readers expect", async () => {
    await using file = await create();
    const dataset = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] });
    const seen: string[] = [];
    for (let start = 0; start < 300_000; start += 60_000) {
      await dataset.append(range(start, 60_000));
      await file.commit();
      seen.push(await counts(file.path, "x"));
    }
    expect(seen).toEqual([
      "60000 True None (60000,)",
      "120000 True None (120000,)",
      "180000 True (131072,) (None,)",
      "240000 True (131072,) (None,)",
      "300000 True (131072,) (None,)",
    ]);
  });

  test("of few points ends as one block of its size", async () => {
    await using file = await create();
    const dataset = await file.createGrowing(
      "/x",
      { dtype: "<f8", rowShape: [2] },
      { gzip: 4, chunks: [10, 2] },
    );
    await dataset.append(range(0, 8));
    await dataset.finish();
    await file.commit();
    expect((await dump(file.path)).at("/x")).toMatchObject({ shape: [4, 2], chunks: null, maxshape: [4, 2] });
  });

  test("shows its last, partial chunk after each commit, filtered or not, whole rows or not", async () => {
    await using file = await create();
    const kinds = [
      await file.createGrowing(
        "/raw",
        { dtype: "<f8", rowShape: [3, 5] },
        { chunks: [7, 3, 5], contiguousBelow: 0 },
      ),
      await file.createGrowing(
        "/cut",
        { dtype: "<f8", rowShape: [3, 5] },
        { chunks: [7, 2, 2], contiguousBelow: 0 },
      ),
      await file.createGrowing(
        "/gz",
        { dtype: "<f8", rowShape: [3, 5] },
        { chunks: [7, 2, 3], contiguousBelow: 0, gzip: 2, shuffle: true },
      ),
    ];
    let rows = 0;
    for (const count of [1, 3, 2, 1, 9, 20, 1]) {
      for (const dataset of kinds) await dataset.append(range(15 * rows, 15 * count));
      rows += count;
      await file.commit();
      for (const name of ["raw", "cut", "gz"]) {
        expect(await counts(file.path, name)).toMatch(new RegExp(`^${rows} True`));
      }
    }
  });

  test("has an index of several levels when there are many chunks", async () => {
    await using file = await create();
    const dataset = await file.createGrowing(
      "/x",
      { dtype: "<f8", rowShape: [] },
      { chunks: [2], contiguousBelow: 0 },
    );
    for (let start = 0; start < 12_000; start += 601) {
      await dataset.append(range(start, 601));
      await file.commit();
    }
    expect(await counts(file.path, "x")).toBe(`${20 * 601} True (2,) (None,)`);
    await file.close();
    expect(await counts(file.path, "x")).toBe(`${20 * 601} True (2,) (None,)`);
  });

  test("of five dimensions, whose index nodes do not fit into a page, replaces slots by filtered chunks", async () => {
    await using file = await create();
    const options = { chunks: [2, 1, 1, 1, 2], contiguousBelow: 0, gzip: 1 };
    const dataset = await file.createGrowing("/x", { dtype: "<f8", rowShape: [1, 1, 2, 3] }, options);
    for (let row = 0; row < 150; row++) {
      await dataset.append(range(6 * row, 6));
      if (row % 3 === 0) await file.commit();
    }
    await file.commit();
    expect(await counts(file.path, "x")).toMatch(/^150 True/);
  });

  test("of texts grows like any other", async () => {
    await using file = await create();
    const dataset = await file.createGrowing("/x", { dtype: "str", rowShape: [] });
    const texts = Array.from({ length: 300 }, (_, i) => "é".repeat(i * 7));
    for (const text of texts) {
      await dataset.append([text]);
      if (text.length % 3 === 0) await file.commit();
    }
    await file.commit();
    const seen = (await dump(file.path)).at("/x");
    expect(seen).toMatchObject({ dtype: "str", shape: [300] });
    expect(seen.value).toEqual(texts);
  });

  test("of compounds takes packed records", async () => {
    await using file = await create();
    const dataset = await file.createGrowing("/x", {
      dtype: [
        ["a", "|u1"],
        ["b", ">i2"],
      ],
      rowShape: [],
    });
    await dataset.append(Uint8Array.of(1, 0, 2, 3, 0, 4));
    await file.commit();
    expect(await h5py(file.path, "print(h5py.File(path)['x'][:].tolist())")).toBe("[(1, 2), (3, 4)]");
  });

  test("takes wider rows: earlier ones read as the fill value there, in blocks and in chunks", async () => {
    const nan = doubles([Number.NaN], []);
    for (const contiguousBelow of [0, 1_000_000]) {
      await using file = await create();
      const options = { chunks: [4, 2, 2], contiguousBelow, maxshape: [null, null, null], fill: nan };
      const dataset = await file.createGrowing("/x", { dtype: "<f8", rowShape: [1, 2] }, options);
      for (const [width, height] of [
        [1, 2],
        [1, 5],
        [3, 5],
        [7, 9],
      ] as const) {
        await dataset.extendRows([width, height]);
        for (let row = 0; row < 3; row++) {
          await dataset.append(bytesOf(new Float64Array(width * height).fill(width)));
          await file.commit();
        }
      }
      const seen = await h5py(
        file.path,
        "d = h5py.File(path)['x'][:]; print(d.shape, [int((d[i] == d[i, 0, 0]).sum()) for i in range(12)], int(np.isnan(d).sum()))",
      );
      expect(seen).toBe("(12, 7, 9) [2, 2, 2, 5, 5, 5, 15, 15, 15, 63, 63, 63] 501");
    }
  });

  test("goes on where it ended when its file is opened again, whatever form it has", async () => {
    const path = folder("resumed.h5");
    const kinds = {
      block: {},
      raw: { chunks: [10], contiguousBelow: 0 },
      gzip: { chunks: [10], contiguousBelow: 0, gzip: 1, shuffle: true },
      large: { contiguousBelow: 100 },
    };
    let rows = 0;
    for (const count of [3, 17, 1, 30, 9, 0, 55]) {
      await using file = await openHdf5(path);
      for (const [name, options] of Object.entries(kinds)) {
        const exists = (await file.kindOf(`/${name}`)) !== undefined;
        const dataset = exists
          ? await file.openGrowing(`/${name}`, options)
          : await file.createGrowing(`/${name}`, { dtype: "<f8", rowShape: [] }, options);
        expect(dataset.length).toBe(rows);
        await dataset.append(range(rows, count));
        await file.commit();
        await dataset.append(range(rows + count, 2));
      }
      rows += count + 2;
      await file.close();
      for (const name of Object.keys(kinds))
        expect(await counts(path, name), name).toMatch(new RegExp(`^${rows} True`));
    }
  });

  test("takes many appends between two commits in order, from several streams at once", async () => {
    await using file = await create();
    const datasets = await Promise.all(
      [0, 1, 2].map((i) => file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] })),
    );
    const streams = datasets.map(async (dataset) => {
      for (let i = 0; i < 10_000; i++) await dataset.append(range(i, 1));
    });
    const commits = (async () => {
      for (let i = 0; i < 5; i++) await file.commit();
    })();
    await Promise.all([...streams, commits]);
    await file.commit();
    for (const i of [0, 1, 2]) expect(await counts(file.path, `x${i}`)).toMatch(/^10000 True/);
  });

  test("that becomes too large for a block during a commit shows the rows of that commit", async () => {
    const file = await create();
    const dataset = await file.createGrowing("/x", { dtype: "<f8", rowShape: [] });
    await file.commit();
    await dataset.append(range(0, 60_000));
    const commit = file.commit();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve(); // it has begun
    await dataset.append(range(60_000, 120_000));
    await commit;
    await file.abandon();
    expect(await counts(file.path, "x")).toMatch(/^60000 True/);
  });

  test.each([1, 2, 3])(
    "that grows fast is right at each commit, beside others that take over its blocks: %i",
    async (seed) => {
      const path = folder(`fast-${seed}.h5`);
      let state = seed;
      const random = (below: number) => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return Math.floor((state / 2 ** 31) * below);
      };
      const lengths = Array.from({ length: 6 }, () => 0);
      for (let life = 0; life < 3; life++) {
        const file = await openHdf5(path, { quarantineMinutes: 0 });
        const datasets = await Promise.all(
          lengths.map((_, i) =>
            life === 0
              ? file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] })
              : file.openGrowing(`/x${i}`),
          ),
        );
        for (let step = 0; step < 25; step++) {
          const i = random(datasets.length);
          const [dataset, count] = [datasets[i], random(10) < 7 ? 8_192 + random(4_000) : random(20)];
          await dataset?.append(range(dataset.length, count));
          if (random(5) > 0) continue;
          for (const [k, { length }] of datasets.entries()) lengths[k] = length;
          await file.commit();
          for (const [k, length] of lengths.entries())
            expect(await counts(path, `x${k}`), `x${k}`).toMatch(new RegExp(`^${length} True`));
        }
        if (life === 1) await file.abandon();
        else await file.close();
        if (life !== 1) for (const [k, { length }] of datasets.entries()) lengths[k] = length;
      }
      for (const [k, length] of lengths.entries())
        expect(await counts(path, `x${k}`), `x${k}`).toMatch(new RegExp(`^${length} True`));
    },
  );

  test("refuses bytes that are not whole rows, and rows after it was finished", async () => {
    await using file = await create();
    const dataset = await file.createGrowing("/x", { dtype: "<f8", rowShape: [2] });
    await expect(dataset.append(new Uint8Array(8))).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    await dataset.finish();
    await expect(dataset.append(new Uint8Array(16))).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });
});

describe("the size of closed files", () => {
  test("of 20 streams whose points came all at once leaves room for less than they take", async () => {
    const file = await create();
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, i) => file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] })),
    );
    await file.commit();
    for (let start = 0; start < 40_000; start += 5_000)
      for (const stream of streams) await stream.append(range(start, 5_000));
    for (const stream of streams) await stream.finish();
    await file.createDataset("/later", doubles(Array.from({ length: 20_000 }, (_, i) => i)));
    await file.close();
    const { size, blocks } = statSync(file.path);
    expect(size).toBeLessThan(2 * 20 * 320_000);
    expect(512 * blocks).toBeLessThan(1.1 * 20 * 320_000);
    expect(await counts(file.path, "x19")).toMatch(/^40000 True/);
    expect(await counts(file.path, "later")).toMatch(/^20000 True/);
  });

  test("of 20 streams with 10 points, committed one by one, is below 64 KiB", async () => {
    const file = await create();
    await file.createGroup("/1.1");
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        file.createGrowing(`/1.1/stream${i}`, { dtype: "<f8", rowShape: [] }),
      ),
    );
    for (let point = 0; point < 10; point++) {
      for (const stream of streams) await stream.append(range(point, 1));
      await file.commit();
    }
    await file.close();
    expect(statSync(file.path).size).toBeLessThan(64 * 1024);
  });

  test.each([
    ["small datasets", 600, {}, ""],
    ["datasets of 800 kB", 100_000, {}, ""],
    [
      "filtered datasets",
      200_000,
      { gzip: 4, shuffle: true, chunks: [65536] },
      ", chunks=(65536,), compression='gzip', shuffle=True",
    ],
  ])("with %s, committed often, is at most 1.3 × h5py's", async (_, points, options, keywords) => {
    const file = await create();
    const datasets = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] }, options),
      ),
    );
    const step = Math.ceil(points / 40);
    for (let start = 0; start < points; start += step) {
      for (const dataset of datasets) await dataset.append(wave(start, Math.min(step, points - start)));
      await file.commit();
    }
    await file.close();
    const size = await h5py(
      `${file.path}.peer`,
      `i = np.arange(${points}); wave = np.floor(1000 * np.sin(i / 1000)) + i % 7
with h5py.File(path, "w") as f:
    for k in range(5): f.create_dataset(f"x{k}", data=wave${keywords})
print(os.path.getsize(path))`,
    );
    expect(statSync(file.path).size / Number(size)).toBeLessThan(1.3);
  });
});

import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { DType } from "../../src/ndarray/dtype.js";
import type { RawArray } from "../../src/ndarray/raw.js";
import { doubles, dump, h5py, shown, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();

const NUMBERS = ["|b1", "|i1", "|u1"].concat(
  ["<", ">"].flatMap((order) =>
    ["i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"].map((type) => order + type),
  ),
);

/** Bytes that are a different, valid number in each element. */
function counting(dtype: string, count: number): Uint8Array {
  const size = Number(dtype.slice(2));
  return Uint8Array.from({ length: count * size }, (_, i) => (dtype === "|b1" ? i % 2 : (i * 7) % 100));
}

const ARRAYS: readonly (readonly [string, RawArray])[] = [
  ...NUMBERS.map((dtype): readonly [string, RawArray] => [
    `numbers ${dtype}`,
    { dtype, shape: [2, 3], data: counting(dtype, 6) },
  ]),
  ["a scalar", doubles([1.5], [])],
  ["a text", text("zwölf µm ≠ 日本")],
  ["an empty text", text("")],
  ["texts", { dtype: "str", shape: [3], data: ["a", "", "ü".repeat(3000)] }],
  ["fixed texts", { dtype: "|S7", shape: [2], data: ["abc", "äöü"] }],
  ["a null dataspace", { dtype: "<f8", shape: null, data: new Uint8Array(0) }],
  ["no rows", { dtype: "<f4", shape: [0, 4], data: new Uint8Array(0) }],
  ["no columns", { dtype: "<i8", shape: [3, 0], data: new Uint8Array(0) }],
  ["no texts", { dtype: "str", shape: [0], data: [] }],
  [
    "32 dimensions",
    {
      dtype: "|u1",
      shape: Array.from({ length: 32 }, (_, i) => (i % 8 === 0 ? 2 : 1)),
      data: counting("|u1", 16),
    },
  ],
  ["a compound", compound(2)],
];

function compound(count: number): RawArray {
  const inner: DType = [["q", ">i2"]];
  return {
    dtype: [
      ["a", "<i4"],
      ["s", "str"],
      ["v", "<f4", [2]],
      ["f", "|b1"],
      ["c", "<c16"],
      ["n", inner],
    ],
    shape: [count],
    data: [
      { dtype: "<i4", shape: [count], data: counting("<i4", count) },
      { dtype: "str", shape: [count], data: Array.from({ length: count }, (_, i) => `record ${i}`) },
      { dtype: "<f4", shape: [count, 2], data: counting("<f4", 2 * count) },
      { dtype: "|b1", shape: [count], data: counting("|b1", count) },
      { dtype: "<c16", shape: [count], data: counting("<c16", count) },
      {
        dtype: inner,
        shape: [count],
        data: [{ dtype: ">i2", shape: [count], data: counting(">i2", count) }],
      },
    ],
  };
}

describe("h5py reads what was written", () => {
  test("as datasets, contiguous and in filtered chunks, and as attributes", async () => {
    const path = folder("types.h5");
    {
      await using file = await openHdf5(path, { mode: "create" });
      for (const [name, array] of ARRAYS) {
        await file.createDataset(`/${name}`, array, { attributes: new Map([["value", array]]) });
        await file.createDataset(`/chunked ${name}`, array, { gzip: 4, shuffle: true });
      }
    }
    const seen = await dump(path);
    for (const [name, array] of ARRAYS) {
      const expected = { dtype: plain(array.dtype), shape: array.shape, value: shown(array) };
      expect(seen.at(`/${name}`), name).toMatchObject(expected);
      expect(seen.at(`/${name}`).attributes.value, name).toEqual(expected);
      expect(seen.at(`/chunked ${name}`), name).toMatchObject(expected);
      if (array.shape && array.shape.length > 0)
        expect(seen.at(`/chunked ${name}`).chunks, name).not.toBeNull();
    }
  });

  test("as long doubles, with their values", async () => {
    const path = folder("long.h5");
    // 1.5 and -2: x87 numbers, mantissa with an explicit leading one.
    const numbers = Buffer.from(
      "00000000000000c0ff3f0000000000000000000000000080 00c0000000000000".replace(" ", ""),
      "hex",
    );
    {
      await using file = await openHdf5(path, { mode: "create" });
      await file.createDataset("/little", { dtype: "<f16", shape: [2], data: numbers });
      await file.createDataset("/complex", { dtype: "<c32", shape: [1], data: numbers });
      await file.createDataset("/big", {
        dtype: ">f16",
        shape: [2],
        data: Buffer.concat([reversed(numbers.subarray(0, 16)), reversed(numbers.subarray(16))]),
      });
    }
    const out = await h5py(
      path,
      `with h5py.File(path) as f:\n print([[str(x) for x in f[n][:]] for n in ("little", "complex", "big")], f["little"].dtype, f["complex"].dtype)`,
    );
    expect(out).toBe("[['1.5', '-2.0'], ['(1.5-2j)'], ['1.5', '-2.0']] float128 complex256");
  });

  test("through the writer itself, attribute by attribute", async () => {
    await using file = await openHdf5(folder("attributes.h5"), { mode: "create" });
    for (const [name, array] of ARRAYS) {
      await file.setAttributes("/", new Map([[name, array]]));
      expect(await file.attribute("/", name), name).toEqual({
        ...array,
        data: array.shape === null ? new Uint8Array(0) : array.data,
      });
    }
    expect(await file.attributeNames("/")).toEqual(ARRAYS.map(([name]) => name));
  });
});

function reversed(bytes: Buffer): Buffer {
  return Buffer.from(bytes).reverse();
}

/** As NumPy writes a dtype: lists, not tuples. */
function plain(dtype: DType): unknown {
  return JSON.parse(JSON.stringify(dtype));
}

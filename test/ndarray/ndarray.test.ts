import toNdarray from "ndarray";
import { describe, expect, test } from "vitest";
import { encodeNumbers } from "../../src/ndarray/encode.js";
import { NdArray } from "../../src/ndarray/ndarray.js";

describe("NdArray", () => {
  const matrix = new NdArray(Int32Array.of(1, 2, 3, 4, 5, 6), [2, 3], "<i4");

  test("nests as NumPy's tolist", () => {
    expect(matrix.toNested()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(new NdArray(Float64Array.of(2.5), [], "<f8").toNested()).toBe(2.5);
    expect(new NdArray(new Float32Array(0), [0, 4], "<f4").toNested()).toEqual([]);
  });

  test("has the fields of the ndarray package", () => {
    const view = toNdarray(Int32Array.from(matrix.data), [...matrix.shape], matrix.stride, matrix.offset);
    expect(view.get(1, 2)).toBe(matrix.get(1, 2));
  });

  test("rows share memory", () => {
    const row = matrix.row(1);
    expect(row.shape).toEqual([3]);
    expect(row.toNested()).toEqual([4, 5, 6]);
  });

  test("indices outside are refused", () => {
    expect(() => matrix.get(2, 0)).toThrow(/axis 0/);
    expect(() => matrix.get(0)).toThrow(/1 indices/);
    expect(() => new NdArray(Int32Array.of(1), [2], "<i4")).toThrow(/needs 2/);
  });

  test("bool gives booleans, complex gives pairs, 64-bit integers bigints", () => {
    const from = (dtype: string, values: Parameters<typeof encodeNumbers>[0], shape: number[]) =>
      NdArray.fromRaw({ dtype, shape, data: encodeNumbers(values, dtype) }).toNested();
    expect(from("|b1", [true, false], [2])).toEqual([true, false]);
    expect(from(">c8", [[1, -1]], [1])).toEqual([[1, -1]]);
    expect(from("<u8", [2n ** 64n - 1n], [])).toBe(2n ** 64n - 1n);
  });

  test("compounds give records, with fields of their own shape and nested compounds", () => {
    const inner = {
      dtype: [["x", "|u1"]] as const,
      shape: [2],
      data: [{ dtype: "|u1", shape: [2], data: Uint8Array.of(7, 8) }],
    };
    const raw = {
      dtype: [
        ["name", "str"],
        ["pos", "<i2", [2]],
        ["in", inner.dtype],
        ["__proto__", "|u1"],
      ] as const,
      shape: [2],
      data: [
        { dtype: "str", shape: [2], data: ["a", "b"] },
        { dtype: "<i2", shape: [2, 2], data: encodeNumbers([1, 2, 3, 4], "<i2") },
        inner,
        { dtype: "|u1", shape: [2], data: Uint8Array.of(1, 2) },
      ],
    };
    const records = NdArray.fromRaw(raw).toNested() as Record<string, unknown>[];
    expect(Object.entries(records[1] ?? {})).toEqual([
      ["name", "b"],
      ["pos", [3, 4]],
      ["in", Object.assign(Object.create(null), { x: 8 })],
      ["__proto__", 2],
    ]);
  });
});

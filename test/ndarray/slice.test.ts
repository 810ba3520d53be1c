import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSelection, resolveAxis, resolveSelection, slice } from "../../src/ndarray/slice.js";

interface Row {
  length: number;
  slice: [number | null, number | null, number | null];
  indices: number[];
}
const rows: Row[] = JSON.parse(
  readFileSync(new URL("../../fixtures/ndarray/slices.json", import.meta.url), "utf8"),
);

describe("slices take what Python's take", () => {
  test("on axes of 0, 1 and 9 points, with every mix of signs and missing bounds", () => {
    for (const row of rows) {
      const { start, step, count } = resolveAxis(row.slice, row.length);
      const taken = Array.from({ length: count }, (_, i) => start + i * step);
      expect(taken, JSON.stringify(row)).toEqual(row.indices);
    }
  });

  test("an integer drops the axis, negative ones count from the end", () => {
    const ranges = resolveSelection([-1, null, [0, 2]], [5, 4, 3]);
    expect(ranges[0]).toEqual({ start: 4, step: 1, count: 1, drop: true });
    expect(ranges.map(({ count, drop }) => [count, drop])).toEqual([
      [1, true],
      [4, false],
      [2, false],
    ]);
  });

  test.each([5, -6])("index %i of 5 points is out of bounds", (index) => {
    expect(() => resolveAxis(index, 5)).toThrow(/out of bounds/);
  });

  test("a zero step, fractions and too many axes are refused", () => {
    expect(() => resolveAxis([0, 5, 0], 5)).toThrow(/zero/);
    expect(() => resolveAxis(1.5, 5)).toThrow(/integer/);
    expect(() => resolveSelection([0, 0], [5])).toThrow(/2 indices/);
  });
});

describe("slice notation", () => {
  test.each([
    ["0:10", [[0, 10, null]]],
    ["::2, 5, -1:", [[null, null, 2], 5, [-1, null, null]]],
    ["[3]", [3]],
    [":", [[null, null, null]]],
    ["..., 0", ["...", 0]],
    ["1, ...,", [1, "..."]],
  ])("%s", (text, expected) => {
    expect(parseSelection(text)).toEqual(expected);
  });

  test.each(["", "a:b", "1:2:3:4", "1,,2", "-", "1.5", "..", ",", "1,,"])("'%s' is refused", (text) => {
    expect(() => parseSelection(text)).toThrow(/slice/);
  });

  test("slice() builds selections as Python's slice()", () => {
    expect(slice(5)).toEqual([null, 5, null]);
    expect(slice(1, 5, 2)).toEqual([1, 5, 2]);
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSlice } from "../../src/h5api/selection.js";
import { pagesOf } from "../../src/hdf5/reader-pages.js";
import { sizeOfShape } from "../../src/ndarray/dtype.js";
import { NdArray } from "../../src/ndarray/ndarray.js";
import { type AxisSelection, pointsNeeded, resolveAxis } from "../../src/ndarray/slice.js";
import { takeArray } from "../../src/ndarray/take.js";

const bound = fc.option(fc.integer({ min: 0, max: 30 }), { nil: null });
const step = fc.integer({ min: -4, max: 4 }).filter((value) => value !== 0);

test("a selection never touches more points than it is said to need", () => {
  fc.assert(
    fc.property(bound, bound, step, fc.integer({ min: 0, max: 40 }), (start, stop, by, length) => {
      const needed = pointsNeeded([start, stop, by]);
      if (needed === "end") return;
      const there = resolveAxis([start, stop, by], Math.max(length, needed));
      const exact = resolveAxis([start, stop, by], needed);
      expect(exact.count).toBe(there.count);
      if (exact.count > 0) expect(exact.start).toBe(there.start);
    }),
  );
});

test("what counts from the end, or goes up to it, needs the end", () => {
  const toTheEnd: AxisSelection[] = [null, -1, [-3, null], [0, -1], [2, null], [null, null, -1]];
  expect(toTheEnd.map(pointsNeeded)).toEqual(Array(6).fill("end"));
  const fixed: AxisSelection[] = [0, 4, [0, 10], [0, 10, 4], [5, 5], [3, null, -1], [9, 2, -3]];
  expect(fixed.map(pointsNeeded)).toEqual([1, 5, 10, 9, 0, 4, 10]);
});

test("numbers alone are start, stop and step; with a list among them they are indices", () => {
  expect(parseSlice([2, 8]).selections).toEqual([[2, 8, null]]);
  expect(parseSlice([2, [0, 3], { wait: false }])).toEqual({
    selections: [2, [0, 3]],
    options: { wait: false },
  });
  expect(parseSlice(["...", 3]).selections).toEqual(["...", 3]);
  expect(parseSlice(["..."]).selections).toEqual(["..."]);
  expect(parseSlice([]).selections).toEqual([]);
  expect(() => parseSlice([1, 2, 3, 4])).toThrow(/start, a stop and a step/);
});

test("pages of a selection cover it in order, and cut chunked data between chunks", () => {
  const axis = (max: number) =>
    fc.record({
      start: fc.integer({ min: 0, max: 9 }),
      count: fc.integer({ min: 1, max }),
      step: fc.integer({ min: 1, max: 3 }),
    });
  fc.assert(
    fc.property(axis(40), axis(3000), fc.integer({ min: 1, max: 20 }), (rows, columns, chunk) => {
      const box = [rows, columns].map((range) => ({ ...range, drop: false }));
      const pages = [...pagesOf(box, 4096, [chunk, 64])];
      const first = pages.map((page) => page[0]);
      const indices = (ranges: typeof first) =>
        ranges.flatMap((range) =>
          range ? Array.from({ length: range.count }, (_, i) => range.start + i * range.step) : [],
        );
      const elements = pages.reduce((sum, page) => sum + sizeOfShape(page.map(({ count }) => count)), 0);
      expect(elements).toBe(rows.count * columns.count);
      expect([...new Set(indices(first))]).toEqual(indices([box[0]]));
    }),
  );
});

test("parts of arrays in memory are those that single elements give", () => {
  const range = fc.record({
    start: fc.integer({ min: 0, max: 4 }),
    stop: fc.integer({ min: 0, max: 5 }),
    step,
  });
  const array = new NdArray(
    Float64Array.from({ length: 125 }, (_, i) => i),
    [5, 5, 5],
    "<f8",
  );
  fc.assert(
    fc.property(range, range, range, (...given) => {
      const ranges = given.map(({ start, stop, step: by }) => resolveAxis([start, stop, by], 5));
      const [a, b, c] = ranges.map((r) => Array.from({ length: r.count }, (_, i) => r.start + i * r.step));
      const expected = (a ?? []).map((i) => (b ?? []).map((j) => (c ?? []).map((k) => array.get(i, j, k))));
      expect(takeArray(array, ranges).toNested()).toEqual(expected);
    }),
  );
});

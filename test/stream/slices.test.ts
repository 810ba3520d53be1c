import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamOptions } from "../../src/index.js";
import { startTestStore } from "../support/store.js";
import { startStream } from "./support.js";

interface Row {
  readonly length: number;
  readonly slice: readonly [number | null, number | null, number | null];
  /** The indices that Python takes. */
  readonly indices: readonly number[];
}
const rows: Row[] = JSON.parse(
  readFileSync(new URL("../../fixtures/ndarray/slices.json", import.meta.url), "utf8"),
);

const { store } = await startTestStore();

/** What is published as point i, and what is read of it. */
const kinds: [string, StreamOptions, (i: number) => unknown][] = [
  ["numbers", { dtype: "<f8" }, (i) => i],
  ["complex numbers, big-endian", { dtype: ">c8" }, (i) => [i, -i]],
  [
    "images",
    { dtype: "<u2", shape: [2, 2] },
    (i) => [
      [i, 1],
      [2, i],
    ],
  ],
  ["spectra of varying length", { dtype: "<i4", shape: [-1] }, (i) => [i, i, i]],
  ["JSON values", { dtype: "json" }, (i) => ({ i })],
];

describe("slices of a sealed stream are NumPy's", () => {
  test.each(kinds)("of %s, whatever the batches", async (_, options, point) => {
    for (const length of [0, 1, 9]) {
      const { publisher, reader } = await startStream(store, options);
      const batches = options.dtype === "json" ? Array(length).fill(1) : [1, 4, 1, 3];
      for (let next = 0, batch = 0; next < length; batch++) {
        const count = Math.min(batches[batch] ?? 1, length - next);
        const points = Array.from({ length: count }, (_, i) => point(next + i));
        await publisher.send(count === 1 ? points[0] : points);
        next += count;
      }
      await publisher.seal();
      for (const { slice, indices } of rows.filter((row) => row.length === length)) {
        const taken = await reader.slice(...slice);
        expect(taken.toNested(), JSON.stringify(slice)).toEqual(indices.map(point));
        expect(taken.shape[0]).toBe(indices.length);
      }
    }
  });
});

test("slices of large and small batches in any order are what was published", async () => {
  const sizes = fc.array(fc.constantFrom(1, 2, 50, 127, 128, 129, 500), { minLength: 1, maxLength: 12 });
  const bounds = fc.array(fc.tuple(fc.nat(1000), fc.nat(1500), fc.constantFrom(1, 1, 1, 2, -1)), {
    minLength: 5,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(sizes, bounds, async (batches, slices) => {
      const { publisher, reader } = await startStream(store);
      let length = 0;
      for (const count of batches) {
        const first = length;
        await publisher.send(Float64Array.from({ length: count }, (_, i) => first + i));
        length += count;
      }
      await publisher.seal();
      const all = Array.from({ length }, (_, i) => i);
      for (const [first, count, step] of slices) {
        const [start, stop] = step > 0 ? [first, first + count] : [first + count, first];
        const wanted = all.filter((i) =>
          step > 0 ? i >= start && i < stop && (i - start) % step === 0 : i <= start && i > stop,
        );
        expect((await reader.slice(start, stop, step)).toNested()).toEqual(
          step > 0 ? wanted : wanted.reverse(),
        );
      }
    }),
    { numRuns: 40 },
  );
});

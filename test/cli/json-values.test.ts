import { expect, test } from "vitest";
import { jsonPieces, jsonValue } from "../../src/cli/json-values.js";
import { NdArray } from "../../src/index.js";

const numbers = (count: number) =>
  Float64Array.from({ length: count }, (_, i) => (i % 7 ? i / 4 : Number.NaN));

test.each([
  new NdArray(numbers(1), [], "<f8"),
  new NdArray(numbers(0), [0], "<f8"),
  new NdArray(numbers(0), [2, 0], "<f8"),
  new NdArray(numbers(25_001), [25_001], "<f8"),
  new NdArray(numbers(60_000), [10, 3_000, 2], "<f8"),
  new NdArray(numbers(6), [3], "<c16"),
  new NdArray(["a", "ä\n"], [2], "str"),
])("arrays as JSON in pieces are what they are as a whole: %#", (array) => {
  const pieces = [...jsonPieces(array)];
  const whole = { dtype: array.dtype, shape: array.shape, data: jsonValue(array) };
  expect(pieces.join("")).toBe(JSON.stringify(whole));
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000);
});

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeNumbers, halfToNumber, numberToHalf } from "../../src/ndarray/decode.js";
import { numericType, requireNumeric } from "../../src/ndarray/dtype.js";
import { encodeArray, encodeNumbers, encodeTypedArray } from "../../src/ndarray/encode.js";

interface Row {
  dtype: string;
  values: (number | string)[];
  hex: string;
  back: (number | string)[];
}
const rows: Row[] = JSON.parse(
  readFileSync(new URL("../../fixtures/ndarray/numbers.json", import.meta.url), "utf8"),
);

/** Fixture values: integers are decimal texts, floats JSON numbers or "inf", "-inf", "nan". */
function parse(value: number | string): number | bigint {
  if (typeof value === "number") return value;
  if (/^-?\d+$/.test(value)) return BigInt(value);
  return { inf: Infinity, "-inf": -Infinity, nan: Number.NaN }[value] ?? Number.NaN;
}

/** NaN has many bit patterns: compare them as text. */
const shown = (values: ArrayLike<number | bigint>) =>
  Array.from(values, (value) => (Object.is(value, -0) ? "-0" : String(value)));

describe("numbers as NumPy stores them", () => {
  test.each(rows)("$dtype encodes to NumPy's bytes", ({ dtype, values, hex }) => {
    const bytes = encodeNumbers(values.map(parse), dtype);
    const expected = Buffer.from(hex, "hex");
    const type = requireNumeric(dtype);
    expect(shown(decodeNumbers(bytes, type))).toEqual(shown(decodeNumbers(expected, type)));
    const finite = values.length - (values.includes("nan") ? 1 : 0); // NaN's payload is free; it stands last
    const used = finite * type.itemsize;
    expect(Buffer.from(bytes.subarray(0, used)).toString("hex")).toBe(hex.slice(0, 2 * used));
  });

  test.each(rows)("$dtype decodes NumPy's bytes", ({ dtype, hex, back }) => {
    const decoded = decodeNumbers(Buffer.from(hex, "hex"), requireNumeric(dtype));
    expect(shown(decoded)).toEqual(shown(back.map(parse)));
  });

  test("every half float survives decoding and encoding", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(halfToNumber(numberToHalf(value))).toBeNaN();
      else if (numberToHalf(value) !== bits)
        expect.fail(`half ${bits.toString(16)} became ${numberToHalf(value)}`);
    }
  });

  test("unaligned bytes are decoded from a copy, aligned ones are shared", () => {
    const bytes = new Uint8Array(24);
    const shared = decodeNumbers(bytes.subarray(8), requireNumeric("<f8"));
    expect(shared.buffer).toBe(bytes.buffer);
    expect(decodeNumbers(bytes.subarray(1, 17), requireNumeric("<f8")).length).toBe(2);
  });
});

describe("values that do not fit", () => {
  test.each([
    [300, "|u1"],
    [-1, "<u4"],
    [1.5, "<i4"],
    [2n ** 63n, "<i8"],
    [[1, 2] as const, "<f8"],
    [2, "|b1"],
  ] as const)("%s is refused by %s", (value, dtype) => {
    expect(() => encodeNumbers([value], dtype)).toThrowError(
      expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }),
    );
  });

  test("unknown dtypes are no numbers", () => {
    for (const dtype of ["<f3", "|f8", "f8", "<M8[ns]", "str", "__proto__"])
      expect(numericType(dtype)).toBeUndefined();
  });

  test("ragged nesting is refused", () => {
    expect(() => encodeArray([[1, 2], [3]], "<f8")).toThrow(/Ragged/);
    expect(() => encodeArray([1, [2]], "<f8")).toThrow(/Ragged|Complex/);
  });
});

describe("arrays", () => {
  test("nested arrays give their shape", () => {
    const { shape, bytes } = encodeArray(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      ">i2",
    );
    expect(shape).toEqual([2, 3]);
    expect([...bytes]).toEqual([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]);
  });

  test("complex pairs are numbers, not an axis", () => {
    const { shape, bytes } = encodeArray(
      [
        [1, 2],
        [3, 4],
      ],
      "<c16",
    );
    expect(shape).toEqual([2]);
    expect([...decodeNumbers(bytes, requireNumeric("<c16"))]).toEqual([1, 2, 3, 4]);
  });

  test("a typed array of the same type is not copied", () => {
    const array = Float64Array.of(1, 2);
    expect(encodeTypedArray(array, "<f8").buffer).toBe(array.buffer);
  });

  test("any float64 round-trips in either byte order and as long double", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.constantFrom("<f8", ">f8", "<f16", ">f16"), (values, dtype) => {
        const decoded = decodeNumbers(encodeNumbers(values, dtype), requireNumeric(dtype));
        expect(shown(decoded)).toEqual(shown(values));
      }),
    );
  });
});

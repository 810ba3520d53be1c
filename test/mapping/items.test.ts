import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../src/json.js";
import { readDataItem } from "../../src/mapping/items/data-item.js";
import type { RawArray } from "../../src/ndarray/raw.js";
import { goldenArray } from "./golden-tree.js";

interface PythonCase {
  readonly item: string;
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly hex?: string;
  readonly texts?: readonly string[];
}

/** What blissdata makes of many items; written by make_items.py. */
const CASES = JSON.parse(
  readFileSync(new URL("../../fixtures/mapping/items.json", import.meta.url), "utf8"),
) as PythonCase[];

function read(json: string): { array?: RawArray; error?: string; warnings: string[] } {
  const warnings: string[] = [];
  try {
    return { array: readDataItem(parseExactJson(json), (message) => warnings.push(message)), warnings };
  } catch (error) {
    return { error: (error as Error).message, warnings };
  }
}

function described({ array }: ReturnType<typeof read>): Omit<PythonCase, "item"> {
  if (!array?.shape) return {};
  const { dtype, shape, data } = array;
  if (data instanceof Uint8Array)
    return { dtype: String(dtype), shape, hex: Buffer.from(data).toString("hex") };
  return { dtype: String(dtype), shape, texts: data as readonly string[] };
}

/** What blissdata refuses without need: integers of more than 64 bits as floats, spaces around long doubles. */
const WIDER = /18446744073709551617|"float128", "value": "( 2.5 |1_0.5)"/;

describe("data items", () => {
  test("become the arrays that blissdata makes of them, bit by bit", () => {
    const readable = CASES.filter(({ dtype }) => dtype !== undefined);
    expect(readable.length).toBeGreaterThan(600);
    const ours = readable.map(({ item }) => ({ item, ...described(read(item)) }));
    expect(ours).toEqual(readable);
  });

  test("are refused where blissdata refuses them", () => {
    const refused = CASES.filter(({ dtype, item }) => dtype === undefined && !WIDER.test(item));
    expect(refused.length).toBeGreaterThan(100);
    expect(refused.filter(({ item }) => read(item).error === undefined)).toEqual([]);
  });
});

function reading(item: unknown) {
  const { array, error, warnings } = read(JSON.stringify(item));
  return {
    ...(array && { ...goldenArray(array) }),
    ...(error !== undefined && { error }),
    ...(warnings[0] && { warnings }),
  };
}

const inline = (dtype: string, value: unknown) => ({ type: "inline", dtype, value });
const base64 = (dtype: string, bytes: readonly number[], shape?: readonly number[] | null) => ({
  type: "inline_b64",
  dtype,
  value: Buffer.from(bytes).toString("base64"),
  ...(shape !== undefined && { shape }),
});
const compound = (...columns: unknown[]) => ({ type: "compound", columns });

describe("plain values", () => {
  test("lift mixed arrays to text as Python writes it", () => {
    const { array } = read('[true, 1, 9223372036854775807, 2.0, 1e16, 1e-5, 0.0001, "x"]');
    expect(array?.data).toEqual(["True", "1", "9223372036854775807", "2.0", "1e+16", "1e-05", "0.0001", "x"]);
  });

  test("tell decimals from integers by how they are written", () => {
    expect([read("2").array?.dtype, read("2.0").array?.dtype, read("[1, 2.0]").array?.dtype]).toEqual([
      "<i8",
      "<f8",
      "<f8",
    ]);
  });

  test("refuse integers that int64 does not hold, unless decimals lift them to floats", () => {
    expect(read("9223372036854775808").error).toMatch(/9223372036854775808 does not fit int64/);
    expect(read("[9223372036854775808, 0.5]").array?.dtype).toBe("<f8");
  });

  test("say where an array is ragged", () => {
    expect(reading([[1, 2], [3]]).error).toBe(
      "ragged array: [1] is a list of 1, its neighbours are lists of 2",
    );
    expect(reading([[1], 2]).error).toMatch(/\[1\] is 2, its neighbours are lists of 1/);
    expect(reading([1, [2]]).error).toMatch(/\[1\] is a list of 1, its neighbours are single values/);
  });

  test("refuse null with a hint at NaN, and objects, and say where they are", () => {
    expect(reading([1, null]).error).toMatch(/null is no value at \[1\].*"nan"/);
    expect(reading([[1, { a: 1 }]]).error).toMatch(/at \[0\]\[1\], found an object with "a"/);
  });

  test("keep any text but NUL, which HDF5 cannot store", () => {
    expect(reading("αβγ – 日本語 😀\n")).toMatchObject({ value: "αβγ – 日本語 😀\n" });
    expect(reading("a\0b").error).toMatch(/NUL/);
  });

  test("replace half characters with a warning", () => {
    expect(read('["a\\ud800"]')).toMatchObject({ array: { data: ["a\uFFFD"] }, warnings: [/valid Unicode/] });
  });

  test("have at most 32 axes", () => {
    const deep = (axes: number) => `${"[".repeat(axes)}1${"]".repeat(axes)}`;
    expect(read(deep(32)).array?.shape).toHaveLength(32);
    expect(read(deep(33)).error).toMatch(/at most 32 axes/);
  });
});

describe("inline values", () => {
  test.each([
    ["int8", 128, "128 does not fit int8 (-128 … 127)"],
    ["uint8", -1, "-1 does not fit uint8 (0 … 255)"],
    [
      "int64",
      "9223372036854775808",
      "9223372036854775808 does not fit int64 (-9223372036854775808 … 9223372036854775807)",
    ],
    ["int32", "nan", '"nan" is no value of int32'],
    ["float32", "(1+2j)", '"(1+2j)" is no value of float32'],
    ["complex64", "1+2", '"1+2" is no value of complex64'],
    ["bool", "False", '"False" is no value of bool'],
    ["float7", 1, /dtype: expected one of bool, int8, .*, found "float7"/],
    ["constructor", 1, /dtype: expected one of .*, found "constructor"/],
    ["float64", null, /null is no value/],
    ["float64", [[1], 2], /ragged/],
  ])("of %s refuse %j", (dtype, value, message) => {
    const { error } = reading(inline(dtype, value));
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
  });

  test("warn where a conversion loses something", () => {
    expect(reading(inline("int8", [1.5, 2]))).toMatchObject({ value: [1, 2], warnings: [/1.5 became 1/] });
    expect(reading(inline("float32", -1e300))).toMatchObject({
      value: "-Infinity",
      warnings: [/-1e\+300 is too large/],
    });
    expect(reading(inline("float16", 65519.9))).not.toHaveProperty("warnings");
  });

  test("need a dtype and a value", () => {
    expect(reading({ type: "inline", value: 1 }).error).toMatch(/"dtype" is missing/);
    expect(reading({ type: "inline", dtype: "int8" }).error).toMatch(/"value" is missing/);
  });

  test("may be empty", () => {
    expect(reading(inline("float32", [[], []]))).toEqual({ dtype: "<f4", shape: [2, 0], value: [[], []] });
  });
});

describe("base64 values", () => {
  test("keep their byte order", () => {
    expect(reading(base64(">i2", [0, 1, 0, 2]))).toEqual({ dtype: ">i2", shape: [2], value: [1, 2] });
    expect(reading(base64("<i2", [1, 0, 2, 0], [2, 1]))).toEqual({
      dtype: "<i2",
      shape: [2, 1],
      value: [[1], [2]],
    });
  });

  test("may be scalar, empty, or leave one length open", () => {
    expect(reading(base64("|u1", [7], []))).toEqual({ dtype: "|u1", shape: [], value: 7 });
    expect(reading(base64("<f8", []))).toEqual({ dtype: "<f8", shape: [0], value: [] });
    expect(reading(base64("<f8", [], [0, 3]))).toMatchObject({ shape: [0, 3] });
    expect(reading(base64("|u1", [1, 2, 3, 4], [-1, 2]))).toMatchObject({ shape: [2, 2] });
    expect(reading(base64("|u1", [1], null))).toMatchObject({ shape: [1] });
  });

  test("name one-byte types as NumPy does", () => {
    expect(["u1", "<u1", "|u1", ">u1"].map((dtype) => reading(base64(dtype, [1])).dtype)).toEqual(
      Array(4).fill("|u1"),
    );
  });

  test("may be broken into lines", () => {
    expect(reading({ type: "inline_b64", dtype: "|u1", value: "AAEC\nAwQF\n" })).toMatchObject({
      shape: [6],
    });
  });

  test.each([
    [
      "a wrong length",
      base64("<f8", [1, 2]),
      "2 bytes of data are no whole number of <f8 elements (8 bytes each)",
    ],
    ["a shape that is too large", base64("|u1", [1, 2], [3]), "2 elements of |u1 do not fill the shape [3]"],
    ["a shape that is too small", base64("|u1", [1, 2], [1]), "2 elements of |u1 do not fill the shape [1]"],
    [
      "two open lengths",
      base64("|u1", [1, 2], [-1, -1]),
      "the shape [-1,-1] leaves more than one length open",
    ],
    ["an open length that is no integer", base64("|u1", [1, 2, 3], [-1, 2]), /do not fill/],
    ["a negative length", base64("|u1", [1], [-2]), /shape\[0\]: expected a length/],
    ["damaged base64", { type: "inline_b64", dtype: "|u1", value: "A*==" }, "the value is no base64 text"],
    ["cut base64", { type: "inline_b64", dtype: "|u1", value: "AAE" }, "the value is no base64 text"],
    [
      "a number as value",
      { type: "inline_b64", dtype: "|u1", value: 5 },
      /value: expected base64 text, found 5/,
    ],
    ["an unknown dtype", base64("<f3", [1]), /dtype: expected a NumPy array-interface string.*found "<f3"/],
    [
      "a dtype without byte order",
      base64("f8", []),
      /dtype: expected a NumPy array-interface string.*found "f8"/,
    ],
    ["text as dtype", base64("|S5", []), /dtype: expected/],
  ])("refuse %s", (_, value, message) => {
    const { error } = reading(value);
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
  });
});

describe("compounds", () => {
  test("put columns of every kind together", () => {
    const nested = compound(["x", [1.5, 2.5]], ["__proto__", ["a", "b"]]);
    const { array } = read(JSON.stringify(compound(["n", nested], ["t", inline("bool", [true, false])])));
    expect(array).toMatchObject({
      dtype: [
        [
          "n",
          [
            ["x", "<f8"],
            ["__proto__", "str"],
          ],
        ],
        ["t", "|b1"],
      ],
      shape: [2],
    });
  });

  test.each([
    ["no columns", compound(), /columns: expected at least one column, found an empty list/],
    ["two columns of one name", compound(["x", 1], ["x", 2]), 'two columns are named "x"'],
    [
      "columns of different shapes",
      compound(["x", [1, 2]], ["y", [1]]),
      'columns have different shapes: "x" has [2], "y" has [1]',
    ],
    ["a bad column", compound(["x", inline("int8", 300)]), 'column "x": 300 does not fit int8 (-128 … 127)'],
    [
      "a column without a value",
      compound(["x"]),
      /columns\[0\]: expected a column: \[name, value\], found a list of 1/,
    ],
    [
      "a column without a name",
      compound(["", 1]),
      /columns\[0\]\[0\]: expected the name of a column, found ""/,
    ],
    [
      "a stream",
      compound(["x", { type: "stream", stream: "diode" }]),
      /column "x": a stream cannot stand here/,
    ],
  ])("refuse %s", (_, value, message) => {
    const { error } = reading(value);
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
  });

  test("nest to a limit", () => {
    let item: unknown = 1;
    for (let i = 0; i < 20; i++) item = compound(["x", item]);
    expect(reading(item).error).toMatch(/nested deeper than 16 levels/);
  });
});

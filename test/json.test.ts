import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isJsonObject,
  JsonDecimal,
  jsonNumber,
  MAX_JSON_DEPTH,
  namesOf,
  parseExactJson,
  plainJson,
} from "../src/json.js";

describe("exact JSON", () => {
  test("tells decimals with an integral value from integers", () => {
    expect(parseExactJson('{"a": 1.0, "b": 1, "c": 1.5, "d": 2e1, "e": -0.0}')).toEqual({
      a: new JsonDecimal(1),
      b: 1,
      c: 1.5,
      d: new JsonDecimal(20),
      e: new JsonDecimal(-0),
    });
  });

  test("keeps integers beyond 2^53 as bigints", () => {
    expect(parseExactJson("[9007199254740993, -9223372036854775808, 9007199254740991]")).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      9007199254740991,
    ]);
  });

  test("takes names such as __proto__ as ordinary ones", () => {
    const value = parseExactJson('{"__proto__": {"x": 1.0}, "constructor": 2}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(Object.keys(plainJson(value) as object)).toEqual(["__proto__", "constructor"]);
  });

  test("reads everything else as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const padded = `[ ${text} , 1.0 ]`;
        const rounded = JSON.stringify(parseExactJson(padded), (_, item: unknown) =>
          typeof item === "bigint" ? Number(item) : item,
        );
        expect(JSON.parse(rounded)).toEqual([JSON.parse(text), 1]);
      }),
    );
  });

  test.each(["{", "[1.0,]", '{"a" 1.0}', "1.0 2", '["a\n", 1.0]', "", "[01.0]", "nul1.0", "[1.0"])(
    "refuses %j",
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );

  test("keeps the order of names, also of those that JavaScript takes for indices", () => {
    const object = parseExactJson('{"b": 1, "10": 2, "2": 3, "a": 4}') as object;
    expect(namesOf(object)).toEqual(["b", "10", "2", "a"]);
    expect(namesOf({ b: 1, a: 2 })).toEqual(["b", "a"]);
  });

  test("reads texts of any length, and quotes after any number of backslashes", () => {
    const long = "A".repeat(20_000_000);
    expect(parseExactJson(`[1.0, "${long}"]`)).toEqual([new JsonDecimal(1), long]);
    for (const text of ['"', "\\", '\\"', '"\\\\', "\n", "é😀", "\u007f"]) {
      expect(parseExactJson(`[1.0, ${JSON.stringify(text)}]`)).toEqual([new JsonDecimal(1), text]);
    }
    for (const bad of ['[1.0, "a]', '[1.0, "\n"]', '[1.0, "\\x"]', '[1.0, "a\\"]', "{1.0: 2}"]) {
      expect(() => parseExactJson(bad)).toThrow(SyntaxError);
    }
  });

  test("refuses documents nested too deep, whatever numbers they hold", () => {
    const deep = (inner: string) => "[".repeat(MAX_JSON_DEPTH + 1) + inner + "]".repeat(MAX_JSON_DEPTH + 1);
    expect(() => parseExactJson(deep("1"))).toThrow(/levels deep/);
    expect(() => parseExactJson(deep("1.0"))).toThrow(/levels deep/);
    expect(() => parseExactJson("[".repeat(1_000_000))).toThrow(SyntaxError);
  });

  test("gives the numbers behind values", () => {
    expect([jsonNumber(new JsonDecimal(2)), jsonNumber(3), jsonNumber(4n), jsonNumber("5")]).toEqual([
      2,
      3,
      4,
      undefined,
    ]);
    expect([
      isJsonObject({}),
      isJsonObject([]),
      isJsonObject(new JsonDecimal(1)),
      isJsonObject(null),
    ]).toEqual([true, false, false, false]);
  });
});

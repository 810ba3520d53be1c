import { expect, test } from "vitest";
import { normalName, shortNames } from "../../../src/mapping/scan-info/names.js";

test.each([
  ["é-1", "_1"],
  ["#Pt No", "_Pt_No"],
  ["a:b", "a_b"],
  ["sl it", "sl_it"],
  ["under_score9", "under_score9"],
])("%j is normalised to %j", (name, expected) => {
  expect(normalName(name)).toBe(expected);
});

const short = (...names: string[]) => Object.fromEntries(shortNames(names));

test("a name that is unique takes its last part", () => {
  expect(short("sim:diode", "axis:robx", "p:q:uniq2")).toEqual({
    "sim:diode": "diode",
    "axis:robx": "robx",
    "p:q:uniq2": "uniq2",
  });
});

test("names that share their last part keep as many parts as tell them apart", () => {
  expect(short("a:diode", "b:diode", "a:b:c", "b:b:c")).toEqual({
    "a:diode": "a:diode",
    "b:diode": "b:diode",
    "a:b:c": "a:b:c",
    "b:b:c": "b:b:c",
  });
});

test("a short name that is given already is not given again", () => {
  expect(short("x", "a:x", "b:a:x")).toEqual({ x: "x", "a:x": "a:x", "b:a:x": "b:a:x" });
});

test("a name with an empty part keeps its full name", () => {
  expect(short("ns::dbl", "a:dbl")).toEqual({ "ns::dbl": "ns::dbl", "a:dbl": "dbl" });
});

test("100,000 names are shortened in linear time", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `c${i % 10}:d${i}`);
  expect(shortNames(names).get("c7:d77")).toBe("d77");
});

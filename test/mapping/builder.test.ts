import { describe, expect, test } from "vitest";
import { mapping, NdArray } from "../../src/index.js";
import { parseExactJson } from "../../src/json.js";
import { readLayout } from "../../src/mapping/layout.js";
import { resolve } from "../../src/mapping/resolve.js";
import type { TreeNode } from "../../src/mapping/tree.js";
import { goldenArray } from "./golden-tree.js";
import { FILE, scanOf } from "./support.js";

/** The node that readers see at a path of a built file, after the way through JSON. */
function readBack(children: mapping.ChildrenInput, path: string): TreeNode {
  const layout = readLayout(scanOf({ h5maps: { [FILE]: mapping.root(children) } }, ["diode"]));
  expect(layout.warnings).toEqual([]);
  const root = layout.files.get(FILE);
  const found = root && resolve(root, path, { followLast: false });
  if (found?.kind !== "found") throw new Error(`nothing at ${path}`);
  return found.node;
}

function valueSeen(value: mapping.ChildInput): unknown {
  const node = readBack({ x: value }, "/x");
  if (node.kind !== "dataset" || node.value.kind !== "static") throw new Error(`${node.kind} holds no value`);
  return goldenArray(node.value.array);
}

describe("mapping", () => {
  test("builds the layout of the documentation as plain JSON", () => {
    const built = mapping.root({
      "12.1": mapping.entry({
        title: "ascan roby 0 9 10",
        instrument: mapping.group("NXinstrument", {
          diode: mapping.group("NXdetector", { data: mapping.stream("diode", { units: "V" }) }),
        }),
        measurement: mapping.group("NXcollection", {
          diode: mapping.softLink("/12.1/instrument/diode/data"),
        }),
      }),
    });
    expect(JSON.parse(JSON.stringify(built))).toEqual({
      type: "group",
      attributes: { NX_class: "NXroot" },
      children: {
        "12.1": {
          type: "group",
          attributes: { NX_class: "NXentry" },
          children: {
            title: "ascan roby 0 9 10",
            instrument: {
              type: "group",
              attributes: { NX_class: "NXinstrument" },
              children: {
                diode: {
                  type: "group",
                  attributes: { NX_class: "NXdetector" },
                  children: {
                    data: {
                      type: "dataset",
                      attributes: { units: "V" },
                      value: { type: "stream", stream: "diode" },
                    },
                  },
                },
              },
            },
            measurement: {
              type: "group",
              attributes: { NX_class: "NXcollection" },
              children: { diode: { type: "soft_link", target_path: "/12.1/instrument/diode/data" } },
            },
          },
        },
      },
    });
  });

  test.each([
    ["text", "esrf-id00a", "string[vlen,utf-8]", "esrf-id00a"],
    ["integers", 2, "<i8", 2],
    ["decimals", [1, 2.5], "<f8", [1, 2.5]],
    ["booleans", true, "|b1", true],
    ["empty lists", [], "<f8", []],
    ["bigints", [1n, 9223372036854775807n], "<i8", [1, "9223372036854775807"]],
    ["numbers that JSON lacks", [1, Number.NaN, Number.NEGATIVE_INFINITY], "<f8", [1, "NaN", "-Infinity"]],
    ["doubles that look like integers", 1e300, "<f8", 1e300],
    ["typed arrays", Float32Array.of(1, 2.5), "<f4", [1, 2.5]],
    ["64-bit typed arrays", BigUint64Array.of(2n ** 64n - 1n), "<u8", ["18446744073709551615"]],
    ["dates", new Date(0), "string[vlen,utf-8]", "1970-01-01T00:00:00.000Z"],
    ["inline values", mapping.inline("float16", [1, Number.NaN]), "<f2", [1, "NaN"]],
    ["inline decimals", mapping.inline("float64", 2), "<f8", 2],
    ["complex numbers", mapping.inline("complex64", "(1+2j)"), "<c8", [1, 2]],
  ])("keeps %s", (_, value, dtype, expected) => {
    expect(valueSeen(value)).toMatchObject({ dtype, value: expected });
  });

  test("keeps arrays with their shape and byte order", () => {
    const array = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3], "<u2");
    expect(valueSeen(array)).toEqual({
      dtype: "<u2",
      shape: [2, 3],
      value: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(valueSeen(mapping.inlineB64([[1, 2]], { dtype: ">i2" }))).toEqual({
      dtype: ">i2",
      shape: [1, 2],
      value: [[1, 2]],
    });
    expect(valueSeen(mapping.inlineB64(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] }))).toMatchObject({
      shape: [2, 2],
    });
  });

  test("builds compounds of columns, nested ones too", () => {
    const built = mapping.compound({
      name: ["a", "b"],
      xy: mapping.compound({ x: Float32Array.of(1, 2), y: [3, 4] }),
    });
    expect(valueSeen(built)).toMatchObject({
      dtype: { name: "string[vlen,utf-8]", xy: { x: "<f4", y: "<i8" } },
      value: [
        { name: "a", xy: { x: 1, y: 3 } },
        { name: "b", xy: { x: 2, y: 4 } },
      ],
    });
  });

  test("builds links, external and virtual datasets", () => {
    const children = {
      soft: mapping.softLink("a/b"),
      other: mapping.externalLink("raw/cam.h5", "/entry"),
      raw: mapping.externalBinary(
        { dtype: "<u2", shape: [4], files: [{ name: "a.raw", offset: 8 }] },
        { units: "counts" },
      ),
      virtual: mapping.virtual({
        dtype: "<f8",
        shape: [2],
        sources: [
          { dataset: "/raw", from: { start: [0], count: [2], stride: [2] }, to: { start: [0], count: [2] } },
        ],
      }),
    };
    expect(readBack(children, "/soft")).toEqual({ kind: "soft_link", target: "a/b" });
    expect(readBack(children, "/other")).toEqual({
      kind: "external_link",
      file: "raw/cam.h5",
      path: "/entry",
    });
    expect(readBack(children, "/raw")).toMatchObject({ files: [{ name: "a.raw", offset: 8, size: null }] });
    expect(readBack(children, "/virtual")).toMatchObject({
      sources: [{ file: ".", source: { stride: [2] } }],
    });
  });

  test("gives groups a class, attributes, both or none", () => {
    expect(mapping.group({ x: 1 })).toEqual({ type: "group", children: { x: 1 } });
    expect(mapping.group("NXdata", {}, { signal: "x" }).attributes).toEqual({
      NX_class: "NXdata",
      signal: "x",
    });
    expect(mapping.group(undefined, { x: 1 }, { a: 2 })).toEqual({
      type: "group",
      attributes: { a: 2 },
      children: { x: 1 },
    });
    expect(mapping.group({}, { a: 1 }).attributes).toEqual({ a: 1 });
  });

  test("leaves out undefined children and attributes", () => {
    expect(mapping.group({ a: undefined }, { b: undefined })).toEqual({ type: "group", children: {} });
  });

  test("takes __proto__ for an ordinary name", () => {
    const built = mapping.group({ ["__proto__"]: 1 });
    expect(JSON.stringify(built)).toBe('{"type":"group","children":{"__proto__":1}}');
    expect(parseExactJson(JSON.stringify(built))).toEqual(built);
  });

  test.each([
    ["an overflow", () => mapping.group({ gain: mapping.inline("int8", 300) }), /300 does not fit int8/],
    ["null", () => mapping.group({ gain: null as unknown as number }), /"gain".*null is no value/],
    ["ragged lists", () => mapping.group({ x: [[1], [1, 2]] }), /"x".*ragged/],
    ["an empty name", () => mapping.group({ "": 1 }), /no name for an item/],
    ["a bad attribute", () => mapping.dataset(1, { a: [[1], 2] }), /attribute "a".*ragged/],
    ["unequal columns", () => mapping.compound({ a: [1], b: [1, 2] }), /different shapes/],
    ["an unknown type", () => mapping.inline("int7" as "int8", 1), /Unknown NumPy type/],
    [
      "a shape that does not fit",
      () => mapping.inlineB64(Int8Array.of(1, 2, 3), { shape: [2] }),
      /do not fill/,
    ],
    [
      "a virtual dataset of wrong rank",
      () =>
        mapping.virtual({
          dtype: "<f8",
          shape: [1],
          sources: [
            { dataset: "/x", from: { start: [0], count: [1] }, to: { start: [0, 0], count: [1, 1] } },
          ],
        }),
      /2 dimensions, expected 1/,
    ],
  ])("refuses %s with the name of the culprit", (_, build, message) => {
    expect(build).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
    expect(build).toThrow(message);
  });
});

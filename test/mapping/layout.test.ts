import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../src/json.js";
import { readLayout } from "../../src/mapping/layout.js";
import { MAX_DEPTH, MAX_WARNINGS } from "../../src/mapping/reading.js";
import type { GroupNode, LayoutSource } from "../../src/mapping/tree.js";
import { streamPaths, walkTree } from "../../src/mapping/walk.js";
import { FILE, group, layoutOf, paths, rootOf, scanOf, soft, treeOf } from "./support.js";

/** The warnings of items, as `path: message`. */
function complaints(children: unknown, streams: readonly string[] = []): string[] {
  return layoutOf(children, streams).warnings.map(({ path, message }) => `${path}: ${message}`);
}

function withText(text: string, streams: readonly string[] = []): LayoutSource {
  return { ...scanOf({}, streams), info: parseExactJson(text) as Record<string, unknown> };
}

describe("the dialect", () => {
  const tuples = [{ NX_class: "NXentry" }, {}];
  const typed = { type: "group", items: {} };

  test("is h5maps where there is one, even an empty one", () => {
    expect(readLayout(scanOf({ h5maps: {}, mapping: typed, channels: {} }))).toEqual({
      dialect: "h5maps",
      files: new Map(),
      warnings: [],
    });
  });

  test("is mapping where there is no h5maps, or null", () => {
    expect(readLayout(scanOf({ mapping: typed, h5maps: null })).dialect).toBe("mapping");
    expect(readLayout(scanOf({ mapping: tuples })).dialect).toBe("mapping-tuples");
  });

  test("is scan_info where there is nothing else", () => {
    expect(readLayout(scanOf({})).dialect).toBe("scan_info");
    expect(readLayout(scanOf({ mapping: null })).dialect).toBe("scan_info");
  });
});

describe("h5maps", () => {
  test("may be several files, in their order", () => {
    const layout = readLayout(scanOf({ h5maps: { "/b.h5": group({ x: 1 }), "/a.h5": group({}) } }));
    expect([...layout.files.keys()]).toEqual(["/b.h5", "/a.h5"]);
  });

  test.each([
    ["that are no object", 5, "/data/demo.h5", "info.h5maps must be an object of files, found 5"],
    ["of a relative file", { "a.h5": group({}) }, "a.h5", '"a.h5" in info.h5maps is no absolute file path'],
    ["of a dataset", { "/a.h5": 5 }, "/a.h5", "the root of a file must be a group, found 5"],
    [
      "of a link",
      { "/a.h5": soft("x") },
      "/a.h5",
      'the root of a file must be a group, found an object of type "soft_link"',
    ],
  ])("%s are a fatal warning", (_, h5maps, file, message) => {
    const layout = readLayout(scanOf({ h5maps }));
    expect(layout.files.size).toBe(0);
    expect(layout.warnings).toEqual([{ file, path: "/", message, fatal: true }]);
  });

  test("keep the other files when one is bad", () => {
    const layout = readLayout(scanOf({ h5maps: { "/bad.h5": 5, "/good.h5": group({ x: 1 }) } }));
    expect(paths(layout.files.get("/good.h5"))).toEqual(["/", "/x"]);
  });

  test("take an object without a type but with a value for a dataset, as blissdata does", () => {
    const root = treeOf({ x: { value: 1, attributes: { units: "s" } } });
    expect(root.children.get("x")).toMatchObject({
      kind: "dataset",
      attributes: new Map([["units", expect.anything()]]),
    });
  });

  test("tell where the streams go", () => {
    const stream = { type: "stream", stream: "diode" };
    const root = treeOf({ a: group({ d: { type: "dataset", value: stream } }), b: stream }, ["diode"]);
    expect(streamPaths(root)).toEqual(new Map([["diode", ["/a/d", "/b"]]]));
  });

  test("leave out virtual datasets that are made of themselves, with the way that leads back", () => {
    const space = { start: [0], count: [3] };
    const virtual = (src_dataset: string, src_file = ".") => ({
      type: "virtual_dataset",
      dtype: "<f8",
      shape: [3],
      virtual_sources: [{ vspace: space, src_file, src_dataset, src_space: space }],
    });
    const children = {
      self: virtual("/self"),
      a: virtual("/g/b", FILE),
      g: group({ b: virtual("link") }),
      link: soft("/a"),
      of_a: virtual("/a"),
      good: virtual("/data"),
      elsewhere: virtual("/elsewhere", "/other.h5"),
      data: [1.5, 2, 3],
    };
    expect(complaints(children)).toEqual([
      "/self: a virtual dataset made of itself cannot be read: /self → /self",
      "/a: a virtual dataset made of itself cannot be read: /a → /g/b → /a",
      "/g/b: a virtual dataset made of itself cannot be read: /g/b → /a → /g/b",
    ]);
    expect(paths(rootOf(layoutOf(children)))).toEqual([
      "/",
      "/g",
      "/link",
      "/of_a",
      "/good",
      "/elsewhere",
      "/data",
    ]);
  });

  test("keep the order of the mapping everywhere", () => {
    const text = `{"h5maps": {"${FILE}": {"type": "group", "attributes": {"z": 1, "2": 2, "a": 3},
      "children": {"b": 1, "10": {"type": "group", "children": {"9": 1, "1": 2}}, "2": 3}}}}`;
    const root = rootOf(readLayout(withText(text)));
    expect(paths(root)).toEqual(["/", "/b", "/10", "/10/9", "/10/1", "/2"]);
    expect([...root.attributes.keys()]).toEqual(["z", "2", "a"]);
  });
});

describe("a bad item", () => {
  test("is left out with its path, and disturbs nothing else", () => {
    const layout = layoutOf({
      before: 1,
      g: group({ bad: { type: "inline", dtype: "int8", value: 300 }, good: 2 }, { ok: 1, worse: null }),
      after: 3,
    });
    expect(paths(rootOf(layout))).toEqual(["/", "/before", "/g", "/g/good", "/after"]);
    expect(layout.warnings).toEqual([
      { file: FILE, path: "/g@worse", message: expect.stringContaining("null is no value"), fatal: true },
      { file: FILE, path: "/g/bad", message: "300 does not fit int8 (-128 … 127)", fatal: true },
    ]);
    expect([...(rootOf(layout).children.get("g") as GroupNode).attributes.keys()]).toEqual(["ok"]);
  });

  test("is told apart from a value that was changed", () => {
    const { warnings } = layoutOf({ x: { type: "inline", dtype: "int8", value: 1.5 } });
    expect(warnings).toEqual([
      { file: FILE, path: "/x", message: "1.5 became 1, as int8 holds integers only", fatal: false },
    ]);
  });

  const space = { start: [0], count: [2] };
  const virtual = (changes: object, source: object = {}) => ({
    type: "virtual_dataset",
    dtype: "<f8",
    shape: [2],
    virtual_sources: [{ vspace: space, src_file: ".", src_dataset: "/x", src_space: space, ...source }],
    ...changes,
  });
  const external = (changes: object) => ({
    type: "external_binary_dataset",
    dtype: "<f8",
    shape: [2],
    files: [{ name: "a.raw", offset: 0, size: null }],
    ...changes,
  });

  test.each([
    ["an unknown type", { type: "nonsense" }, /^unknown type "nonsense": expected/],
    ["an object without a type", { a: 1 }, /^an item needs a "type"/],
    ["null", null, /^null is no value/],
    ["a dataset without a value", { type: "dataset" }, /^"value" is missing/],
    [
      "attributes that are none",
      { type: "group", attributes: [1] },
      /^attributes: expected an object of attributes by name, found a list of 1/,
    ],
    [
      "children that are none",
      { type: "group", children: "x" },
      /^expected an object of items by name, found "x"/,
    ],
    ["an attribute without a name", group({}, { "": 1 }), /^An attribute has an empty name/],
    [
      "a link without a target",
      { type: "soft_link" },
      /^"target_path" is missing: expected the path the link points to/,
    ],
    [
      "a link to a number",
      { type: "soft_link", target_path: 5 },
      /^target_path: expected the path the link points to, found 5/,
    ],
    ["a link to NUL", soft("a\0b"), /no target that HDF5 can store/],
    [
      "an external link without a file",
      { type: "external_link", target_path: "/" },
      /^"target_file" is missing/,
    ],
    [
      "a stream that is not there",
      { type: "stream", stream: "ghost" },
      /^the scan has no stream "ghost" \(it has "diode"\)/,
    ],
    ["a stream without a name", { type: "stream" }, /^"stream" is missing: expected the name of a stream/],
    [
      "raw files without files",
      external({ files: [] }),
      /^files: expected at least one raw file, found an empty list/,
    ],
    [
      "raw files of a negative offset",
      external({ files: [{ name: "a", offset: -1 }] }),
      /^files\[0\]\.offset: expected the first byte in the file, found -1/,
    ],
    [
      "raw files of unknown dtype",
      external({ dtype: "float64" }),
      /^dtype: expected a NumPy array-interface string/,
    ],
    [
      "a shape of decimals",
      external({ shape: [1.5] }),
      /^shape\[0\]: expected a length \(an integer, 0 or more\), found 1.5/,
    ],
    [
      "a virtual dataset without sources",
      virtual({ virtual_sources: [] }),
      /^virtual_sources: expected at least one source/,
    ],
    [
      "a source of another rank",
      virtual({ shape: [2, 2] }),
      /^virtual_sources\[0\]\.vspace has 1 dimensions, the dataset has 2/,
    ],
    ["a source beyond the end", virtual({ shape: [1] }), /reaches 2 on axis 0, which has 1 points/],
    [
      "a source of another size",
      virtual({}, { src_space: { start: [0], count: [3] } }),
      /puts 3 points of its source where 2 are expected/,
    ],
    [
      "a source of unequal lists",
      virtual({}, { src_space: { start: [0], count: [2], stride: [1, 1] } }),
      /start has 1 dimensions, stride has 2/,
    ],
    [
      "a source whose steps are none",
      virtual({}, { src_space: { start: [0], count: [2], stride: 2 } }),
      /^virtual_sources\[0\]\.src_space\.stride: expected steps from block to block, one per dimension, or null for ones, found 2$/,
    ],
    [
      "a source with a step back",
      virtual({}, { src_space: { start: [0], count: [2], stride: [-1] } }),
      /^virtual_sources\[0\]\.src_space\.stride\[0\]: expected a length \(an integer, 0 or more\), found -1$/,
    ],
    [
      "a source that overlaps itself",
      virtual({}, { src_space: { start: [0], count: [2], block: [2] } }),
      /overlap/,
    ],
  ])("such as %s is explained", (_, item, message) => {
    const [complaint = "", ...others] = complaints({ x: item }, ["diode"]);
    expect(complaint.replace(/^\/x@?: /, "")).toMatch(message);
    expect(others).toEqual([]);
  });
});

describe("names", () => {
  test("with slashes make groups, as in HDF5", () => {
    const root = treeOf({ "a/b": 1, "/a//c/./": 2, d: group({ "e/f": 3 }) });
    expect(paths(root)).toEqual(["/", "/a", "/a/b", "/a/c", "/d", "/d/e", "/d/e/f"]);
  });

  test("that meet in one group make it one, whatever comes first", () => {
    const root = treeOf({ "a/b": 1, a: group({ c: 2 }, { units: "m" }), "a/d": 3 });
    expect(paths(root)).toEqual(["/", "/a", "/a/b", "/a/c", "/a/d"]);
    expect((root.children.get("a") as GroupNode).attributes.has("units")).toBe(true);
  });

  test("that meet otherwise are an error: the first stays", () => {
    const layout = layoutOf({ a: 1, "a/b": 2, "./a": 3, g: group({ x: 1 }), "g/x": 2 });
    expect(paths(rootOf(layout))).toEqual(["/", "/a", "/g", "/g/x"]);
    expect(layout.warnings.map(({ path, message }) => [path, message])).toEqual([
      ["/a/b", 'the name "a" is already taken by a dataset'],
      ["/./a", 'the name "a" is already taken by a dataset'],
      ["/g/x", 'the name "x" is already taken by a dataset'],
    ]);
  });

  test.each(["", ".", "/", "//./", "a\0b", "\uD800", "x".repeat(5000)])("such as %j are refused", (name) => {
    const layout = layoutOf({ [name]: 1, good: 2 });
    expect(paths(rootOf(layout))).toEqual(["/", "/good"]);
    expect(layout.warnings).toMatchObject([{ fatal: true }]);
  });

  test("such as .. and * are ordinary", () => {
    expect(paths(treeOf({ "..": 1, "*": 2, "a b": 3, "\\": 4 }))).toEqual(["/", "/..", "/*", "/a b", "/\\"]);
  });

  test("of objects in JavaScript are ordinary", () => {
    const text = `{"h5maps": {"${FILE}": {"type": "group", "attributes": {"__proto__": 1, "constructor": 2},
      "children": {"__proto__": {"type": "group", "children": {"toString": 1}}, "hasOwnProperty": 2}}}}`;
    const root = rootOf(readLayout(withText(text)));
    expect(paths(root)).toEqual(["/", "/__proto__", "/__proto__/toString", "/hasOwnProperty"]);
    expect([...root.attributes.keys()]).toEqual(["__proto__", "constructor"]);
    expect(Object.hasOwn(Object.prototype, "children")).toBe(false);
  });

  test("such as constructor are no streams, unless there is one", () => {
    expect(complaints({ x: { type: "stream", stream: "constructor" } })).toMatchObject([
      /has no stream "constructor"/,
    ]);
    expect(complaints({ x: { type: "stream", stream: "__proto__" } }, ["__proto__"])).toEqual([]);
  });
});

describe("size", () => {
  function nested(levels: number): unknown {
    let item: unknown = 1;
    for (let i = 0; i < levels; i++) item = group({ g: item });
    return item;
  }

  test("is limited in depth", () => {
    expect(complaints({ g: nested(MAX_DEPTH - 1) })).toEqual([]);
    const layout = layoutOf({ good: 1, g: nested(MAX_DEPTH + 20) });
    expect(layout.warnings).toMatchObject([
      { message: expect.stringMatching(/deeper than 100 levels/), fatal: true },
    ]);
    expect(rootOf(layout).children.has("good")).toBe(true);
    expect(complaints({ ["a/".repeat(200)]: 1 })).toMatchObject([/deeper than 100 levels/]);
  });

  test("is limited in the number of warnings, which are counted", () => {
    const bad = Object.fromEntries(Array.from({ length: MAX_WARNINGS + 50 }, (_, i) => [`x${i}`, null]));
    const { warnings } = layoutOf(bad);
    expect(warnings).toHaveLength(MAX_WARNINGS + 1);
    expect(warnings.at(-1)).toMatchObject({ message: "… and 50 more problems in this file", fatal: true });
  });

  test("may be 100,000 items, each of which is looked at once", () => {
    const count = 100_000;
    const children: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      if (i % 2) children[`g${i % 100}/x${i}`] = i;
      else children[`x${i}`] = { type: "dataset", attributes: { a: i }, value: [i] };
    }
    let looks = 0;
    const watched = new Proxy(children, {
      get: (target, name) => {
        looks++;
        return Reflect.get(target, name);
      },
    });
    const info = { h5maps: { [FILE]: { type: "group", children: watched } } };
    const layout = readLayout({ ...scanOf({}), info });
    expect(layout.warnings).toEqual([]);
    expect([...walkTree(rootOf(layout))]).toHaveLength(count + 50 + 1);
    expect(looks).toBe(count);
  });
});

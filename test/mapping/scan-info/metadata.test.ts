import { describe, expect, test } from "vitest";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import type { Layout } from "../../../src/mapping/tree.js";
import { attributeAt, chainInfo, dtypeAt, layoutOf, namesAt, nodeAt, scanOf, valueAt } from "./scan.js";

/** A scan with one category `cat`, given as JSON text. */
function dumped(json: string, startJson?: string): Layout {
  const info = chainInfo({ axis: ["axis:x"] }, { scan_meta_categories: ["cat"], cat: "CAT" });
  const text = JSON.stringify(info);
  const start = startJson && scanOf(text.replace('"CAT"', startJson)).info;
  return layoutFromScanInfo(
    scanOf(text.replace('"CAT"', json), { "axis:x": {} }, start ? { startInfo: start } : {}),
  );
}

describe("values", () => {
  test.each([
    ["1", "<i8", 1],
    ["1.0", "<f8", 1],
    ["9007199254740993", "<i8", 9007199254740992],
    ["18446744073709551615", "str", "18446744073709551615"],
    ["true", "|b1", true],
    ['"Ünï"', "str", "Ünï"],
    ['""', "str", ""],
    ["[1, 2]", "<i8", [1, 2]],
    ["[1.5, 2]", "<f8", [1.5, 2]],
    [
      "[[1, 2], [3, 4]]",
      "<i8",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["[]", "<f8", []],
    ['["a", "bc"]', "str", ["a", "bc"]],
    ["[true, false]", "|b1", [true, false]],
    ["[1.0, null]", "<f8", [1, "NaN"]],
    [
      "[[1, null], [2, 3]]",
      "<f8",
      [
        [1, "NaN"],
        [2, 3],
      ],
    ],
    ['["a", null]', "str", ["a", ""]],
    ['[1, "a", true, 2.0]', "str", ["1", "a", "True", "2.0"]],
    ["[[1], [2, 3]]", "str", "[[1],[2,3]]"],
    ['[1, {"a": 1}]', "str", '[1,{"a":1}]'],
    ["[null, null]", "<f8", ["NaN", "NaN"]],
  ])("%s is %s", (json, dtype, value) => {
    const layout = dumped(`{"x": ${json}}`);
    expect(dtypeAt(layout, "/1.1/cat/x")).toBe(dtype);
    expect(valueAt(layout, "/1.1/cat/x")).toEqual(value);
  });

  test("that lose their form are kept with a warning", () => {
    const messages = dumped('{"x": [1.0, null], "y": [1, "a"]}').warnings.map(({ path }) => path);
    expect(messages).toEqual(["/1.1/cat/x", "/1.1/cat/y"]);
  });

  test("of records become compounds with fixed-length text", () => {
    const layout = dumped('{"x": [{"a": 1, "b": "xx"}, {"a": 2, "b": "yyy"}]}');
    expect(dtypeAt(layout, "/1.1/cat/x")).toEqual([
      ["a", "<i8"],
      ["b", "|S5"],
    ]);
    expect(valueAt(layout, "/1.1/cat/x")).toEqual([
      { a: 1, b: "xx" },
      { a: 2, b: "yyy" },
    ]);
  });

  test("of unequal records are kept as JSON text", () => {
    expect(valueAt(dumped('{"x": [{"a": 1}, {"b": 2}]}'), "/1.1/cat/x")).toBe('[{"a":1},{"b":2}]');
  });
});

describe("dictionaries", () => {
  test("are groups, NXcollection unless they say otherwise", () => {
    const layout = dumped('{"sub": {"x": 1}, "geo": {"@NX_class": "NXgeometry", "x": 1}}');
    expect(attributeAt(layout, "/1.1/cat", "NX_class")).toBe("NXcollection");
    expect(attributeAt(layout, "/1.1/cat/sub", "NX_class")).toBe("NXcollection");
    expect(attributeAt(layout, "/1.1/cat/geo", "NX_class")).toBe("NXgeometry");
  });

  test("at the top may say NX_class without the @", () => {
    const layout = dumped('{"NX_class": "NXprocess", "sub": {"NX_class": "text"}}');
    expect(attributeAt(layout, "/1.1/cat", "NX_class")).toBe("NXprocess");
    expect(valueAt(layout, "/1.1/cat/sub/NX_class")).toBe("text");
  });

  test.each(["{}", "null", '{"NX_class": "NXnote"}', '{"@NX_class": "NXnote"}', '{"a": null}', '{"a": {}}'])(
    "such as %s leave nothing",
    (json) => {
      expect(nodeAt(dumped(json), "/1.1/cat")).toBeUndefined();
    },
  );

  test("have attributes for themselves, their datasets and their groups", () => {
    const layout = dumped('{"@a": [1, 2], "x@units": "mm", "x": 1.5, "sub@note": "n", "sub": {"y": 1}}');
    expect(attributeAt(layout, "/1.1/cat", "a")).toEqual([1, 2]);
    expect(attributeAt(layout, "/1.1/cat/x", "units")).toBe("mm");
    expect(attributeAt(layout, "/1.1/cat/sub", "note")).toBe("n");
  });

  test("make an empty group for the attribute of nothing", () => {
    const layout = dumped('{"list@units": "mm"}');
    expect(nodeAt(layout, "/1.1/cat/list")?.kind).toBe("group");
    expect(attributeAt(layout, "/1.1/cat/list", "units")).toBe("mm");
  });

  test("keep their names, but for slashes, which make groups without a class", () => {
    const layout = dumped('{"#Pt No": 1, "a/b": 7}');
    expect(namesAt(layout, "/1.1/cat")).toEqual(["#Pt No", "a"]);
    expect(valueAt(layout, "/1.1/cat/a/b")).toBe(7);
    expect(attributeAt(layout, "/1.1/cat/a", "NX_class")).toBeUndefined();
  });

  test("have links, relative to the group", () => {
    const layout = dumped('{">up": "../title", ">abs": "/2.1", ">other": "o.h5::/1.1"}');
    expect(valueAt(layout, "/1.1/cat/up")).toBe("→ /1.1/title");
    expect(valueAt(layout, "/1.1/cat/abs")).toBe("→ /2.1");
    expect(valueAt(layout, "/1.1/cat/other")).toBe("→ o.h5::/1.1");
  });

  test("with names that HDF5 cannot store lose these, with a warning", () => {
    const layout = dumped('{"": 1, "/": 2, "ok": 3, "nul\\u0000": 4, ">": "x", "@": 5}');
    expect(namesAt(layout, "/1.1/cat")).toEqual(["ok"]);
    expect(layout.warnings).toHaveLength(5);
  });

  test("that are no dictionaries become datasets of the entry", () => {
    expect(valueAt(dumped("5.5"), "/1.1/cat")).toBe(5.5);
  });
});

describe("metadata at the start and at the end", () => {
  const layout = dumped(
    '{"float": 2, "list": ["only"], "gone": null, "new": 1}',
    '{"float": 1.5, "list": ["a", "b"], "gone": "x", "kept": 3, "float@units": "mm"}',
  );

  test("the end counts, null removes, what is not mentioned stays", () => {
    expect(namesAt(layout, "/1.1/cat")).toEqual(["float", "list", "kept", "new"]);
    expect(valueAt(layout, "/1.1/cat/list")).toEqual(["only"]);
  });

  test("a decimal dataset stays one, with its attributes", () => {
    expect([valueAt(layout, "/1.1/cat/float"), dtypeAt(layout, "/1.1/cat/float")]).toEqual([2, "<f8"]);
    expect(attributeAt(layout, "/1.1/cat/float", "units")).toBe("mm");
  });
});

describe("the instrument category", () => {
  const info = {
    scan_meta_categories: ["instrument"],
    instrument: {
      slit: { gap: 1.5 },
      x: { speed: 2.0, "@NX_class": "NXsensor" },
      d: { gain: 3, data: "no" },
    },
  };
  const layout = layoutOf({ axis: ["axis:x"], sim: ["sim:d"] }, info);

  test("merges into the instrument, whatever class it gives", () => {
    expect(attributeAt(layout, "/1.1/instrument", "NX_class")).toBe("NXinstrument");
    expect(valueAt(layout, "/1.1/instrument/slit/gap")).toBe(1.5);
  });

  test("describes devices in their own groups, which keep their class and data", () => {
    expect(valueAt(layout, "/1.1/instrument/x/speed")).toBe(2);
    expect(attributeAt(layout, "/1.1/instrument/x", "NX_class")).toBe("NXpositioner");
    expect(valueAt(layout, "/1.1/instrument/d/data")).toBe("stream:sim:d");
  });
});

test("instrument_info describes a new instrument", () => {
  const nexuswriter = { instrument_info: { name: "esrf-id00", "name@short_name": "id00" } };
  const layout = layoutOf({ axis: ["axis:x"] }, { nexuswriter });
  expect(valueAt(layout, "/1.1/instrument/name")).toBe("esrf-id00");
  expect(attributeAt(layout, "/1.1/instrument/name", "short_name")).toBe("id00");
});

describe("device metadata", () => {
  test("go to the group of the device's first channel", () => {
    const layout = layoutOf(
      { axis: ["axis:x"] },
      {
        devices: { axis: { channels: ["axis:x"], metadata: { serial: "s1", nested: { a: 1 } } } },
        channels: { "axis:x": { device: "axis" } },
      },
    );
    expect(valueAt(layout, "/1.1/instrument/x/serial")).toBe("s1");
    expect(attributeAt(layout, "/1.1/instrument/x/nested", "NX_class")).toBe("NXcollection");
  });

  test("of Lima rois are the roi's own, as its selection", () => {
    const channel = "cam:roi_counters:r_sum";
    const layout = layoutOf(
      { rois: [channel] },
      {
        devices: { rois: { channels: [channel], metadata: { r: { x: 1 }, other: { x: 2 } } } },
        channels: { [channel]: { device: "rois" } },
        nexuswriter: { devices: { [channel]: { device_type: "lima" } } },
      },
    );
    expect(namesAt(layout, "/1.1/instrument/cam_r")).toEqual(["sum", "data", "selection"]);
    expect(valueAt(layout, "/1.1/instrument/cam_r/selection/x")).toBe(1);
  });

  test("device_info is written with the first data", () => {
    const nexuswriter = { devices: { "sim:d": { device_info: { type: "t" } } } };
    const written = layoutOf({ axis: ["axis:x"], sim: ["sim:d"] }, { nexuswriter });
    expect(valueAt(written, "/1.1/instrument/d/type")).toBe("t");
    const empty = layoutOf({ axis: ["axis:x"], sim: ["sim:d"] }, { nexuswriter }, { "sim:d": { length: 0 } });
    expect(nodeAt(empty, "/1.1/instrument/d")).toBeUndefined();
  });
});

test("the ESRF data policy takes the sample from the dataset's metadata", () => {
  const info = {
    data_policy: "esrf",
    dataset_metadata_snapshot: {
      Sample_name: "snap",
      Sample_description: "d",
      SamplePositioners_name: "x",
      startDate: "y",
    },
    scan_meta_categories: ["sample"],
    sample: { "@NX_class": "NXsample", name: "s1" },
  };
  const layout = layoutOf({ axis: ["axis:x"] }, info);
  expect(namesAt(layout, "/1.1/sample")).toEqual(["name", "description"]);
  expect(valueAt(layout, "/1.1/sample/name")).toBe("snap");
  const other = layoutOf({ axis: ["axis:x"] }, { ...info, data_policy: "none" });
  expect(valueAt(other, "/1.1/sample/name")).toBe("s1");
});

test("comments become notes", () => {
  const comments = [{ date: "2025-11-03T10:20:31+01:00", message: "hello" }, { message: "two\nlines" }];
  const layout = layoutOf({ axis: ["axis:x"] }, { comments });
  expect(namesAt(layout, "/1.1/notes")).toEqual(["note_01", "note_02"]);
  expect(valueAt(layout, "/1.1/notes/note_01/date")).toBe("2025-11-03T10:20:31+01:00");
  expect(valueAt(layout, "/1.1/notes/note_02/data")).toBe("two\nlines");
  expect(valueAt(layout, "/1.1/notes/note_02/type")).toBe("text/plain");
  expect(attributeAt(layout, "/1.1/notes/note_01", "NX_class")).toBe("NXnote");
});

test("a category cannot replace what the entry has", () => {
  const layout = layoutOf(
    { axis: ["axis:x"] },
    { scan_meta_categories: ["title", "measurement"], measurement: { x: 1, extra: 2 } },
  );
  expect(valueAt(layout, "/1.1/title")).toBe("ascan");
  expect(valueAt(layout, "/1.1/measurement/x")).toBe("→ /1.1/instrument/x/value");
  expect(valueAt(layout, "/1.1/measurement/extra")).toBe(2);
});

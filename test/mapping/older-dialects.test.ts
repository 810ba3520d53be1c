import { describe, expect, test } from "vitest";
import { readLayout } from "../../src/mapping/layout.js";
import { resolve } from "../../src/mapping/resolve.js";
import { goldenArray } from "./golden-tree.js";
import { paths, rootOf, scanOf } from "./support.js";

describe("the typed mapping", () => {
  const mapping = {
    type: "group",
    attrs: { NX_class: "NXroot" },
    items: {
      "1.1": {
        type: "group",
        attrs: { NX_class: "NXentry" },
        items: {
          title: { type: "dset", attrs: {}, value: "ascan" },
          typed: { type: "dset", value: { type: "inline", dtype: "float32", value: "nan" } },
          diode: { type: "dset", attrs: { units: "V" }, stream: "diode" },
          link: { type: "softlink", target: "diode" },
        },
      },
    },
  };

  test("becomes the tree of the scan's own file", () => {
    const layout = readLayout(scanOf({ mapping }, ["diode"]));
    expect(layout.warnings).toEqual([]);
    const root = rootOf(layout);
    expect(paths(root)).toEqual(["/", "/1.1", "/1.1/title", "/1.1/typed", "/1.1/diode", "/1.1/link"]);
    expect(resolve(root, "/1.1/link")).toMatchObject({
      path: "/1.1/diode",
      node: { value: { stream: "diode" } },
    });
  });

  test.each([
    [
      "an unknown node",
      { type: "dataset", value: 1 },
      /expected a node of type group, dset or softlink, found type "dataset"/,
    ],
    ["a bare value", 5, /expected a node of type group, dset or softlink, found 5/],
    ["a dataset of nothing", { type: "dset" }, /either a value or a stream, this one has none/],
    ["a dataset of both", { type: "dset", value: 1, stream: "diode" }, /this one has both/],
    ["a null", { type: "dset", value: null }, /null is no value/],
    ["a stream that is not there", { type: "dset", stream: "ghost" }, /no stream "ghost"/],
    ["a link without a target", { type: "softlink" }, /target: expected the path/],
  ])("leaves out %s", (_, node, message) => {
    const layout = readLayout(
      scanOf({ mapping: { type: "group", items: { bad: node, good: { type: "dset", value: 1 } } } }, [
        "diode",
      ]),
    );
    expect(paths(rootOf(layout))).toEqual(["/", "/good"]);
    expect(layout.warnings).toMatchObject([
      { path: "/bad", message: expect.stringMatching(message), fatal: true },
    ]);
  });

  test("of a scan without a file leads nowhere", () => {
    const layout = readLayout({
      ...scanOf({ mapping }),
      id: { name: "ct", number: 1, path: null, session: null },
    });
    expect(layout).toMatchObject({ dialect: "mapping", files: new Map(), warnings: [{ fatal: false }] });
  });

  test("must start with a group", () => {
    const layout = readLayout(scanOf({ mapping: { type: "dset", value: 1 } }));
    expect(layout).toMatchObject({
      files: new Map(),
      warnings: [{ message: expect.stringMatching(/must be a group/) }],
    });
  });
});

describe("the tuples of the design slides", () => {
  const diode = "simulation_diode_sampling_controller:diode";
  const slides = [
    { NX_class: "NXentry" },
    {
      instrument: [
        { NX_class: "NXinstrument" },
        {
          name: [{ short_name: "id00" }, "RAW", "esrf-id00a"],
          diode: [{ NX_class: "NXdetector" }, { data: [{}, "STREAM", diode] }],
          elapsed_time: [
            { NX_class: "NXpositioner" },
            { value: [{ units: "s" }, "STREAM", "timer:elapsed_time"] },
          ],
          epoch: [{ NX_class: "NXpositioner" }, { value: [{ units: "s" }, "STREAM", "timer:epoch"] }],
        },
      ],
      measurement: [
        {},
        {
          diode: [{}, "STREAM", diode],
          elapsed_time: [{ units: "s" }, "STREAM", "timer:elapsed_time"],
          epoch: [{ units: "s" }, "STREAM", "timer:epoch"],
        },
      ],
    },
  ];

  test("become the entry of the scan", () => {
    const layout = readLayout(scanOf({ mapping: slides }, [diode, "timer:elapsed_time", "timer:epoch"]));
    expect(layout.warnings).toEqual([]);
    const root = rootOf(layout);
    expect(paths(root)).toEqual([
      "/",
      "/12.1",
      "/12.1/instrument",
      "/12.1/instrument/name",
      "/12.1/instrument/diode",
      "/12.1/instrument/diode/data",
      "/12.1/instrument/elapsed_time",
      "/12.1/instrument/elapsed_time/value",
      "/12.1/instrument/epoch",
      "/12.1/instrument/epoch/value",
      "/12.1/measurement",
      "/12.1/measurement/diode",
      "/12.1/measurement/elapsed_time",
      "/12.1/measurement/epoch",
    ]);
    expect(resolve(root, "/12.1/instrument/diode/data")).toMatchObject({
      node: { value: { kind: "stream", stream: diode } },
    });
    const name = resolve(root, "/12.1/instrument/name");
    if (name.kind !== "found" || name.node.kind !== "dataset" || name.node.value.kind !== "static")
      throw new Error("no name");
    expect(goldenArray(name.node.value.array)).toMatchObject({ value: "esrf-id00a" });
    expect(name.node.attributes.get("short_name")).toMatchObject({ data: ["id00"] });
  });

  test.each([
    ["an unknown kind", [{}, "VALUE", 1], /found \[an empty object, "VALUE", 1\]/],
    ["a bare value", 5, /found 5/],
    ["a tuple of one", [{}], /found \[an empty object\]/],
    ["a stream that is not there", [{}, "STREAM", "ghost"], /no stream "ghost"/],
    ["a null", [{}, "RAW", null], /null is no value/],
  ])("leave out %s", (_, node, message) => {
    const layout = readLayout(scanOf({ mapping: [{}, { bad: node, good: [{}, "RAW", 1] }] }));
    expect(paths(rootOf(layout))).toEqual(["/", "/12.1", "/12.1/good"]);
    expect(layout.warnings).toMatchObject([
      { path: "/12.1/bad", message: expect.stringMatching(message), fatal: true },
    ]);
  });

  test("must start with a group", () => {
    expect(readLayout(scanOf({ mapping: [{}, "RAW", 1] })).warnings).toMatchObject([
      { path: "/12.1", message: expect.stringMatching(/must be a group/) },
    ]);
  });
});

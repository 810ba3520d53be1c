import { describe, expect, test } from "vitest";
import { streamsToRead } from "../../../src/mapping/scan-info/index.js";
import { gridAxis, gridOf } from "../../../src/mapping/scan-info/mesh.js";
import type { StreamFacts } from "../../../src/mapping/tree.js";
import {
  attributeAt,
  chainInfo,
  layoutOf,
  namesAt,
  nodeAt,
  plain,
  scalars,
  scanOf,
  valueAt,
} from "./scan.js";

const DEVICES = { axis: ["axis:x"], sim: ["sim:d", "sim:v", "sim:i", "sim:other"] };
const STREAMS: Record<string, Partial<StreamFacts>> = {
  "sim:v": plain("<u4", [5], 3),
  "sim:i": plain("<u2", [2, 3], 3),
};
const plotted = (
  plotselect: unknown,
  info: Record<string, unknown> = {},
  streams: Record<string, Partial<StreamFacts>> = {},
) => layoutOf(DEVICES, { display_extra: { plotselect }, ...info }, { ...STREAMS, ...streams });

describe("what is plotted", () => {
  test("are the detectors whose names end with an item", () => {
    const layout = plotted(["d"]);
    expect(namesAt(layout, "/1.1/plotselect")).toEqual(["d", "x"]);
    expect(valueAt(layout, "/1.1/plotselect/d")).toBe("→ /1.1/instrument/d/data");
    expect(attributeAt(layout, "/1.1", "default")).toBe("plotselect");
    expect(attributeAt(layout, "/1.1/plotselect", "NX_class")).toBe("NXdata");
  });

  test("is told by displayed_channels, an empty list too, before plotselect", () => {
    const layout = layoutOf(DEVICES, { display_extra: { displayed_channels: [], plotselect: ["sim:d"] } });
    expect(nodeAt(layout, "/1.1/plotselect")).toBeUndefined();
    expect(attributeAt(layout, "/1.1", "default")).toBeUndefined();
    const other = layoutOf(DEVICES, { display_extra: { displayed_channels: null, plotselect: ["sim:d"] } });
    expect(attributeAt(other, "/1.1/plotselect", "signal")).toBe("d");
  });

  test("is no positioner, and nothing without a match", () => {
    expect(nodeAt(plotted(["axis:x", "nothing", 3]), "/1.1/plotselect")).toBeUndefined();
  });

  test("is the first match in the order of the link names, by parts from the right", () => {
    const layout = layoutOf(
      { axis: ["axis:x"], sim: ["a.b:sum", "c:sum", "big_sum"] },
      { display_extra: { plotselect: ["b.sum", "sum"] } },
    );
    expect(attributeAt(layout, "/1.1/plotselect", "signal")).toBe("a_b_sum");
    expect(attributeAt(layout, "/1.1/plotselect", "auxiliary_signals")).toEqual(["big_sum"]);
  });

  test("is every detector once, longer items choosing first", () => {
    const devices = { axis: ["axis:x"], cams: ["external_images", "images"] };
    const both = layoutOf(devices, { display_extra: { plotselect: ["images", "external_images"] } });
    expect(attributeAt(both, "/1.1/plotselect", "signal")).toBe("images");
    expect(attributeAt(both, "/1.1/plotselect", "auxiliary_signals")).toEqual(["external_images"]);
    const one = layoutOf(devices, { display_extra: { plotselect: ["images"] } });
    expect(attributeAt(one, "/1.1/plotselect", "signal")).toBe("external_images");
  });

  test("is nothing where metadata took the name", () => {
    const info = { scan_meta_categories: ["plotselect"], plotselect: { a: 1 } };
    const layout = plotted(["sim:d"], info);
    expect(namesAt(layout, "/1.1/plotselect")).toEqual(["a"]);
    expect(attributeAt(layout, "/1.1", "default")).toBeUndefined();
  });
});

describe("groups", () => {
  test("hold signals of one shape, named after the type of the first", () => {
    const nexuswriter = { devices: { "sim:d": { device_type: "samplingcounter", data_type: "signal" } } };
    const layout = plotted(["sim:d", "sim:other", "sim:v", "sim:i"], { nexuswriter });
    expect(namesAt(layout, "/1.1").filter((name) => name.startsWith("plot"))).toEqual([
      "plotselect_samplingcounter",
      "plotselect_unknown2D",
      "plotselect_unknown1D",
      "plotselect",
    ]);
    expect(attributeAt(layout, "/1.1/plotselect_samplingcounter", "auxiliary_signals")).toEqual(["other"]);
    expect(valueAt(layout, "/1.1/plotselect")).toBe("→ /1.1/plotselect_unknown1D");
  });

  test("of the same type are numbered in the order of their signals", () => {
    const layout = plotted(["sim:other", "sim:d"], {}, { "sim:other": scalars(2) });
    expect(attributeAt(layout, "/1.1/plotselect_unknown0D1", "signal")).toBe("d");
    expect(attributeAt(layout, "/1.1/plotselect_unknown0D2", "signal")).toBe("other");
  });
});

describe("axes", () => {
  test("of a scan along a line are the motor and the axes of the data", () => {
    const layout = plotted(["sim:i"]);
    expect(attributeAt(layout, "/1.1/plotselect", "axes")).toEqual(["x", "datadim0", "datadim1"]);
    expect(valueAt(layout, "/1.1/plotselect/x")).toBe("→ /1.1/instrument/x/value");
    expect(valueAt(layout, "/1.1/plotselect/datadim1")).toEqual([0, 1, 2]);
  });

  test("of motors that move together are the first one", () => {
    const layout = layoutOf(
      { axis: ["axis:x", "axis:y"], sim: ["sim:d"] },
      { display_extra: { plotselect: ["sim:d"] } },
    );
    expect(attributeAt(layout, "/1.1/plotselect", "axes")).toEqual(["x"]);
    expect(valueAt(layout, "/1.1/measurement/y")).toBe("→ /1.1/instrument/y/value");
  });

  test("of a scatter are all motors for scalars, none for other data", () => {
    const devices = { axis: ["x", "y"], sim: ["sim:d", "sim:v"] };
    const scatter = (item: string) => layoutOf(devices, { display_extra: { plotselect: [item] } }, STREAMS);
    expect(attributeAt(scatter("sim:d"), "/1.1/plotselect", "axes")).toEqual(["x", "y"]);
    expect(attributeAt(scatter("sim:v"), "/1.1/plotselect", "axes")).toBeUndefined();
  });

  test("of a single point are those of the data", () => {
    const ct = { data_dim: 0 };
    const one = { "sim:v": plain("<u4", [5], 1), "sim:d": scalars(1) };
    expect(attributeAt(plotted(["sim:v"], ct, one), "/1.1/plotselect", "axes")).toEqual(["datadim0"]);
    expect(attributeAt(plotted(["sim:d"], ct, one), "/1.1/plotselect", "axes")).toBeUndefined();
  });
});

describe("meshes", () => {
  const MESH = { data_dim: 2, npoints1: 4, npoints2: 3, display_extra: { plotselect: ["sim:d"] } };
  const devices = { axis: ["axis:x", "axis:y"], sim: ["sim:d"] };
  const mesh = (points: number, info: Record<string, unknown> = {}) => {
    const values = Array.from({ length: points }, (_, i) => i);
    const positions = {
      "axis:x": { length: points, values: values.map((i) => (i % 4) + 10) },
      "axis:y": { length: points, values: values.map((i) => Math.floor(i / 4) / 2) },
    };
    return layoutOf(devices, { ...MESH, ...info }, { ...positions, "sim:d": scalars(points) });
  };

  test("are plotted as grids, slow axis first, with regular axes", () => {
    const layout = mesh(12);
    expect(attributeAt(layout, "/1.1/plotselect", "axes")).toEqual(["y", "x"]);
    expect(valueAt(layout, "/1.1/plotselect/x")).toEqual([10, 11, 12, 13]);
    expect(valueAt(layout, "/1.1/plotselect/y")).toEqual([0, 0.5, 1]);
    expect(nodeAt(layout, "/1.1/plotselect/d")).toMatchObject({
      kind: "virtual",
      shape: [3, 4],
      dtype: "<f8",
    });
  });

  test.each([11, 13])("of %s points instead of 12 are not plotted", (points) => {
    const layout = mesh(points);
    expect(nodeAt(layout, "/1.1/plotselect")).toBeUndefined();
    expect(layout.warnings).toHaveLength(1);
  });

  test("without all their npoints are scans along a line", () => {
    const layout = mesh(12, { npoints2: 0 });
    expect(valueAt(layout, "/1.1/plotselect/d")).toBe("→ /1.1/instrument/d/data");
  });

  test("need the positions of their motors, other scans none", () => {
    const streams = { "axis:x": {}, "axis:y": {}, "sim:d": {} };
    expect(streamsToRead(scanOf(chainInfo(devices, MESH), streams))).toEqual(["axis:x", "axis:y"]);
    expect(streamsToRead(scanOf(chainInfo(devices), streams))).toEqual([]);
    expect(streamsToRead(scanOf(chainInfo(devices, { ...MESH, display_extra: {} }), streams))).toEqual([]);
  });

  test("without known positions have no axes", () => {
    const layout = layoutOf(devices, MESH, {
      "axis:x": scalars(12),
      "axis:y": scalars(12),
      "sim:d": scalars(12),
    });
    expect(namesAt(layout, "/1.1/plotselect")).toEqual(["d"]);
  });
});

describe("grid arithmetic", () => {
  test("one source per line of the grid", () => {
    const { shape, sources } = gridOf("/1.1/d", [2, 3, 4], [5], "<f4");
    expect(shape).toEqual([2, 3, 4, 5]);
    expect(sources).toHaveLength(6);
    expect(sources[4]).toMatchObject({
      file: ".",
      dataset: "/1.1/d",
      source: { start: [16, 0], block: [4, 5] },
      target: { start: [1, 1, 0, 0], block: [1, 1, 4, 5] },
    });
  });

  test("an axis is the line through the mean positions", () => {
    const noisy = [0, 1.1, 2, 0.2, 0.9, 2.2];
    expect(gridAxis(noisy, [2, 3], 1)?.map((value) => value.toFixed(4))).toEqual([
      "0.0667",
      "1.0667",
      "2.0667",
    ]);
  });

  test("points that are missing or not finite do not count", () => {
    expect(gridAxis([0, Number.NaN, 2], [2, 3], 1)).toEqual([0, 1, 2]);
    expect(gridAxis([7], [2, 3], 0)).toEqual([7, 7]);
    expect(gridAxis([], [2, 3], 0)).toBeUndefined();
  });
});

import { expect, test } from "vitest";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import { attributeAt, chainInfo, layoutOf, namesAt, nodeAt, scanOf, valueAt } from "./scan.js";

const AXIS = { axis: ["axis:x"] };

test("snapshots are collections of positions with units", () => {
  const positioners = {
    positioners_start: { x: 0.5, "a:b": 2.5, "sl it": 1, "m/n": 3, nul: null, str: "IN", lst: [1.5, 2.5] },
    positioners_dial_start: { x: 0.25 },
    positioners_units: { "a:b": "mm", str: "", x: "um" },
  };
  const layout = layoutOf(AXIS, { positioners });
  expect(namesAt(layout, "/1.1/instrument/positioners_start")).toEqual([
    "x",
    "a:b",
    "sl it",
    "m",
    "str",
    "lst",
  ]);
  expect(valueAt(layout, "/1.1/instrument/positioners_start/m/n")).toBe(3);
  expect(attributeAt(layout, "/1.1/instrument/positioners_start/a:b", "units")).toBe("mm");
  expect(attributeAt(layout, "/1.1/instrument/positioners_start/str", "units")).toBeUndefined();
  expect(valueAt(layout, "/1.1/instrument/positioners_dial_start/x")).toBe(0.25);
});

test("scanned motors are links to their data, with the unit of the snapshot if they have none", () => {
  const positioners = { positioners_start: { x: 0.5, y: 1.5 }, positioners_units: { x: "um" } };
  const layout = layoutOf(AXIS, { positioners });
  expect(valueAt(layout, "/1.1/instrument/positioners/x")).toBe("→ /1.1/instrument/x/value");
  expect(valueAt(layout, "/1.1/instrument/positioners/y")).toBe(1.5);
  expect(attributeAt(layout, "/1.1/instrument/x/value", "units")).toBe("um");
  const own = layoutOf(AXIS, { positioners, channels: { "axis:x": { dim: 0, unit: "mm" } } });
  expect(attributeAt(own, "/1.1/instrument/x/value", "units")).toBe("mm");
});

test("empty snapshots leave no group", () => {
  const layout = layoutOf({ sim: ["sim:d"] }, { channels: {}, positioners: { positioners_start: {} } });
  expect(nodeAt(layout, "/1.1/instrument/positioners")).toBeUndefined();
  expect(nodeAt(layout, "/1.1/instrument/positioners_start")).toBeUndefined();
});

test("positions at the start are those of the start, at the end those of the end", () => {
  const at = (x: number, more = {}) =>
    chainInfo(AXIS, { positioners: { positioners_start: { y: x }, ...more } });
  const startInfo = scanOf(at(1.5)).info;
  const source = scanOf(at(2.5, { positioners_end: { y: 3.5 } }), { "axis:x": {} }, { startInfo });
  const layout = layoutFromScanInfo(source);
  expect(valueAt(layout, "/1.1/instrument/positioners_start/y")).toBe(1.5);
  expect(valueAt(layout, "/1.1/instrument/positioners/y")).toBe(1.5);
  expect(valueAt(layout, "/1.1/instrument/positioners_end/y")).toBe(3.5);
});

import { describe, expect, test } from "vitest";
import { isoTime, localIsoTime } from "../../../src/mapping/scan-info/times.js";
import { attributeAt, dtypeAt, layoutOf, namesAt, nodeAt, plain, scalars, valueAt } from "./scan.js";

const AXIS = { axis: ["axis:x"] };
const writer = { date: "2025-01-01T00:00:00+01:00", status: "RUNNING" } as const;

describe("times", () => {
  test.each([
    ["2024-05-05T11:32:48.120000+02:00", "2024-05-05T11:32:48.120000+02:00"],
    ["2024-05-05 11:32:48.12+0200", "2024-05-05T11:32:48.120000+02:00"],
    ["2024-05-05T11:32:48Z", "2024-05-05T11:32:48+00:00"],
    ["2024-05-05T11:32:48.0000004Z", "2024-05-05T11:32:48+00:00"],
    ["2024-05-05T11:32+01:00", "2024-05-05T11:32:00+01:00"],
    ["2024-13-05T11:32:48Z", undefined],
    ["yesterday", undefined],
    [12, undefined],
  ])("%j is %j", (given, expected) => {
    expect(isoTime(given)).toBe(expected);
  });

  test("without a zone are local", () => {
    const moment = new Date(2025, 10, 3, 10, 20, 30, 123);
    expect(isoTime("2025-11-03T10:20:30.123")).toBe(localIsoTime(moment));
    expect(Date.parse(localIsoTime(moment))).toBe(moment.getTime());
  });
});

describe("the entry", () => {
  test("tells how a finished scan ended", () => {
    const layout = layoutOf(AXIS, { end_time: "2025-11-03T10:20:45Z", end_reason: "USER_ABORT" });
    expect(valueAt(layout, "/1.1/end_time")).toBe("2025-11-03T10:20:45+00:00");
    expect(valueAt(layout, "/1.1/end_reason")).toBe("USER_ABORT");
    expect(attributeAt(layout, "/", "default")).toBe("1.1");
  });

  test("of a scan that ended before it started says so", () => {
    expect(valueAt(layoutOf(AXIS), "/1.1/end_reason")).toBe("NOT STARTED");
  });

  test("has the writer's end time when the publisher gave none", () => {
    const layout = layoutOf(AXIS, {}, {}, { writer: { ...writer, endTime: "2025-01-01T00:00:09+01:00" } });
    expect(valueAt(layout, "/1.1/end_time")).toBe("2025-01-01T00:00:09+01:00");
  });

  test("of a running scan has no end", () => {
    const layout = layoutOf(AXIS, { end_reason: "SUCCESS" }, {}, { state: "STARTED" });
    expect(namesAt(layout, "/1.1")).not.toContain("end_reason");
    expect(attributeAt(layout, "/", "default")).toBeUndefined();
  });

  test.each([
    ["1", "<i8"],
    ["0.1", "<f8"],
    ["2.0", "<f8"],
  ])("has a count_time of %s as %s", (text, dtype) => {
    const layout = layoutOf(AXIS, { count_time: JSON.parse(text) as number });
    expect(dtypeAt(layout, "/1.1/scan_parameters/count_time")).toBe(text === "2.0" ? "<i8" : dtype);
    expect(attributeAt(layout, "/1.1/scan_parameters/count_time", "units")).toBe("s");
  });

  test.each([0, null])("has no scan_parameters for a count_time of %s", (count_time) => {
    expect(nodeAt(layoutOf(AXIS, { count_time }), "/1.1/scan_parameters")).toBeUndefined();
  });

  test("says who wrote it, when it is being written", () => {
    const layout = layoutOf(AXIS, {}, {}, { writer });
    expect(valueAt(layout, "/1.1/writer/status")).toBe("RUNNING");
    expect(nodeAt(layout, "/1.1/writer/date")).toMatchObject({ volatile: true });
    expect(nodeAt(layoutOf(AXIS), "/1.1/writer")).toBeUndefined();
  });

  test("is written without a title or time, with warnings", () => {
    const layout = layoutOf(AXIS, { title: null, start_time: "soon" });
    expect(valueAt(layout, "/1.1/start_time")).toBe("soon");
    expect(valueAt(layout, "/1.1/measurement/x")).toBe("→ /1.1/instrument/x/value");
    expect(layout.warnings).toHaveLength(2);
  });

  test("has no measurement when there are no data", () => {
    expect(nodeAt(layoutOf(AXIS, {}, { "axis:x": scalars(0) }), "/1.1/measurement")).toBeUndefined();
  });
});

describe("the root", () => {
  test("names the publisher, once and for all", () => {
    const layout = layoutOf(AXIS, { publisher: "sardana", publisher_version: "3.5" });
    const root = nodeAt(layout, "/");
    expect(attributeAt(layout, "/", "publisher")).toBe("sardana");
    expect(attributeAt(layout, "/", "publisher_version")).toBe("3.5");
    expect(root?.kind === "group" && [...(root.volatile ?? [])]).toEqual([
      "creator",
      "publisher",
      "publisher_version",
    ]);
  });

  test("names bliss when the publisher is missing, nobody when it is null", () => {
    expect(attributeAt(layoutOf(AXIS), "/", "publisher")).toBe("bliss");
    expect(attributeAt(layoutOf(AXIS, { publisher: null }), "/", "publisher")).toBeUndefined();
  });
});

describe("datasets", () => {
  const channels = (unit: unknown) => ({ channels: { "axis:x": { dim: 0, unit } } });
  const units = (unit: unknown, info: Record<string, unknown> = {}) =>
    attributeAt(layoutOf(AXIS, channels(unit), { "axis:x": { info } }), "/1.1/instrument/x/value", "units");

  test("have the unit of the channel, an empty one too", () => {
    expect([units("mm"), units("")]).toEqual(["mm", ""]);
  });

  test("else the unit of the stream, unless it is empty", () => {
    expect([units(null, { unit: "um" }), units(null, { unit: "" }), units("mm", { unit: "um" })]).toEqual([
      "um",
      undefined,
      "mm",
    ]);
  });

  test("say how their points are to be seen", () => {
    const shown = [[], [5], [4, 6], [2, 2, 2], [1, 1, 1, 1]].map((shape) => {
      const layout = layoutOf({ sim: ["d"] }, { channels: {} }, { d: plain("<f4", shape, 3) });
      return attributeAt(layout, "/1.1/instrument/d/data", "interpretation");
    });
    expect(shown).toEqual([undefined, "spectrum", "image", "vertex", undefined]);
  });

  test("of a ct have one point, without an axis", () => {
    const layout = layoutOf(AXIS, { data_dim: 0 }, { "axis:x": scalars(1) });
    expect(nodeAt(layout, "/1.1/instrument/x/value")).toMatchObject({ value: { layout: { single: true } } });
    const two = layoutOf(AXIS, { data_dim: 0 }, { "axis:x": scalars(2) });
    expect(nodeAt(two, "/1.1/instrument/x/value")).toMatchObject({
      value: { kind: "stream", stream: "axis:x" },
    });
    expect(nodeAt(two, "/1.1/instrument/x/value")).not.toHaveProperty("value.layout");
  });

  test("without data exist only while they may still come", () => {
    const running = layoutOf(AXIS, {}, { "axis:x": scalars(0) }, { state: "STARTED" });
    expect(valueAt(running, "/1.1/instrument/x/value")).toBe("stream:axis:x");
    const closed = layoutOf(AXIS, {}, { "axis:x": scalars(0) });
    expect(nodeAt(closed, "/1.1/instrument/x")).toBeUndefined();
  });

  test("whose names clash after normalisation get names of their own", () => {
    const layout = layoutOf({ sim: ["a-b", "a.b", "a_b"] }, { channels: {} });
    expect(namesAt(layout, "/1.1/measurement")).toEqual(["a_b", "a_b_2", "a_b_3"]);
    expect(valueAt(layout, "/1.1/instrument/a_b_2/data")).toBe("stream:a.b");
    expect(layout.warnings).toHaveLength(2);
  });

  test("cannot take the names of the positioner groups or of the instrument's own data", () => {
    const info = { channels: {}, nexuswriter: { instrument_info: { name: "id00" } } };
    const layout = layoutOf({ sim: ["sim:positioners", "sim:name"] }, info);
    expect(namesAt(layout, "/1.1/measurement")).toEqual(["sim_positioners", "sim_name"]);
    expect(valueAt(layout, "/1.1/instrument/name")).toBe("id00");
  });
});

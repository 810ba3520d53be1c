import { expect, test } from "vitest";
import type { Layout, StreamFacts, VirtualNode } from "../../../src/mapping/tree.js";
import { attributeAt, layoutOf, lima, nodeAt, scalars, valueAt } from "./scan.js";

const writer = { date: "2025-01-01T00:00:00+01:00", status: "RUNNING" } as const;

function withCamera(camera: StreamFacts, info: Record<string, unknown> = {}, more = {}): Layout {
  const display = { display_extra: { plotselect: ["cam:image"] } };
  return layoutOf(
    { axis: ["axis:x"], cam: ["cam:image"] },
    { ...display, ...info },
    { "cam:image": camera, "axis:x": scalars(7) },
    more,
  );
}

function images(layout: Layout): VirtualNode {
  const node = nodeAt(layout, "/1.1/instrument/image/data");
  if (node?.kind !== "virtual") throw new Error(`no virtual dataset but ${node?.kind}`);
  return node;
}

test("images in HDF5 files are a virtual dataset over them", () => {
  const node = images(withCamera(lima(7)));
  expect(node).toMatchObject({ dtype: "<u2", shape: [7, 4, 6], maxshape: [null, null, null], fill: 0 });
  expect(
    node.sources.map(({ file, dataset, source, target }) => [
      file,
      dataset,
      source.start,
      source.block,
      target.start,
    ]),
  ).toEqual([
    ["scan0001/cam_0000.h5", "/entry/data", [0, 0, 0], [5, 4, 6], [0, 0, 0]],
    ["scan0001/cam_0001.h5", "/entry/data", [0, 0, 0], [2, 4, 6], [5, 0, 0]],
  ]);
});

test("acquisitions, offsets and files elsewhere are counted in", () => {
  const info = {
    file_path: "/elsewhere/c_%d.h5",
    file_offset: 10,
    frame_per_acquisition: 3,
    frame_per_file: 2,
    data_path: "d",
  };
  const node = images(withCamera(lima(6, info)));
  expect(
    node.sources.map(({ file, dataset, source, target }) => [
      file,
      dataset,
      source.block[0],
      target.start[0],
    ]),
  ).toEqual([
    ["/elsewhere/c_10.h5", "/d", 2, 0],
    ["/elsewhere/c_11.h5", "/d", 1, 2],
    ["/elsewhere/c_12.h5", "/d", 2, 3],
    ["/elsewhere/c_13.h5", "/d", 1, 5],
  ]);
});

test("the frames of the last status count, saved or not", () => {
  const camera = { ...lima(7), lastStatus: { last_index: 6, last_index_saved: 2 } };
  expect(images(withCamera(camera)).shape).toEqual([7, 4, 6]);
});

test("decimal images read as NaN where files are missing", () => {
  const camera = lima(2);
  const node = images(withCamera({ ...camera, info: { ...camera.info, dtype: "float32" } }));
  expect([node.dtype, node.fill]).toEqual(["<f4", Number.NaN]);
});

test("the image of a ct has no leading axis", () => {
  const node = images(withCamera(lima(1), { data_dim: 0 }));
  expect(node).toMatchObject({ shape: [4, 6], maxshape: [null, null] });
  expect(node.sources[0]).toMatchObject({
    source: { start: [0, 0, 0], block: [1, 4, 6] },
    target: { start: [0, 0], block: [4, 6] },
  });
});

test.each(["edf", "HDF5", "hdf5bs", "cbf"])(
  "images in %s files are listed, not linked nor plotted",
  (file_format) => {
    const layout = withCamera(lima(7, { file_format }));
    expect(valueAt(layout, "/1.1/instrument/image/data")).toEqual([
      ...Array.from({ length: 5 }, (_, i) => `scan0001/cam_0000.h5::${i}`),
      "scan0001/cam_0001.h5::0",
      "scan0001/cam_0001.h5::1",
    ]);
    expect(attributeAt(layout, "/1.1/instrument/image/data", "interpretation")).toBe("image");
    expect(nodeAt(layout, "/1.1/measurement/image")).toBeUndefined();
    expect(nodeAt(layout, "/1.1/plotselect")).toBeUndefined();
  },
);

test("images of unknown shape are listed, with a warning", () => {
  const layout = withCamera(lima(2, {}, [-1, -1]));
  expect(valueAt(layout, "/1.1/instrument/image/data")).toHaveLength(2);
  expect(layout.warnings).toHaveLength(1);
});

test("images that nobody saves leave an empty group", () => {
  for (const limaInfo of [{ file_path: null }, { file_path: "/no/number.h5" }, { frame_per_file: -1 }]) {
    const layout = withCamera(lima(2, limaInfo));
    expect(nodeAt(layout, "/1.1/instrument/image")).toMatchObject({ kind: "group", children: new Map() });
    expect(nodeAt(layout, "/1.1/measurement/image")).toBeUndefined();
    expect(layout.warnings).toHaveLength(1);
  }
});

test("no images leave nothing", () => {
  expect(nodeAt(withCamera(lima(0)), "/1.1/instrument/image")).toBeUndefined();
});

test("while the status is not known, images are a stream", () => {
  const { lastStatus, ...camera } = lima(2);
  expect(lastStatus?.last_index).toBe(1);
  const running = withCamera(camera, {}, { state: "STARTED", writer });
  expect(valueAt(running, "/1.1/instrument/image/data")).toBe("stream:cam:image");
  expect(valueAt(running, "/1.1/measurement/image")).toBe("→ /1.1/instrument/image/data");
});

test("images that a writer can only list wait for the end, readers see them as a stream", () => {
  const { lastStatus, ...camera } = lima(2, { file_format: "edf" });
  expect(lastStatus?.last_index).toBe(1);
  const running = withCamera(camera, {}, { state: "STARTED", writer });
  expect(nodeAt(running, "/1.1/instrument/image/data")).toBeUndefined();
  const live = withCamera(camera, {}, { state: "STARTED" });
  expect(valueAt(live, "/1.1/instrument/image/data")).toBe("stream:cam:image");
});

test("lima2 frames, unknown plugins and JSON streams stay streams", () => {
  for (const plugin of ["lima2", "mystery", null]) {
    const layout = layoutOf(
      { sim: ["d"] },
      { channels: {} },
      { d: { plugin, encoding: { type: "json" }, info: {}, length: 2 } },
    );
    expect(valueAt(layout, "/1.1/instrument/d/data")).toBe("stream:d");
    expect(valueAt(layout, "/1.1/measurement/d")).toBe("→ /1.1/instrument/d/data");
  }
});

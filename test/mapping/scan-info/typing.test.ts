import { expect, test } from "vitest";
import { attributeAt, layoutOf, namesAt, valueAt } from "./scan.js";

/** Where the channels of one device land, with these settings in `nexuswriter.devices`: links in `measurement`. */
function linksOf(channels: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const info = { nexuswriter: { devices: channels } };
  const layout = layoutOf({ axis: [], device: Object.keys(channels) }, info);
  const links = namesAt(layout, "/1.1/measurement");
  return Object.fromEntries(
    links.map((link) => [link, String(valueAt(layout, `/1.1/measurement/${link}`)).slice(18)]),
  );
}

test("untyped channels and unknown types are detectors of their own", () => {
  expect(linksOf({ "a:x": {}, "b:y": { device_type: "foo" } })).toEqual({ x: "x/data", y: "y/data" });
});

test("an mca has one detector per element, and one for sums", () => {
  const settings = { device_type: "mca" };
  expect(
    linksOf({ "xmap:spectrum_det0": settings, "xmap:icr_det0": settings, "xmap:roi1": settings }),
  ).toEqual({
    xmap_det0: "xmap_det0/spectrum",
    xmap_det0_trigger_count_rate: "xmap_det0/trigger_count_rate",
    xmap_sum_roi1: "xmap_sum/roi1",
  });
});

test("a mosca names its detectors without leading zeros, and its sums", () => {
  const settings = { device_type: "mosca" };
  expect(
    linksOf({
      "fx:spectrum:det07": settings,
      "fx:stat:realtime_det07": settings,
      "fx:roi:Fe_Ka_det07": settings,
      "fx:roi:Fe_sum_all": { ...settings, channel: -1 },
      "fx:roi:Fe_sum_0_1": { ...settings, channel: [0, 1] },
    }),
  ).toEqual({
    fx_det7: "fx_det7/spectrum",
    fx_det7_elapsed_time: "fx_det7/elapsed_time",
    fx_det7_Fe_Ka: "fx_det7/Fe_Ka",
    fx_sum_all_Fe: "fx_sum_all/Fe",
    fx_sum_0_1_Fe: "fx_sum_0_1/Fe",
  });
});

test("a lima camera has images, roi counters, profiles, collections and other counters", () => {
  const settings = { device_type: "lima" };
  expect(
    linksOf({
      "cam:image": settings,
      "cam:roi_counters:my_roi_sum": settings,
      "cam:roi_counters:my_roi_min": settings,
      "cam:roi_profiles:prof": settings,
      "cam:roi_collection:roi_collection_counter_sum": settings,
      "cam:bpm:x": settings,
    }),
  ).toEqual({
    cam: "cam/image",
    cam_my_roi: "cam_my_roi/sum",
    cam_my_roi_min: "cam_my_roi/min",
    cam_prof: "cam_prof/sum",
    cam_roi_collection: "cam_roi_collection/sum",
    cam_bpm_x: "cam_bpm/x",
  });
});

test("lima2, mythen and autofilter channels belong to their first part", () => {
  expect(
    linksOf({
      "eig:frame": { device_type: "lima2" },
      "eig:raw_frame": { device_type: "lima2" },
      "myth:spectrum": { device_type: "mythen" },
      "myth:roi1": { device_type: "mythen" },
      "auto:transm": { device_type: "autofilter" },
    }),
  ).toEqual({
    eig: "eig/frame",
    eig_raw_frame: "eig/raw_frame",
    myth: "myth/spectrum",
    myth_roi1: "myth/roi1",
    auto_transm: "auto/transm",
  });
});

test("a sampling counter groups its signal with what is derived from it", () => {
  expect(
    linksOf({
      "sim:diode": { device_type: "samplingcounter", data_type: "signal" },
      "sim:diode_std": { device_type: "samplingcounter" },
    }),
  ).toEqual({ diode: "diode/signal", diode_std: "diode/std" });
});

test("principal data that are not called data get a link of that name", () => {
  const info = { nexuswriter: { devices: { "cam:image": { device_type: "lima" }, "a:x": {} } } };
  const layout = layoutOf({ axis: [], device: ["cam:image", "a:x"] }, info);
  expect(valueAt(layout, "/1.1/instrument/cam/data")).toBe("→ image");
  expect(namesAt(layout, "/1.1/instrument/x")).toEqual(["data"]);
});

test("spectrometer channels have the units of their quantity, or none", () => {
  const settings = { device_type: "mca" };
  const info = {
    nexuswriter: {
      devices: {
        "x:icr_det0": settings,
        "x:ocr_det0": settings,
        "x:realtime_det0": settings,
        "x:Fe_det0": settings,
      },
    },
    channels: { "x:icr_det0": { dim: 0, unit: "cps" }, "x:Fe_det0": { dim: 0, unit: "counts" } },
  };
  const layout = layoutOf(
    { axis: [], device: ["x:icr_det0", "x:ocr_det0", "x:realtime_det0", "x:Fe_det0"] },
    info,
  );
  const units = ["trigger_count_rate", "event_count_rate", "elapsed_time", "Fe"].map((name) =>
    attributeAt(layout, `/1.1/instrument/x_det0/${name}`, "units"),
  );
  expect(units).toEqual(["hertz", "hertz", "s", undefined]);
});

test("a name that does not fit its type is taken as untyped", () => {
  expect(
    linksOf({
      solo: { device_type: "lima" },
      "fx:other": { device_type: "mosca" },
      nounderscore: { device_type: "samplingcounter" },
    }),
  ).toEqual({ solo: "solo/data", other: "other/data", nounderscore: "nounderscore/data" });
});

test("alias, device_name and data_name are ignored", () => {
  expect(linksOf({ "sim:diode": { alias: "I0", device_name: "d", data_name: "n" } })).toEqual({
    diode: "diode/data",
  });
});

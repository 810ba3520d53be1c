import { describe, expect, test } from "vitest";
import { entryNames } from "../../../src/mapping/scan-info/channels.js";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import { attributeAt, chainInfo, FILE, layoutOf, namesAt, scanOf, valueAt } from "./scan.js";

describe("entries", () => {
  const two = (chains: Record<string, string[]>) => {
    const info = chainInfo({ axis: ["axis:x"], sim: ["sim:d"], none: [] });
    const acquisition_chain = Object.fromEntries(
      Object.entries(chains).map(([key, devices]) => [key, { devices }]),
    );
    return layoutFromScanInfo(scanOf({ ...info, acquisition_chain }, { "axis:x": {}, "sim:d": {} }));
  };

  test("are numbered in the alphabetical order of the chains", () => {
    const layout = two({ slow: ["axis"], fast: ["sim"] });
    expect(namesAt(layout, "/")).toEqual(["1.1", "1.2"]);
    expect(namesAt(layout, "/1.1/measurement")).toEqual(["d"]);
    expect(namesAt(layout, "/1.2/measurement")).toEqual(["x"]);
    expect(valueAt(layout, "/1.2/title")).toBe("ascan");
    expect(attributeAt(layout, "/", "default")).toBe("1.2");
  });

  test("are not made for chains without channels", () => {
    expect(namesAt(two({ aa: ["none"], zz: ["axis", "sim"] }), "/")).toEqual(["1.1"]);
  });

  test("are known without streams", () => {
    const info = chainInfo({ axis: ["axis:x"] }, { scan_nb: 7 });
    expect(entryNames(scanOf(info))).toEqual(["7.1"]);
  });

  test("take the number of the scan's identity when scan_nb is missing", () => {
    const { scan_nb, ...info } = chainInfo({ axis: ["axis:x"] });
    expect(scan_nb).toBe(1);
    const source = scanOf(info, { "axis:x": {} });
    expect(entryNames({ ...source, id: { ...source.id, number: 12 } })).toEqual(["12.1"]);
  });
});

describe("positioners", () => {
  test("are the scalar channels of the first device in the chain's list that triggers others", () => {
    const info = chainInfo({ sim: ["sim:d"], timer: ["t:epoch"], m: ["m:x"] });
    const devices = {
      sim: { channels: ["sim:d"] },
      timer: { channels: ["t:epoch"], triggered_devices: ["sim"] },
      m: { channels: ["m:x"], triggered_devices: ["timer"] },
    };
    const layout = layoutFromScanInfo(
      scanOf({ ...info, devices }, { "sim:d": {}, "t:epoch": {}, "m:x": {} }),
    );
    expect(attributeAt(layout, "/1.1/instrument/epoch", "NX_class")).toBe("NXpositioner");
    expect(attributeAt(layout, "/1.1/instrument/x", "NX_class")).toBe("NXdetector");
    expect(valueAt(layout, "/1.1/instrument/positioners/epoch")).toBe("→ /1.1/instrument/epoch/value");
  });

  test("need a channel dim of 0", () => {
    const channels = { "axis:x": {}, "sim:d": { dim: 0 } };
    const layout = layoutOf({ axis: ["axis:x"], sim: ["sim:d"] }, { channels });
    expect(attributeAt(layout, "/1.1/instrument/x", "NX_class")).toBe("NXdetector");
  });

  test("may be declared in nexuswriter.devices", () => {
    const info = { nexuswriter: { devices: { "sim:p": { device_type: "positioner" } } } };
    const layout = layoutOf({ axis: ["axis:x"], sim: ["sim:p"] }, info);
    expect(attributeAt(layout, "/1.1/instrument/p", "NX_class")).toBe("NXpositioner");
    expect(valueAt(layout, "/1.1/instrument/positioners/p")).toBe("→ /1.1/instrument/p/value");
  });
});

describe("bad descriptions", () => {
  test("keep streams that no device lists, as detectors of the first entry", () => {
    const layout = layoutOf({ axis: ["axis:x"] }, {}, { stray: {} });
    expect(valueAt(layout, "/1.1/measurement/stray")).toBe("→ /1.1/instrument/stray/data");
    expect(layout.warnings.map((warning) => warning.message)).toEqual([expect.stringContaining('"stray"')]);
  });

  test("of any type never throw", () => {
    const odd: unknown[] = [null, 1, "x", [], {}, [null], { a: null }];
    const keys = [
      "acquisition_chain",
      "devices",
      "channels",
      "nexuswriter",
      "positioners",
      "display_extra",
      "comments",
    ];
    for (const key of [
      ...keys,
      "scan_meta_categories",
      "writer_options",
      "data_dim",
      "npoints",
      "title",
      "start_time",
    ]) {
      for (const value of odd) {
        const layout = layoutOf({ axis: ["axis:x"] }, { [key]: value });
        expect(JSON.stringify([...layout.files.keys()]), key).toBe(JSON.stringify([FILE]));
      }
    }
  });

  test("with names such as __proto__ make ordinary items", () => {
    const text = JSON.stringify(chainInfo({ axis: ["__proto__", "constructor"] })).replace(
      '"scan_meta_categories":[]',
      '"scan_meta_categories":["__proto__","toString"],"__proto__":{"polluted":1}',
    );
    const streams = JSON.parse('{"__proto__": {}, "constructor": {}}') as Record<string, object>;
    const layout = layoutFromScanInfo(scanOf(text, streams));
    expect(namesAt(layout, "/1.1/measurement")).toEqual(["__proto__", "constructor"]);
    expect(valueAt(layout, "/1.1/__proto__/polluted")).toBe(1);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

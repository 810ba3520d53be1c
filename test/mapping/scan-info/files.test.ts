import { describe, expect, test } from "vitest";
import { layoutFromScanInfo, saveDecision, scanFile } from "../../../src/mapping/scan-info/index.js";
import { nameBelow } from "../../../src/mapping/scan-info/saving.js";
import { attributeAt, chainInfo, FILE, layoutOf, namesAt, nodeAt, scanOf } from "./scan.js";

const AXIS = { axis: ["axis:x"] };
const saved = { save: true, data_writer: "external", filename: FILE };

describe("whether a scan is written", () => {
  test.each([
    [saved, { save: true, file: FILE }],
    [
      { ...saved, data_writer: "nexus" },
      { save: true, file: FILE },
    ],
    [
      { ...saved, save: false },
      { save: false, reason: "info.save is false, not true." },
    ],
    [
      { ...saved, save: undefined },
      { save: false, reason: "info.save is missing, not true." },
    ],
    [
      { ...saved, data_writer: "hdf5" },
      { save: false, reason: 'info.data_writer is "hdf5", not "external" or "nexus".' },
    ],
    [
      { ...saved, filename: null },
      { save: true, file: FILE },
    ],
  ])("%j", (info, expected) => {
    expect(saveDecision(scanOf(info))).toEqual(expected);
  });

  test("needs a file", () => {
    const source = scanOf({ ...saved, filename: "" });
    expect(saveDecision({ ...source, id: { ...source.id, path: "" } })).toMatchObject({ save: false });
  });

  test("may be limited to the writer's own scans", () => {
    expect(saveDecision(scanOf(saved), ["nexus"])).toMatchObject({ save: false });
  });
});

describe("the file of a scan", () => {
  const separate = (images_path: unknown) =>
    scanFile(scanOf({ ...saved, images_path, writer_options: { separate_scan_files: true } }));

  test("may be one per scan, in the folder of its images", () => {
    expect(separate("/data/sample/scan0001/{img_acq_device}_")).toBe("/data/sample/scan0001/bliss_master.h5");
    expect(separate("/data/sample/scan0003")).toBe("/data/sample/scan0003/bliss_master.h5");
    expect(separate("/data/sample/a/b/{x}/c")).toBe("/data/sample/a/b/bliss_master.h5");
  });

  test("is that of the dataset without images", () => {
    expect([separate(""), separate(null)]).toEqual([FILE, FILE]);
  });

  test.each([
    ["/data/sample/scan0001/c.h5", "scan0001/c.h5"],
    ["/data/other/c.h5", "/data/other/c.h5"],
    ["/data/sample/../sample2/c.h5", "/data/sample/../sample2/c.h5"],
    ["relative.h5", "relative.h5"],
    ["/data/sample/..hidden/c.h5", "..hidden/c.h5"],
  ])("names %s as %s", (file, name) => {
    expect(nameBelow(file, FILE)).toBe(name);
  });
});

describe("master files", () => {
  const layout = (info: Record<string, unknown>) => layoutOf(AXIS, info);
  const linksIn = (info: Record<string, unknown>, file: string) => {
    const made = layout(info);
    return Object.fromEntries(namesAt(made, "/", file).map((name) => [name, nodeAt(made, `/${name}`, file)]));
  };

  test("link to every entry, by level", () => {
    const masterfiles = {
      dataset: "/data/sample/ds.h5",
      proposal: "/data/prop.h5",
      inside: "/data/sample/sub/m.h5",
    };
    const info = { nexuswriter: { masterfiles } };
    expect(linksIn(info, "/data/sample/ds.h5")).toEqual({
      "1.1": { kind: "external_link", file: "./scan.h5", path: "/1.1" },
    });
    expect(linksIn(info, "/data/prop.h5")).toEqual({
      "scan_1.1": { kind: "external_link", file: "sample/scan.h5", path: "/1.1" },
    });
    expect(linksIn(info, "/data/sample/sub/m.h5")).toEqual({
      "scan_1.1": { kind: "external_link", file: "../scan.h5", path: "/1.1" },
    });
    expect(attributeAt(layout(info), "/", "NX_class", "/data/prop.h5")).toBe("NXroot");
    expect(attributeAt(layout(info), "/", "default", "/data/prop.h5")).toBeUndefined();
  });

  test("are not the scan's own file, nor relative", () => {
    const masterfiles = { dataset: FILE, proposal: "prop.h5", other: null };
    expect([...layout({ nexuswriter: { masterfiles } }).files.keys()]).toEqual([FILE]);
  });

  const SEPARATE = { images_path: "/data/sample/scan0001", writer_options: { separate_scan_files: true } };

  test("without nexuswriter are the file of the dataset, when the scan has its own", () => {
    const made = layout(SEPARATE);
    expect([...made.files.keys()]).toEqual(["/data/sample/scan0001/bliss_master.h5", FILE]);
    expect(nodeAt(made, "/1.1")).toEqual({
      kind: "external_link",
      file: "scan0001/bliss_master.h5",
      path: "/1.1",
    });
  });

  test("with an empty list in nexuswriter are none", () => {
    const made = layout({ ...SEPARATE, nexuswriter: { masterfiles: {} } });
    expect([...made.files.keys()]).toEqual(["/data/sample/scan0001/bliss_master.h5"]);
  });
});

describe("sequences", () => {
  const part = (scan_nb: number, filename: string, save = true) =>
    scanOf(chainInfo(AXIS, { scan_nb, filename, save }));
  const scans = [
    part(2, FILE),
    part(4, "/data/sample/other.h5"),
    part(5, "/data/x.h5", false),
    part(6, "/data/far.h5"),
  ];
  const info = chainInfo({ group: ["group:numbers", "group:scans"] });
  const layout = layoutFromScanInfo(
    scanOf(info, { "group:numbers": {}, "group:scans": { plugin: "scan_sequence", scans } }),
  );

  test("link to their scans in other files, if these are saved", () => {
    expect(namesAt(layout, "/")).toEqual(["1.1", "4.1", "6.1"]);
    expect(nodeAt(layout, "/4.1")).toEqual({ kind: "external_link", file: "./other.h5", path: "/4.1" });
    expect(nodeAt(layout, "/6.1")).toEqual({ kind: "external_link", file: "../far.h5", path: "/6.1" });
  });

  test("leave no dataset for the references", () => {
    expect(namesAt(layout, "/1.1/measurement")).toEqual(["numbers"]);
  });
});

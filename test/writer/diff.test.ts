import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { compareFiles } from "../../src/writer/compare/compare-files.js";
import type { CompareOptions, Difference } from "../../src/writer/compare/differences.js";
import { runCli } from "../support/cli.js";
import { runPython } from "../support/python.js";

let root: string;
const path = (name: string) => join(root, `${name}.h5`);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "nxlive-diff-"));
  await runPython(MAKE, [root]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** One file as it should be, and one for each way to differ from it. */
const MAKE = `
import sys, h5py, numpy as np
def make(name, change=lambda f: None):
    with h5py.File(f"{sys.argv[1]}/{name}.h5", "w", track_order=True) as f:
        f.attrs["file_time"] = name
        f.attrs["NX_class"] = "NXroot"
        entry = f.create_group("1.1")
        entry.attrs["NX_class"] = "NXentry"
        entry["title"] = "a scan"
        entry["data"] = np.arange(100000, dtype="<f8")
        entry["data"].attrs["units"] = "V"
        entry["gap"] = np.array([1.0, np.nan])
        entry["record"] = np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")])
        entry["link"] = h5py.SoftLink("/1.1/data")
        entry["other"] = h5py.ExternalLink("other.h5", "/x")
        change(f)
def replace(path, value):
    def change(f):
        del f[path]
        f[path] = value
    return change
def attribute(path, name, value):
    def change(f):
        f[path].attrs[name] = value
    return change
def remove(path):
    def change(f):
        del f[path]
    return change
make("same")
make("again")
make("value", lambda f: f["1.1/data"].__setitem__(slice(70000, 70002), -1))
make("dtype", replace("1.1/gap", np.array([1.0, np.nan], dtype="<f4")))
make("shape", replace("1.1/gap", np.array([1.0])))
make("missing", remove("1.1/title"))
make("extra", replace("1.1/record", h5py.SoftLink("/nowhere")))
make("link", replace("1.1/link", h5py.SoftLink("/1.1/gap")))
make("attribute", attribute("1.1/data", "units", "mV"))
make("record", replace("1.1/record", np.array([(1, 3.5)], dtype=[("a", "<i4"), ("b", "<f8")])))
def chunked(f):
    del f["1.1/gap"]
    f.create_dataset("1.1/gap", data=[1.0, np.nan], chunks=(2,), compression="gzip")
make("storage", chunked)
make("integers", replace("1.1/gap", np.array([2**60, 2])))
make("numbers", replace("1.1/gap", np.array([2**60, 3])))
make("gapless", replace("1.1/gap", np.array([1.0, 2.0])))
def times(f):
    h5py.h5d.create(f.id, b"times", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((2,)))
make("times", times)
np.arange(4, dtype="<u2").tofile(f"{sys.argv[1]}/raw.bin")
np.arange(4, dtype="<u2").tofile(f"{sys.argv[1]}/copy.bin")
def raw(*files):
    def change(f):
        f.create_dataset("1.1/raw", (2,), "<u2", external=files)
    return change
make("raw", raw(("raw.bin", 0, 4)))
make("raw again", raw(("raw.bin", 0, 4)))
make("raw copy", raw(("copy.bin", 0, h5py.h5f.UNLIMITED)))
make("raw later", raw(("raw.bin", 4, 4)))
make("raw gone", lambda f: (raw(("gone.bin", 0, 4))(f), f["1.1"].create_dataset("zero", data=0)))
`;

async function differences(name: string, options: CompareOptions = {}, from = "same"): Promise<Difference[]> {
  await using a = await openHdf5Reader(path(from));
  await using b = await openHdf5Reader(path(name));
  const found: Difference[] = [];
  for await (const difference of compareFiles(a, b, options)) found.push(difference);
  return found;
}

describe("comparing two files", () => {
  test("finds nothing in files of the same content, whatever the clock says", async () => {
    expect(await differences("again")).toEqual([]);
  });

  test("shows attributes of the clock when asked to", async () => {
    expect(await differences("again", { volatile: true })).toMatchObject([
      { path: "/@file_time", what: "value" },
    ]);
  });

  test.each([
    ["value", "/1.1/data", "value", "A has 70000 at [70000], B has -1; 2 values differ."],
    ["dtype", "/1.1/gap", "dtype", "A has <f8, B has <f4."],
    ["shape", "/1.1/gap", "shape", "A has shape (2), B has shape (1)."],
    ["missing", "/1.1/title", "missing", "A has a dataset here, B has nothing."],
    ["extra", "/1.1/record", "kind", "A has a dataset, B a soft link."],
    ["link", "/1.1/link", "link", "A points to /1.1/data, B to /1.1/gap."],
    ["attribute", "/1.1/data@units", "value", 'A has "V", B has "mV".'],
    ["record", "/1.1/record", "value", 'A has {"a":1,"b":2.5} at [0], B has {"a":1,"b":3.5}.'],
  ])("shows a different %s", async (name, at, what, message) => {
    expect(await differences(name)).toEqual([{ path: at, what, message }]);
  });

  test("shows numbers as numbers, whatever their size", async () => {
    expect(await differences("numbers", {}, "integers")).toMatchObject([
      { message: "A has 2 at [1], B has 3." },
    ]);
    expect(await differences("gapless")).toMatchObject([{ message: "A has NaN at [1], B has 2." }]);
  });

  test("does not call the same what it cannot read", async () => {
    expect(await differences("times", {}, "times")).toMatchObject([
      { path: "/times", what: "unknown", message: expect.stringContaining("Cannot be compared") },
    ]);
  });

  test("shows which raw files datasets are made of, and what these hold", async () => {
    const at = "/1.1/raw";
    expect(await differences("raw again", {}, "raw")).toEqual([]);
    const message = "A is made of 4 bytes of raw.bin from 0 on, B of all bytes of copy.bin from 0 on.";
    expect(await differences("raw copy", {}, "raw")).toEqual([{ path: at, what: "sources", message }]);
    expect(await differences("raw later", {}, "raw")).toMatchObject([
      { path: at, what: "sources" },
      { path: at, what: "value", message: "A has 0 at [0], B has 2; 2 values differ." },
    ]);
  });

  test("goes on behind data that cannot be read", async () => {
    expect(await differences("raw gone", {}, "raw gone")).toMatchObject([
      { path: "/1.1/raw", what: "unknown", message: expect.stringContaining("external raw data file") },
    ]);
    expect(await differences("raw gone", {}, "raw")).toMatchObject([
      { path: "/1.1/raw", what: "sources" },
      { path: "/1.1/raw", what: "unknown" },
      { path: "/1.1/zero", what: "extra" },
    ]);
  });

  test("leaves storage out unless asked for", async () => {
    expect(await differences("storage")).toEqual([]);
    const [first] = await differences("storage", { storage: true });
    expect(first).toMatchObject({ path: "/1.1/gap", what: "storage" });
  });
});

describe("nxlive diff", () => {
  test("ends with 0 for files of the same content", async () => {
    const { code, stdout } = await runCli(["diff", path("same"), path("again")]);
    expect(code).toBe(0);
    expect(stdout).toContain("hold the same");
  });

  test("ends with 1 and a line per difference", async () => {
    const { code, stdout } = await runCli(["diff", "--json", path("same"), path("attribute")]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      path: "/1.1/data@units",
      what: "value",
      message: 'A has "V", B has "mV".',
    });
  });

  test("names a file that is not there", async () => {
    const { code, stderr } = await runCli(["diff", path("same"), path("nowhere")]);
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere.h5");
  });
});

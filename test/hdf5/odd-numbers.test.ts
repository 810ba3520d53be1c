import { describe, expect, test } from "vitest";
import { jsonValue } from "../../src/cli/json-values.js";
import { oddNumbers } from "../../src/hdf5/format/odd-numbers.js";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { File } from "../../src/index.js";
import { wholeAxis } from "../../src/ndarray/take.js";
import { runPython } from "../support/python.js";
import { temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

/** Numbers whose bits do not fill their bytes as in a processor's, plain and within other types, and good ones beside them. */
const MAKE = `
import h5py, numpy, sys
from h5py import h5a, h5d, h5s, h5t
f = h5py.File(sys.argv[1], "w", libver=sys.argv[2])
signed = h5t.STD_I16LE.copy(); signed.set_precision(12)
moved = h5t.STD_U16LE.copy(); moved.set_precision(12); moved.set_offset(4)
unsigned = h5t.STD_U16LE.copy(); unsigned.set_precision(12)
bfloat = h5t.IEEE_F32LE.copy(); bfloat.set_fields(15, 7, 8, 0, 7); bfloat.set_precision(16); bfloat.set_size(2); bfloat.set_ebias(127)
wide = h5t.IEEE_F32LE.copy(); wide.set_size(8)
compound = h5t.create(h5t.COMPOUND, 10); compound.insert(b"a name", 0, h5t.IEEE_F64LE); compound.insert(b"b", 8, signed)
good = h5t.py_create(numpy.dtype([("text", "S3"), ("x", "<i4", (2,)), ("flag", "?"), ("c", "<c8"), ("o", "V2")]), logical=True)
types = dict(signed=signed, moved=moved, unsigned=unsigned, bfloat=bfloat, wide=wide, compound=compound, good=good, array=h5t.array_create(signed, (2,)))
for name, type in types.items():
    data = h5d.create(f.id, name.encode(), type, h5s.create_simple((2,)))
    if name in ("signed", "unsigned"):
        data.write(h5s.ALL, h5s.ALL, numpy.array([1, 2047], "<i2"))
signed.commit(f.id, b"committed type")
h5d.create(f.id, b"committed", signed, h5s.create_simple((2,)))
for group in (f.create_group("few"), f.create_group("many")):
    h5a.create(group.id, b"bfloat", bfloat, h5s.create_simple((2,)))
    a = h5a.create(group.id, b"values", unsigned, h5s.create_simple((2,)))
    a.write(numpy.array([1, 2047], "<u2"))
    odd = h5t.STD_I16LE.copy(); odd.set_precision(12)
    a = h5a.create(group.id, b"negative", odd, h5s.create_simple((2,)))
    a.write(numpy.array([-1, 5], "<i2"))
    a = h5a.create(group.id, b"committed", signed, h5s.create_simple((1,)))
    a.write(numpy.array([-2], "<i2"))
    a = h5a.create(group.id, b"record", compound, h5s.create_simple((1,)))
    group.attrs["good"] = [-1.5, 2]
    group.attrs["text"] = "yes"
for i in range(30): f["many"].attrs[f"more{i}"] = i
f["texts"] = ["a", "b"]
f["enum"] = numpy.zeros(2, h5py.enum_dtype({"RED": 0, "longer name": 1}))
f.close()`;

describe.each(["earliest", "v108", "latest"])("numbers that no processor has, libver %s", (libver) => {
  test("are refused instead of being read as others, and all else is read", async () => {
    const path = folder(`${libver}.h5`);
    await runPython(MAKE, [path, libver]);
    const reader = await openHdf5Reader(path);
    for (const name of ["signed", "moved", "bfloat", "wide", "compound", "array", "committed"]) {
      expect(await reader.describe(`/${name}`)).toMatchObject({ kind: "other" });
      await expect(reader.read(`/${name}`, [wholeAxis(2)])).rejects.toMatchObject({
        code: "ERR_HDF5_UNSUPPORTED",
      });
    }
    await reader.close();
    await using file = await File.open(path);
    expect((await file.get("/unsigned").slice()).toNested()).toEqual([1, 2047]);
    expect((await file.get("/texts").slice()).toNested()).toEqual(["a", "b"]);
    expect((await file.get("/enum").slice()).toNested()).toEqual([0, 0]);
    expect((await file.get("/good").slice()).size).toBe(2);
    await expect(file.get("/signed")).rejects.toThrow(/integers of 12 bits in 2 bytes, which cannot be read/);
  });

  test.each(["few", "many"])("come as bytes in attributes, beside those of all others: %s", async (group) => {
    const path = folder(`${libver} ${group}.h5`);
    await runPython(MAKE, [path, libver]);
    await using file = await File.open(path);
    const attributes = await file.get(`/${group}`).attrs.all();
    const dtypes = ["negative", "committed", "bfloat", "values", "good"].map(
      (name) => attributes.get(name)?.dtype,
    );
    expect(dtypes).toEqual(["|V2", "|V2", "|V2", "<u2", "<f8"]);
    expect(attributes.get("negative")?.data).toEqual([Uint8Array.of(0xff, 0x0f), Uint8Array.of(5, 0)]);
    expect(attributes.get("committed")?.data).toEqual([Uint8Array.of(0xfe, 0x0f)]);
    expect(attributes.get("record")?.dtype).toEqual([
      ["a name", "|V8"],
      ["b", "|V2"],
    ]);
    expect(jsonValue(await file.get(`/${group}`).attrs.get("values"))).toEqual([1, 2047]);
    expect(jsonValue(await file.get(`/${group}`).attrs.get("good"))).toEqual([-1.5, 2]);
    expect(await file.get(`/${group}`).attrs.get("text")).toBe("yes");
  });
});

test("damaged types are a RangeError", () => {
  expect(() => oddNumbers(Uint8Array.of(0x16, 200, 0, 0, 8, 0, 0, 0))).toThrow(RangeError);
});

import { expect, test } from "vitest";
import { jsonValue } from "../../src/cli/json-values.js";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { File } from "../../src/index.js";
import { wholeAxis } from "../../src/ndarray/take.js";
import { runPython } from "../support/python.js";
import { temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

const MAKE_ENUMS = `
import h5py, numpy, sys
from h5py import h5a, h5d, h5s, h5t
file = h5py.File(sys.argv[1], "w")
def create(name, base, numpy_type, names=(b"FALSE", b"TRUE")):
    type = h5t.enum_create(base)
    for value, text in enumerate(names): type.enum_insert(text, value)
    values = numpy.array([0, 1, 1], numpy_type)
    h5d.create(file.id, name.encode(), type, h5s.create_simple((3,))).write(h5s.ALL, h5s.ALL, values, mtype=type)
    h5a.create(file.id, name.encode(), type, h5s.create_simple((3,))).write(values, mtype=type)
create("i1", h5t.STD_I8LE, "i1")
create("i2", h5t.STD_I16LE, "<i2")
create("u4 big-endian", h5t.STD_U32BE, ">u4")
create("i8", h5t.STD_I64LE, "<i8")
create("others", h5t.STD_I16LE, "<i2", (b"NO", b"YES"))
file.create_dataset("compound", data=numpy.array([(1, True), (2, False)], [("a", "<i4"), ("b", "?")]))
import json
print(json.dumps({name: [str(file[name].dtype), file[name][()].tolist(), file.attrs[name].tolist()] for name in file.attrs}))
`;

test("enums of FALSE and TRUE are bool, whatever integers they are stored as, as h5py has it", async () => {
  const path = folder("enums.h5");
  const expected = JSON.parse(await runPython(MAKE_ENUMS, [path])) as Record<
    string,
    [string, unknown[], unknown[]]
  >;
  await using file = await File.open(path);
  for (const [name, [dtype, values, attribute]] of Object.entries(expected)) {
    const dataset = await file.get(`/${name}`).dataset();
    expect([name, dataset.dtype]).toEqual([name, dtype === "bool" ? "|b1" : "<i2"]);
    expect(jsonValue(await dataset.slice())).toEqual(values);
    expect(jsonValue(await dataset.slice(null, null, -2))).toEqual([values[2], values[0]]);
    expect(jsonValue(await file.attrs.get(name))).toEqual(attribute);
  }
  expect(Object.values(expected).filter(([dtype]) => dtype === "bool")).toHaveLength(4);
  expect(jsonValue(await file.get("/compound").slice())).toEqual([
    { a: 1, b: true },
    { a: 2, b: false },
  ]);
});

const MAKE_TEXTS = `
import h5py, numpy, sys
file = h5py.File(sys.argv[1], "w")
file["fixed"] = numpy.array(["Angström µm".encode("latin-1"), "Ångström".encode(), "größer".encode()[:4], b"plain"], "S14")
file["cut"] = numpy.array(["größe µ".encode()], "S9")
file["any length"] = numpy.array(["Temperatur °C".encode("latin-1"), "°C".encode()], h5py.string_dtype("ascii"))
file["fixed"].attrs["units"] = numpy.bytes_("°".encode("latin-1"))
file.attrs.create("creator", "Müller".encode("latin-1"), dtype=h5py.string_dtype("ascii"))
`;

test("texts that are no UTF-8 are taken for Latin-1, so that nothing is lost", async () => {
  const path = folder("texts.h5");
  await runPython(MAKE_TEXTS, [path]);
  await using file = await File.open(path);
  const fixed = jsonValue(await file.get("/fixed").slice());
  expect(fixed).toEqual(["Angström µm", "Ångström", "grö", "plain"]);
  expect(jsonValue(await file.get("/any length").slice())).toEqual(["Temperatur °C", "°C"]);
  expect(await file.get("/fixed").attrs.get("units")).toBe("°");
  expect(await file.attrs.get("creator")).toBe("Müller");
  // UTF-8 that NumPy cut within a character stays UTF-8.
  expect(jsonValue(await file.get("/cut").slice())).toEqual(["größe \ufffd"]);
});

const MAKE_NAMES = `
import h5py, numpy, sys
from h5py import h5a, h5s, h5t
file = h5py.File(sys.argv[1], "w", libver=sys.argv[2])
file.attrs["units"] = "mm"
file.attrs["größe"] = 5
h5a.create(file.id, "µ".encode("latin-1"), h5t.IEEE_F64LE, h5s.create(h5s.SCALAR)).write(numpy.array(2.5))
type = h5t.STD_I16LE.copy(); type.set_precision(12)
h5a.create(file.id, "é".encode("latin-1"), type, h5s.create(h5s.SCALAR)).write(numpy.array(-1, "<i2"))
for i in range(int(sys.argv[3])): file.attrs[f"a{i}"] = i
`;

test.each([
  ["earliest", 0],
  ["v108", 20],
  ["latest", 0],
  ["latest", 20],
])("attributes whose names are no UTF-8 do not disturb the others: %s, %i more", async (libver, more) => {
  const path = folder(`names ${libver} ${more}.h5`);
  await runPython(MAKE_NAMES, [path, libver, String(more)]);
  await using file = await File.open(path);
  const found = Object.fromEntries(await file.attrs.items());
  expect(found).toMatchObject({ units: "mm", größe: 5n, µ: 2.5, é: Uint8Array.of(0xff, 0x0f) });
  expect(Object.keys(found)).toHaveLength(4 + more);
});

test("reading beyond a dataset is refused", async () => {
  const path = folder("beyond.h5");
  await runPython(
    `
import h5py, numpy, sys
file = h5py.File(sys.argv[1], "w")
file["block"] = numpy.ones((3, 4))
file.create_dataset("chunks", data=numpy.ones((3, 4)), chunks=(2, 2), compression="lzf")
file["arrays"] = numpy.ones(3, [("a", "<i4", (4,))])["a"]
`,
    [path],
  );
  await using reader = await openHdf5Reader(path);
  for (const name of ["/block", "/chunks", "/arrays"]) {
    const refused = {
      code: "ERR_INVALID_ARGUMENT",
      message: expect.stringContaining(`${name} of shape [3,4]`),
    };
    await expect(reader.read(name, [wholeAxis(4), wholeAxis(4)])).rejects.toMatchObject(refused);
    await expect(reader.read(name, [wholeAxis(3), { ...wholeAxis(3), start: 2 }])).rejects.toMatchObject(
      refused,
    );
    await expect(
      reader.read(name, [{ ...wholeAxis(4), start: 2, step: -1 }, wholeAxis(4)]),
    ).rejects.toMatchObject(refused);
    expect((await reader.read(name, [{ ...wholeAxis(0), start: 9 }, wholeAxis(4)])).shape).toEqual([0, 4]);
    expect((await reader.read(name, [wholeAxis(3), wholeAxis(4)])).shape).toEqual([3, 4]);
  }
});

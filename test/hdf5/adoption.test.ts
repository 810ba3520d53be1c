import { copyFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { doubles, dump, h5py, hasTool, range, run, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();

/** Files of the C library: by version bounds, tracking of creation order, and number of children and attributes. */
const MADE = ["earliest", "v110", "latest", "v108"].flatMap((libver) =>
  [false, true].flatMap((tracked) => [0, 5, 300].map((children) => ({ libver, tracked, children }))),
);

function made({ libver, tracked, children }: (typeof MADE)[number]): string {
  return folder(`made-${libver}-${tracked}-${children}.h5`);
}

beforeAll(async () => {
  for (const kind of MADE) {
    const { libver, tracked, children } = kind;
    await h5py(
      made(kind),
      `
with h5py.File(path, "w", libver=("earliest" if "${libver}" == "earliest" else "${libver}", "latest"), track_order=${tracked ? "True" : "False"}) as f:
    for i in range(${children}):
        f.create_group(f"g{(i * 7) % ${children || 1}}").attrs["n"] = i
        f.attrs[f"a{(i * 3) % ${children || 1}}"] = f"text {i}"
    f["data"] = np.arange(10.0)
    f["data"].attrs["units"] = "mm"
    f["grow"] = h5py.SoftLink("/data")
    f["outside"] = h5py.ExternalLink("x.h5", "/y")
    sub = f.create_group("sub")
    sub["inner"] = np.arange(5)
    d = f.create_dataset("chunked", data=np.arange(25.0), maxshape=(None,), chunks=(10,), compression="gzip", shuffle=True)
`,
    );
  }
});

describe.each(MADE)(
  "a file of the C library ($libver, order tracked: $tracked, $children children)",
  (kind) => {
    test("keeps all it had and takes what is new, at the root and below", async () => {
      const path = folder("adopted.h5");
      copyFileSync(made(kind), path);
      const before = await dump(path);
      {
        await using file = await openHdf5(path);
        await file.createGroup("/new", new Map([["NX_class", text("NXentry")]]));
        await file.createDataset("/new/values", doubles([1, 2]));
        await file.setAttributes("/", new Map([["stamp", text("ours")]]));
        await file.commit();
        await file.createDataset("/sub/added", doubles([3]));
        await file.setAttributes("/data", new Map([["more", text("yes")]]));
      }
      const after = await dump(path);
      const [root, sub, data] = [before.at("/"), before.at("/sub"), before.at("/data")];
      const { "/": _root, "/sub": _sub, "/data": _data, ...others } = before.items;
      expect(after.items).toMatchObject(others);
      expect(after.at("/").children).toEqual([...root.children, "new"]);
      expect(after.at("/").attributes).toEqual({
        ...root.attributes,
        stamp: { dtype: "str", shape: [], value: ["ours"] },
      });
      expect(after.at("/sub").children).toEqual([...sub.children, "added"]);
      expect(after.at("/data").value).toBe(data.value);
      expect(Object.keys(after.at("/data").attributes)).toEqual(["units", "more"]);
      const surgery = `
with h5py.File(path, "r+") as f:
    del f["new/values"]; f["new/again"] = np.arange(3); f.attrs["third"] = 3; f.move("sub", "moved"); f["new/deep/er"] = 1
with h5py.File(path) as f: print(list(f["new"]), f.attrs["third"], list(f["moved"]), f["data"][:].sum())`;
      expect(await h5py(path, surgery)).toBe("['again', 'deep'] 3 ['inner', 'added'] 45.0");
    });
  },
);

test("a chunked dataset of h5py grows on", async () => {
  const path = folder("grows.h5");
  copyFileSync(made({ libver: "earliest", tracked: false, children: 5 }), path);
  {
    await using file = await openHdf5(path);
    const dataset = await file.openGrowing("/chunked");
    expect(dataset.length).toBe(25);
    await dataset.append(range(25, 100));
    await file.commit();
    expect(
      await h5py(path, "d = h5py.File(path)['chunked']; print(len(d), bool((d[:] == np.arange(125)).all()))"),
    ).toBe("125 True");
    await dataset.append(range(125, 1000));
  }
  expect(
    await h5py(path, "d = h5py.File(path)['chunked']; print(len(d), bool((d[:] == np.arange(1125)).all()))"),
  ).toBe("1125 True");
});

test("a chunked dataset with an index of HDF5 1.10 is refused, and stays as it is", async () => {
  const path = folder("refused.h5");
  copyFileSync(made({ libver: "latest", tracked: false, children: 5 }), path);
  const before = await dump(path);
  {
    await using file = await openHdf5(path);
    await expect(file.openGrowing("/chunked")).rejects.toMatchObject({
      code: "ERR_HDF5_UNSUPPORTED",
      path: "/chunked",
    });
  }
  expect((await dump(path)).items).toEqual(before.items);
});

test("a file of ours survives h5py's surgery, and goes on afterwards", async () => {
  const path = folder("surgery.h5");
  {
    await using file = await openHdf5(path);
    for (let i = 0; i < 40; i++) {
      await file.createGroup(
        `/g${i}`,
        new Map(Array.from({ length: 12 }, (_, k) => [`a${k}`, text(`${i}`)])),
      );
    }
    const grow = await file.createGrowing(
      "/grow",
      { dtype: "<f8", rowShape: [] },
      { chunks: [10], contiguousBelow: 0, gzip: 1 },
    );
    await grow.append(range(0, 95));
  }
  await h5py(
    path,
    `
with h5py.File(path, "r+") as f:
    for i in range(0, 40, 3): del f[f"g{i}"]
    for i in range(1, 40, 3): f.move(f"g{i}", f"renamed{i}")
    for i in range(2, 40, 3):
        f[f"g{i}"].attrs["a3"] = "x" * 1000
        f[f"g{i}"].attrs["extra"] = i
        f[f"g{i}/sub/deep"] = np.arange(i)
    f["grow"].resize((150,)); f["grow"][95:] = np.arange(95, 150)
    f["grow"].resize((120,))`,
  );
  {
    await using file = await openHdf5(path);
    const grow = await file.openGrowing("/grow");
    await grow.append(range(120, 80));
    await file.createGroup("/g2/sub/ours", new Map([["n", text("new")]]));
    await file.setAttributes("/renamed4", new Map([["a5", text("changed")]]));
    await file.commit();
  }
  const seen = await h5py(
    path,
    "f = h5py.File(path); d = f['grow'][:]; print(len(d), bool((d == np.arange(200)).all()), list(f['g2/sub']), f['renamed4'].attrs['a5'], f['g5'].attrs['a3'] == 'x' * 1000, len(f['g5'].attrs), len(f))",
  );
  expect(seen).toBe("200 True ['deep', 'ours'] changed True 13 27");
});

describe("the HDF5 tools", async () => {
  const tools = (await hasTool("h5dump")) && (await hasTool("h5repack"));
  if (!tools) {
    test("are not installed here: h5dump and h5repack were not tried", () => expect(tools).toBe(false));
    return;
  }
  test("dump and repack our files", async () => {
    const path = folder("tools.h5");
    {
      await using file = await openHdf5(path);
      await file.createGroup("/g", new Map([["NX_class", text("NXdata")]]));
      await file.createDataset("/g/x", doubles([1, 2, 3]), { gzip: 4, shuffle: true });
      const grow = await file.createGrowing("/g/grow", { dtype: "<f8", rowShape: [3] });
      await grow.append(range(0, 30));
      await file.commit();
      expect(await run("h5dump", ["-H", path])).toContain('DATASET "grow"');
    }
    expect(await run("h5dump", [path])).toContain("(9,0): 27, 28, 29");
    await run("h5repack", ["-f", "GZIP=1", path, folder("repacked.h5")]);
    const value = ["/g/x", "/g/grow"].map((name) => [name, expect.anything()]);
    const [ours, repacked] = [await dump(path), await dump(folder("repacked.h5"))];
    for (const [name] of value) expect(repacked.at(String(name)).value).toBe(ours.at(String(name)).value);
  });

  test("make the copy that is asked for of a file with its own file space strategy", async () => {
    const path = folder("paged.h5");
    await h5py(path, "f = h5py.File(path, 'w', fs_strategy='page', fs_persist=True); f['x'] = 1; f.close()");
    const refusal = await openHdf5(path).then(String, (error: Error) => error.message);
    const [, options = ""] = /"h5repack ([^"]*)"/.exec(refusal) ?? [];
    await run("h5repack", [...options.split(" "), path, folder("plain.h5")]);
    await using file = await openHdf5(folder("plain.h5"));
    expect(await file.list("/")).toEqual(["x"]);
  });
});

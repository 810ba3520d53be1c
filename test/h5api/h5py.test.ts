import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonValue } from "../../src/cli/json-values.js";
import { type Dataset, File, NdArray, parseSelection } from "../../src/index.js";
import { temporaryFolder } from "../hdf5/support/files.js";
import { runPython } from "../support/python.js";

interface SliceRow {
  readonly path: string;
  readonly slice: string;
  readonly shape?: number[];
  readonly values?: unknown;
  readonly error?: boolean;
}

interface Fact {
  readonly path: string;
  readonly shape: number[] | null;
  readonly maxshape: (number | null)[] | null;
  readonly ndim: number;
  readonly size: number | null;
  readonly chunks: number[] | null;
}

/** What h5py answers on the same file: made by make_tables.py. */
interface Tables {
  readonly slices: SliceRow[];
  readonly facts: Fact[];
  readonly attributes: { path: string; name: string; shape: number[] | null; value: unknown }[];
  readonly links: { path: string; kind: string; target: string | null; there: boolean }[];
  readonly keys: Record<string, string[]>;
  readonly visit: string[];
}

const newPath = temporaryFolder();
const folder = fileURLToPath(new URL("../../fixtures/h5api/", import.meta.url));
const tables = JSON.parse(readFileSync(`${folder}tables.json`, "utf8")) as Tables;
let file: File;

beforeAll(async () => {
  file = await File.open(`${folder}tables.h5`);
});
afterAll(() => file.close());

describe("as h5py answers", () => {
  test.each(tables.slices)("$path[$slice]", async ({ path, slice, shape, values, error }) => {
    const dataset = await file.get(path).dataset();
    const selections = slice === "" ? [] : parseSelection(slice);
    if (error) {
      const code = expect.stringMatching(/^ERR_(INVALID_ARGUMENT|INDEX_WONT_BE_THERE)$/);
      await expect(dataset.select(selections)).rejects.toMatchObject({ code });
      return;
    }
    const array = await dataset.select(selections);
    expect(array.shape).toEqual(shape);
    expect(jsonValue(array)).toEqual(values);
  });

  test.each(tables.facts)("shape, maxshape, ndim, size and chunks of $path", async (fact) => {
    const dataset = (await file.get(fact.path)) as Dataset;
    const { maxshape, ndim, chunks } = dataset;
    const [shape, size] = [await dataset.shape(), await dataset.size()];
    expect({ path: fact.path, shape, maxshape, ndim, size, chunks }).toEqual(fact);
  });

  test.each(tables.attributes)("the attribute $name of $path", async ({ path, name, shape, value }) => {
    const found = await file.get(path).attrs.get(name);
    if (shape === null) expect(found).toBeNull();
    else expect(jsonValue(found)).toEqual(value);
    if (found instanceof NdArray) expect(found.shape).toEqual(shape);
  });

  test.each(tables.links)("$path is a $kind link", async ({ path, kind, target, there }) => {
    const link = await file.get(path, { link: true });
    expect(link.kind).toBe(kind);
    if (link.kind !== "hard") expect(link.path).toBe(target);
    expect(await file.has(path)).toBe(there);
  });

  test.each(Object.keys(tables.keys))("the names in %s, in their order", async (path) => {
    expect(await file.get(path).keys()).toEqual(tables.keys[path]);
  });

  test("visiting goes through everything in the order of the file, without following links", async () => {
    const visited: string[] = [];
    await file.get("/2.1").visit((name) => {
      visited.push(name);
    });
    expect(new Set(visited)).toEqual(new Set(tables.visit)); // h5py goes by name
    expect(visited.slice(0, 2)).toEqual(["title", "vector"]);
  });
});

describe("where h5py has no word", () => {
  test("a dangling link is an error that names the link, a circle shows its steps", async () => {
    await expect(file.get("/2.1/dangling")).rejects.toMatchObject({
      code: "ERR_BROKEN_LINK",
      chain: ["/2.1/dangling → /nowhere"],
    });
    await expect(file.get("/2.1/loop")).rejects.toMatchObject({
      code: "ERR_LINK_CYCLE",
      chain: ["/2.1/loop → loop2", "/2.1/loop2 → loop", "/2.1/loop → loop2"],
    });
    await expect(file.get("/2.1/lost")).rejects.toThrow(/missing\.h5, which is neither in Redis nor on disk/);
  });

  test("a scalar has its value, no length and no iteration; Empty is null", async () => {
    expect(await file.get("/2.1/scalar").value()).toBe(42.5);
    expect(await file.get("/2.1/empty").value()).toBeNull();
    await expect(file.get("/2.1/scalar").length()).rejects.toMatchObject({ code: "ERR_WRONG_KIND" });
    await expect(file.get("/2.1/empty").slice()).rejects.toThrow(/null dataspace/);
  });

  test("an index behind the end is the error that it is on live datasets", async () => {
    for (const path of ["/2.1/vector", "/2.1/texts", "/2.1/image", "/2.1/none"]) {
      const dataset = await file.get(path).dataset();
      const index = await dataset.length();
      await expect(dataset.at(index)).rejects.toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE", index });
    }
    await expect(file.get("/2.1/vector").at(-11)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    await expect(file.get("/2.1/scalar").at(0)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
  });

  test("more than memory can hold is an error that names the dataset and the way out", async () => {
    const path = newPath("huge.h5");
    await runPython(
      `
import h5py, sys
with h5py.File(sys.argv[1], "w") as f:
    f.create_dataset("huge", shape=(2**40, 2), dtype="f8", chunks=(1000, 2))[2**39, 1] = 7`,
      [path],
    );
    await using huge = await File.open(path);
    await expect(huge.get("/huge").value()).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: expect.stringMatching(/huge\.h5::\/huge: 2199023255552 elements .* slice\(\) or blocks\(\)/),
    });
    expect((await huge.get("/huge").slice([2 ** 39, 2 ** 39 + 1])).toNested()).toEqual([[0, 7]]);
  });

  test("paths without an entry are looked for in the default entry, groups give their signal", async () => {
    expect((await file.get("/instrument/detector").slice(1, 3)).toNested()).toEqual([1, 2]);
    expect(await file.get("title").value()).toBe("scan 2.1");
    await expect(file.get("/2.1/instrument").slice()).rejects.toMatchObject({ code: "ERR_WRONG_KIND" });
  });

  test("points and blocks of a dataset on disk come in order, from anywhere", async () => {
    const dataset = await file.get("/2.1/chunked").dataset();
    const rows: number[][] = [];
    for await (const block of dataset.blocks({ from: 3, maxPoints: 20 }))
      rows.push([block.index, block.length]);
    expect(rows).toEqual([
      [3, 20],
      [23, 20],
      [43, 7],
    ]);
    const last: unknown[] = [];
    for await (const value of file.get("/2.1/vector").points({ from: -2 })) last.push(value);
    expect(last).toEqual([12, 13.5]);
  });

  test("a closed file refuses every use", async () => {
    const other = await File.open(`${folder}tables.h5`);
    const dataset = await other.get("/2.1/vector").dataset();
    await other.close();
    await other.close();
    await expect(dataset.slice()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await expect(other.keys()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });
});

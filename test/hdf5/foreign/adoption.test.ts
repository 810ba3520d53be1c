import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { openHdf5 } from "../../../src/hdf5/open.js";
import type { Hdf5Writer } from "../../../src/hdf5/writer-api.js";
import type { RawArray } from "../../../src/ndarray/raw.js";
import { runPythonFile } from "../../support/python.js";
import { h5py, range, temporaryFolder, text } from "../support/files.js";

type Link = readonly [name: string, kind: string, ...of: unknown[]];
interface Described {
  readonly links: readonly Link[];
  readonly attributes: Readonly<Record<string, unknown>>;
}
type Descriptions = Readonly<Record<string, Readonly<Record<"root" | "zz", Described>>>>;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const inFolder = temporaryFolder();
/** Files of the C library: every storage of links and attributes, with 0 to 500 children; `zz` is a group in each. */
let names: readonly string[];
let before: Descriptions;
let written: Descriptions;
let operated: Descriptions;
let continued: Descriptions;

beforeAll(async () => {
  const folder = inFolder("");
  await runPythonFile(here("make_files.py"), [folder, "0", "5", "500"]);
  names = (await readdir(folder)).filter((name) => name.endsWith(".h5")).sort();
  before = await python("describe");
  for (const name of names) await write(inFolder(name));
  written = await python("describe");
  operated = await python("operate");
  for (const name of names) await goOn(inFolder(name));
  continued = await python("describe");
}, 120_000);

async function python(what: "describe" | "operate"): Promise<Descriptions> {
  const paths = names.map((name) => join(inFolder(""), name));
  return JSON.parse(await runPythonFile(here("surgery.py"), [what, ...paths])) as Descriptions;
}

const GROUPS = ["", "/zz"];

/** What a writer does in a file that it meets: a scan's group, data that grow, something replaced. */
async function write(path: string): Promise<void> {
  await using file = await openHdf5(path);
  for (const group of GROUPS) {
    await file.createGroup(`${group}/ours`, new Map([["NX_class", text("NXentry")]]));
    await file.createDataset(`${group}/ours/text`, text("hello"));
    await file.createDataset(`${group}/ours/gone`, integer(1));
    await file.createSoftLink(`${group}/ours/link`, "/zz");
    await file.setAttributes(group || "/", new Map([["writer", text("nxlive")]]));
    const grown = await file.createGrowing(
      `${group}/ours/grown`,
      { dtype: "<f8", rowShape: [] },
      { contiguousBelow: 0, chunks: [4] },
    );
    await grown.append(range(0, 6));
    await file.commit();
    await grown.append(range(6, 4));
  }
}

/** What it does when it meets the file again, after others have worked on it. */
async function goOn(path: string): Promise<void> {
  await using file = await openHdf5(path);
  for (const group of GROUPS) {
    await appendTo(file, `${group}/ours/grown`);
    await file.createDataset(`${group}/ours/gone`, integer(2));
    await file.remove(`${group}/by h5py`);
    await file.setAttributes(group || "/", new Map([["writer", text("nxlive again")]]));
    await file.deleteAttribute(group || "/", "count");
  }
}

async function appendTo(file: Hdf5Writer, path: string): Promise<void> {
  const grown = await file.openGrowing(path);
  expect(grown.length).toBe(14);
  await grown.append(range(14, 3));
}

function integer(value: number): RawArray {
  return { dtype: "|u1", shape: [], data: Uint8Array.of(value) };
}

/** Links by name. */
function byName(links: readonly Link[]): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(links.map(([name, ...rest]) => [name, rest]));
}

function without(links: readonly Link[], ...gone: string[]): Readonly<Record<string, readonly unknown[]>> {
  return byName(links.filter(([name]) => !gone.includes(name)));
}

function ours(described: Described | undefined): Readonly<Record<string, readonly unknown[]>> {
  const [, , links] = described?.links.find(([name]) => name === "ours") ?? [];
  return byName((links ?? []) as Link[]);
}

// Groups that are written to get a new header: `zz` may lie elsewhere, what it holds may not.
describe.each(["root", "zz"] as const)("in the group %s of a foreign file", (group) => {
  test("nothing that was there changes", () => {
    for (const name of names) {
      const [was, is] = [before[name]?.[group], written[name]?.[group]];
      expect(without(is?.links ?? [], "ours", "zz"), name).toEqual(without(was?.links ?? [], "zz"));
      expect(is?.attributes, name).toEqual({ ...was?.attributes, writer: "nxlive" });
    }
  });

  test("h5py sees all that was written", () => {
    for (const name of names) {
      expect(ours(written[name]?.[group]), name).toEqual({
        text: ["dataset", "hello"],
        gone: ["dataset", 1],
        link: ["soft", "/zz"],
        grown: ["dataset", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      });
    }
  });

  test("h5py's changes afterwards are kept when the file is written again", () => {
    for (const name of names) {
      const [was, is] = [operated[name]?.[group], continued[name]?.[group]];
      const others = without(was?.links ?? [], "ours", "by h5py", "zz");
      expect(without(is?.links ?? [], "ours", "zz"), name).toEqual(others);
      const { count: _, ...attributes } = was?.attributes ?? {};
      expect(is?.attributes, name).toEqual({ ...attributes, writer: "nxlive again" });
      expect(ours(is), name).toEqual({
        ...ours(was),
        gone: ["dataset", 2],
        grown: ["dataset", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, 14, 15, 16]],
      });
      expect(ours(is).renamed, name).toEqual(["dataset", "hello"]);
    }
  });

  test("files that track the order of creation go on doing so", () => {
    for (const name of names.filter((name) => name.includes("-tracked-"))) {
      const links = written[name]?.[group].links.map(([link]) => link) ?? [];
      const old = before[name]?.[group].links.map(([link]) => link) ?? [];
      expect(links, name).toEqual([...old, "ours"]);
    }
  });
});

test("a foreign group with several hard links is not changed, what it holds and the rest can be", async () => {
  const path = inFolder("linked.h5");
  await h5py(
    path,
    `
with h5py.File(path, "w") as file:
    file["group/x"] = 1
    file["alias"] = file["group"]
`,
  );
  {
    await using file = await openHdf5(path);
    await expect(file.createDataset("/group/new", integer(1))).rejects.toMatchObject({
      code: "ERR_HDF5_UNSUPPORTED",
    });
    await file.createDataset("/new", integer(2));
  }
  const seen = await h5py(path, 'print([list(h5py.File(path)[g]) for g in ("/", "group", "alias")])');
  expect(seen).toBe("[['alias', 'group', 'new'], ['x'], ['x']]");
});

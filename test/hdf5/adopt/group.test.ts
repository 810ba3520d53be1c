import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attributeName } from "../../../src/hdf5/adopt/attributes.js";
import { readForeignGroup } from "../../../src/hdf5/adopt/group.js";
import type { StoredLink } from "../../../src/hdf5/adopt/links.js";
import type { ByteSource } from "../../../src/hdf5/adopt/source.js";
import { runPythonFile } from "../../support/python.js";

interface Seen {
  address: number;
  links: (string | number)[][];
  attributes: string[];
}
type Files = Record<string, Record<"root" | "zz", Seen>>;

let folder: string;
let files: Files;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nxlive-adopt-"));
  files = JSON.parse(
    await runPythonFile(fileURLToPath(new URL("make_files.py", import.meta.url)), [folder]),
  ) as Files;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the Python side shows links. */
function shown(link: StoredLink): (string | number)[] {
  const name = link.name.toString();
  if (link.kind === "hard") return [name, "hard", link.address];
  if (link.kind === "soft") return [name, "soft", link.target.toString()];
  return [name, "external", link.file.toString(), link.path.toString()];
}

async function withSource<T>(name: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await open(join(folder, name));
  try {
    const read = async (address: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, address);
      return buffer.subarray(0, bytesRead);
    };
    return await use({ path: name, read });
  } finally {
    await handle.close();
  }
}

describe("groups made by h5py", () => {
  test("of every storage kind are read as h5py reads them: links, attributes, order", async () => {
    expect(Object.keys(files)).toHaveLength(32);
    for (const [name, groups] of Object.entries(files)) {
      await withSource(name, async (source) => {
        for (const seen of Object.values(groups)) {
          const group = await readForeignGroup(source, seen.address);
          expect(group.links.map(shown), name).toEqual(seen.links);
          const attributes = group.attributes.map(({ body }) => attributeName(body).toString());
          expect(attributes, name).toEqual(seen.attributes);
        }
      });
    }
  });

  test("a dataset is refused, and so is an address with no header", async () => {
    const [name = "", groups] = Object.entries(files).find(([key]) => key.includes("-5-")) ?? [];
    const dataset = groups?.root.links.find((link) => link[0] === "n00001é");
    await withSource(name, async (source) => {
      for (const address of [Number(dataset?.[2]), 3, 2 ** 40]) {
        await expect(readForeignGroup(source, address)).rejects.toMatchObject({
          code: "ERR_HDF5_UNSUPPORTED",
        });
      }
    });
  });
});

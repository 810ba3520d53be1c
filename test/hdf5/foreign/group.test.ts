import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readForeign } from "../../../src/hdf5/engine/foreign.js";
import type { StoredObject } from "../../../src/hdf5/engine/object.js";
import type { Link } from "../../../src/hdf5/format/link.js";
import { type ReadBytes, readHeader } from "../../../src/hdf5/format/object-header.js";
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
function shown([name, { link }]: [string, { readonly link: Link }]): (string | number)[] {
  if (link.kind === "hard") return [name, "hard", link.address];
  if (link.kind === "soft") return [name, "soft", link.target];
  return [name, "external", link.file, link.path];
}

async function readGroup(name: string, address: number): Promise<StoredObject> {
  const handle = await open(join(folder, name));
  const read: ReadBytes = async (position, length) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  try {
    return await readForeign(read, await readHeader(read, address), address);
  } finally {
    await handle.close();
  }
}

describe("groups made by h5py", () => {
  test("of every storage kind are read as h5py reads them: links, attributes, order", async () => {
    expect(Object.keys(files)).toHaveLength(32);
    for (const [name, groups] of Object.entries(files)) {
      for (const seen of Object.values(groups)) {
        const group = await readGroup(name, seen.address);
        expect([...group.links].map(shown), name).toEqual(seen.links);
        expect([...group.attributes.keys()], name).toEqual(seen.attributes);
      }
    }
  });
});

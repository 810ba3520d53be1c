import { mkdir, rename, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { File, type Group, type Member } from "../../src/index.js";
import { compareFiles } from "../../src/writer/compare/compare-files.js";
import { temporaryFolder } from "../hdf5/support/files.js";
import { runCli } from "../support/cli.js";
import { runPython } from "../support/python.js";

const folder = temporaryFolder();

/** A group that holds itself, and a dataset and a group with two names each. */
async function hardLinked(path: string): Promise<string[]> {
  const visited = await runPython(
    `
import h5py, json, sys
with h5py.File(sys.argv[1], "w") as f:
    a = f.create_group("a")
    a["data"] = [1, 2, 3]
    a["same"] = a["data"]
    a["self"] = a
    sub = a.create_group("sub")
    sub["up"] = a
    sub["root"] = f["/"]
    f["b"] = sub
    names = []
    f.visit(names.append)
    print(json.dumps(names))`,
    [path],
  );
  return JSON.parse(visited) as string[];
}

test("a group that holds itself is visited once, as everything with several names, as by h5py", async () => {
  const path = folder("hard.h5");
  const expected = await hardLinked(path);
  await using file = await File.open(path);
  const visited: string[] = [];
  await file.visit((name) => {
    visited.push(name);
  });
  expect(new Set(visited)).toEqual(new Set(expected)); // h5py goes by name
  expect(visited).toHaveLength(expected.length);
});

test("nodes have one identity however they are reached, and another one than all others", async () => {
  const path = folder("identity.h5");
  await hardLinked(path);
  await using file = await File.open(path);
  const identity = async (name: string) => (await file.get<Member>(name)).identity();
  expect(await identity("/a/self/sub/up")).toBe(await identity("/a"));
  expect(await identity("/a/same")).toBe(await identity("/a/data"));
  expect(await identity("/a/sub/root")).toBe(await file.identity());
  expect(await identity("/a/sub")).not.toBe(await identity("/a"));
});

test("trees and comparisons of files end where a group holds itself", async () => {
  const [path, other] = [folder("tree.h5"), folder("other.h5")];
  await hardLinked(path);
  await hardLinked(other);
  const text = await runCli(["tree", path, "--mode", "disk"]);
  expect(text.stdout).toContain("self  = /a");
  expect(text.stdout).toContain("b  = /a/sub");
  const json = await runCli(["tree", path, "--mode", "disk", "--json"]);
  expect(JSON.parse(json.stdout).children.a.children.self).toEqual({ kind: "hard_link", target: "/a" });
  const [a, b] = [await openHdf5Reader(path), await openHdf5Reader(other)];
  const differences: unknown[] = [];
  for await (const difference of compareFiles(a, b)) differences.push(difference);
  expect(differences).toEqual([]);
  await Promise.all([a.close(), b.close()]);
});

test("external links find files that were moved together, and neighbours through a symbolic link, as HDF5 does", async () => {
  const before = folder("before");
  const after = join(dirname(before), "after");
  await mkdir(before);
  await runPython(
    `
import h5py, sys, os
os.chdir(sys.argv[1])
with h5py.File("neighbour.h5", "w") as f:
    f["g/data"] = [1, 2, 3]
with h5py.File("main.h5", "w") as f:
    f["absolute"] = h5py.ExternalLink(os.path.abspath("neighbour.h5"), "/g")
    f["relative"] = h5py.ExternalLink("neighbour.h5", "/g")
    f["lost"] = h5py.ExternalLink("/nowhere/lost.h5", "/g")`,
    [before],
  );
  await rename(before, after);
  const elsewhere = folder("linked.h5");
  await symlink(join(after, "main.h5"), elsewhere);
  for (const name of [join(after, "main.h5"), elsewhere]) {
    await using file = await File.open(name);
    expect((await file.get("/absolute/data").slice()).toNested()).toEqual([1n, 2n, 3n]);
    expect(await file.get<Group>("/relative").keys()).toEqual(["data"]);
    await expect(file.get("/lost")).rejects.toThrow(/\/nowhere\/lost\.h5, which is neither/);
  }
});

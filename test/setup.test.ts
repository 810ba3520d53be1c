import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "./hdf5/support/files.js";

const folder = temporaryFolder();
const SCRIPT = fileURLToPath(new URL("../scripts/setup.mjs", import.meta.url));

/** A folder in which everything is set up already, but for what the program looks at last. */
function checkout(name: string): string {
  const root = folder(name);
  for (const part of ["scripts", "src", "node_modules", "dist/redis", ".nxlive"]) {
    mkdirSync(join(root, part), { recursive: true });
  }
  cpSync(SCRIPT, join(root, "scripts", "setup.mjs"));
  writeFileSync(join(root, "package.json"), '{ "type": "module", "engines": { "node": ">=20.19" } }');
  writeFileSync(join(root, "package-lock.json"), "{}");
  writeFileSync(join(root, "node_modules", ".package-lock.json"), "{}");
  writeFileSync(join(root, "dist", ".built"), "");
  const last = 'export async function findRedisProgram() { console.log("set up"); }';
  writeFileSync(join(root, "dist", "redis", "server-binary.js"), last);
  return root;
}

test("two set-ups of one folder come one after the other", async () => {
  const root = checkout("busy");
  const lock = join(root, ".nxlive", "setup.pid");
  writeFileSync(lock, `${process.pid}`);
  const second = spawn(process.execPath, [join(root, "scripts", "setup.mjs"), "demo"]);
  const [told] = await once(createInterface(second.stderr), "line");
  expect(told).toContain("waiting for another set-up");
  expect(readFileSync(lock, "utf8")).toBe(`${process.pid}`);
  rmSync(lock);
  const [[done], [code]] = await Promise.all([
    once(createInterface(second.stdout), "line"),
    once(second, "exit"),
  ]);
  expect([done, code, existsSync(lock)]).toEqual(["set up", 0, false]);
});

test("a set-up that was killed keeps no other one waiting", () => {
  const root = checkout("killed");
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(join(root, ".nxlive", "setup.pid"), `${pid}`);
  const { status, stdout } = spawnSync(process.execPath, [join(root, "scripts", "setup.mjs"), "demo"]);
  expect([status, stdout.toString()]).toEqual([0, "set up\n"]);
});

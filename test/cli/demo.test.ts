import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DataStore } from "../../src/scan/store.js";
import { runCli, spawnCli } from "../support/cli.js";
import { runPython } from "../support/python.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-demo-test-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function isGone(url: string): Promise<boolean> {
  const store = await DataStore.connect(url).catch(() => undefined);
  await store?.close();
  return store === undefined;
}

function urlIn(text: string): string {
  return /redis:\/\/\S+/.exec(text)?.[0] ?? "";
}

test("the demo ends well, leaves nothing running, and its file can be read by h5py", {
  timeout: 90_000,
}, async () => {
  const { code, stdout, stderr } = await runCli(["demo", "--directory", folder]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^ {4}0 {2}0\.\d{3} /m);
  expect(stdout).toMatch(/^ {3}24 {2}0\.\d{3} /m);
  expect(stdout).toMatch(/\d+ datasets of both scans compared with Redis: no differences/);
  expect(stdout).toMatch(/plot {2}NXdata/); // the tree of the file
  expect(stdout).not.toContain("\x1b");
  expect(await isGone(urlIn(stdout))).toBe(true);
  const program = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as file:
    entry = file[file.attrs.get("default", "1.1")]
    plot = entry[entry.attrs["default"]]
    signal = plot[plot.attrs["signal"]]
    camera = file["1.1/measurement/camera"]
    print(json.dumps([signal.shape, round(float(signal[:].max()), 3), str(camera.dtype), camera.shape]))
`;
  const read: unknown = JSON.parse(await runPython(program, [join(folder, "demo.h5")]));
  expect(read).toEqual([[25], 0.985, "uint16", [25, 48, 64]]);
});

test("Ctrl-C ends the demo without leaving its Redis behind", { timeout: 60_000 }, async () => {
  const child = spawnCli(["demo", "--directory", folder]);
  let text = "";
  for await (const line of createInterface({ input: child.stdout })) {
    text += `${line}\n`;
    if (line.startsWith("3. ")) child.kill("SIGINT");
  }
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(1);
  expect(await isGone(urlIn(text))).toBe(true);
});

test("a folder that cannot be used is wrong use, said in one line", async () => {
  const { code, stderr } = await runCli(["demo", "--directory", "/dev/null/here"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^nxlive demo: --directory cannot be used: .*\n$/);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { DataStore } from "../../src/scan/store.js";
import { compareFiles } from "../../src/writer/compare/compare-files.js";
import type { Difference } from "../../src/writer/compare/differences.js";
import { Writer } from "../../src/writer/index.js";
import { pythonPath, runPythonFile } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const PUBLISH = fileURLToPath(new URL("./random_scans.py", import.meta.url));
const SCANS = 24;

let root: string;
const folder = (writer: string) => join(root, writer);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "nxlive-beside-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function writtenByUs(seed: string): Promise<void> {
  await using redis = await startTestRedis();
  await using store = await DataStore.connect(redis.url);
  await using writer = await Writer.start(store, { leastFree: 0 });
  await runPythonFile(PUBLISH, [redis.url, folder("nxlive"), seed, String(SCANS)]);
  await writer.drain();
}

/** False when it has missed a scan, which happens on a busy machine. */
async function writtenByBlisswriter(seed: string): Promise<boolean> {
  await using redis = await startTestRedis();
  const writer = spawn(join(dirname(pythonPath()), "blisswriter"), ["run", redis.url]);
  const ended = once(writer, "exit");
  try {
    const lines = createInterface(writer.stderr);
    await once(lines, "line"); // it listens
    const log: string[] = [];
    const saved = new Promise<boolean>((resolve, reject) => {
      let complete = 0;
      lines.on("line", (line) => {
        log.push(line);
        if (line.includes("Not to be saved")) resolve(false);
        if (line.includes("Saving complete") && ++complete === SCANS) resolve(true);
      });
      lines.once("close", () => reject(new Error(log.slice(-40).join("\n"))));
    });
    await runPythonFile(PUBLISH, [redis.url, folder("blisswriter"), seed, String(SCANS)]);
    return await saved;
  } finally {
    writer.kill("SIGINT");
    await ended;
  }
}

test("random scans end in the same files as blisswriter's", { timeout: 120_000 }, async () => {
  const seed = "7";
  while (!(await writtenByBlisswriter(seed))) await rm(folder("blisswriter"), { recursive: true });
  await writtenByUs(seed);
  const names = (await readdir(folder("blisswriter"))).sort();
  expect(names).toEqual(["data0.h5", "data1.h5"]);
  for (const name of names) {
    await using theirs = await openHdf5Reader(join(folder("blisswriter"), name));
    await using ours = await openHdf5Reader(join(folder("nxlive"), name));
    const differences: Difference[] = [];
    for await (const difference of compareFiles(theirs, ours)) differences.push(difference);
    expect(differences).toEqual([]);
  }
});

// writer WRITER KIND: a Python publisher sends a load while WRITER (nxlive or blisswriter) writes it; the time from the publisher's
// last command to the writer's last "complete", its CPU time since the load began, and its peak memory. Writers run for weeks: the
// load (of the long ones a tenth) goes first, unmeasured, into another file. The files are then read by h5py.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { completed, python, session, startWriter, stopped, usage } from "./writers.js";

const [url = "", which = "", kind = ""] = process.argv.slice(2);
const warmUp = kind === "images" || kind === "spectra" ? 0.1 : 1;
const scans = kind === "scans" ? 100 : 1;
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const writer = await startWriter(which, url);
try {
  await load("warm-up.h5", Math.ceil(scans * warmUp), warmUp);
  const before = usage(writer.pid);
  const seconds = await load("measured.h5", scans, 1);
  const { cpu, rss } = usage(writer.pid);
  const digest = execFileSync(python, ["bench/peers/digest.py", folder], { encoding: "utf8" });
  const result = JSON.parse(digest) as unknown;
  process.stdout.write(`${JSON.stringify({ seconds, cpu: cpu - before.cpu, rss, result })}\n`);
} finally {
  await stopped(writer, "SIGINT");
  rmSync(folder, { recursive: true, force: true });
}

/** Publishes a part of the load; the seconds from its last command until the writer has called so many scans complete. */
async function load(name: string, count: number, part: number): Promise<number> {
  const complete = completed(writer, count);
  const args = ["bench/peers/load.py", url, kind, session, join(folder, name), String(part)];
  const [end, { stdout }] = await Promise.all([complete, promisify(execFile)(python, args)]);
  return end - Number(stdout);
}

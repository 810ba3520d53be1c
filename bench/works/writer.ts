// writer WRITER KIND: a Python publisher sends a load while WRITER (nxlive or blisswriter) writes it; the time from the publisher's
// last command to the writer's last "complete", its CPU time and its peak memory. The file is then read by h5py.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { completed, python, session, startWriter, stopped, usage } from "./writers.js";

const [url = "", which = "", kind = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const writer = await startWriter(which, url);
try {
  const complete = completed(writer, kind === "scans" ? 100 : 1);
  const { stdout } = await promisify(execFile)(python, ["bench/peers/load.py", url, kind, folder, session]);
  const seconds = (await complete) - Number(stdout);
  const { cpu, rss } = usage(writer.pid);
  const digest = execFileSync(python, ["bench/peers/digest.py", folder], { encoding: "utf8" });
  process.stdout.write(`${JSON.stringify({ seconds, cpu, rss, result: JSON.parse(digest) as unknown })}\n`);
} finally {
  await stopped(writer, "SIGINT");
  rmSync(folder, { recursive: true, force: true });
}

// writer WRITER KIND: a Python publisher sends a load while WRITER (nxlive or blisswriter) writes it; the time from the publisher's
// last command to the writer's last "complete", its CPU time and its peak memory. The file is then read by h5py.
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const [url = "", which = "", kind = ""] = process.argv.slice(2);
const python = readFileSync(".nxlive/python", "utf8").trim();
const scans = kind === "scans" ? 100 : 1;

// Of its own: nxlive also writes what earlier runs have left unwritten.
const session = `bench_writer_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const writer =
  which === "nxlive"
    ? spawn(process.execPath, ["dist/cli/main.js", "write", "--redis", url, "--session", session])
    : spawn(join(python, "..", "blisswriter"), ["run", url]);
try {
  const complete = new Promise<number>((resolve, reject) => {
    let count = 0;
    const onLine = (line: string) => {
      if (/FAILED|Traceback/.test(line)) reject(new Error(`${which}: ${line}`));
      if (/: COMPLETE,|Saving complete/.test(line) && ++count === scans) resolve(monotonic());
    };
    for (const output of [writer.stdout, writer.stderr]) createInterface(output).on("line", onLine);
    writer.once("exit", (code) => reject(new Error(`${which} ended with ${code}`)));
  });
  await new Promise((resolve) => writer.stderr.once("data", resolve)); // its first log line: it listens
  const { stdout } = await promisify(execFile)(python, ["bench/peers/load.py", url, kind, folder, session]);
  const seconds = (await complete) - Number(stdout);
  const { cpu, rss } = usage(writer.pid ?? 0);
  const result = JSON.parse(
    execFileSync(python, ["bench/peers/digest.py", join(folder, `${kind}.h5`)], { encoding: "utf8" }),
  );
  process.stdout.write(`${JSON.stringify({ seconds, cpu, rss, result })}\n`);
} finally {
  writer.removeAllListeners("exit");
  const ended = new Promise((resolve) => writer.once("exit", resolve));
  writer.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds of the clock that Python's CLOCK_MONOTONIC shows too (Linux). */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** CPU seconds and peak memory of a running process (Linux). */
function usage(pid: number): { cpu: number; rss: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return { cpu: ticks / 100, rss: Number(peak?.[1]) * 1024 };
}

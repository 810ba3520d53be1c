import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const python = readFileSync(".nxlive/python", "utf8").trim();

/** nxlive writes one session only: of its own, as it also writes what earlier runs have left unwritten. */
export const session = `bench_writer_${process.pid}`;

/** How long a writer may take to stop (ms): one with an open scan would write into the next work's files. */
const PATIENCE = 5_000;

/** A running writer, nxlive or blisswriter, that listens for scans. */
export async function startWriter(
  which: string,
  url: string,
  of = session,
): Promise<ChildProcessWithoutNullStreams> {
  const writer =
    which === "nxlive"
      ? spawn(process.execPath, ["dist/cli/main.js", "write", "--redis", url, "--session", of])
      : spawn(join(python, "..", "blisswriter"), ["run", url]);
  await once(writer.stderr, "data"); // its first log line
  return writer;
}

/** Resolves at the writer's report that so many scans are complete, with the time of `monotonic()`. */
export function completed(writer: ChildProcessWithoutNullStreams, scans: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const onLine = (line: string) => {
      if (/FAILED|Traceback|Not to be saved/.test(line)) reject(new Error(line));
      if (/: COMPLETE,|Saving complete/.test(line) && ++count === scans) resolve(monotonic());
    };
    for (const output of [writer.stdout, writer.stderr]) createInterface(output).on("line", onLine);
    writer.once("exit", (code) => reject(new Error(`the writer ended with ${code}`)));
  });
}

export async function stopped(
  writer: ChildProcessWithoutNullStreams,
  signal: "SIGINT" | "SIGKILL",
): Promise<void> {
  if (writer.exitCode !== null || writer.signalCode !== null) return;
  writer.removeAllListeners("exit");
  const ended = once(writer, "exit");
  writer.kill(signal);
  const timer = setTimeout(() => writer.kill("SIGKILL"), PATIENCE);
  await ended;
  clearTimeout(timer);
}

/** Seconds of the clock that Python's CLOCK_MONOTONIC shows too (Linux). */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** CPU seconds and peak memory (bytes) of a running process (Linux). */
export function usage(pid: number | undefined): { cpu: number; rss: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return { cpu: ticks / 100, rss: Number(peak?.[1]) * 1024 };
}

// recovery WRITER KIND: the writer is killed (SIGKILL) in the middle of a load and started again when the publisher has ended: the time
// from this restart to the complete file, with the start of the process. The file is then read by h5py.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { args, url } from "./common.js";

const [kind = ""] = args;
const python = readFileSync(".nxlive/python", "utf8").trim();
const session = `bench_writer_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const file = join(folder, `${kind}.h5`);
const start = () =>
  spawn(process.execPath, ["dist/cli/main.js", "write", "--redis", url, "--session", session]);

const first = start();
let second: ReturnType<typeof start> | undefined;
try {
  await once(first.stderr, "data"); // its first log line: it listens
  const publisher = spawn(python, ["bench/peers/load.py", url, kind, folder, session], { stdio: "ignore" });
  const published = once(publisher, "exit");
  while (!existsSync(file) || statSync(file).size < 2 ** 20) await sleep(5);
  first.kill("SIGKILL");
  await published;
  const started = performance.now();
  second = start();
  await complete(second);
  const seconds = (performance.now() - started) / 1000;
  const digest = execFileSync(python, ["bench/peers/digest.py", file], { encoding: "utf8" });
  const status = readFileSync(`/proc/${second.pid}/status`, "utf8");
  const fields = readFileSync(`/proc/${second.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const sample = {
    seconds,
    cpu: (Number(fields[11]) + Number(fields[12])) / 100,
    rss: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024,
    result: JSON.parse(digest) as unknown,
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
} finally {
  for (const writer of [first, second]) {
    if (!writer || writer.exitCode !== null || writer.signalCode !== null) continue;
    writer.kill("SIGKILL");
    await once(writer, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}

function complete(writer: ReturnType<typeof start>): Promise<void> {
  return new Promise((resolve, reject) => {
    const onLine = (line: string) => {
      if (/: COMPLETE,/.test(line)) resolve();
      if (/FAILED/.test(line)) reject(new Error(line));
    };
    for (const output of [writer.stdout, writer.stderr]) createInterface(output).on("line", onLine);
    writer.once("exit", (code) => reject(new Error(`the writer ended with ${code}`)));
  });
}

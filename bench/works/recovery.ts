// recovery WRITER KIND: the writer is killed (SIGKILL) in the middle of a load and started again when the publisher has ended: the time
// from this restart to the complete file, with the start of the process. The file is then read by h5py.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { args, url } from "./common.js";
import { completed, monotonic, python, session, startWriter, stopped, usage } from "./writers.js";

const [kind = ""] = args;
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const file = join(folder, `${kind}.h5`);
const first = await startWriter("nxlive", url);
let second: Awaited<ReturnType<typeof startWriter>> | undefined;
try {
  const publisher = spawn(python, ["bench/peers/load.py", url, kind, session, file], { stdio: "ignore" });
  const published = once(publisher, "exit");
  while (!existsSync(file) || 512 * statSync(file).blocks < 2 ** 20) await sleep(5);
  await stopped(first, "SIGKILL");
  await published;
  const started = monotonic();
  second = await startWriter("nxlive", url);
  const seconds = (await completed(second, 1)) - started;
  const { cpu, rss } = usage(second.pid);
  const digest = execFileSync(python, ["bench/peers/digest.py", folder], { encoding: "utf8" });
  process.stdout.write(`${JSON.stringify({ seconds, cpu, rss, result: JSON.parse(digest) as unknown })}\n`);
} finally {
  await stopped(first, "SIGKILL");
  if (second) await stopped(second, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

// The trials of `npm run torture`, which the tests run in small numbers.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** No program of a trial takes so long: one that hangs is killed, and the trial has failed. */
const MOST_MS = 300_000;
const BOUNDED = { timeout: MOST_MS, killSignal: "SIGKILL" };
const run = (program, args) => promisify(execFile)(program, args, BOUNDED);
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const CHECK = fileURLToPath(new URL("check.py", import.meta.url));

/** Starts a writer on `path`; `acknowledged()` is what it has committed so far, as far as it told. */
export function startWriter(dist, path, { seed = 1, quarantineMinutes = 10 } = {}) {
  const child = spawn(process.execPath, [WORKER, dist, path, String(seed), String(quarantineMinutes)], {
    stdio: ["pipe", "pipe", "pipe"],
    ...BOUNDED,
  });
  let output = "";
  let complaints = "";
  child.stdout.on("data", (data) => {
    output = (output + data).slice(-4000);
  });
  child.stderr.on("data", (data) => {
    complaints += data;
  });
  const exited = once(child, "exit");
  return {
    child,
    exited,
    complaints: () => complaints,
    acknowledged: () =>
      output
        .split("\n")
        .slice(0, -1)
        .findLast((line) => line.startsWith("{")) ?? "{}",
    started: async () => {
      while (output === "" && child.exitCode === null && child.signalCode === null)
        await Promise.race([once(child.stdout, "data"), exited]);
    },
  };
}

/**
 * Kills a writer at random moments and looks at the file with h5py each time; then another writer goes on with it. Every
 * fifth time the writer may end by itself. Then, and as often after a kill, h5py extends a copy. `report` is told what was wrong.
 */
export async function killTrials({ dist, python, folder, count, most = 700, report = console.error }) {
  let path = join(folder, "killed-0.h5");
  const result = { trials: 0, killed: 0, wrong: 0 };
  for (let trial = 0; trial < count; trial++) {
    if (trial % 15 === 0) {
      rmSync(path, { force: true });
      path = join(folder, `killed-${trial}.h5`);
    }
    const writer = startWriter(dist, path, { seed: 1 + trial, quarantineMinutes: trial % 2 === 0 ? 10 : 0 });
    await writer.started();
    await delay(Math.random() * most);
    const ends = trial % 5 === 4;
    if (ends) writer.child.stdin.write("stop\n");
    else writer.child.kill("SIGKILL");
    const [code] = await writer.exited;
    const acknowledged = writer.acknowledged();
    result.trials++;
    result.killed += ends ? 0 : 1;
    const extend = trial % 5 >= 3 ? ["extend"] : [];
    const error =
      writer.complaints() ||
      (ends && code !== 0 && `the writer ended with ${code}`) ||
      (await run(python, [CHECK, path, acknowledged, ...extend]).then(
        () => "",
        (failed) => failed.stderr || failed.message,
      ));
    if (error !== "") {
      result.wrong++;
      report(`trial ${trial}, ${acknowledged}: ${error.slice(-1500)}`);
      rmSync(path, { force: true });
    }
  }
  rmSync(path, { force: true });
  return result;
}

/**
 * Two h5py processes (default locking, and off) open and read in a loop while a writer works at full speed, a third holds a
 * handle all the time. The writer ends while the two still read.
 */
export async function liveReaders({ dist, python, folder, seconds }) {
  const path = join(folder, "live.h5");
  const writer = startWriter(dist, path);
  await writer.started();
  const reader = async (...args) => JSON.parse((await run(python, [CHECK, ...args])).stdout);
  const readers = [
    reader("--loop", path, String(seconds + 2), "default"),
    reader("--loop", path, String(seconds + 2), "off"),
    reader("--hold", path, String(seconds)),
  ];
  await readers[2];
  writer.child.stdin.write("stop\n");
  await writer.exited;
  const [locking, unlocked, held] = await Promise.all(readers);
  const acknowledged = writer.acknowledged();
  await run(python, [CHECK, path, acknowledged]);
  const size = statSync(path).size;
  rmSync(path);
  return {
    seconds,
    commits: JSON.parse(acknowledged).progress,
    size,
    locking,
    unlocked,
    held,
    complaints: writer.complaints(),
  };
}

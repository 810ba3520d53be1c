// open SCANS: opens a virtual file of so many scans and reads a first value from it. With `again` for the second time in the process, with `often` for
// the 1,001st to 1,500th, with `start` from the start of the program.

import { File } from "nxlive";
import { args, connect, measured, spawned } from "./common.js";

const [count = "", how] = args;
const store = await connect();

async function firstValue() {
  await using file = await File.open(`/bench/open_${count}.h5`, { store });
  const keys = await file.keys();
  return { result: [keys.length, await file.get(`/${count}.1/instrument/s/data`).at(3)] };
}

async function often() {
  const latencies: number[] = [];
  for (let i = 0; i < 500; i++) {
    const begun = performance.now();
    await firstValue();
    latencies.push((performance.now() - begun) / 1000);
  }
  return { ...(await firstValue()), latencies };
}

const before = { again: 1, often: 1000 }[how ?? ""] ?? 0;
for (let i = 0; i < before; i++) await firstValue();
await measured(how === "often" ? often : firstValue, how === "start" ? spawned() : undefined);
await store.close();

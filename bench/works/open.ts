// open SCANS: opens a virtual file of so many scans and reads a first value from it; with `again` for the second time in the process.
import { File } from "nxlive";
import { args, connect, measured } from "./common.js";

const [count = "", again] = args;
const store = await connect();

async function firstValue() {
  await using file = await File.open(`/bench/open_${count}.h5`, { store });
  const keys = await file.keys();
  return { result: [keys.length, await file.get(`/${count}.1/instrument/s/data`).at(3)] };
}

if (again) await firstValue();
await measured(firstValue);
await store.close();

// open SCANS: opens a virtual file of so many scans and reads a first value from it.
import { File } from "nxlive";
import { args, connect, measured } from "./common.js";

const [count = ""] = args;
const store = await connect();
await measured(async () => {
  await using file = await File.open(`/bench/open_${count}.h5`, { store });
  const keys = await file.keys();
  return { result: [keys.length, await file.get(`/${count}.1/instrument/s/data`).at(3)] };
});
await store.close();

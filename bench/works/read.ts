// read DATA HOW: reads a stream that is in Redis already (see prepare.ts). DATA: batches, singles, spectra, images; HOW: whole, sliced, iterated.
import { args, checksum, connect, measured } from "./common.js";

const [data = "", how = ""] = args;
const store = await connect();
const { keys } = await store.search({ session: `bench_${data}` });
const scan = await store.loadScan(keys[0] ?? "");
const stream = scan.streams.get("s");
if (!stream) throw new Error("prepare.ts has not run");
const total = await stream.length();
const step = { batches: 100_000, singles: 10_000, spectra: 1000, images: 10 }[data] ?? 1;
await measured(async () => {
  let result = 0;
  if (how === "whole") result = checksum(await stream.slice());
  else if (how === "sliced") {
    for (let start = 0; start < total; start += step)
      result += checksum(await stream.slice(start, start + step));
  } else {
    for await (const view of stream.cursor()) result += checksum(await view.data());
  }
  return { result };
});
await store.close();

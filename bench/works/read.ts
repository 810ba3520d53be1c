// read DATA HOW: reads a stream that is in Redis already (see prepare.py). DATA: batches, singles, spectra, images; HOW: whole, sliced, iterated.
import type { NdArray, ReadableStreamData } from "nxlive";
import { args, connect, measureReading } from "./common.js";

const [data = "", how = ""] = args;
const store = await connect();
const { keys } = await store.search({ session: `bench_${data}` });
const scan = await store.loadScan(keys[0] ?? "");
const stream = scan.streams.get("s");
if (!stream) throw new Error("prepare.py has not run");
const total = await stream.length();
const step = { batches: 100_000, singles: 10_000, spectra: 1000, images: 10 }[data] ?? 1;

async function* parts(stream: ReadableStreamData): AsyncGenerator<NdArray, undefined, undefined> {
  if (how === "whole") yield await stream.slice();
  else if (how === "sliced")
    for (let start = 0; start < total; start += step) yield await stream.slice(start, start + step);
  else for await (const view of stream.cursor()) yield await view.data();
}

await measureReading(() => parts(stream));
await store.close();

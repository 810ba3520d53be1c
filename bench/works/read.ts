// read DATA HOW: reads a stream that is in Redis already (see prepare.py). DATA: batches, singles, spectra, images; HOW: whole, sliced, iterated.
// Once to check the values, then for a second to warm up, then five times to measure.
import type { NdArray, ReadableStreamData } from "nxlive";
import { args, checksum, connect, measured } from "./common.js";

const PASSES = 5;
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

async function pass(stream: ReadableStreamData): Promise<number> {
  let values = 0;
  for await (const part of parts(stream)) values += part.data.length;
  return values;
}

let sum = 0;
for await (const part of parts(stream)) sum += checksum(part);
for (const end = performance.now() + 1000; performance.now() < end; ) await pass(stream);
await measured(async () => {
  let values = 0;
  for (let i = 0; i < PASSES; i++) values += await pass(stream);
  return { result: { sum, values } };
});
await store.close();

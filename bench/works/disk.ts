// disk HOW: opens and reads a file on disk. HOW: small, whole, compressed, images. Once to check the values, then for a second to
// warm up, then five times to measure.
import { type Dataset, File, type NdArray } from "nxlive";
import { args, checksum, FILE, measured } from "./common.js";

const PASSES = 5;
const [how = ""] = args;

async function* parts(): AsyncGenerator<NdArray, undefined, undefined> {
  await using file = await File.open(FILE);
  const dataset = (await file.get(`/${how}`)) as Dataset;
  if (how === "small") for (let i = 0; i < 1000; i++) yield await dataset.slice(i * 1000, i * 1000 + 10);
  else if (how === "images") for (let i = 0; i < 64; i++) yield (await dataset.at(i)) as NdArray;
  else yield await dataset.slice();
}

async function pass(): Promise<number> {
  let values = 0;
  for await (const part of parts()) values += part.data.length;
  return values;
}

let sum = 0;
for await (const part of parts()) sum += checksum(part);
for (const end = performance.now() + 1000; performance.now() < end; ) await pass();
await measured(async () => {
  let values = 0;
  for (let i = 0; i < PASSES; i++) values += await pass();
  return { result: { sum, values } };
});

// disk HOW: opens and reads a file on disk. HOW: small, whole, compressed, images.
import { type Dataset, File, type NdArray } from "nxlive";
import { args, FILE, measureReading } from "./common.js";

const [how = ""] = args;

async function* parts(): AsyncGenerator<NdArray, undefined, undefined> {
  await using file = await File.open(FILE);
  const dataset = (await file.get(`/${how}`)) as Dataset;
  if (how === "small") for (let i = 0; i < 1000; i++) yield await dataset.slice(i * 1000, i * 1000 + 10);
  else if (how === "images") for (let i = 0; i < 64; i++) yield (await dataset.at(i)) as NdArray;
  else yield await dataset.slice();
}

await measureReading(parts);

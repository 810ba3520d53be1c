// hdf5 HOW: writes an HDF5 file. HOW: gzip, raw, points.
import { rmSync } from "node:fs";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { DatasetOptions, GrowingDataset } from "../../src/hdf5/writer-api.js";
import { args, FILE, measured } from "./common.js";

const [how = ""] = args;
const path = `${FILE}.written`;
const CHUNK = 131_072;

/** 64 MiB of a slow wave with some noise: counts as a detector gives them. */
function wave(): Uint8Array {
  const values = Float64Array.from(
    { length: 64 * CHUNK },
    (_, i) => Math.floor(1000 * Math.sin(i / 1000)) + ((i * 7919) % 97),
  );
  return new Uint8Array(values.buffer);
}

async function chunks(bytes: Uint8Array, count: number, options: DatasetOptions): Promise<number> {
  await using file = await openHdf5(path, { mode: "create" });
  const dataset = await file.createGrowing(
    "/x",
    { dtype: "<f8", rowShape: [] },
    { chunks: [CHUNK], contiguousBelow: 0, ...options },
  );
  const size = 8 * CHUNK;
  for (let i = 0; i < count; i++)
    await dataset.append(bytes.subarray((i % 64) * size, ((i % 64) + 1) * size));
  return dataset.length;
}

/** Single values to 20 datasets in turn, with a commit every half second. */
async function points(count: number): Promise<number> {
  await using file = await openHdf5(path, { mode: "create" });
  const datasets: GrowingDataset[] = [];
  for (let i = 0; i < 20; i++)
    datasets.push(await file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] }));
  const value = new Float64Array(1);
  const bytes = new Uint8Array(value.buffer);
  let committed = performance.now();
  for (let i = 0; i < count; i++) {
    value[0] = i;
    for (const dataset of datasets) await dataset.append(bytes);
    if (performance.now() - committed < 500) continue;
    await file.commit();
    committed = performance.now();
  }
  return datasets.reduce((sum, { length }) => sum + length, 0);
}

const bytes = wave();
rmSync(path, { force: true });
await measured(async () => {
  if (how === "gzip") return { result: await chunks(bytes, 512, { gzip: 4, shuffle: true }) };
  if (how === "raw") return { result: await chunks(bytes, 512, {}) };
  return { result: await points(100_000) };
});
rmSync(path);

// Large things, one after the other, with the time per operation and the memory at quarters of the way: both stay flat.
//   node large.mjs DIST FOLDER [SCALE]
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [dist, folder, scale = "1"] = process.argv.slice(2);
const { openHdf5 } = await import(pathToFileURL(join(dist, "hdf5", "open.js")).href);
const SCALE = Number(scale);
const MIB = 2 ** 20;

/** Runs `steps` operations; microseconds per operation and resident memory in each quarter. */
async function quarters(steps, operation) {
  const times = [];
  const memory = [];
  for (let quarter = 0; quarter < 4; quarter++) {
    const start = performance.now();
    for (let i = Math.floor((steps * quarter) / 4); i < Math.floor((steps * (quarter + 1)) / 4); i++)
      await operation(i);
    times.push(Math.round((4000 * (performance.now() - start)) / steps));
    memory.push(Math.round(process.memoryUsage().rss / MIB));
  }
  return { steps, microseconds: times, megabytes: memory };
}

async function withFile(name, work) {
  const path = join(folder, `${name}.h5`);
  rmSync(path, { force: true });
  const file = await openHdf5(path, { mode: "create" });
  const result = await work(file);
  await file.close();
  const bytes = statSync(path).size;
  rmSync(path);
  process.stdout.write(`${JSON.stringify({ name, ...result, bytes })}\n`);
}

const text = (value) => ({ dtype: "str", shape: [], data: [value] });

await withFile("a file of 5 GiB in 1 MiB chunks, a commit every 64", async (file) => {
  const dataset = await file.createGrowing(
    "/x",
    { dtype: "<f8", rowShape: [] },
    { chunks: [131072], contiguousBelow: 0 },
  );
  const bytes = new Uint8Array(MIB).fill(7);
  return await quarters(Math.round(5120 * SCALE), async (i) => {
    await dataset.append(bytes);
    if (i % 64 === 63) await file.commit();
  });
});
await withFile("100,000 chunks, a commit every 100", async (file) => {
  const dataset = await file.createGrowing(
    "/x",
    { dtype: "<f8", rowShape: [] },
    { chunks: [64], contiguousBelow: 0, gzip: 1 },
  );
  const bytes = new Uint8Array(512).fill(7);
  return await quarters(Math.round(100_000 * SCALE), async (i) => {
    await dataset.append(bytes);
    if (i % 100 === 99) await file.commit();
  });
});
await withFile("3,000 groups with 3 datasets each, a commit each", async (file) => {
  return await quarters(Math.round(3000 * SCALE), async (i) => {
    await file.createGroup(`/${i}.1`, new Map([["NX_class", text("NXentry")]]));
    await file.createDataset(`/${i}.1/title`, text(`scan ${i}`));
    for (const name of ["a", "b"]) {
      const dataset = await file.createGrowing(`/${i}.1/${name}`, { dtype: "<f8", rowShape: [] });
      await dataset.append(new Uint8Array(80));
      await dataset.finish();
    }
    await file.commit();
  });
});
await withFile("10,000 appends to each of 20 datasets between commits", async (file) => {
  const datasets = [];
  for (let i = 0; i < 20; i++)
    datasets.push(await file.createGrowing(`/x${i}`, { dtype: "<f8", rowShape: [] }));
  const point = new Uint8Array(8);
  return await quarters(Math.round(20 * SCALE), async () => {
    for (let i = 0; i < 10_000; i++) for (const dataset of datasets) await dataset.append(point);
    await file.commit();
  });
});

// Writes one file at full speed until it is killed or told to stop (a line on standard input), and says on standard output
// what has been committed. Every value follows from its place, so `check.py` can tell right from wrong:
//   node worker.mjs DIST FILE SEED [QUARANTINE_MINUTES [SECONDS]]
// An existing file is resumed where it ends.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [dist, path, seedText, quarantine = "10", seconds = "1000"] = process.argv.slice(2);
const { openHdf5 } = await import(pathToFileURL(join(dist, "hdf5", "open.js")).href);

let seed = Number(seedText) || 1;
/** A random number below `limit`, the same sequence for the same seed. */
function random(limit) {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((seed / 0x80000000) * limit);
}

const text = (value) => ({ dtype: "str", shape: [], data: [value] });
const number = (value) => ({ dtype: "<i8", shape: [], data: bytes(BigInt64Array.of(BigInt(value))) });
const doubles = (...values) => ({
  dtype: "<f8",
  shape: [values.length],
  data: bytes(Float64Array.from(values)),
});
const nan = { dtype: "<f8", shape: [], data: bytes(Float64Array.of(Number.NaN)) };

function bytes(array) {
  return new Uint8Array(array.buffer);
}

/** Rows of each growing dataset as bytes or texts, from row `start` on. */
const KINDS = {
  plain: {
    type: { dtype: "<f8", rowShape: [] },
    options: {},
    most: 4000,
    rows: (start, count) => bytes(Float64Array.from({ length: count }, (_, i) => start + i)),
  },
  gzip: {
    type: { dtype: "<i4", rowShape: [] },
    options: { gzip: 4, shuffle: true, chunks: [500], contiguousBelow: 0 },
    most: 1500,
    rows: (start, count) => bytes(Int32Array.from({ length: count }, (_, i) => 3 * (start + i))),
  },
  small: {
    type: { dtype: "<f8", rowShape: [] },
    options: { chunks: [100], contiguousBelow: 0, fill: nan },
    most: 250,
    rows: (start, count) => bytes(Float64Array.from({ length: count }, (_, i) => (start + i) / 2)),
  },
  images: {
    type: { dtype: "<u2", rowShape: [16, 20] },
    options: { gzip: 1, shuffle: true, chunks: [7, 16, 9], contiguousBelow: 0 },
    most: 20,
    rows: (start, count) =>
      bytes(Uint16Array.from({ length: 320 * count }, (_, i) => start + Math.floor(i / 320) + (i % 320))),
  },
  texts: {
    type: { dtype: "str", rowShape: [] },
    options: { contiguousBelow: 4096, chunks: [64] },
    most: 30,
    rows: (start, count) =>
      Array.from({ length: count }, (_, i) => `text ${start + i}${"é".repeat((start + i) % 40)}`),
  },
};

const file = await openHdf5(path, { quarantineMinutes: Number(quarantine) });
const growing = {};
if ((await file.kindOf("/run")) === undefined)
  await file.createGroup("/run", new Map([["NX_class", text("NXentry")]]));
for (const [name, { type, options }] of Object.entries(KINDS)) {
  const at = `/run/${name}`;
  const exists = (await file.kindOf(at)) !== undefined;
  growing[name] = exists ? await file.openGrowing(at, options) : await file.createGrowing(at, type, options);
}
let scans = (await file.list("/")).filter((name) => name.startsWith("scan")).length;
let progress = scans > 0 || (await file.attributeNames("/")).includes("progress") ? await readProgress() : 0;

async function readProgress() {
  const value = await file.attribute("/", "progress");
  return value ? Number(new BigInt64Array(value.data.slice().buffer)[0]) : 0;
}

async function addScan() {
  const at = `/scan${String(scans).padStart(5, "0")}`;
  await file.createGroup(
    at,
    new Map([
      ["NX_class", text("NXentry")],
      ["number", number(scans)],
    ]),
  );
  await file.createGroup(`${at}/data`, new Map([["signal", text("é".repeat(1 + (scans % 60)))]]));
  await file.createDataset(`${at}/title`, text(`scan ${scans}`), {
    attributes: new Map([["n", number(scans)]]),
  });
  await file.createDataset(`${at}/data/values`, doubles(scans, scans + 1, scans + 2));
  await file.createSoftLink(`${at}/data/soft`, `${at}/data/values`);
  await file.createHardLink(`${at}/hard`, `${at}/data/values`);
  const few = await file.createGrowing(`${at}/data/few`, { dtype: "<f8", rowShape: [] });
  for (let i = 0; i < scans % 150; i++) await few.append(bytes(Float64Array.of(scans + i)));
  if (scans % 2 === 0) await few.finish();
  if (scans % 7 === 3) await file.setAttributes(at, new Map([["late", text("x".repeat(scans % 300))]]));
  if (scans % 11 === 5) await file.remove(`${at}/hard`);
  scans++;
}

let stop = false;
process.stdin.once("data", () => {
  stop = true;
});
const end = Date.now() + 1000 * Number(seconds);
while (!stop && Date.now() < end) {
  for (const [name, { most, rows }] of Object.entries(KINDS)) {
    if (random(3) === 0) continue;
    const dataset = growing[name];
    await dataset.append(rows(dataset.length, 1 + random(most)));
  }
  if (random(4) === 0) await addScan();
  progress++;
  await file.setAttributes("/", new Map([["progress", number(progress)]]));
  const acknowledged = { progress, scans };
  for (const [name, dataset] of Object.entries(growing)) acknowledged[name] = dataset.length;
  await file.commit({ durable: random(50) === 0 });
  process.stdout.write(`${JSON.stringify(acknowledged)}\n`);
}
await file.close();
process.stdout.write("closed\n");
process.stdin.destroy();

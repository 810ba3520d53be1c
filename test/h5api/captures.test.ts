import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { File } from "../../src/index.js";
import { Writer } from "../../src/writer/index.js";
import { replayFixture } from "../support/fixtures.js";
import { runPythonFile } from "../support/python.js";
import { resetTestRedis } from "../support/redis.js";
import { makeTestFolder, startTestStore } from "../support/store.js";
import { type Dump, dumpFile } from "./dump.js";

/** What the captures of real publishers look like live, in our writer's file, and to h5py in that file. */
interface Views {
  readonly file: string;
  readonly live: Record<string, Dump>;
  readonly disk: Record<string, Dump>;
}

const DUMP = fileURLToPath(new URL("dump.py", import.meta.url));
const CASES = [
  "h5maps/aborted_no_stop",
  "h5maps/big_endian",
  "h5maps/compound",
  "h5maps/dtypes_all",
  "h5maps/dtypes_longdouble",
  "h5maps/end_update",
  "h5maps/external_binary",
  "h5maps/images_chunked",
  "h5maps/images_small",
  "h5maps/inline_b64",
  "h5maps/inline_dtypes",
  "h5maps/inline_raw",
  "h5maps/lima1_multi_file",
  "h5maps/lima1_single_file",
  "h5maps/links",
  "h5maps/nexus_full",
  "h5maps/scalars_batches",
  "h5maps/scans_sequential",
  "h5maps/spectra_fixed",
  "h5maps/stream_attributes",
  "h5maps/two_files",
  "h5maps/varlen_spectra",
  "h5maps/virtual_dataset",
  "scan-info/04_sardana",
  "scan-info/06_mesh_flat",
  "scan-info/14_lima",
  "scan-info/19_devices",
  "scan-info/28_ct",
  "scan-info/34_meta",
  "scan-info/35_dtypes",
  "scan-info/43_mesh_lima_flat",
];

const { redis, store } = await startTestStore();
const folder = await makeTestFolder("captures");
const views: Views[] = [];

beforeAll(async () => {
  for (const name of CASES) views.push(...(await viewsOf(name)));
}, 180_000);

/** Replays a capture, lets our writer write it, and looks at every file both ways. */
async function viewsOf(name: string): Promise<Views[]> {
  await resetTestRedis(redis);
  const place = join(folder, name);
  await replayFixture(redis.url, name, place);
  const writer = await Writer.start(store, { roots: [folder] });
  await writer.untilIdle(100);
  await writer.close();
  const { keys } = await store.search();
  const scans = await Promise.all(keys.map((key) => store.loadScan(key)));
  const found: Views[] = [];
  for (const file of new Set(scans.flatMap(({ id }) => id.path ?? []))) {
    if (!existsSync(file)) continue;
    await using live = await File.open(file, { store, mode: "live" });
    await using disk = await File.open(file, { mode: "disk" });
    found.push({ file, live: await dumpFile(live), disk: await dumpFile(disk) });
  }
  return found;
}

test("every capture gives at least one file", () => {
  const without = CASES.filter(
    (name) => !views.some(({ file }) => file.startsWith(`${join(folder, name)}/`)),
  );
  expect(without).toEqual([]);
});

test("the disk view of every file is what h5py sees", async () => {
  const text = await runPythonFile(
    DUMP,
    views.map(({ file }) => file),
  );
  const seen = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, Dump>);
  views.forEach(({ file, disk }, i) => {
    expect.soft(withoutErrors(disk), file).toEqual(withoutErrors(seen[i] ?? {}));
  });
}, 120_000);

/** The note that the writer of a derived layout adds about itself. */
const ONLY_WRITTEN = /^\/[^/]+\/writer(\/|$)/;
/** A stream of points of any size without a point: there is no shape yet that a file could give it. */
const ONLY_LIVE = "/1.1/instrument/never/data";

test("the live view of every scan is the disk view of its file", () => {
  for (const { file, live, disk } of views) {
    const { [ONLY_LIVE]: _, ...both } = live;
    const written = Object.fromEntries(Object.entries(disk).filter(([path]) => !ONLY_WRITTEN.test(path)));
    expect.soft(withoutErrors(both), file).toEqual(withoutErrors(written));
  }
});

/** The texts of errors differ; that there is one must not. */
function withoutErrors(nodes: Record<string, Dump>): Record<string, Dump> {
  return Object.fromEntries(
    Object.entries(nodes).map(([path, node]) => [
      path,
      "error" in node ? { kind: node.kind, error: true } : node,
    ]),
  );
}

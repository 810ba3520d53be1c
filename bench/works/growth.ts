// growth WHAT COUNT: what many points, scans or streams cost nxlive. WHAT: read (a stream's points by a cursor), channels (of a
// scan without a mapping, laid out and listed), points, scans or streams (written by a Writer of this process). Everything is in
// Redis already, so that no publisher is waited for.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { File, type Group, mapping } from "nxlive";
import { isFinal, Writer } from "nxlive/writer";
import { args, connect, measured } from "./common.js";

const [what = "", countText] = args;
const count = Number(countText);
const session = `bench_growth_${createHash("sha1").update(`${what} ${count} ${process.pid}`).digest("hex")}`;
const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
const path = join(folder, "growth.h5");
const BATCH = 1000;

const store = await connect();
try {
  if (what === "read") await reading(await publish(1, ["s"], count));
  else if (what === "channels") await listing();
  else if (what === "points") await writing(await publish(1, ["s"], count));
  else if (what === "streams") {
    await writing(
      await publish(
        1,
        Array.from({ length: count }, (_, i) => `s${i}`),
        100,
      ),
    );
  } else {
    const keys: string[] = [];
    for (let number = 1; number <= count; number++) keys.push(...(await publish(number, ["s"], 20)));
    await writing(keys);
  }
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A closed scan with these streams; its key. */
async function publish(number: number, names: readonly string[], points: number): Promise<string[]> {
  const scan = await store.createScan({ name: "growth", number, data_policy: "none", session, path });
  const streams = names.map((name) => scan.createStream(name, { dtype: "<f8" }));
  const detector = (name: string) => mapping.group("NXdetector", { data: mapping.stream(name) });
  const detectors = Object.fromEntries(names.map((name) => [name, detector(name)]));
  const entry = mapping.entry({ instrument: mapping.group("NXinstrument", detectors) });
  scan.info.h5maps = { [path]: mapping.root({ [`${number}.1`]: entry }) };
  await scan.prepare();
  await scan.start();
  const batch = Float64Array.from({ length: Math.min(BATCH, points) }, (_, i) => i);
  for (const stream of streams) {
    for (let sent = 0; sent < points; sent += batch.length) await stream.send(batch);
  }
  await scan.stop();
  await scan.close();
  return [scan.key];
}

async function reading([key = ""]: readonly string[]): Promise<void> {
  const stream = (await store.loadScan(key)).streams.get("s");
  if (!stream) throw new Error("the scan has no stream");
  await measured(async () => {
    let points = 0;
    for await (const view of stream.cursor()) points += (await view.data()).data.length;
    return { result: points };
  });
}

/** Opens the file of a running scan that describes its channels as BLISS did before there were mappings. */
async function listing(): Promise<void> {
  const scan = await store.createScan({ name: "growth", number: 1, data_policy: "none", session, path });
  const names = Array.from({ length: count }, (_, i) => `d${i % 100}:c${i}`);
  for (const name of names) scan.createStream(name, { dtype: "<f8" });
  Object.assign(scan.info, {
    scan_nb: 1,
    title: "growth",
    start_time: "2026-01-01T00:00:00+00:00",
    acquisition_chain: { main: { devices: ["device"] } },
    devices: { device: { name: "device", channels: names } },
    channels: Object.fromEntries(names.map((name) => [name, { dim: 0 }])),
  });
  await scan.prepare();
  await scan.start();
  await measured(async () => {
    await using file = await File.open(path, { store });
    const found = await file.get<Group>("/1.1/measurement").keys();
    if (found.length !== count) throw new Error(`${found.length} of ${count} channels are listed`);
    return { result: found.length };
  });
  await scan.stop();
  await scan.close();
}

async function writing(keys: readonly string[]): Promise<void> {
  let writer: Writer | undefined;
  await measured(async () => {
    writer = await Writer.start(store, { session, roots: [folder] });
    await complete(writer, keys);
    return { result: keys.length };
  });
  await writer?.close();
  const points = what === "points" ? count : what === "streams" ? 100 * count : 20 * count;
  const python = readFileSync(".nxlive/python", "utf8").trim();
  const digest = execFileSync(python, ["bench/peers/digest.py", folder], { encoding: "utf8" });
  const found = JSON.parse(digest) as { readonly points: number };
  if (found.points !== points) throw new Error(`${found.points} of ${points} points are in the file`);
}

/** Until a writer has called these scans complete. */
async function complete(writer: Writer, keys: readonly string[]): Promise<void> {
  const open = new Set(keys);
  for await (const status of writer.statuses()) {
    if (!isFinal(status)) continue;
    if (status.state !== "COMPLETE") throw new Error(status.message);
    open.delete(status.scan);
    if (open.size === 0) return;
  }
}

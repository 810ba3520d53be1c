import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { File } from "../../h5api/file.js";
import { replayCaptures } from "../../redis/replay.js";
import type { Scan } from "../../scan/scan.js";
import type { DataStore } from "../../scan/store.js";
import { Ascan } from "./ascan.js";
import type { Story } from "./story.js";
import type { WriterWatch } from "./writer-watch.js";

const CAPTURE = fileURLToPath(new URL("../../../fixtures/h5maps/nexus_full/redis.jsonl", import.meta.url));
const RECORDED_FOLDER = "/tmp/nxgolden/nexus_full";
/** The recording lasts 0.8 s; so slowly it can be watched. */
const SPEED = 0.16;
const POINTS = 25;
const EXPOSURE = 400;
const BAR = 40;

/** What the acts of the demo play with. */
export interface Stage {
  readonly store: DataStore;
  readonly directory: string;
  readonly story: Story;
  readonly watch: WriterWatch;
  readonly signal: AbortSignal;
}

/** Replays the scan of a real publisher, with its paths moved into the demo's folder. */
export async function recordedAct({ store, directory, story, watch, signal }: Stage): Promise<Scan> {
  await story.tell("\n3. A recorded scan of a beamline is replayed: two chains, spectra, images, notes");
  story.status(() => `replaying the recording: ${watch.pointsWritten} points safe in the file`);
  const rebase = [{ from: RECORDED_FOLDER, to: join(directory, "recorded") }];
  await replayCaptures(store.redis, [CAPTURE], { speed: SPEED, rebase, signal });
  const scan = await store.lastScan({ signal });
  const lengths = await Promise.all([...scan.streams.values()].map((stream) => stream.length({ signal })));
  const points = lengths.reduce((sum, length) => sum + length, 0);
  await story.tell(`   ${points} points of ${scan.streams.size} streams went by, for ${scan.id.path}`);
  return scan;
}

/** Publishes a scan while a reader prints its diode from the virtual file. */
export async function liveAct({ store, directory, story, watch, signal }: Stage): Promise<Scan> {
  const path = join(directory, "demo.h5");
  const ascan = await Ascan.create(store, { path, points: POINTS, exposure: EXPOSURE, signal });
  await story.tell(
    `\n4. A live scan: ${ascan.scan.info.title}, with diode, spectrum and camera; a reader does meanwhile`,
  );
  await story.tell(`   for await (const value of file.get("/instrument/diode").points()) …\n`);
  let [sent, read] = [0, 0];
  story.status(() => {
    const written = watch.written(ascan.scan.key, "diode");
    return `live scan: ${sent} of ${POINTS} points sent, ${read} read, ${written} safe in the file`;
  });
  let reading: Promise<void> | undefined;
  const startReading = () => {
    reading = readDiode(store, path, signal, async (value) => {
      await story.tell(`   ${String(read).padStart(2)}  ${value.toFixed(3)}  ${bar(value)}`);
      read++;
    });
    reading.catch(() => undefined); // awaited below
  };
  await ascan.run(startReading, (points) => {
    sent = points;
  });
  await reading;
  await story.tell(`\n   The reader has seen ${read} points, the last one until the seal`);
  return await store.loadScan(ascan.scan.key, { signal });
}

async function readDiode(
  store: DataStore,
  path: string,
  signal: AbortSignal,
  onValue: (value: number) => Promise<void>,
): Promise<void> {
  await using file = await File.open(path, { store, signal });
  for await (const value of file.get("/instrument/diode").points({ signal })) await onValue(Number(value));
}

function bar(value: number): string {
  return "▇".repeat(Math.max(0, Math.round(value * BAR)));
}

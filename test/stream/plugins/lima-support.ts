import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { limaDefinition } from "../../../src/stream/plugins/definitions.js";
import { LimaStream } from "../../../src/stream/plugins/lima.js";
import { replayFixture } from "../../support/fixtures.js";
import { fixtureCamera } from "../../support/lima.js";
import { startTestRedis } from "../../support/redis.js";
import { scanWith } from "./support.js";

/** Scans with Lima detectors in a Redis of the test file's own: name of a fixture to its scans' keys. */
export interface LimaScans {
  readonly store: DataStore;
  /** The images of the fixture `NAME` are in `folder/NAME`. */
  readonly folder: string;
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

const MULTI = "h5maps/lima1_multi_file";

/** Replays fixtures before the tests of a file: what is returned is filled then. `multi` is always among them. */
export function limaScans(fixtures: Readonly<Record<string, string>> = {}): () => LimaScans {
  let scans: LimaScans | undefined;
  let redis: PrivateRedis | undefined;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "nxlive-lima-"));
    redis = await startTestRedis();
    const store = await DataStore.connect(redis.url);
    const keys = new Map<string, readonly string[]>();
    scans = { store, folder, keys };
    for (const [name, fixture] of Object.entries({ multi: MULTI, ...fixtures })) {
      keys.set(name, (await replayFixture(redis.url, fixture, join(folder, name))).scans);
    }
  });
  afterAll(async () => {
    await scans?.store.close();
    await redis?.stop();
    if (scans) await rm(scans.folder, { recursive: true });
  });
  return () => {
    if (!scans) throw new Error("Scans are there once the tests run.");
    return scans;
  };
}

/** A stream of the scan `position` of a fixture. */
export async function limaStream(
  { store, keys }: LimaScans,
  fixture: string,
  position: number,
  name: string,
): Promise<LimaStream> {
  const stream = (await store.loadScan(keys.get(fixture)?.[position] ?? "")).streams.get(name);
  if (!(stream instanceof LimaStream)) throw new Error(`${name} is no Lima stream.`);
  return stream;
}

/** A running scan whose camera saves 10 images per file, as in the first scan of `multi`. */
export async function running(
  { store, folder }: LimaScans,
  options: { framesPerAcquisition?: number; saved?: boolean } = {},
) {
  const { framesPerAcquisition = 35, saved = true } = options;
  const { saving, ...camera } = fixtureCamera(join(folder, "multi"));
  const unsaved = { ...camera, framesPerAcquisition };
  const definition = limaDefinition(saved ? { ...unsaved, saving } : unsaved);
  const { stream, ...rest } = await scanWith(store, definition);
  if (!(stream instanceof LimaStream)) throw new Error("This is no Lima stream.");
  return { ...rest, stream };
}

export const status = (last_index: number, last_index_saved: number) => ({ last_index, last_index_saved });

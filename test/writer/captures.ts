import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataStore } from "../../src/scan/store.js";
import { type ScanStatus, Writer } from "../../src/writer/index.js";
import { fixture, recordedFolder, replayFixture } from "../support/fixtures.js";
import { runPythonFile } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

/** One way in which a written file differs from what the real writer left. */
export interface TreeDifference {
  readonly case: string;
  /** `FILE::/path`, attributes as `…@name`. */
  readonly path: string;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

const COMPARE = fileURLToPath(new URL("./compare_tree.py", import.meta.url));

/** The names of all captures of a kind, `h5maps/nexus_full` … */
export function captureNames(kind: "h5maps" | "scan-info"): string[] {
  return readdirSync(fixture(kind)).map((name) => `${kind}/${name}`);
}

export function folderOf(root: string, name: string): string {
  return join(root, name.split("/").at(-1) ?? name);
}

/** Replays captures, several at a time, each into its own folder below `root`; at full speed unless told. */
export async function replayAll(
  url: string,
  names: readonly string[],
  root: string,
  speed: (name: string) => number = () => Number.POSITIVE_INFINITY,
): Promise<void> {
  await Promise.all(
    names.map((name) => replayFixture(url, name, folderOf(root, name), { speed: speed(name) })),
  );
}

export interface Outcome {
  readonly differences: readonly TreeDifference[];
  readonly statuses: ReadonlyMap<string, ScanStatus>;
}

/** Writes captures with a writer that runs while they are replayed. */
export async function writeCaptures(
  names: readonly string[],
  root: string,
  speed: (name: string) => number,
): Promise<Outcome> {
  await using redis = await startTestRedis();
  await using store = await DataStore.connect(redis.url);
  await using writer = await Writer.start(store, { leastFree: 0 });
  const statuses = new Map<string, ScanStatus>();
  const listening = (async () => {
    for await (const status of writer.statuses()) statuses.set(status.scan, status);
  })();
  await replayAll(redis.url, names, root, speed);
  await writer.untilIdle(200);
  await writer.close();
  await listening;
  return { differences: await compareWithTrees(names, root), statuses };
}

/** Compares what was written with the real writers' trees, through h5py. */
export async function compareWithTrees(names: readonly string[], root: string): Promise<TreeDifference[]> {
  const cases = names.map((name) => ({
    name,
    tree: fixture(name, "tree.json"),
    recorded: recordedFolder(name),
    folder: folderOf(root, name),
    inputs: inputsOf(name),
  }));
  return JSON.parse(await runPythonFile(COMPARE, [JSON.stringify({ cases })])) as TreeDifference[];
}

/** Files that lie beside the outputs from the beginning. */
function inputsOf(name: string): string[] {
  const folder = fixture(name, "files");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}

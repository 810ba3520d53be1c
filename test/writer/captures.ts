import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixture, recordedFolder, replayFixture } from "../support/fixtures.js";
import { runPythonFile } from "../support/python.js";

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

/** Replays captures, several at a time, each into its own folder below `root`. */
export async function replayAll(
  url: string,
  names: readonly string[],
  root: string,
  speed?: number,
): Promise<void> {
  await Promise.all(
    names.map((name) => replayFixture(url, name, folderOf(root, name), speed === undefined ? {} : { speed })),
  );
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

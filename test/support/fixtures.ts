import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RedisClient } from "../../src/redis/client.js";
import type { PathMove } from "../../src/redis/rebase.js";
import { type Replayed, type ReplayOptions, replayCaptures } from "../../src/redis/replay.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));

/** The path of a fixture's file, such as `fixture("h5maps/nexus_full", "tree.json")`. */
export function fixture(name: string, ...parts: string[]): string {
  return join(FIXTURES, name, ...parts);
}

/** The capture of a fixture, gzipped or not. */
export function capture(name: string): string {
  const plain = fixture(name, "redis.jsonl");
  return existsSync(plain) ? plain : `${plain}.gz`;
}

/** The folder that a fixture's scans write to: what `replayFixture` replaces. */
export function recordedFolder(name: string): string {
  return `/tmp/nxgolden/${name.split("/").at(-1)}`;
}

/**
 * Replays a fixture's capture as fast as Redis takes it, with its paths moved into `folder` and its input files copied
 * there first.
 */
export async function replayFixture(
  url: string,
  name: string,
  folder: string,
  options: Omit<ReplayOptions, "rebase"> = {},
): Promise<Replayed> {
  const recorded = recordedFolder(name);
  const rebase: PathMove[] = [{ from: recorded, to: folder }];
  if (existsSync(fixture(name, "files"))) await cp(fixture(name, "files"), folder, { recursive: true });
  if (existsSync(fixture(name, "files-elsewhere"))) {
    await cp(fixture(name, "files-elsewhere"), `${folder}-elsewhere`, { recursive: true });
    rebase.push({ from: `${recorded}-elsewhere`, to: `${folder}-elsewhere` });
  }
  const client = new RedisClient(url);
  try {
    const replayed = await replayCaptures(client, [capture(name)], {
      speed: Number.POSITIVE_INFINITY,
      ...options,
      rebase,
    });
    const [only] = replayed;
    if (only === undefined) throw new Error(`Nothing was replayed of ${name}.`);
    return only;
  } finally {
    client.close();
  }
}

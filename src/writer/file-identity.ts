import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isTemporaryName } from "../hdf5/temporary-names.js";

/** Identifies the file at a path; undefined when there is none. */
export async function inodeOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * A writer that was killed while it created the file has left its beginning under a temporary name, also when the file was
 * there already under its own. To be called with the file's lease: nobody else creates it.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const leftovers = names.filter((name) => isTemporaryName(name, path));
  for (const name of leftovers) await rm(join(folder, name), { force: true });
}

import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Identifies the file at a path; undefined when there is none. */
export async function inodeOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** What follows a file's name in the temporary name under which it is created: process, time. */
const TEMPORARY_END = /^\d+\.[0-9a-z]+\.tmp$/;

/**
 * A writer that was killed while it created the file has left its beginning under a temporary name, also when the file was
 * there already under its own. To be called with the file's lease: nobody else creates it.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const beginning = `.${basename(path)}.`;
  const names = await readdir(folder).catch(() => []);
  const leftover = (name: string) =>
    name.startsWith(beginning) && TEMPORARY_END.test(name.slice(beginning.length));
  for (const name of names.filter(leftover)) await rm(join(folder, name), { force: true });
}

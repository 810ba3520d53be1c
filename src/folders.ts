import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and the missing ones above it; one that is there already is fine. Node's own `recursive` tries for ever
 * where a folder exists but takes no other, as `/proc` does.
 */
export async function makeFolder(folder: string): Promise<void> {
  if ((await attempt(folder)) === undefined) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  const missing = await attempt(folder);
  if (missing !== undefined) throw missing;
}

/** The error that says there is no folder to make it in; undefined when the folder is there. Other errors are thrown. */
async function attempt(folder: string): Promise<Error | undefined> {
  try {
    await mkdir(folder);
  } catch (error) {
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory()) return undefined;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return error;
    throw error;
  }
  return undefined;
}

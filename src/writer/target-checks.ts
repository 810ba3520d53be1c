import { readlink, realpath, statfs } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from "node:path";
import { messageOf } from "../errors.js";
import { makeFolder } from "../folders.js";
import { FileUnavailableError, TargetFileError } from "./errors.js";

const MEGABYTE = 1_000_000;
/** Free space that a scan needs, and below which there is a warning: also below so many times the space that is needed. */
export const LEAST_FREE = 200 * MEGABYTE;
const LOW_FREE = 1000 * MEGABYTE;
const LOW_FACTOR = 5;

const MOST_LINKS = 40;

export interface TargetLimits {
  /** Folders that files must lie in, symbolic links resolved; empty: anywhere. */
  readonly roots: readonly string[];
  /** Bytes that must be free; default LEAST_FREE. */
  readonly leastFree?: number;
}

/**
 * Makes sure that a scan may write a file: absolute path, inside the roots with symbolic links resolved (a scan is
 * untrusted input), folder present or created, enough room. Returns the path with all links in its folder resolved, so
 * that one file has one name. What may pass is a FileUnavailableError, the rest a TargetFileError.
 */
export async function checkTarget(path: string, limits: TargetLimits): Promise<string> {
  if (path.includes("\0")) throw new TargetFileError("The file's path contains a NUL character.", { path });
  if (!isAbsolute(path)) {
    throw new TargetFileError(
      `The file ${path} has no absolute path: publish scans with an absolute id.path.`,
      {
        path,
      },
    );
  }
  const clean = normalize(path);
  if (clean.endsWith(sep)) throw new TargetFileError(`${path} names a folder, not a file.`, { path });
  // Before any folder is made: the part that exists decides where the rest will be.
  const planned = await resolveExisting(clean);
  await refuseOutside(planned, path, limits.roots);
  await makeFolderOf(planned, path); // where a link to something missing leads
  const resolved = await resolveExisting(clean);
  await refuseOutside(resolved, path, limits.roots);
  const { full } = await roomFor(resolved, limits.leastFree ?? LEAST_FREE);
  if (full !== undefined) throw new FileUnavailableError(full, { path });
  return resolved;
}

/** Whether there is little room for a file (`low`), or none (`full`): sentences that say so. */
export async function roomFor(
  path: string,
  least: number,
): Promise<{ readonly low?: string; readonly full?: string }> {
  const free = await freeSpace(dirname(path)).catch(() => Number.POSITIVE_INFINITY);
  const enough = Math.max(LOW_FREE, LOW_FACTOR * least);
  return {
    ...(free < enough && { low: `Less than ${megabytes(enough)} MB are free for ${path}.` }),
    ...(free < least && {
      full: `Only ${megabytes(free)} MB free for ${path}: at least ${megabytes(least)} MB are needed.`,
    }),
  };
}

/** Free bytes for ordinary users on the file system of a folder. */
async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function refuseOutside(resolved: string, path: string, roots: readonly string[]): Promise<void> {
  if (roots.length === 0) return;
  for (const root of roots) {
    if (isInside(await resolveExisting(normalize(root)), resolved)) return;
  }
  const where = resolved === path ? "" : ` (really ${resolved})`;
  throw new TargetFileError(
    `The file ${path}${where} lies outside of the allowed folders ${roots.join(", ")}.`,
    {
      path,
    },
  );
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The path with the links of its existing part resolved, links to what does not exist yet included. */
async function resolveExisting(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    const missing = hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
    if (hasCode(error, "ENAMETOOLONG")) throw tooLong(path, error);
    if (!missing || parent === path || links > MOST_LINKS) {
      // No permission, a file server that does not answer, links in a circle: somebody may see to it.
      throw new FileUnavailableError(`Cannot resolve the path ${path}: ${messageOf(error)}`, {
        path,
        cause: error,
      });
    }
    const folder = await resolveExisting(parent, links);
    const target = await readlink(join(folder, basename(path))).catch(() => undefined);
    if (target === undefined) return join(folder, basename(path));
    return resolveExisting(resolve(folder, target), links + 1);
  }
}

async function makeFolderOf(file: string, path: string): Promise<void> {
  try {
    await makeFolder(dirname(file));
  } catch (cause) {
    if (hasCode(cause, "ENAMETOOLONG")) throw tooLong(path, cause);
    throw new FileUnavailableError(`Cannot create the folder of ${path}: ${messageOf(cause)}`, {
      path,
      cause,
    });
  }
}

/** No waiting makes it shorter. */
function tooLong(path: string, cause: unknown): TargetFileError {
  return new TargetFileError(`The path or a name in it is longer than the file system allows: ${path}`, {
    path,
    cause,
  });
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / MEGABYTE);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

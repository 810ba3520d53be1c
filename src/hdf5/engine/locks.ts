import type { BigIntStats } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { FileLockedError } from "../errors.js";

/** Files open for writing in this process. */
const open = new Set<string>();

/**
 * Claims a file for writing, for this process; the result gives it back. HDF5 programs keep others out with a lock on the file
 * (h5py: flock); Node cannot take such locks, but on Linux /proc/locks shows who holds one, and /proc/*\/fd who else
 * has the file open for writing.
 */
export async function claim(path: string, stats: BigIntStats): Promise<() => void> {
  const { dev, ino } = stats;
  const key = keyOf(stats);
  if (open.has(key)) {
    throw new FileLockedError(`${path} is open for writing already, in this process. Close it first.`, {
      path,
    });
  }
  const release = claimNew(stats);
  try {
    const holder = (await lockHolder(dev, ino)) ?? (await writingProcess(path));
    if (holder !== undefined) {
      throw new FileLockedError(
        `${path} is being written by another program: ${await describe(holder)}. Close the file there first.`,
        { path },
      );
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** Claims a file that this process has just made: nobody else can have it open. */
export function claimNew(stats: BigIntStats): () => void {
  const key = keyOf(stats);
  open.add(key);
  return () => void open.delete(key);
}

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** The process with a write lock on the file: `1: FLOCK  ADVISORY  WRITE 4711 fe:00:133 0 EOF`. */
async function lockHolder(dev: bigint, ino: bigint): Promise<string | undefined> {
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  for (const line of locks.split("\n")) {
    const [, , , access, pid, file] = line
      .replace(/^(\S+) ->/, "$1")
      .trim()
      .split(/\s+/);
    if (access !== "WRITE" || pid === undefined || file === undefined || pid === String(process.pid))
      continue;
    const [major = "", minor = "", inode] = file.split(":");
    const same =
      inode === String(ino) && deviceNumber(Number.parseInt(major, 16), Number.parseInt(minor, 16)) === dev;
    if (same) return pid;
  }
  return undefined;
}

/** Linux' device number as `stat` gives it. */
function deviceNumber(major: number, minor: number): bigint {
  const [M, m] = [BigInt(major), BigInt(minor)];
  return (m & 0xffn) | ((M & 0xfffn) << 8n) | ((m & ~0xffn) << 12n) | ((M & ~0xfffn) << 32n);
}

/** Another process of ours (or any, for root) that has the file open for writing. */
async function writingProcess(path: string): Promise<string | undefined> {
  const processes = await readdir("/proc").catch(() => []);
  for (const pid of processes) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(
      descriptors.map(async (fd) => [fd, await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")] as const),
    );
    for (const [fd, target] of targets) {
      if (target === path && (await isForWriting(pid, fd))) return pid;
    }
  }
  return undefined;
}

async function isForWriting(pid: string, fd: string): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8").catch(() => "");
  const flags = /^flags:\s*(\d+)/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

async function describe(pid: string): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = command.split("\0").filter(Boolean).join(" ");
  return `process ${pid}${words ? ` (${words.slice(0, 200)})` : " on this machine"}`;
}

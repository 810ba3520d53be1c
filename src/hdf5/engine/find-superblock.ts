import type { FileHandle } from "node:fs/promises";
import { NotHdf5Error, UnsupportedFileError } from "../errors.js";
import { parseSuperblock, SUPERBLOCK_MAX, type Superblock } from "../format/superblock.js";

/** The superblock of an open file, and the file's size. Errors: NotHdf5Error, UnsupportedFileError. */
export async function findSuperblock(
  path: string,
  handle: FileHandle,
): Promise<{ block: Superblock; size: number }> {
  const { size } = await handle.stat();
  for (let at = 0; at < size; at = Math.max(512, 2 * at)) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SUPERBLOCK_MAX), 0, SUPERBLOCK_MAX, at);
    const block = readSuperblock(buffer.subarray(0, bytesRead));
    if (block && at > 0)
      throw new UnsupportedFileError(
        `${path} cannot be appended to: it has a user block of ${at} bytes. Make a copy without it (h5unjam) and use that.`,
        {
          path,
        },
      );
    if (block) return { block, size };
  }
  throw new NotHdf5Error(`${path} is not an HDF5 file: move it away, or choose another name.`, { path });
}

/** Undefined when the bytes are none. */
export function readSuperblock(bytes: Buffer): Superblock | undefined {
  try {
    return parseSuperblock(bytes);
  } catch {
    return undefined;
  }
}

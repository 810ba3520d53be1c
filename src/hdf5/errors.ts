import { type ErrorContext, NxliveError } from "../errors.js";

/** Why a file could not be opened, written or changed; `code` says which. The message names the file (or path in it). */
export class Hdf5Error extends NxliveError {}

/** Not an HDF5 file, or one whose structures do not make sense. */
export class NotHdf5Error extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_NOT_A_FILE", message, context);
  }
}

/** Reading failed inside HDF5: a damaged file, a missing filter or raw file, or a file that changes while it is read. */
export class Hdf5ReadError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_READ", message, context);
  }
}

/** A sound file with a structure that this writer does not touch; reading it is no problem. */
export class UnsupportedFileError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_UNSUPPORTED", message, context);
  }
}

/** Another process holds an HDF5 lock on the file, or has it open for writing. */
export class FileLockedError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_LOCKED", message, context);
  }
}

/** The file was truncated, replaced, deleted or changed by someone else since our last write: we stop writing to it. */
export class FileChangedError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_CHANGED", message, context);
  }
}

/** No room on the disk (or quota). What was committed stays readable; `commit()` may be called again once there is room. */
export class DiskFullError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_DISK_FULL", message, context);
  }
}

/** The operating system refused: permission, missing folder, a folder where a file was expected, an I/O error. */
export class FileAccessError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_ACCESS", message, context);
  }
}

/** `mode: "create"` and the file is there already. */
export class FileExistsError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_FILE_EXISTS", message, context);
  }
}

/** An item cannot be created because something lies at its path already. */
export class ItemExistsError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_ITEM_EXISTS", message, context);
  }
}

/** Nothing lies at a path (or an item's parent), or something of another kind than needed. */
export class ItemMissingError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_ITEM_MISSING", message, context);
  }
}

/** A value beyond what HDF5 can store in that place, such as attributes over 64 KiB. */
export class LimitError extends Hdf5Error {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_HDF5_LIMIT", message, context);
  }
}

/** The typed error for a damaged structure, of which parsers say a RangeError; anything else stays what it is. */
export function damagedError(error: unknown, path: string): unknown {
  if (!(error instanceof RangeError)) return error;
  return new NotHdf5Error(`${path} is damaged (${error.message}): check it with h5dump.`, {
    path,
    cause: error,
  });
}

const NO_ROOM = new Set(["ENOSPC", "EDQUOT"]);

/** The code of a failed system call, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The typed error of a failed system call on `path`. */
export function systemError(error: unknown, doing: string, path: string): Hdf5Error {
  if (error instanceof Hdf5Error) return error;
  const code = systemCode(error) ?? "unknown error";
  const context = { path, cause: error };
  if (NO_ROOM.has(code)) {
    return new DiskFullError(
      `No room left while ${doing} ${path} (${code}). What was committed is intact; free some space and commit again.`,
      context,
    );
  }
  if (code === "EFBIG") {
    return new DiskFullError(
      `Failed ${doing} ${path}: files may not be that large here, though most of it takes no room (EFBIG). Lift the limit of this process (ulimit -f), or use another file system. What was committed is intact.`,
      context,
    );
  }
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EROFS: "the file system is read-only",
    EISDIR: "it is a folder, not a file",
    ENOTDIR: "a part of its path is not a folder",
    ENOENT: "no such file or folder",
  };
  return new FileAccessError(`Failed ${doing} ${path}: ${reasons[code] ?? code}.`, context);
}

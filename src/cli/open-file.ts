import { existsSync } from "node:fs";
import { InvalidArgumentError, isNxliveError, messageOf } from "../errors.js";
import { File } from "../h5api/file.js";
import { splitFilePath } from "../h5api/file-path.js";
import { FILE_MODES, type FileMode } from "../h5api/library.js";
import type { Context } from "./command.js";
import { UsageError } from "./command.js";

/** The option of commands that read files. */
export const MODE_OPTION = {
  type: "string",
  value: "MODE",
  description: "live (only Redis), disk (only the file), auto (default)",
} as const;

type OpenContext = Pick<Context, "connect" | "warn" | "signal">;

/** Opens the file of `FILE::PATH` for a command: its scans in Redis, else the file on disk, which needs no Redis. */
export async function openPlace(
  context: OpenContext,
  place: string,
  mode = "auto",
): Promise<{ file: File; path: string }> {
  if (!isMode(mode)) throw new UsageError(`--mode is live, disk or auto, not ${JSON.stringify(mode)}`);
  const [usual, ...others] = splitFilePath(place);
  try {
    return { file: await openFile(context, usual.file, mode), path: usual.path };
  } catch (error) {
    const missing = isNxliveError(error, "ERR_FILE_NOT_FOUND");
    if (!missing && !hasNoDatabase(error)) throw error;
    for (const { file, path } of others) {
      if (!missing && !existsSync(file)) continue;
      try {
        return { file: await openFile(context, file, mode), path };
      } catch {
        // The usual reading is the one to report.
      }
    }
    throw error;
  }
}

function isMode(text: string): text is FileMode {
  return FILE_MODES.some((mode) => mode === text);
}

async function openFile(context: OpenContext, name: string, mode: FileMode): Promise<File> {
  if (name === "") throw new InvalidArgumentError("The name of the file is missing: FILE::PATH.");
  const { signal } = context;
  if (mode === "disk") return File.open(name, { mode, signal });
  try {
    const store = await context.connect();
    return await File.open(name, { store, mode, signal });
  } catch (error) {
    if (mode === "live" || !hasNoDatabase(error) || !existsSync(name)) throw error;
    await context.warn(`Only the file on disk is read: ${messageOf(error)}`);
    return File.open(name, { mode: "disk", signal });
  }
}

const NO_DATABASE = [
  "ERR_REDIS_UNREACHABLE",
  "ERR_REDIS_ACCESS",
  "ERR_NOT_INITIALISED",
  "ERR_PROTOCOL_VERSION",
];

function hasNoDatabase(error: unknown): boolean {
  return NO_DATABASE.some((code) => isNxliveError(error, code));
}

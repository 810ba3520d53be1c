import { existsSync } from "node:fs";
import { InvalidArgumentError, isNxliveError, messageOf } from "../errors.js";
import { File } from "../h5api/file.js";
import type { FileMode } from "../h5api/library.js";
import type { Context } from "./command.js";
import { UsageError } from "./command.js";

const MODES: readonly string[] = ["live", "disk", "auto"];

/** Opens a file for a command: its scans in Redis, else the file on disk, which needs no Redis. */
export async function openFile(
  context: Pick<Context, "connect" | "warn" | "signal">,
  name: string,
  mode = "auto",
): Promise<File> {
  if (!MODES.includes(mode))
    throw new UsageError(`--mode is live, disk or auto, not ${JSON.stringify(mode)}`);
  if (name === "") throw new InvalidArgumentError("The name of the file is missing: FILE::PATH.");
  const { signal } = context;
  if (mode === "disk") return File.open(name, { mode, signal });
  try {
    const store = await context.connect();
    return await File.open(name, { store, mode: mode as FileMode, signal });
  } catch (error) {
    const unreachable = NO_DATABASE.some((code) => isNxliveError(error, code));
    if (mode === "live" || !unreachable || !existsSync(name)) throw error;
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

import {
  type ChildProcessWithoutNullStreams,
  execFile,
  type SpawnOptionsWithoutStdio,
  spawn,
} from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const NOTE = fileURLToPath(new URL("../../.nxlive/python", import.meta.url));

/** The Python with blissdata, blisswriter and h5py that `scripts/setup.mjs test` made. */
export function pythonPath(): string {
  const path = existsSync(NOTE) ? readFileSync(NOTE, "utf8").trim() : undefined;
  if (path === undefined || !existsSync(path)) {
    throw new Error(
      "The tests' Python environment is missing: run `npm test`, or `node scripts/setup.mjs test` once.",
    );
  }
  return path;
}

/** Runs a program text (`python -c`) to its end; the answer is its standard output. Its errors are in the message. */
export async function runPython(program: string, args: readonly string[] = []): Promise<string> {
  const { stdout } = await run(pythonPath(), ["-c", program, ...args], { maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** Runs a script file to its end; the answer is its standard output. */
export async function runPythonFile(script: string, args: readonly string[] = []): Promise<string> {
  const { stdout } = await run(pythonPath(), [script, ...args], { maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** Starts Python with these arguments (unbuffered); the caller ends it. */
export function spawnPython(
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): ChildProcessWithoutNullStreams {
  return spawn(pythonPath(), ["-u", ...args], { ...options, stdio: "pipe" });
}

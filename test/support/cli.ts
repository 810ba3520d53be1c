import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Cli = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the built `nxlive` as a user's shell does, without a terminal and without $REDIS_URL. */
export function spawnCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
  if (!existsSync(MAIN)) throw new Error("The command is not built: run `npm run build` first.");
  const { REDIS_URL: _, ...inherited } = process.env;
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs `nxlive` to its end. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return await resultOf(spawnCli(args, env));
}

/** What a running `nxlive` leaves, once it has ended. */
export async function resultOf(child: Cli): Promise<CliResult> {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return { code: child.exitCode, stdout, stderr };
}

/** The first line of a running command's standard output. */
export async function firstLine(child: Cli): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    child.stdout.resume();
    return line;
  }
  throw new Error("The command ended without a line.");
}

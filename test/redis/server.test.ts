import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import { moduleNames } from "../../src/redis/commands.js";
import { startPrivateRedis } from "../../src/redis/server.js";
import { findRedisProgram } from "../../src/redis/server-binary.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-server-"));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function folderOf(url: string): Promise<string> {
  const client = new RedisClient(url);
  const reply = await client.commands.call(["CONFIG", "GET", "dir"]);
  client.close();
  return Array.isArray(reply) ? String(reply[1]) : "";
}

describe("a private Redis", () => {
  test("has the modules for JSON and Search", async () => {
    await using redis = await startPrivateRedis();
    const client = new RedisClient(redis.url);
    expect(await client.do(moduleNames())).toEqual(expect.arrayContaining(["ReJSON", "search"]));
    client.close();
  });

  test("leaves neither process nor folder when it stops, however often it is told", async () => {
    const redis = await startPrivateRedis();
    const temporary = await folderOf(redis.url);
    expect(existsSync(temporary)).toBe(true);
    await Promise.all([redis.stop(), redis.stop()]);
    await redis.stop();
    await redis.exited;
    expect(existsSync(temporary)).toBe(false);
    expect(() => process.kill(redis.pid, 0)).toThrow("ESRCH");
  });

  test("stops when its signal aborts", async () => {
    const controller = new AbortController();
    const redis = await startPrivateRedis({ signal: controller.signal });
    controller.abort();
    await redis.exited;
    expect(() => process.kill(redis.pid, 0)).toThrow("ESRCH");
  });

  test("is not started for a signal that has aborted", async () => {
    await expect(startPrivateRedis({ signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  });

  test("shares a machine with others", async () => {
    await using first = await startPrivateRedis();
    await using second = await startPrivateRedis();
    expect(second.port).not.toBe(first.port);
  });

  test("has its folder alone, and gives it back, also when it was killed", async () => {
    const dir = join(folder, "kept");
    const first = await startPrivateRedis({ dir });
    await expect(startPrivateRedis({ dir })).rejects.toMatchObject({
      code: "ERR_REDIS_SERVER",
      message: expect.stringContaining(
        `${dir} is in use by the Redis server with the process id ${first.pid}`,
      ),
    });
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    await (await startPrivateRedis({ dir })).stop();
    await (await startPrivateRedis({ dir })).stop();
  });

  test("tells that its port is taken", async () => {
    await using first = await startPrivateRedis();
    await expect(startPrivateRedis({ port: first.port })).rejects.toMatchObject({
      code: "ERR_REDIS_SERVER",
      message: expect.stringMatching(/^Redis did not start on port \d+: .*in use/),
    });
  });

  test.each([{ port: 0 }, { port: 65536 }, { port: 1.5 }, { maxmemory: "1 GB" }])(
    "refuses the options %o",
    async (options) => {
      await expect(startPrivateRedis(options)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    },
  );
});

describe("without any Redis", () => {
  async function withPython(script: string | undefined): Promise<void> {
    const bin = await mkdtemp(join(folder, "bin-"));
    vi.stubEnv("PATH", bin);
    vi.stubEnv("NXLIVE_CACHE", join(bin, "cache"));
    if (script === undefined) return;
    await writeFile(join(bin, "python3"), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, "python3"), 0o755);
  }

  test.each([
    ["python3", undefined, /cannot be fetched without python3: install python3 with pip/],
    [
      "pip",
      "echo '/usr/bin/python3: No module named pip' >&2; exit 1",
      /cannot be fetched without pip: install pip/,
    ],
    [
      "network",
      "echo 'ERROR: no such host' >&2; exit 1",
      /cannot download .*ERROR: no such host.*check the network/,
    ],
    ["the right file", 'for to; do :; done; echo x > "$to/a.whl"', /a\.whl has the SHA-256 \w+ instead of/],
  ])("and without %s it says so in one sentence", async (_, script, message) => {
    await withPython(script);
    await expect(findRedisProgram()).rejects.toMatchObject({
      code: "ERR_REDIS_SERVER",
      message: expect.stringMatching(message),
    });
    vi.unstubAllEnvs();
  });
});

test("a cache folder that cannot be made is named, with the way out", async () => {
  vi.stubEnv("PATH", "");
  vi.stubEnv("NXLIVE_CACHE", "/proc/nxlive");
  await expect(findRedisProgram()).rejects.toMatchObject({
    code: "ERR_REDIS_SERVER",
    message: expect.stringMatching(/cannot be kept in \/proc\/nxlive \(.*\): set \$NXLIVE_CACHE/),
  });
  vi.unstubAllEnvs();
});

test("a Redis Stack on PATH is used before anything is fetched", async () => {
  const installed = await findRedisProgram();
  const bin = join(installed.server, "..");
  vi.stubEnv("PATH", bin);
  vi.stubEnv("NXLIVE_CACHE", join(folder, "none"));
  await expect(findRedisProgram()).resolves.toEqual(installed);
  vi.unstubAllEnvs();
});

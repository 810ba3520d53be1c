import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { findRedisProgram } from "../../src/redis/server-binary.js";
import { DataStore } from "../../src/scan/store.js";
import { firstLine, resultOf, runCli, spawnCli } from "../support/cli.js";
import { capture } from "../support/fixtures.js";
import { resetTestRedis, startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;
let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  redis = await startTestRedis();
  env = { REDIS_URL: redis.url };
  folder = await mkdtemp(join(tmpdir(), "nxlive-cli-"));
});

beforeEach(async () => {
  await resetTestRedis(redis);
});

afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true });
});

async function flush(): Promise<void> {
  const client = new RedisClient(redis.url);
  await client.commands.call(["FLUSHALL"]);
  client.close();
}

async function replay(name: string): Promise<void> {
  const { code, stderr } = await runCli(["replay", capture(name), "--speed", "max"], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

describe("init", () => {
  test("prepares an empty database", async () => {
    await flush();
    const { code, stdout } = await runCli(["init"], env);
    expect(code).toBe(0);
    expect(stdout).toContain("is ready for scans");
    expect((await runCli(["scans", "--json"], env)).stdout).toBe("[]\n");
  });

  test("says that a database is prepared already", async () => {
    const { code, stderr } = await runCli(["init"], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is initialised already.*\[ERR_DATABASE_NOT_EMPTY\]\n$/);
  });

  test("refuses a database of something else", async () => {
    await flush();
    const client = new RedisClient(redis.url);
    await client.commands.call(["SET", "something", "else"]);
    client.close();
    const { code, stderr } = await runCli(["init"], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/holds something else.*\[ERR_DATABASE_NOT_EMPTY\]\n$/);
  });
});

describe("a server without the modules", () => {
  let plain: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const { server } = await findRedisProgram();
    const socket = join(folder, "plain.sock");
    const args = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder];
    plain = spawn(server, args, { stdio: ["ignore", "pipe", "inherit"] });
    if (plain.stdout === null) throw new Error("The server has no log.");
    for await (const line of createInterface({ input: plain.stdout }))
      if (line.includes("Ready to accept")) break;
    url = `unix://${socket}`;
  });

  afterAll(async () => {
    plain.kill();
    await once(plain, "exit");
  });

  test("cannot be initialised, and init names what it lacks", async () => {
    const { code, stderr } = await runCli(["init", "--redis", url]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/lacks ReJSON and search.*\[ERR_MISSING_MODULES\]\n$/);
  });

  test("holds no scans", async () => {
    const { code, stderr } = await runCli(["replay", capture("h5maps/nexus_full"), "--redis", url]);
    expect(code).toBe(1);
    expect(stderr).toContain("[ERR_NOT_INITIALISED]");
  });
});

describe("scans", () => {
  test("lists the scans with their identity, state and start", async () => {
    await replay("h5maps/scans_sequential");
    const { code, stdout } = await runCli(["scans"], env);
    expect(code).toBe(0);
    const [titles, ...lines] = stdout.trimEnd().split("\n");
    expect(titles).toMatch(/^number +name +state +session +start +path +key$/);
    expect(lines).toHaveLength(12);
    expect(lines[0]).toMatch(/^1 +\S+ +CLOSED +golden +20\S+ +\/tmp\/nxgolden\S+ +esrf:scan:/);
  });

  test("gives JSON for machines", async () => {
    await replay("h5maps/nexus_full");
    const { stdout } = await runCli(["scans", "--json", "--session", "gold*"], env);
    expect(JSON.parse(stdout)).toEqual([
      {
        key: "esrf:scan:01M7YH12T2BHK8RH1YQPFCHSHK",
        number: 1,
        name: "ascan",
        state: "CLOSED",
        session: "golden",
        path: "/tmp/nxgolden/nexus_full/blc00001/sample/sample_0001/sample_0001.h5",
        start: expect.stringMatching(/^2026-/),
      },
    ]);
    expect((await runCli(["scans", "--json", "--session", "other"], env)).stdout).toBe("[]\n");
  });

  test("names a scan that cannot be read and lists the others", async () => {
    await replay("h5maps/nexus_full");
    const client = new RedisClient(redis.url);
    await client.commands.call(["JSON.SET", "esrf:scan:01BAD", ".", '{"id":{"name":"x"},"state_stream":{}}']);
    client.close();
    const { code, stdout, stderr } = await runCli(["scans"], env);
    expect(code).toBe(1);
    expect(stdout).toContain("esrf:scan:01M7YH12T2BHK8RH1YQPFCHSHK");
    expect(stderr).toContain("esrf:scan:01BAD");
  });
});

describe("show", () => {
  test("tells streams with length, dtype and shape", async () => {
    await replay("h5maps/varlen_spectra");
    const { code, stdout } = await runCli(["show", "last"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^session +golden$/m);
    expect(stdout).toMatch(/^f8 +9 +<f8 +\(-1\)$/m);
    expect(stdout).toMatch(/^f4 +5 +<f4 +\(3, -1\)$/m);
  });

  test("gives JSON for machines, of the scan of a key", async () => {
    await replay("h5maps/nexus_full");
    const { stdout } = await runCli(["show", "01M7YH12T2BHK8RH1YQPFCHSHK", "--json"], env);
    const shown = JSON.parse(stdout) as { number: number; streams: { name: string }[] };
    expect(shown.number).toBe(1);
    expect(shown.streams).toContainEqual({
      name: "diode",
      length: 11,
      sealed: true,
      dtype: "<f8",
      shape: [],
      plugin: null,
    });
  });

  test("keeps a stream that cannot be read beside the others", async () => {
    await replay("h5maps/unknown_plugin_unmapped");
    const { code, stdout } = await runCli(["show", "last", "--json"], env);
    expect(code).toBe(0);
    const { streams } = JSON.parse(stdout) as { streams: { length: number | null; error?: string }[] };
    expect(streams.filter(({ error }) => error !== undefined)).toHaveLength(1);
    expect(streams.filter(({ length }) => length !== null && length > 0).length).toBeGreaterThan(0);
  });

  test.each([
    ["last", "ERR_NO_SCAN"],
    ["esrf:scan:01M7YH12T2BHK8RH1YQPFCHSHK", "ERR_SCAN_NOT_FOUND"],
  ])("%s in an empty database is an error", async (name, error) => {
    const { code, stderr } = await runCli(["show", name], env);
    expect(code).toBe(1);
    expect(stderr).toContain(`[${error}]`);
  });
});

describe("replay", () => {
  test("sends several captures and tells what they held", async () => {
    const { code, stdout } = await runCli(
      ["replay", capture("h5maps/nexus_full"), capture("h5maps/images_chunked"), "--speed", "max", "--json"],
      env,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { commands: 130, scans: ["esrf:scan:01M7YH12T2BHK8RH1YQPFCHSHK"] },
      { scans: [expect.stringMatching(/^esrf:scan:/)] },
    ]);
  });

  test("moves the scan's files", async () => {
    const move = `/tmp/nxgolden/nexus_full=${folder}`;
    await runCli(["replay", capture("h5maps/nexus_full"), "--speed", "max", "--rebase", move], env);
    const store = await DataStore.connect(redis.url);
    const scan = await store.lastScan();
    await store.close();
    const path = join(folder, "blc00001/sample/sample_0001/sample_0001.h5");
    expect(scan.id.path).toBe(path);
    expect(Object.keys(scan.info.h5maps as object)).toEqual([
      path,
      join(folder, "blc00001/blc00001_id00.h5"),
    ]);
  });

  test("refuses a malformed capture with its file and line", async () => {
    const file = join(folder, "bad.jsonl");
    await writeFile(file, '{"t":0,"args":["SET","a","b"]}\nnonsense\n');
    const { code, stderr } = await runCli(["replay", file], env);
    expect(code).toBe(1);
    expect(stderr).toBe(`nxlive replay: ${file}, line 2: not a JSON text. [ERR_CAPTURE]\n`);
  });

  test("stops at Ctrl-C", async () => {
    const file = join(folder, "long.jsonl");
    await writeFile(file, '{"t":0,"args":["SET","first","b"]}\n{"t":3600,"args":["SET","second","b"]}\n');
    const child = spawnCli(["replay", file], env);
    const client = new RedisClient(redis.url);
    await expect.poll(() => client.commands.call(["EXISTS", "first"])).toBe(1);
    client.close();
    child.kill("SIGINT");
    const { code, stderr } = await resultOf(child);
    expect(code).toBe(1);
    expect(stderr).toBe("nxlive replay: interrupted\n");
  });
});

describe("a database that is not for scans is refused by", () => {
  test.each([["scans"], ["show", "last"], ["replay", capture("h5maps/nexus_full")]])(
    "%s",
    async (...args) => {
      await flush();
      const client = new RedisClient(redis.url);
      await client.commands.call(["SET", "something", "else"]);
      client.close();
      const { code, stderr } = await runCli(args, env);
      expect(code).toBe(1);
      expect(stderr).toContain("[ERR_NOT_INITIALISED]");
    },
  );

  test.each([["scans"], ["show", "last"], ["replay", capture("h5maps/nexus_full")]])(
    "%s, when it has another version of the protocol",
    async (...args) => {
      const client = new RedisClient(redis.url);
      await client.commands.call(["SET", "_PROTOCOL_VERSION_", "2"]);
      client.close();
      const { code, stderr } = await runCli(args, env);
      expect(code).toBe(1);
      expect(stderr).toContain("[ERR_PROTOCOL_VERSION]");
    },
  );
});

describe("redis", () => {
  test("writes the URL of a prepared database first, and stops cleanly at Ctrl-C", async () => {
    const child = spawnCli(["redis", "--maxmemory", "64mb"]);
    const url = await firstLine(child);
    const store = await DataStore.connect(url);
    expect((await store.search()).keys).toEqual([]);
    const limit = await store.redis.commands.call(["CONFIG", "GET", "maxmemory"]);
    expect(String(limit)).toContain(String(64 * 2 ** 20));
    await store.close();
    child.kill("SIGINT");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    await expect(DataStore.connect(url)).rejects.toMatchObject({ code: "ERR_REDIS_UNREACHABLE" });
  });

  test("keeps the database of --dir for the next time", async () => {
    const args = ["redis", "--dir", join(folder, "kept")];
    const first = spawnCli(args);
    await runCli([
      "replay",
      capture("h5maps/nexus_full"),
      "--speed",
      "max",
      "--redis",
      await firstLine(first),
    ]);
    first.kill("SIGTERM");
    await once(first, "exit");
    const second = spawnCli(args);
    const { stdout } = await runCli(["scans", "--json", "--redis", await firstLine(second)]);
    second.kill("SIGTERM");
    await once(second, "exit");
    expect(JSON.parse(stdout)).toHaveLength(1);
  });

  test("says that a port is taken", async () => {
    const { code, stderr } = await runCli(["redis", "--port", String(redis.port)]);
    expect(code).toBe(1);
    expect(stderr).toContain("in use");
    expect(stderr).toContain("[ERR_REDIS_SERVER]");
  });

  test("ends with its parent, also when that is killed", async () => {
    const child = spawnCli(["redis", "--json"]);
    const { url, pid } = JSON.parse(await firstLine(child)) as { url: string; pid: number };
    expect(pid).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await once(child, "exit");
    const isGone = async () => {
      const store = await DataStore.connect(url).catch(() => undefined);
      await store?.close();
      return store === undefined;
    };
    await expect.poll(isGone, { timeout: 10_000 }).toBe(true);
  });
});

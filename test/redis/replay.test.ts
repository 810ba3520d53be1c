import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import { dbsize, jsonGet, xrange } from "../../src/redis/commands.js";
import { replayCaptures } from "../../src/redis/replay.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { capture, fixture, replayFixture } from "../support/fixtures.js";
import { resetTestRedis, startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;
let client: RedisClient;
let folder: string;

beforeAll(async () => {
  redis = await startTestRedis();
  client = new RedisClient(redis.url);
  folder = await mkdtemp(join(tmpdir(), "nxlive-replay-"));
});

beforeEach(async () => {
  await resetTestRedis(redis);
});

afterAll(async () => {
  client.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const max = { speed: Number.POSITIVE_INFINITY };

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const line = (t: number, ...args: unknown[]) => `${JSON.stringify({ t, args })}\n`;

test.each(["h5maps/nexus_full", "h5maps/images_chunked", "h5maps/deleted_forced", "h5maps/scan_sequence"])(
  "replaying %s leaves the recorded scan documents",
  async (name) => {
    const [replayed] = await replayCaptures(client, [capture(name)], max);
    const recorded: unknown = JSON.parse(readFileSync(fixture(name, "scan.json"), "utf8"));
    const documents = new Map<string, unknown>();
    for (const key of replayed?.scans ?? []) {
      documents.set(key, JSON.parse((await client.do(jsonGet(key))) ?? "null"));
    }
    expect(Object.fromEntries(documents)).toEqual(recorded);
  },
);

describe("a path prefix", () => {
  test("is replaced in keys and values of the documents, and nowhere inside a longer name", async () => {
    const document = {
      id: { path: "/old/place/a.h5" },
      info: {
        h5maps: { "/old/place/a.h5": {} },
        note: "see /old/place, not /old/placebo or /very/old/place",
        n: [1.0],
      },
    };
    const file = await written(
      "paths.jsonl",
      line(0, "JSON.SET", "esrf:scan:A", ".", JSON.stringify(document).replace("[1]", "[1.0]")),
    );
    await replayCaptures(client, [file], { ...max, rebase: [{ from: "/old/place/", to: "/new" }] });
    const text = (await client.do(jsonGet("esrf:scan:A"))) ?? "";
    expect(JSON.parse(text)).toEqual({
      id: { path: "/new/a.h5" },
      info: { h5maps: { "/new/a.h5": {} }, note: "see /new, not /old/placebo or /very/old/place", n: [1] },
    });
    expect(text).toContain("[1.0]");
  });

  test("is replaced in the events of json streams and left alone in numeric ones", async () => {
    const document = {
      data_streams: {
        log: { pk: "L", encoding: { type: "json" } },
        raw: { pk: "R", encoding: { type: "numeric" } },
      },
    };
    const file = await written(
      "events.jsonl",
      line(0, "JSON.SET", "esrf:scan:B", ".", JSON.stringify(document)) +
        line(0, "XADD", "esrf:stream:L", "0-1", "payload", '{"file":"/old/x"}') +
        line(0, "XADD", "esrf:stream:R", "0-1", "payload", '"/old/xx"'),
    );
    await replayCaptures(client, [file], { ...max, rebase: [{ from: "/old", to: "/new" }] });
    const payload = async (key: string) => {
      const [entry] = await client.do(xrange(key, "-", "+"));
      return String(entry?.fields.get("payload"));
    };
    expect(await payload("esrf:stream:L")).toContain("/new/x");
    expect(await payload("esrf:stream:R")).toContain("/old/xx");
  });
});

describe("a capture is refused before anything is sent when", () => {
  const good = line(0, "SET", "seen", "1");
  test.each([
    ["a line is no JSON", `${good}{"t": 0, "args"\n`, "line 2: not a JSON text"],
    ["a line is no object", `${good}[1]\n`, "line 2: not an object"],
    ["the time is missing", `${good}{"args":["SET","a","b"]}\n`, 'line 2: "t" is not'],
    ["the command is empty", `${good}{"t":0,"args":[]}\n`, 'line 2: "args" is not'],
    ["an argument is a number", good + line(0, "SET", "a", 1), "line 2: argument 2 is neither"],
    ["base64 is broken", good + line(0, "SET", "a", { b64: "a" }), "line 2: argument 2 is neither"],
    ["EXEC comes without MULTI", good + line(0, "EXEC"), "line 2: EXEC without MULTI"],
    ["MULTI has no EXEC", good + line(0, "MULTI") + good, "line 2: MULTI without EXEC"],
    [
      "groups are nested",
      good + line(0, "MULTI") + line(0, "MULTI"),
      "line 3: MULTI inside the group of line 2",
    ],
    [
      "a document is no JSON",
      good + line(0, "JSON.SET", "esrf:scan:C", ".", "{"),
      "line 2: JSON.SET of a text",
    ],
    ["it holds nothing", "\n", "holds no commands"],
  ])("%s", async (_, content, message) => {
    const fresh = await client.do(dbsize());
    const file = await written("bad.jsonl", content);
    const first = await written("first.jsonl", good);
    await expect(replayCaptures(client, [first, file], max)).rejects.toMatchObject({
      code: "ERR_CAPTURE",
      message: expect.stringContaining(message),
      path: file,
    });
    expect(await client.do(dbsize())).toBe(fresh);
  });

  test("its gzip stream is cut short", async () => {
    const packed = gzipSync(good.repeat(1000));
    const file = await written("cut.jsonl.gz", packed.subarray(0, packed.length - 12));
    await expect(replayCaptures(client, [file], max)).rejects.toMatchObject({
      code: "ERR_CAPTURE",
      path: file,
    });
  });

  test("the file does not exist", async () => {
    const missing = join(folder, "missing.jsonl");
    await expect(replayCaptures(client, [missing], max)).rejects.toMatchObject({
      code: "ERR_CAPTURE",
      path: missing,
    });
  });

  test("another one holds the same scan", async () => {
    const twice = [capture("h5maps/nexus_full"), capture("h5maps/nexus_full")];
    await expect(replayCaptures(client, twice, max)).rejects.toMatchObject({
      code: "ERR_CAPTURE",
      message: expect.stringContaining("in an earlier capture, too"),
    });
  });

  test("the database has one of its scans already", async () => {
    await replayFixture(redis.url, "h5maps/scalars_one_by_one", folder);
    await expect(replayFixture(redis.url, "h5maps/scalars_one_by_one", folder)).rejects.toMatchObject({
      code: "ERR_CAPTURE",
      message: expect.stringContaining("already"),
    });
  });
});

test("an uninitialised database is refused", async () => {
  await client.commands.call(["FLUSHALL"]);
  const file = await written("good.jsonl", line(0, "SET", "seen", "1"));
  await expect(replayCaptures(client, [file], max)).rejects.toMatchObject({ code: "ERR_NOT_INITIALISED" });
});

test("a command that Redis refuses stops the replay and names its line", async () => {
  const file = await written("refused.jsonl", line(0, "SET", "a", "1") + line(0, "XADD", "a", "*", "b", "c"));
  await expect(replayCaptures(client, [file], max)).rejects.toMatchObject({
    code: "ERR_CAPTURE",
    message: expect.stringMatching(/line 2: Redis refused the command: WRONGTYPE/),
  });
});

test("real time keeps the pauses of the recording", async () => {
  const file = await written("paced.jsonl", line(5, "SET", "a", "1") + line(5.3, "SET", "b", "2"));
  const start = performance.now();
  await replayCaptures(client, [file]);
  expect(performance.now() - start).toBeGreaterThanOrEqual(299);
});

test("an abort between two commands ends the replay", async () => {
  const file = await written("long.jsonl", line(0, "SET", "a", "1") + line(3600, "SET", "b", "2"));
  const controller = new AbortController();
  const replaying = replayCaptures(client, [file], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(replaying).rejects.toThrow("enough");
});

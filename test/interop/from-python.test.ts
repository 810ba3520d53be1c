import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FollowableStream } from "../../src/index.js";
import { RedisClient } from "../../src/redis/client.js";
import { DataStore } from "../../src/scan/store.js";
import { runPythonFile, spawnPython } from "../support/python.js";
import { resetTestRedis } from "../support/redis.js";
import { startTestStore } from "../support/store.js";
import { DTYPES } from "./dtypes.js";

const PUBLISHER = fileURLToPath(new URL("publisher.py", import.meta.url));
const ENCODINGS = fileURLToPath(new URL("encodings.py", import.meta.url));

const { redis, store } = await startTestStore();

describe("what blissdata publishes", () => {
  beforeEach(() => resetTestRedis(redis));

  test("is read with all its values, states and metadata", async () => {
    const key = (await runPythonFile(PUBLISHER, [redis.url, "static"])).trim();
    const scan = await store.lastScan();
    expect(scan.key).toBe(key);
    expect(scan.state).toBe("CLOSED");
    expect(scan.id).toMatchObject({ name: "pyscan", number: 7, session: "python", path: "/data/py.h5" });
    expect(scan.info).toMatchObject({ title: "from Python", answer: 42, end_reason: "SUCCESS" });
    const data = async (name: string) => (await scan.streams.get(name)?.slice())?.toNested();
    expect(scan.streams.get("diode")?.info.unit).toBe("V");
    expect(await data("diode")).toEqual([0.5, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(await data("count")).toEqual([2n ** 63n - 1n, -(2n ** 63n), 0n]);
    expect(scan.streams.get("big")).toMatchObject({ dtype: ">u2", shape: [2, 3] });
    expect(await data("big")).toEqual([
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      [
        [6, 7, 8],
        [9, 10, 11],
      ],
    ]);
    expect(await scan.streams.get("mca")?.at(1)).toMatchObject({ shape: [1] });
    expect(await scan.streams.get("log")?.at(0)).toEqual({ message: "réglé", level: 3 });
  });

  test("arrives while it is published, point by point, to the end", async () => {
    const python = spawnPython([PUBLISHER, redis.url, "live"]);
    const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    const { value: key } = await lines.next();
    const scan = await store.loadScan(key);
    const received: unknown[] = [];
    python.stdin.write("0.25\n");
    for await (const value of scan.streams.get("diode")?.values() ?? []) {
      received.push(value);
      if (received.length < 5) python.stdin.write(`${received.length}\n`);
      else python.stdin.end();
    }
    expect(received).toEqual([0.25, 1, 2, 3, 4]);
    expect(await scan.waitFor("CLOSED")).toBe("CLOSED");
    if (python.exitCode === null) await once(python, "exit");
    expect(python.exitCode).toBe(0);
  });

  test("lands in a database that blissdata prepared, and nxlive works there too", async () => {
    const client = new RedisClient(redis.url);
    await client.commands.call(["FLUSHALL"]);
    client.close();
    await runPythonFile(PUBLISHER, [redis.url, "init"]);
    await using other = await DataStore.connect(redis.url);
    const scan = await other.createScan({ name: "own", number: 1, data_policy: "no_policy", session: "s" });
    const stream = scan.createStream("a", { dtype: "<f8" });
    await scan.prepare();
    await stream.send([1, 2]);
    await scan.close();
    expect((await other.search({ name: "own", session: "s" })).keys).toEqual([scan.key]);
  });
});

/** The bytes as published, one text per run of points of one shape. */
async function rawOf(stream: FollowableStream): Promise<string[]> {
  const runs: string[] = [];
  for await (const view of stream.cursor()) {
    for (const { data } of await view.raw()) runs.push(Buffer.from(data as Uint8Array).toString("hex"));
  }
  return runs;
}

describe("what blissdata publishes in every encoding", () => {
  let published: { key: string; data: Record<string, string | string[]> };

  beforeAll(async () => {
    published = JSON.parse(await runPythonFile(ENCODINGS, [redis.url]));
  });

  test("has its identity, info and state here", async () => {
    const scan = await store.loadScan(published.key);
    expect(scan.id).toMatchObject({
      name: "python",
      number: 7,
      data_policy: "ESRF",
      session: "s-1",
      dataset: null,
    });
    expect(scan.info).toEqual({
      big: 2n ** 63n - 1n,
      decimal: 1,
      nan: null,
      text: "é",
      end_reason: "SUCCESS",
    });
    expect(scan.state).toBe("CLOSED");
  });

  test.each(DTYPES)("holds the same bytes here, %s", async (dtype) => {
    const scan = await store.loadScan(published.key);
    for (const shape of ["[]", "[2, 3]", "[-1]"]) {
      const stream = scan.streams.get(`${dtype} ${shape}`);
      if (!stream) throw new Error(`no stream ${dtype} ${shape}`);
      expect(stream.dtype).toBe(dtype);
      const wanted = published.data[stream.name];
      expect(await rawOf(stream)).toEqual(typeof wanted === "string" ? [wanted] : wanted);
    }
  });

  test("holds the same JSON values here", async () => {
    const scan = await store.loadScan(published.key);
    const data = await scan.streams.get("json")?.slice();
    expect(data?.toNested()).toEqual([{ a: [1, 2.5, null] }, "text", 2n ** 60n, Number.NaN, [], true]);
  });
});

import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { DataStore } from "../../src/scan/store.js";
import { runPythonFile, spawnPython } from "../support/python.js";
import { resetTestRedis, startTestRedis } from "../support/redis.js";

const PUBLISHER = fileURLToPath(new URL("publisher.py", import.meta.url));
const READER = fileURLToPath(new URL("reader.py", import.meta.url));

let redis: PrivateRedis;
let store: DataStore;

beforeAll(async () => {
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
});

beforeEach(async () => {
  await resetTestRedis(redis);
});

afterAll(async () => {
  await store.close();
  await redis.stop();
});

describe("what blissdata publishes", () => {
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

describe("what nxlive publishes", () => {
  test("is read by blissdata with all its values, states and metadata", async () => {
    const identity = {
      name: "tsscan",
      number: 12,
      data_policy: "no_policy",
      session: "typescript",
      path: "/data/ts.h5",
    };
    const scan = await store.createScan(identity, { title: "from TypeScript", lost: Number.NaN });
    const streams = {
      diode: scan.createStream("diode", { dtype: "<f8" }),
      count: scan.createStream("count", { dtype: "<i8" }),
      image: scan.createStream("image", { dtype: ">u2", shape: [2, 2] }),
      mca: scan.createStream("mca", { dtype: "<u4", shape: [-1] }),
      log: scan.createStream("log", { dtype: "json" }),
      unused: scan.createStream("unused", { dtype: "|b1" }),
    };
    await scan.prepare();
    await scan.start();
    await streams.diode.send(0.5);
    await streams.diode.send(Float64Array.of(1, 2, 3));
    await streams.count.send(BigInt64Array.of(2n ** 62n, -1n));
    await streams.image.send(Uint16Array.of(1, 2, 3, 65535));
    await streams.mca.send(Uint32Array.of(1, 2, 3));
    await streams.mca.send(Uint32Array.of(4));
    await streams.log.send({ message: "réglé" });
    await scan.stop();
    scan.info.end_reason = "SUCCESS";
    await scan.close();

    const read: unknown = JSON.parse(await runPythonFile(READER, [redis.url, "static"]));
    expect(read).toEqual({
      key: scan.key,
      state: "CLOSED",
      info: { title: "from TypeScript", lost: null, end_reason: "SUCCESS" },
      identity: ["tsscan", 12, "typescript", "/data/ts.h5"],
      found: [scan.key],
      streams: {
        diode: { dtype: "<f8", shape: [], length: 4, sealed: true, data: [0.5, 1, 2, 3] },
        count: { dtype: "<i8", shape: [], length: 2, sealed: true, data: [2 ** 62, -1] },
        image: {
          dtype: ">u2",
          shape: [2, 2],
          length: 1,
          sealed: true,
          data: [
            [
              [1, 2],
              [3, 65535],
            ],
          ],
        },
        mca: { dtype: "<u4", shape: [-1], length: 2, sealed: true, data: [[1, 2, 3], [4]] },
        log: { dtype: "json", shape: [], length: 1, sealed: true, data: [{ message: "réglé" }] },
        unused: { dtype: "|b1", shape: [], length: 0, sealed: true, data: [] },
      },
    });
  });

  test("arrives at blissdata while it is published, to the seal and the last state", async () => {
    const scan = await store.createScan({ name: "live", number: 1, data_policy: "no_policy", session: "s" });
    const diode = scan.createStream("diode", { dtype: "<f8" });
    await scan.prepare();
    await scan.start();
    const python = spawnPython([READER, redis.url, "live"]);
    const received: string[] = [];
    for await (const line of createInterface({ input: python.stdout })) {
      received.push(line);
      if (received.length <= 3) await diode.send(received.length / 2);
      if (received.length === 4) await scan.close();
    }
    expect(received).toEqual(["ready", "0.5", "1.0", "1.5", "CLOSED"]);
  });
});

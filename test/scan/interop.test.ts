import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataStore, type FollowableStream, type PublishedScan } from "../../src/index.js";
import { swapBytes } from "../../src/ndarray/decode.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { runPythonFile } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const PUBLISH = fileURLToPath(new URL("./python/publish.py", import.meta.url));
const READ = fileURLToPath(new URL("./python/read.py", import.meta.url));
const DTYPES =
  "|b1 |i1 |u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8 <f16 <c8 >c8 <c16 >c16".split(
    " ",
  );

let redis: PrivateRedis;
let store: DataStore;

beforeAll(async () => {
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
});

afterAll(async () => {
  await store.close();
  await redis.stop();
});

/** The bytes as published, one text per run of points of one shape. */
async function rawOf(stream: FollowableStream): Promise<string[]> {
  const runs: string[] = [];
  for await (const view of stream.cursor()) {
    for (const { data } of await view.raw()) runs.push(Buffer.from(data as Uint8Array).toString("hex"));
  }
  return runs;
}

describe("what Python blissdata publishes", () => {
  let published: { key: string; data: Record<string, string | string[]> };

  beforeAll(async () => {
    published = JSON.parse(await runPythonFile(PUBLISH, [redis.url]));
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

interface PythonScan {
  readonly name: string;
  readonly number: number;
  readonly session: string;
  readonly path: string | null;
  readonly info: Record<string, unknown>;
  readonly state: string;
  readonly streams: Record<
    string,
    { length: number; sealed: boolean; info: Record<string, unknown>; data: unknown }
  >;
}

async function readWithPython(scan: PublishedScan): Promise<PythonScan> {
  return JSON.parse(await runPythonFile(READ, [redis.url, scan.key]));
}

describe("what is published here", () => {
  test("is read by Python blissdata, every dtype and shape", async () => {
    const scan = await store.createScan(
      { name: "ours", number: 3, data_policy: "no_policy", session: "demo" },
      { nan: Number.NaN, list: Float64Array.of(1.5, 2.5), text: "é" },
    );
    const streams = DTYPES.flatMap((dtype) =>
      [[], [2, 3], [-1]].map((shape) => ({
        dtype,
        shape,
        stream: scan.createStream(`${dtype} [${shape}]`, { dtype, shape }),
      })),
    );
    const json = scan.createStream("json", { dtype: "json" });
    await scan.prepare();
    await scan.start();
    for (const { dtype, shape, stream } of streams) {
      const itemsize = Number(/\d+/.exec(dtype)?.[0]);
      const bytes = Uint8Array.from({ length: 12 * itemsize }, (_, i) => (dtype === "|b1" ? i % 2 : i % 64));
      const raw = shape[0] === -1 ? [3, 4] : [12 / (shape.length === 2 ? 6 : 1), ...shape];
      await stream.send({ dtype, shape: raw, data: bytes });
    }
    await json.send({ a: [1, null], big: 2n ** 60n });
    await scan.stop();
    await scan.close();

    const read = await readWithPython(scan);
    expect(read).toMatchObject({ name: "ours", number: 3, session: "demo", path: null, state: "CLOSED" });
    expect(read.info).toEqual({ nan: null, list: [1.5, 2.5], text: "é" });
    for (const { dtype, shape, stream } of streams) {
      const itemsize = Number(/\d+/.exec(dtype)?.[0]);
      const bytes = Uint8Array.from({ length: 12 * itemsize }, (_, i) => (dtype === "|b1" ? i % 2 : i % 64));
      const found = read.streams[stream.name];
      expect(found?.sealed).toBe(true);
      expect(found?.info).toMatchObject({ shape });
      // Points of varying shape come in Python's native byte order.
      const swapped = shape[0] === -1 && dtype.startsWith(">");
      const part = dtype.includes("c") ? itemsize / 2 : itemsize;
      expect(found?.data).toMatchObject({
        dtype: swapped ? dtype.replace(">", "<") : dtype,
        bytes: Buffer.from(swapped ? swapBytes(bytes, part) : bytes).toString("hex"),
      });
    }
    expect(read.streams).toMatchObject({ json: { data: [{ a: [1, null], big: Number(2n ** 60n) }] } });
  });

  test("shows every state to Python blissdata", async () => {
    const scan = await store.createScan({ name: "states", number: 1, data_policy: "no_policy" });
    const stream = scan.createStream("x", { dtype: "<f8" });
    expect(await readWithPython(scan)).toMatchObject({ state: "CREATED", streams: {} });
    await scan.prepare();
    expect(await readWithPython(scan)).toMatchObject({
      state: "PREPARED",
      streams: { x: { length: 0, sealed: false } },
    });
    await scan.start();
    await stream.send([1, 2, 3]);
    await stream.flush();
    expect(await readWithPython(scan)).toMatchObject({
      state: "STARTED",
      streams: { x: { length: 3, sealed: false } },
    });
    await scan.stop();
    expect(await readWithPython(scan)).toMatchObject({
      state: "STOPPED",
      streams: { x: { length: 3, sealed: true } },
    });
    await scan.close();
    expect(await readWithPython(scan)).toMatchObject({ state: "CLOSED" });
  });
});

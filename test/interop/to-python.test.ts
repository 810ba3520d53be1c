import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { PublishedScan } from "../../src/index.js";
import { swapBytes } from "../../src/ndarray/decode.js";
import { runPythonFile, spawnPython } from "../support/python.js";
import { startTestStore } from "../support/store.js";
import { DTYPES } from "./dtypes.js";

const READER = fileURLToPath(new URL("reader.py", import.meta.url));

const { redis, store } = await startTestStore({ fresh: true });

interface PythonScan {
  /** Name, number, session, path. */
  readonly identity: readonly unknown[];
  readonly info: Record<string, unknown>;
  readonly state: string;
  readonly streams: Record<
    string,
    { length: number; sealed: boolean; info: Record<string, unknown>; data: unknown }
  >;
}

async function readWithPython(scan: PublishedScan): Promise<PythonScan> {
  return JSON.parse(await runPythonFile(READER, [redis.url, "bytes", scan.key]));
}

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

    const read: unknown = JSON.parse(await runPythonFile(READER, [redis.url, "values"]));
    expect(read).toEqual({
      key: scan.key,
      state: "CLOSED",
      info: { title: "from TypeScript", lost: null, end_reason: "SUCCESS" },
      identity: ["tsscan", 12, "typescript", "/data/ts.h5"],
      found: [scan.key],
      streams: {
        diode: {
          dtype: "<f8",
          shape: [],
          length: 4,
          sealed: true,
          info: { dtype: "float64", shape: [] },
          data: [0.5, 1, 2, 3],
        },
        count: {
          dtype: "<i8",
          shape: [],
          length: 2,
          sealed: true,
          info: { dtype: "int64", shape: [] },
          data: [2 ** 62, -1],
        },
        image: {
          dtype: ">u2",
          shape: [2, 2],
          length: 1,
          sealed: true,
          info: { dtype: "uint16", shape: [2, 2] },
          data: [
            [
              [1, 2],
              [3, 65535],
            ],
          ],
        },
        mca: {
          dtype: "<u4",
          shape: [-1],
          length: 2,
          sealed: true,
          info: { dtype: "uint32", shape: [-1] },
          data: [[1, 2, 3], [4]],
        },
        log: { dtype: "json", shape: [], length: 1, sealed: true, info: {}, data: [{ message: "réglé" }] },
        unused: {
          dtype: "|b1",
          shape: [],
          length: 0,
          sealed: true,
          info: { dtype: "bool", shape: [] },
          data: [],
        },
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
    expect(read).toMatchObject({ identity: ["ours", 3, "demo", null], state: "CLOSED" });
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

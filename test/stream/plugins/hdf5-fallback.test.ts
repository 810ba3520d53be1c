import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { hdf5FallbackDefinition } from "../../../src/stream/plugins/definitions.js";
import { Hdf5FallbackStream } from "../../../src/stream/plugins/hdf5-fallback.js";
import { runPython } from "../../support/python.js";
import { startTestRedis } from "../../support/redis.js";
import { collect, errorOf, scanWith } from "./support.js";

let redis: PrivateRedis;
let store: DataStore;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-fallback-"));
  file = join(folder, "data.h5");
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
  // Points i, as doubles, and images full of i; a link to the former, as layouts have in `measurement`.
  await runPython(
    `
import h5py, numpy, sys
with h5py.File(sys.argv[1], "w") as f:
    f["/1.1/diode/data"] = numpy.arange(40.0)
    f["/1.1/measurement/diode"] = h5py.SoftLink("/1.1/diode/data")
    f["/1.1/images"] = numpy.repeat(numpy.arange(40, dtype=">u2"), 6).reshape(40, 2, 3)
    f["/short"] = numpy.arange(7.0)
    f["/elsewhere"] = h5py.ExternalLink("data.h5", "/1.1/diode/data")
`,
    [file],
  );
});
afterAll(async () => {
  await store?.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const NUMBERS = Array.from({ length: 40 }, (_, i) => i);

/** A stream of the points 0 … 39 in batches of `batch`, the first `trimmed` entries gone from Redis. */
async function trimmedStream(options: {
  batch?: number;
  trimmed: number;
  sealed?: boolean;
  dataset?: string;
  images?: boolean;
}) {
  const { batch = 1, trimmed, sealed = false, images = false } = options;
  const dataset = options.dataset ?? (images ? "/1.1/images" : "/1.1/diode/data");
  const shape = images ? [2, 3] : [];
  const dtype = images ? "<u2" : "<f8";
  const opened = await scanWith(store, hdf5FallbackDefinition({ dtype, shape, file, dataset }));
  for (let i = 0; i < 40; i += batch) {
    const points = NUMBERS.slice(i, i + batch);
    await opened.publisher.send(images ? points.map((n) => [Array(3).fill(n), Array(3).fill(n)]) : points);
  }
  await opened.publisher.flush();
  if (sealed) await opened.publisher.seal();
  const entries = Math.ceil(40 / batch) + (sealed ? 1 : 0);
  await store.redis.commands.call(["XTRIM", opened.stream.key, "MAXLEN", entries - trimmed]);
  return opened;
}

describe("points that were trimmed from Redis", () => {
  test("are read from the file, one by one", async () => {
    const { stream } = await trimmedStream({ trimmed: 25, sealed: true });
    expect(stream).toMatchObject({ plugin: "hdf5_fallback", dtype: "<f8" });
    expect(await stream.at(3)).toBe(3);
    expect(await stream.at(30)).toBe(30);
    expect(await stream.at(-38)).toBe(2);
    expect(await stream.length()).toBe(40);
  });

  test("are part of any slice, whichever way it goes and wherever the trimming ended", async () => {
    const index = fc.option(fc.integer({ min: -45, max: 45 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 7, 40),
        fc.nat(41),
        fc.tuple(index, index, fc.constantFrom(1, 3, 11, -1, -4)),
        async (batch, trimmed, [start, stop, step]) => {
          const entries = Math.ceil(40 / batch) + 1;
          const { stream } = await trimmedStream({
            batch,
            trimmed: Math.min(trimmed, entries - 1),
            sealed: true,
          });
          expect((await stream.slice(start, stop, step)).toNested()).toEqual(
            pythonSlice(NUMBERS, start, stop, step),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("are part of iterations and cursors", async () => {
    const { stream } = await trimmedStream({ batch: 5, trimmed: 4, sealed: true });
    expect(await collect(stream.values())).toEqual(NUMBERS);
    expect(await collect(stream.values({ from: 17 }))).toEqual(NUMBERS.slice(17));
    const views = await collect(stream.cursor({ maxPoints: 8 }));
    expect(views.map(({ index, length, lost }) => [index, length, lost])).toEqual([
      [0, 8, 0],
      [8, 8, 0],
      [16, 4, 0],
      [20, 8, 0],
      [28, 8, 0],
      [36, 4, 0],
    ]);
    const parts = await Promise.all(views.map(async (view) => (await view.data()).toNested() as number[]));
    expect(parts.flat()).toEqual(NUMBERS);
  });

  test("are there when only the seal is left in Redis", async () => {
    const { stream } = await trimmedStream({ trimmed: 40, sealed: true });
    expect(await collect(stream.values())).toEqual(NUMBERS);
    const views = await collect(stream.cursor({ lastOnly: true }));
    expect(views.map(({ index }) => index)).toEqual([39]);
    expect((await views[0]?.data())?.toNested()).toEqual([39]);
  });

  test("come in the stream's byte order and shape", async () => {
    const { stream } = await trimmedStream({ batch: 4, trimmed: 5, sealed: true, images: true });
    const images = await stream.slice(18, 22);
    expect(images).toMatchObject({ dtype: "<u2", shape: [4, 2, 3] });
    expect(images.get(1, 1, 2)).toBe(19);
    expect(images.get(2, 0, 0)).toBe(20);
  });

  test.each(["/1.1/measurement/diode", "/elsewhere"])("are found behind the link %s", async (dataset) => {
    const { stream } = await trimmedStream({ trimmed: 25, sealed: true, dataset });
    expect(await stream.at(3)).toBe(3);
  });

  test("are read while the scan goes on", async () => {
    const { stream, publisher } = await trimmedStream({ trimmed: 30 });
    const values = stream.values({ from: 28 });
    const seen: unknown[] = [];
    for await (const value of values) {
      seen.push(value);
      if (value === 39) {
        await publisher.send(40);
        await publisher.seal();
      }
    }
    expect(seen).toEqual([...NUMBERS.slice(28), 40]);
    expect(await errorOf(stream.at(41))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
  });
});

describe("points that are nowhere", () => {
  test("are no more there, and the error says why the file does not help", async () => {
    const { stream } = await trimmedStream({ trimmed: 25, sealed: true, dataset: "/nothing" });
    expect(await errorOf(stream.at(3))).toMatchObject({
      code: "ERR_INDEX_NO_MORE_THERE",
      index: 3,
      path: file,
      cause: { code: "ERR_DATA_FILE" },
    });
    expect(await errorOf(stream.slice(20, 30))).toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE" });
    expect(await errorOf(collect(stream.values()))).toMatchObject({
      code: "ERR_INDEX_NO_MORE_THERE",
      cause: { code: "ERR_DATA_FILE" },
    });
    expect(await stream.at(30)).toBe(30);
  });

  test("are not taken for points of another shape that the file holds", async () => {
    for (const [images, dataset] of [
      [false, "/1.1/images"],
      [true, "/1.1/diode/data"],
    ] as const) {
      const { stream } = await trimmedStream({ trimmed: 10, images, dataset });
      expect(await errorOf(stream.slice(8, 12))).toMatchObject({
        code: "ERR_INDEX_NO_MORE_THERE",
        message: expect.stringContaining("was announced"),
      });
    }
  });

  test("are counted as lost by cursors, which go on with the others", async () => {
    const { stream } = await trimmedStream({ trimmed: 25, sealed: true, dataset: "/nothing" });
    const views = await collect(stream.cursor({ maxPoints: 10 }));
    expect(views.map(({ index, length, lost }) => [index, length, lost])).toEqual([
      [25, 10, 25],
      [35, 5, 0],
    ]);
    const all = await trimmedStream({ trimmed: 40, sealed: true, dataset: "/nothing" });
    const [last, ...more] = await collect(all.stream.cursor());
    expect([last?.index, last?.length, last?.lost, more.length]).toEqual([40, 0, 40, 0]);
  });

  test("are handed out by iterations when their file comes just then", async () => {
    const { stream, publisher, scan } = await trimmedStream({ trimmed: 30, sealed: true });
    const { events, info } = stream;
    if (!events) throw new Error("The stream has events.");
    const hidden = join(folder, "hidden.h5");
    const access = { key: scan.key, path: null, info: {}, loadScan: async () => scan };
    class Late extends Hdf5FallbackStream {
      override async *cursor() {
        for await (const view of super.cursor()) {
          await copyFile(file, hidden);
          yield view;
        }
      }
    }
    const late = new Late({ events, info: { ...info, file_path: hidden }, scan: access });
    expect(publisher.name).toBe(late.name);
    expect(await collect(late.values())).toEqual(NUMBERS);
  });

  test("are lost from where the file ends", async () => {
    const { stream } = await trimmedStream({ trimmed: 25, sealed: true, dataset: "/short" });
    const views = await collect(stream.cursor());
    expect(views.map(({ index, length, lost }) => [index, length, lost])).toEqual([
      [0, 7, 0],
      [25, 15, 18],
    ]);
  });
});

describe("who is backed by a file", () => {
  test("streams with a data_path in a scan that is saved, as before blissdata 2.2", async () => {
    const scan = await store.createScan(
      { name: "old", number: 1, data_policy: "no_policy", path: file },
      { save: true },
    );
    const diode = scan.createStream("diode", { dtype: "<f8", info: { data_path: "/1.1/diode/data" } });
    await scan.prepare();
    for (const i of [0, 1, 2, 3]) await diode.send(i);
    await scan.close();
    await store.redis.commands.call(["XTRIM", diode.key, "MAXLEN", "2"]);
    const stream = (await store.loadScan(scan.key)).streams.get("diode");
    expect(stream?.plugin).toBe("hdf5_fallback");
    expect((await stream?.slice())?.toNested()).toEqual([0, 1, 2, 3]);
  });

  test("no JSON stream, and none without a file", async () => {
    const broken = [
      { dtype: "json", info: { plugin: "hdf5_fallback", file_path: file, data_path: "/x" } },
      { dtype: "<f8", info: { plugin: "hdf5_fallback", data_path: "/x" } },
    ];
    for (const definition of broken) {
      const { stream } = await scanWith(store, definition);
      expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_PLUGIN_BROKEN" });
    }
  });
});

function pythonSlice(
  items: readonly number[],
  start: number | null,
  stop: number | null,
  step: number,
): number[] {
  const count = items.length;
  const clip = (value: number, low: number, high: number) =>
    Math.min(high, Math.max(low, value < 0 ? value + count : value));
  const from =
    step > 0 ? clip(start ?? 0, 0, count) : start === null ? count - 1 : clip(start, -1, count - 1);
  const to = step > 0 ? clip(stop ?? count, 0, count) : stop === null ? -1 : clip(stop, -1, count - 1);
  const taken: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) taken.push(items[i] ?? Number.NaN);
  return taken;
}

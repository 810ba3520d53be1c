import { describe, expect, test } from "vitest";
import type { FollowableStream, StreamView } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { startTestStore } from "../support/store.js";
import { codeOf, isWaiting, startStream, trim } from "./support.js";

const { store } = await startTestStore();

describe("a point by its index", () => {
  test("is there, not yet there, never there, or no more there", async () => {
    const { publisher, reader } = await startStream(store);
    expect(await codeOf(reader.at(0))).toBe("ERR_INDEX_NOT_YET_THERE");
    for (let i = 0; i < 5; i++) await publisher.send(i);
    await publisher.flush();
    expect(await reader.at(4)).toBe(4);
    expect(await codeOf(reader.at(5))).toBe("ERR_INDEX_NOT_YET_THERE");
    await trim(store, publisher, 2);
    expect(await codeOf(reader.at(1))).toBe("ERR_INDEX_NO_MORE_THERE");
    expect(await reader.at(2)).toBe(2);
    await publisher.seal();
    expect(await codeOf(reader.at(5))).toBe("ERR_INDEX_WONT_BE_THERE");
    expect(await codeOf(reader.at(0))).toBe("ERR_INDEX_NO_MORE_THERE");
  });

  test("counts from the end once the stream is sealed", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([1, 2, 3]);
    await publisher.flush();
    expect(await codeOf(reader.at(-1))).toBe("ERR_INDEX_NOT_YET_THERE");
    const waiting = reader.at(-3, { wait: true });
    await publisher.seal();
    expect(await waiting).toBe(1);
    expect(await reader.at(-1)).toBe(3);
    expect(await codeOf(reader.at(-4))).toBe("ERR_INDEX_WONT_BE_THERE");
  });

  test("is waited for, also inside a batch", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1]);
    const waiting = reader.at(6, { wait: true });
    await publisher.send([2, 3]);
    await publisher.send([4, 5, 6, 7]);
    expect(await waiting).toBe(6);
  });

  test("is no more waited for once the stream is sealed before it", async () => {
    const { publisher, reader } = await startStream(store);
    const waiting = codeOf(reader.at(6, { wait: true }));
    await publisher.send([0, 1]);
    await publisher.seal();
    expect(await waiting).toBe("ERR_INDEX_WONT_BE_THERE");
  });

  test("is waited for no longer than the timeout", async () => {
    const { reader } = await startStream(store);
    expect(await codeOf(reader.at(0, { wait: true, timeout: 20 }))).toBe("ERR_TIMEOUT");
  });

  test("must be an integer", async () => {
    const { reader } = await startStream(store);
    expect(await codeOf(reader.at(0.5))).toBe("ERR_INVALID_ARGUMENT");
  });
});

describe("a slice", () => {
  test("ends at the present length, or waits for its stop", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.flush();
    expect((await reader.slice(1, 10)).toNested()).toEqual([1, 2]);
    const waiting = reader.slice(1, 5, null, { wait: true });
    await publisher.send([3, 4, 5]);
    expect((await waiting).toNested()).toEqual([1, 2, 3, 4]);
    expect((await reader.slice(4, null, -2, { wait: true })).toNested()).toEqual([4, 2, 0]);
    expect((await reader.slice(9, 5, null, { wait: true })).shape).toEqual([0]);
  });

  test("without a stop waits for the seal", async () => {
    const { publisher, reader } = await startStream(store);
    const waiting = reader.slice(null, null, 2, { wait: true });
    await publisher.send([0, 1, 2]);
    await publisher.send([3, 4]);
    await publisher.seal();
    expect((await waiting).toNested()).toEqual([0, 2, 4]);
  });

  test("from the end needs the seal", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.flush();
    expect(await codeOf(reader.slice(-2))).toBe("ERR_INDEX_NOT_YET_THERE");
    await publisher.seal();
    expect((await reader.slice(-2)).toNested()).toEqual([1, 2]);
  });

  test("that ends before the last points waits for the seal", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.flush();
    const waiting = reader.slice(0, -1, null, { wait: true });
    expect(await isWaiting(store, waiting)).toBe(true);
    await publisher.send([3, 4]);
    await publisher.seal();
    expect((await waiting).toNested()).toEqual([0, 1, 2, 3]);
  });

  test("of trimmed points says which one is missing", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.send([3, 4]);
    await publisher.seal();
    await trim(store, publisher, 3);
    await expect(reader.slice()).rejects.toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE", index: 0 });
    expect((await reader.slice(3)).toNested()).toEqual([3, 4]);
  });

  test("of no points has the shape of its points", async () => {
    const { reader } = await startStream(store, { dtype: "<i4", shape: [2, -1] });
    expect((await reader.slice()).shape).toEqual([0, 2, 0]);
  });

  test("of more than one page is complete", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "<u4" });
    for (let i = 0; i < 2_500; i++) void publisher.send(i);
    await publisher.seal();
    const all = await reader.slice();
    expect(all.data).toEqual(Uint32Array.from({ length: 2_500 }, (_, i) => i));
    expect((await reader.slice(null, null, -700)).toNested()).toEqual([2499, 1799, 1099, 399]);
  });

  test("is complete, wherever the entries of the pages that are asked for ahead turn out to end", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "<f8" });
    const same = (length: number) => new Array<number>(40).fill(length);
    const lengths = [...same(10_000), ...same(7_000), ...same(12_000), 1, 50_000, ...same(10_000)];
    const mixed = Array.from({ length: 60 }, (_, i) => 1_000 + ((i * 7_919) % 20_000));
    let total = 0;
    for (const length of [...lengths, ...mixed]) {
      const first = total;
      await publisher.send(Float64Array.from({ length }, (_, i) => first + i));
      total += length;
    }
    await publisher.seal();
    const ranges: [number, number, number][] = [
      [0, total, 1],
      [12_345, total - 6_789, 1],
      [total - 1, 0, -1],
      [300_001, 900_000, 3],
    ];
    for (const [start, stop, step] of ranges) {
      const { data } = await reader.slice(start, stop, step);
      expect(data.length).toBe(Math.ceil((stop - start) / step));
      expect((data as Float64Array).findIndex((value, i) => value !== start + i * step)).toBe(-1);
    }
  });
});

describe("large batches", () => {
  test("are cut into entries that readers can take page by page", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "<f8" });
    const points = Float64Array.from({ length: 1_500_000 }, (_, i) => i);
    await publisher.send(points);
    await publisher.seal();
    expect(await store.redis.do(commands.xlen(publisher.key))).toBe(4); // three entries and the seal
    const read = (await reader.slice()).data as Float64Array;
    expect(
      Buffer.compare(Buffer.from(read.buffer, read.byteOffset, read.byteLength), Buffer.from(points.buffer)),
    ).toBe(0);
  });
});

describe("values", () => {
  test("come from any index to the seal, across batches", async () => {
    const { publisher, reader } = await startStream(store);
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of reader.values({ from: 3 })) seen.push(value);
    })();
    await publisher.send([0, 1]);
    await publisher.send([2, 3, 4]);
    await publisher.send(5);
    await publisher.seal();
    await reading;
    expect(seen).toEqual([3, 4, 5]);
  });

  test("that were trimmed before they were read are an error, not a gap", async () => {
    const { publisher, reader } = await startStream(store);
    for (let i = 0; i < 4; i++) await publisher.send(i);
    await publisher.seal();
    await trim(store, publisher, 2);
    await expect(reader.values().next()).rejects.toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE", index: 0 });
  });
});

async function views(stream: FollowableStream, options = {}): Promise<[number, number, number][]> {
  const found: [number, number, number][] = [];
  for await (const { index, length, lost } of stream.cursor(options)) found.push([index, length, lost]);
  return found;
}

describe("a cursor", () => {
  test("says how many points were lost to trimming", async () => {
    const { publisher, reader } = await startStream(store);
    for (let i = 0; i < 6; i++) await publisher.send(i);
    await publisher.flush();
    await trim(store, publisher, 4);
    await publisher.seal();
    expect(await views(reader)).toEqual([[4, 2, 4]]);
    await trim(store, publisher, Number.MAX_SAFE_INTEGER);
    expect(await views(reader)).toEqual([[6, 0, 6]]);
  });

  test("starts inside a batch", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2, 3]);
    await publisher.send([4, 5]);
    await publisher.seal();
    expect(await views(reader, { from: 2 })).toEqual([
      [2, 2, 0],
      [4, 2, 0],
    ]);
  });

  test("gives at most the points that were asked for", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2, 3, 4]);
    await publisher.seal();
    expect(await views(reader, { maxPoints: 2 })).toEqual([
      [0, 2, 0],
      [2, 2, 0],
      [4, 1, 0],
    ]);
  });

  test("for the newest point skips what came between", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.send([3, 4]);
    await publisher.flush();
    const cursor = reader.cursor({ lastOnly: true });
    const first = (await cursor.next()).value as StreamView;
    expect([first.index, (await first.data()).toNested()]).toEqual([4, [4]]);
    await publisher.send(5);
    await publisher.send([6, 7]);
    await publisher.seal();
    const second = (await cursor.next()).value as StreamView;
    expect([second.index, second.lost, (await second.data()).toNested()]).toEqual([7, 0, [7]]);
    expect((await cursor.next()).done).toBe(true);
  });

  test("of an empty sealed stream ends at once", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.seal();
    expect(await views(reader)).toEqual([]);
  });

  test("gives points of one shape as one array, undecoded", async () => {
    const { publisher, reader } = await startStream(store, { dtype: ">i2", shape: [-1] });
    await publisher.send([1, 2]);
    await publisher.send([3, 4]);
    await publisher.send([5]);
    await publisher.seal();
    const view = (await reader.cursor().next()).value as StreamView;
    expect((await view.raw()).map(({ dtype, shape }) => ({ dtype, shape }))).toEqual([
      { dtype: ">i2", shape: [2, 2] },
      { dtype: ">i2", shape: [1, 1] },
    ]);
    expect((await view.data()).toNested()).toEqual([
      [1, 2],
      [3, 4],
      [5, 0],
    ]);
  });
});

describe("a cursor group", () => {
  test("follows streams of many scans in one iteration, to all their seals", async () => {
    const started = await Promise.all([1, 2, 3].map(() => startStream(store)));
    const sums = new Map<FollowableStream, number>();
    const reading = (async () => {
      for await (const group of store.cursorGroup(started.map(({ reader }) => reader))) {
        for (const [stream, view] of group) {
          for (const value of (await view.data()).data as Float64Array) {
            sums.set(stream, (sums.get(stream) ?? 0) + value);
          }
        }
      }
    })();
    for (let i = 1; i <= 10; i++) {
      for (const [k, { publisher }] of started.entries()) await publisher.send(i * 10 ** k);
    }
    for (const { publisher } of started) await publisher.seal();
    await reading;
    expect(started.map(({ reader }) => sums.get(reader))).toEqual([55, 550, 5500]);
  });

  test("takes up a stream while it waits for others", async () => {
    const [idle, late] = [await startStream(store), await startStream(store)];
    const group = store.cursorGroup([idle.reader]);
    const reading = group.next();
    await late.publisher.send(1);
    group.add(late.reader);
    const { value } = await reading;
    expect([...value.keys()]).toEqual([late.reader]);
    group.close();
  });

  test("asks for few images at first, too, however many streams have them", async () => {
    const started = await Promise.all(
      Array.from({ length: 8 }, () => startStream(store, { dtype: "<u1", shape: [1024, 1024] })),
    );
    const image = new Uint8Array(2 ** 20);
    for (const { publisher } of started) {
      for (let i = 0; i < 3; i++) await publisher.send(image);
      await publisher.seal();
    }
    const group = store.cursorGroup(started.map(({ reader }) => reader));
    const counts: number[] = [];
    for await (const views of group)
      counts.push(Array.from(views.values(), ({ length }) => length).reduce((sum, n) => sum + n, 0));
    expect(counts[0]).toBe(8);
    expect(counts.reduce((sum, n) => sum + n)).toBe(24);
  });

  test("reads pages ahead of streams that join and leave, each point once", async () => {
    const started = await Promise.all([1, 2, 3].map(() => startStream(store)));
    for (const { publisher } of started) {
      for (let i = 0; i < 3500; i++) await publisher.send(i);
      await publisher.seal();
    }
    const [stays, leaves, joins] = started.map(({ reader }) => reader) as [
      FollowableStream,
      FollowableStream,
      FollowableStream,
    ];
    const group = store.cursorGroup([stays, leaves]);
    const seen = new Map<FollowableStream, number[]>([
      [stays, []],
      [leaves, []],
      [joins, []],
    ]);
    let steps = 0;
    for await (const found of group) {
      for (const [stream, view] of found)
        seen.get(stream)?.push(...((await view.data()).data as Float64Array));
      if (++steps === 2) group.add(joins);
      if (steps === 3) group.remove(leaves);
    }
    const all = Array.from({ length: 3500 }, (_, i) => i);
    expect(seen.get(stays)).toEqual(all);
    expect(seen.get(joins)).toEqual(all);
    const part = seen.get(leaves) ?? [];
    expect(part).toEqual(all.slice(0, part.length));
    expect(part.length).toBeGreaterThan(0);
    expect(part.length).toBeLessThan(3500);
  });

  test("tells of a broken stream once and goes on with the others", async () => {
    const scan = await store.createScan({ name: "broken", number: 1, data_policy: "no_policy" });
    const good = scan.createStream("good", { dtype: "<f8" });
    scan.createStream("bad", { dtype: "json", info: { plugin: "no_such_plugin" } });
    await scan.prepare();
    await good.send(1);
    await good.seal();
    const { streams } = await store.loadScan(scan.key);
    const errors: unknown[] = [];
    const lengths: number[] = [];
    for await (const group of store.cursorGroup(streams.values())) {
      for (const [stream, view] of group) {
        if (view.error) errors.push([stream.name, (view.error as { code?: string }).code]);
        else lengths.push(view.length);
      }
    }
    expect(errors).toEqual([["bad", "ERR_PLUGIN_MISSING"]]);
    expect(lengths).toEqual([1]);
  });

  test("for the newest points has those that are there, without waiting for others", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1, 2]);
    await publisher.flush();
    const group = store.cursorGroup([reader], { lastOnly: true });
    const views = await group.read({ timeout: 200 });
    expect(views?.get(reader)).toMatchObject({ index: 2, length: 1 });
    group.close();
  });

  test("gives an empty map when its timeout has passed", async () => {
    const { reader } = await startStream(store);
    const group = store.cursorGroup([reader]);
    expect((await group.read({ timeout: 20 }))?.size).toBe(0);
    group.close();
  });
});

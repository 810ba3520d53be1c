import { describe, expect, test } from "vitest";
import { shareStream } from "../../src/index.js";
import { startTestStore } from "../support/store.js";
import { codeOf, startStream, trim } from "./support.js";

const { store } = await startTestStore();

describe("workers that share a stream", () => {
  test("get every entry once, among them, and all end after the seal", async () => {
    const { publisher, reader } = await startStream(store);
    const seen: Record<string, number[]> = { a: [], b: [], c: [] };
    const workers = Object.keys(seen).map(async (worker) => {
      for await (const view of shareStream(reader, { group: "g", worker })) {
        seen[worker]?.push(view.index);
        await view.acknowledge();
      }
    });
    for (let i = 0; i < 60; i++) await publisher.send(i);
    await publisher.seal();
    await Promise.all(workers);
    const all = Object.values(seen).flat();
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("take over what a dead worker has not acknowledged", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send([0, 1]);
    await publisher.send([2, 3]);
    await publisher.seal();
    const dead = shareStream(reader, { group: "g", worker: "dead" });
    expect((await dead.next()).value?.index).toBe(0);
    await dead.return(undefined);
    const seen: Record<number, unknown> = {};
    for await (const view of shareStream(reader, { group: "g", worker: "alive", takeOverAfter: 50 })) {
      seen[view.index] = (await view.data()).toNested();
      await view.acknowledge();
    }
    expect(seen).toEqual({ 0: [0, 1], 2: [2, 3] });
  });

  test("resume their own entries after a restart", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send(1);
    await publisher.seal();
    const before = shareStream(reader, { group: "g", worker: "w" });
    expect((await before.next()).value?.index).toBe(0);
    const after = shareStream(reader, { group: "g", worker: "w" });
    const again = (await after.next()).value;
    expect(again?.index).toBe(0);
    await again?.acknowledge();
    expect((await after.next()).done).toBe(true);
  });

  test("resume all of their entries, however many", async () => {
    const { publisher, reader } = await startStream(store);
    const count = 1_005;
    for (let i = 0; i < count; i++) await publisher.send(i);
    await publisher.seal();
    const before = shareStream(reader, { group: "g", worker: "w" });
    for (let i = 0; i < count; i++) await before.next();
    const resumed: number[] = [];
    for await (const view of shareStream(reader, { group: "g", worker: "w" })) {
      resumed.push(view.index);
      await view.acknowledge();
    }
    expect(resumed).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("of different groups each see everything", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send(1);
    await publisher.seal();
    for (const group of ["g1", "g2"]) {
      const views = shareStream(reader, { group, worker: "w" });
      const first = (await views.next()).value;
      expect(first?.index).toBe(0);
      await first?.acknowledge();
      expect((await views.next()).done).toBe(true);
    }
  });

  test("are told when an entry was trimmed before they could read it", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send(1);
    await publisher.send(2);
    await publisher.seal();
    await shareStream(reader, { group: "g", worker: "w" }).next();
    await trim(store, publisher, 1);
    const first = (await shareStream(reader, { group: "g", worker: "w" }).next()).value;
    expect(first).toMatchObject({ length: 0, lost: 1 });
  });

  test("are given an entry again that nobody has acknowledged in time", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send(7);
    await publisher.seal();
    const worker = shareStream(reader, { group: "g", worker: "w", takeOverAfter: 50 });
    expect((await worker.next()).value?.index).toBe(0);
    const again = (await worker.next()).value;
    expect((await again?.data())?.toNested()).toEqual([7]);
    await again?.acknowledge();
    expect((await worker.next()).done).toBe(true);
  });

  test("are told what a dead worker was given and what was trimmed before any was", async () => {
    const { publisher, reader } = await startStream(store);
    for (let i = 0; i < 6; i++) await publisher.send(i);
    await publisher.seal();
    const dead = shareStream(reader, { group: "g", worker: "dead" });
    await dead.next();
    await dead.next();
    await trim(store, publisher, 5);
    const seen: number[][] = [];
    for await (const view of shareStream(reader, { group: "g", worker: "alive", takeOverAfter: 1 })) {
      seen.push([view.index, view.length, view.lost]);
      await view.acknowledge();
    }
    expect(seen.sort(([a = 0], [b = 0]) => a - b)).toEqual([
      [1, 0, 1],
      [2, 0, 1],
      [5, 1, 3],
    ]);
  });

  test("are told of what was trimmed before the first of them came, and when all was", async () => {
    const { publisher, reader } = await startStream(store);
    for (let i = 0; i < 4; i++) await publisher.send([i, i]);
    await publisher.seal();
    const lost: number[][] = [];
    for (const [group, first] of [
      ["some", 4],
      ["all", 8],
    ] as const) {
      await trim(store, publisher, first);
      for await (const view of shareStream(reader, { group, worker: "w" })) {
        lost.push([view.index, view.length, view.lost]);
        await view.acknowledge();
      }
    }
    expect(lost).toEqual([
      [4, 2, 4],
      [6, 2, 0],
      [8, 0, 8],
    ]);
  });

  test("of a batch are not told of losses while nothing is trimmed but what they have", async () => {
    const { publisher, reader } = await startStream(store);
    const worker = shareStream(reader, { group: "g", worker: "w" });
    for (const index of [0, 3, 6]) {
      await publisher.send([1, 2, 3]);
      await publisher.flush();
      const view = (await worker.next()).value;
      expect(view).toMatchObject({ index, length: 3, lost: 0 });
      await view?.acknowledge();
    }
    for (let i = 0; i < 3; i++) await publisher.send([1, 2, 3]);
    await publisher.flush();
    const other = shareStream(reader, { group: "g", worker: "other" });
    expect((await other.next()).value).toMatchObject({ index: 9, length: 3, lost: 0 });
    await trim(store, publisher, 15);
    expect((await worker.next()).value).toMatchObject({ index: 15, length: 3, lost: 3 });
  });

  test("of a scan that is gone are told so, and leave nothing in Redis", async () => {
    const { scan, publisher, reader } = await startStream(store);
    await publisher.send(1);
    await publisher.flush();
    const working = shareStream(reader, { group: "g", worker: "w" });
    await working.next();
    await store.redis.commands.call(["DEL", scan.key, publisher.key]);
    expect(await codeOf(working.next())).toBe("ERR_SCAN_NOT_FOUND");
    expect(await codeOf(shareStream(reader, { group: "g", worker: "w" }).next())).toBe("ERR_SCAN_NOT_FOUND");
    expect(await store.redis.commands.call(["EXISTS", publisher.key])).toBe(0);
  });

  test("may keep their entries for ever", async () => {
    const { publisher, reader } = await startStream(store);
    await publisher.send(1);
    await publisher.flush();
    const worker = shareStream(reader, { group: "g", worker: "w", takeOverAfter: Number.POSITIVE_INFINITY });
    expect((await worker.next()).value).toMatchObject({ index: 0, length: 1 });
  });

  test("need names", async () => {
    const { reader } = await startStream(store);
    expect(await codeOf(shareStream(reader, { group: "", worker: "w" }).next())).toBe("ERR_INVALID_ARGUMENT");
  });
});

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

  test("need names", async () => {
    const { reader } = await startStream(store);
    expect(await codeOf(shareStream(reader, { group: "", worker: "w" }).next())).toBe("ERR_INVALID_ARGUMENT");
  });
});

import { describe, expect, test } from "vitest";
import { NdArray } from "../../src/index.js";
import { startTestStore } from "../support/store.js";

const { store } = await startTestStore();

const identity = {
  name: "ascan",
  number: 12,
  data_policy: "no_policy",
  session: "demo",
  path: "/data/demo.h5",
};

describe("a published scan", () => {
  test("is read back with its identity, info, streams and points", async () => {
    const scan = await store.createScan(identity, { title: "ascan roby 0 9 10" });
    const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
    const image = scan.createStream("camera:image", { dtype: "<u2", shape: [2, 3] });
    const spectra = scan.createStream("mca", { dtype: "<u4", shape: [-1] });
    const log = scan.createStream("log", { dtype: "json" });
    await scan.prepare();
    await scan.start();
    await diode.send(0.5);
    await diode.send(Float64Array.of(1, 2, 3));
    await image.send(Uint16Array.of(1, 2, 3, 4, 5, 6));
    await spectra.send([1, 2]);
    await spectra.send([3, 4, 5]);
    await log.send({ message: "hello", big: 2n ** 60n });
    expect(await diode.seal()).toBe(4);
    await scan.stop();
    scan.info.end_reason = "SUCCESS";
    await scan.close();

    const last = await store.lastScan();
    expect(last.key).toBe(scan.key);
    expect(last.id).toMatchObject({ ...identity, proposal: null });
    expect(last.state).toBe("CLOSED");
    expect(last.info).toEqual({ title: "ascan roby 0 9 10", end_reason: "SUCCESS" });
    const read = last.streams.get("diode");
    expect(read?.info).toEqual({ unit: "V", dtype: "float64", shape: [] });
    expect(await read?.length()).toBe(4);
    expect(await read?.at(-1)).toBe(3);
    expect((await read?.slice(0, 10))?.toNested()).toEqual([0.5, 1, 2, 3]);
    expect((await read?.slice(null, null, -2))?.toNested()).toEqual([3, 1]);
    const frame = await last.streams.get("camera:image")?.at(0);
    expect(frame).toBeInstanceOf(NdArray);
    expect((frame as NdArray).toNested()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect((await last.streams.get("mca")?.slice())?.toNested()).toEqual([
      [1, 2, 0],
      [3, 4, 5],
    ]);
    expect(await last.streams.get("log")?.at(0)).toEqual({ message: "hello", big: 2n ** 60n });
    const values: unknown[] = [];
    for await (const value of read?.values({ from: 2 }) ?? []) values.push(value);
    expect(values).toEqual([2, 3]);
    const views: [number, number, number][] = [];
    for await (const view of read?.cursor() ?? []) views.push([view.index, view.length, view.lost]);
    expect(views).toEqual([[0, 4, 0]]);
  });

  test("may have texts that were cut within an emoji: its states and its document stay together", async () => {
    const cut = "beam 🎉".slice(0, -1);
    const scan = await store.createScan({ ...identity, name: cut }, { title: cut, [cut]: ["\\ud83d", cut] });
    scan.createStream(cut, { dtype: "json", info: { unit: cut } });
    await scan.prepare();
    const { id, info, state, streams } = await store.loadScan(scan.key);
    expect(id.name).toBe("beam \ufffd");
    expect(info).toEqual({ title: "beam \ufffd", "beam \ufffd": ["\\ud83d", "beam \ufffd"] });
    expect(state).toBe("PREPARED");
    expect(streams.get("beam \ufffd")?.info).toEqual({ unit: "beam \ufffd" });
    await scan.close();
  });

  test("is deleted also when its info is larger than one may be published", async () => {
    const scan = await store.createScan(identity);
    await scan.close();
    const large = JSON.stringify("x".repeat(2 ** 20));
    await store.redis.commands.call(["JSON.SET", scan.key, ".info.note", large]);
    await store.deleteScan(scan.key);
    await expect(store.loadScan(scan.key)).rejects.toMatchObject({ code: "ERR_SCAN_NOT_FOUND" });
  });

  test("is closed and deleted by force also when its info is larger than one may be published", async () => {
    const scan = await store.createScan(identity);
    const stream = scan.createStream("x", { dtype: "<f8" });
    await scan.prepare();
    const large = JSON.stringify("x".repeat(2 ** 20));
    await store.redis.commands.call(["JSON.SET", scan.key, ".info.note", large]);
    const reader = await store.loadScan(scan.key);
    await store.deleteScan(scan.key, { force: true });
    await expect(store.loadScan(scan.key)).rejects.toMatchObject({ code: "ERR_SCAN_NOT_FOUND" });
    expect(await reader.waitFor("CLOSED")).toBe("CLOSED");
    for await (const value of reader.streams.get(stream.name)?.values() ?? []) expect(value).toBeUndefined(); // to the seal
  });
});

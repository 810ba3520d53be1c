import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import type { LimaStream } from "../../../src/stream/plugins/lima.js";
import { isWaiting } from "../support.js";
import { limaScans, running, status } from "./lima-support.js";
import { collect, errorOf } from "./support.js";

const scans = limaScans();

describe("while the detector takes images", () => {
  test("an image can be read once its file is closed, not before", async () => {
    const { publisher, stream } = await running(scans());
    expect(await errorOf(stream.at(0))).toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE", index: 0 });
    await publisher.send(status(5, 3));
    await publisher.flush();
    expect(await stream.length()).toBe(6);
    expect(await errorOf(stream.at(3))).toMatchObject({
      code: "ERR_FILE_NOT_CLOSED",
      path: join(scans().folder, "multi", "scan0001", "cam_0000.h5"),
      index: 3,
    });
    await publisher.send(status(14, 10));
    await publisher.flush();
    expect(await stream.at(9)).toBeInstanceOf(NdArray);
    expect(await errorOf(stream.slice(5, 12))).toMatchObject({ code: "ERR_FILE_NOT_CLOSED", index: 10 });
  });

  test("waiting for an image ends when its file is closed", async () => {
    const { publisher, stream } = await running(scans());
    const image = stream.at(12, { wait: true });
    await publisher.send(status(15, 12));
    await publisher.flush();
    expect(await isWaiting(scans().store, image)).toBe(true);
    await publisher.send(status(21, 20));
    expect(await image).toEqual(await stream.at(12));
  });

  test("waiting for a slice ends when its last image can be read", async () => {
    const { publisher, stream } = await running(scans());
    await publisher.send(status(9, 9));
    await publisher.flush();
    const images = stream.slice(8, 12, 1, { wait: true });
    expect(await isWaiting(scans().store, images)).toBe(true);
    await publisher.send(status(20, 20));
    expect((await images).shape).toEqual([4, 12, 16]);
  });

  test("a slice of nothing waits for nothing", async () => {
    const { stream } = await running(scans());
    expect((await stream.slice(5, 2, 1, { wait: true, timeout: 1_000 })).shape).toEqual([0, 12, 16]);
  });

  test("waiting for a slice ends at the seal when fewer images were taken", async () => {
    const { publisher, stream } = await running(scans());
    const images = stream.slice(8, 30, 1, { wait: true });
    await publisher.send(status(16, 16));
    await publisher.seal();
    expect((await images).shape).toEqual([9, 12, 16]);
  });

  test("cursors hand out images file by file, and the rest at the seal", async () => {
    const { publisher, stream } = await running(scans());
    const cursor = stream.cursor();
    await publisher.send(status(12, 11));
    expect((await cursor.next()).value).toMatchObject({ index: 0, length: 10 });
    const next = cursor.next();
    await publisher.send(status(34, 34));
    expect((await next).value).toMatchObject({ index: 10, length: 20 });
    await publisher.seal();
    const rest = await cursor.next();
    expect(rest.value).toMatchObject({ index: 30, length: 5 });
    expect((await rest.value?.data())?.shape).toEqual([5, 12, 16]);
    expect((await cursor.next()).done).toBe(true);
  });

  test("a cursor for the newest image only skips the others", async () => {
    const { publisher, stream } = await running(scans());
    await publisher.send(status(31, 31));
    const cursor = stream.cursor({ lastOnly: true });
    const { value } = await cursor.next();
    expect(value).toMatchObject({ index: 29, length: 1 });
    expect((await value?.data())?.shape).toEqual([1, 12, 16]);
    await publisher.seal();
    expect((await cursor.next()).value).toMatchObject({ index: 31 });
  });

  test("images beyond the last one are not there after the seal", async () => {
    const { publisher, stream } = await running(scans());
    await publisher.send(status(16, 16));
    await publisher.seal();
    expect(await errorOf(stream.at(17))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
    expect(await errorOf(stream.at(17, { wait: true }))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
    expect(await errorOf(stream.at(-18))).toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE", index: -18 });
  });

  test("a closed scan is final, though its publisher died without sealing the stream", async () => {
    const { scan, publisher, stream } = await running(scans());
    await publisher.send(status(16, 16));
    await publisher.flush();
    await (await scans().store.openScan(scan.key)).close();
    expect(await stream.isSealed()).toBe(false);
    expect(await stream.at(16)).toBeInstanceOf(NdArray);
    const fresh = (await scans().store.loadScan(scan.key)).streams.get("points");
    expect(await fresh?.at(16)).toEqual(await stream.at(16));
  });

  test("negative indices wait for the seal", async () => {
    const { publisher, stream } = await running(scans());
    await publisher.send(status(16, 16));
    await publisher.flush();
    expect(await errorOf(stream.at(-1))).toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE" });
    const last = stream.at(-1, { wait: true });
    await publisher.seal();
    expect(await last).toEqual(await stream.at(16));
  });
});

describe("aborting", () => {
  test.each([
    ["at", (stream: LimaStream, signal: AbortSignal) => stream.at(5, { wait: true, signal })],
    ["slice", (stream: LimaStream, signal: AbortSignal) => stream.slice(0, 5, 1, { wait: true, signal })],
    ["values", (stream: LimaStream, signal: AbortSignal) => collect(stream.values({ signal }))],
    ["cursor", (stream: LimaStream, signal: AbortSignal) => collect(stream.cursor({ signal }))],
  ])("%s rejects at once with the signal's reason", async (_, run) => {
    const { stream } = await running(scans());
    const controller = new AbortController();
    const waiting = errorOf(run(stream, controller.signal));
    const reason = new Error("enough");
    setImmediate(() => controller.abort(reason));
    expect(await waiting).toBe(reason);
  });

  test("a timeout is a TimeoutError that names the stream", async () => {
    const { stream } = await running(scans());
    expect(await errorOf(stream.at(5, { wait: true, timeout: 20 }))).toMatchObject({
      code: "ERR_TIMEOUT",
      message: expect.stringContaining('stream "points"'),
    });
  });
});

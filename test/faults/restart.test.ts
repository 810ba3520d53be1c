import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DataStore } from "../../src/index.js";
import { codeOf, startStream } from "../stream/support.js";
import { startTestRedis } from "../support/redis.js";

describe("a Redis that restarts", () => {
  test("with its data is published to and read on, without loss or repeat", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nxlive-restart-"));
    const first = await startTestRedis({ dir });
    const store = await DataStore.connect(first.url);
    const { publisher, reader, scan } = await startStream(store, { dtype: "<u4" });
    const states: string[] = [];
    const following = (async () => {
      for await (const state of (await store.loadScan(scan.key)).states()) states.push(state);
    })();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of reader.values()) seen.push(value);
    })();
    for (let i = 0; i < 10; i++) await publisher.send(i);
    await publisher.flush();
    await first.stop();
    for (let i = 10; i < 20; i++) await publisher.send(i);
    await using second = await startTestRedis({ dir, port: first.port, initialised: false });
    await publisher.flush({ timeout: 20_000 });
    await scan.close();
    await reading;
    await following;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(states).toEqual(["STARTED", "CLOSED"]);
    await store.close();
    await second.stop();
    await rm(dir, { recursive: true });
  });

  test("without its data is told to publishers and readers, who do not go on as if nothing had happened", async () => {
    const first = await startTestRedis();
    const store = await DataStore.connect(first.url);
    const { publisher, reader, scan } = await startStream(store, { dtype: "<u4" });
    await publisher.send([1, 2, 3]);
    await publisher.flush();
    const waiting = codeOf(reader.at(10, { wait: true }));
    const following = codeOf((await store.loadScan(scan.key)).waitFor("CLOSED"));
    await first.stop();
    await using second = await startTestRedis({ port: first.port });
    void publisher.send(4);
    expect(await codeOf(publisher.flush())).toBe("ERR_STREAM_LOST");
    expect(await codeOf(publisher.send(5))).toBe("ERR_STREAM_LOST");
    expect(await waiting).toBe("ERR_SCAN_NOT_FOUND");
    expect(await following).toBe("ERR_SCAN_NOT_FOUND");
    await store.close();
    await second.stop();
  });
});

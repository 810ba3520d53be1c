import { describe, expect, test } from "vitest";
import { DataStore, type NdArray } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { codeOf, startStream } from "../stream/support.js";
import { startTestRedis } from "../support/redis.js";

describe("a Redis without free memory", () => {
  test("makes publishing fail with a typed error, keeps what it took, and lets reading go on", async () => {
    await using redis = await startTestRedis();
    const store = await DataStore.connect(redis.url);
    const { publisher, reader, scan } = await startStream(store, { dtype: "<f8" });
    await publisher.send([1, 2, 3]);
    await publisher.flush();
    await store.redis.do(commands.configSet("maxmemory-policy", "noeviction"));
    await store.redis.do(commands.configSet("maxmemory", 1));
    void publisher.send(4);
    expect(await codeOf(publisher.flush())).toBe("ERR_REDIS_OUT_OF_MEMORY");
    expect(await codeOf(publisher.send(5))).toBe("ERR_REDIS_OUT_OF_MEMORY");
    expect(await codeOf(publisher.seal())).toBe("ERR_REDIS_OUT_OF_MEMORY");
    expect(await codeOf(scan.close())).toBe("ERR_REDIS_OUT_OF_MEMORY");
    expect(await reader.length()).toBe(3);
    expect((await reader.slice()).toNested()).toEqual([1, 2, 3]);
    await store.redis.do(commands.configSet("maxmemory", 0));
    await scan.close();
    expect(await reader.isSealed()).toBe(true);
    expect(scan.state).toBe("CLOSED");
    await store.close();
  });
});

describe("a huge entry", () => {
  test("is published and read whole", async () => {
    await using redis = await startTestRedis();
    const store = await DataStore.connect(redis.url);
    const { publisher, reader } = await startStream(store, { dtype: "<u2", shape: [6_000, 6_000] });
    const image = new Uint16Array(36_000_000).fill(7);
    image[35_999_999] = 9;
    await publisher.send(image);
    await publisher.seal();
    const read = (await reader.at(0)) as NdArray;
    expect(read.shape).toEqual([6_000, 6_000]);
    expect(Buffer.compare(Buffer.from(image.buffer), bytesOf(read))).toBe(0);
    await store.close();
  });
});

function bytesOf({ data }: NdArray): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new TypeError("No typed array.");
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataStore, NdArray } from "../../src/index.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import type { Memory } from "../../src/reusable-memory.js";
import { PayloadMemory } from "../../src/stream/payload-memory.js";
import { startTestRedis } from "../support/redis.js";
import { startStream } from "./support.js";

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

const values = new Float64Array(1_000);
const inputs = {
  "a typed array": values,
  "an NdArray": new NdArray(values, [1_000], "<f8"),
  "raw bytes": { dtype: "<f8", shape: [1_000], data: new Uint8Array(values.buffer) },
};

test.each(Object.entries(inputs))(
  "%s may be filled anew while its points are on their way",
  async (_, input) => {
    const { publisher, reader } = await startStream(store, { dtype: "<f8" });
    for (let i = 0; i < 3_000; i++) {
      values.fill(i);
      await publisher.send(input);
    }
    expect(await publisher.seal()).toBe(3_000_000);
    const data = (await reader.slice()).data as Float64Array;
    expect(data.findIndex((value, at) => value !== Math.floor(at / 1_000))).toBe(-1);
  },
);

test("payloads keep their bytes until they are released, whatever their sizes", () => {
  const size = fc.oneof(fc.nat(100), fc.nat(300_000), fc.nat(3_000_000));
  const step = fc.oneof(
    size.map((bytes) => ({ bytes })),
    fc.nat().map((release) => ({ release })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new PayloadMemory();
      const held: { payload: Memory; value: number }[] = [];
      steps.forEach((each, i) => {
        if ("bytes" in each) {
          const value = i + 1;
          held.push({ payload: memory.copy(new Uint8Array(each.bytes).fill(value)), value });
        } else if (held.length > 0) {
          const [{ payload } = { payload: undefined }] = held.splice(each.release % held.length, 1);
          payload?.release();
        }
      });
      for (const { payload, value } of held) {
        expect(payload.bytes.every((byte) => byte === value)).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test("memory of payloads is used again", () => {
  const memory = new PayloadMemory();
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 100; round++) {
    const held = Array.from({ length: 5 }, () => memory.copy(new Uint8Array(600_000)));
    for (const payload of held) {
      buffers.add(payload.bytes.buffer);
      payload.release();
    }
  }
  expect(buffers.size).toBeLessThanOrEqual(6);
});

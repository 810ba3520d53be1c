import { deflateSync, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { deflateChunk } from "../../../src/hdf5/engine/deflating.js";
import { shuffle, unshuffle } from "../../../src/hdf5/engine/filters.js";
import { looksRandom } from "../../../src/hdf5/engine/randomness.js";

const LEVEL = 4;
const LENGTH = 2 ** 20;

/** Bytes that are the same each time and look random (xorshift). */
function randomBytes(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Measurements around 500: sums of four random bytes. */
function noise(count: number, seed: number): Float64Array {
  const bytes = randomBytes(4 * count, seed);
  return Float64Array.from(
    { length: count },
    (_, i) =>
      400 + bytes.subarray(4 * i, 4 * i + 4).reduce((a, b) => a + b, 0) / 5 + bytes.readInt32LE(4 * i) / 1e11,
  );
}

function shuffled(array: ArrayBufferView, itemsize: number): Buffer {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const result = Buffer.alloc(bytes.length);
  shuffle(bytes, result, itemsize);
  return result;
}

const float32 = (seed: number): Buffer => shuffled(Float32Array.from(noise(LENGTH / 4, seed)), 4);
/** Twenty spectra over and over. */
const repeated = (): Buffer => {
  const part = Float32Array.from(noise(20 * 1024, 7));
  return shuffled(
    Float32Array.from({ length: LENGTH / 4 }, (_, i) => part[i % part.length] ?? 0),
    4,
  );
};
const counter = (): Buffer =>
  shuffled(
    Uint32Array.from({ length: LENGTH / 4 }, (_, i) => i),
    4,
  );

const KINDS: readonly [name: string, itemsize: number, chunk: Buffer][] = [
  ["noise as float32", 4, float32(1)],
  [
    "noise as big-endian float32",
    4,
    shuffled(Buffer.from(Float32Array.from(noise(LENGTH / 4, 2)).buffer).swap32(), 4),
  ],
  ["noise as float64", 8, shuffled(noise(LENGTH / 8, 3), 8)],
  ["noise as big-endian float64", 8, shuffled(Buffer.from(noise(LENGTH / 8, 3).buffer).swap64(), 8)],
  ["noise as counts of two bytes", 2, shuffled(Uint16Array.from(noise(LENGTH / 2, 4)), 2)],
  ["the same spectra over and over", 4, repeated()],
  ["a counter", 4, counter()],
  ["zeros", 8, Buffer.alloc(LENGTH)],
  ["random bytes, not shuffled", 1, randomBytes(LENGTH, 5)],
  ["random bytes of elements of three bytes, two left over", 3, randomBytes(300_002, 6)],
  ["noise with bytes behind the last element", 4, Buffer.concat([float32(7), Buffer.from("abc")])],
  ["a large compound", 40, shuffled(Buffer.concat([randomBytes(200_000, 8), Buffer.alloc(200_000)]), 40)],
  ["a small chunk", 4, float32(9).subarray(0, 1000)],
  ["one byte", 1, Buffer.from([1])],
];

async function deflated(chunk: Buffer, itemsize: number, dataset: object): Promise<Buffer> {
  const memory = await deflateChunk(chunk, LEVEL, itemsize, dataset);
  const bytes = Buffer.from(memory.bytes);
  memory.release();
  return bytes;
}

test.each(KINDS)(
  "%s: an ordinary zlib stream, hardly larger than what zlib makes of it",
  async (_, itemsize, chunk) => {
    const dataset = {};
    for (let i = 0; i < 3; i++) {
      const bytes = await deflated(chunk, itemsize, dataset);
      expect(inflateSync(bytes).equals(chunk)).toBe(true); // which checks its checksum
      expect(bytes.length).toBeLessThan(1.02 * deflateSync(chunk, { level: LEVEL }).length + 100);
    }
  },
);

test.each([
  ["planes that were stored", float32(1), counter()],
  [
    "planes that had codes alone",
    float32(1),
    Buffer.concat([randomBytes(LENGTH / 2, 1), Buffer.alloc(LENGTH / 2)]),
  ],
  ["planes with repetitions and runs", repeated(), counter()],
  ["regular planes", counter(), float32(1)],
])("%s and become something else are compressed as that at once", async (_, before, after) => {
  const dataset = {};
  for (let i = 0; i < 3; i++) await deflated(before, 4, dataset);
  const bytes = await deflated(after, 4, dataset);
  expect(inflateSync(bytes).equals(after)).toBe(true);
  expect(bytes.length).toBeLessThan(1.02 * deflateSync(after, { level: LEVEL }).length);
});

test("many chunks of several datasets at the same time keep apart", async () => {
  const datasets = [{}, {}, {}];
  const chunks = [float32(11), counter(), repeated()];
  const results = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      deflated(chunks[i % 3] ?? Buffer.alloc(0), 4, datasets[i % 3] ?? {}),
    ),
  );
  for (const [i, bytes] of results.entries())
    expect(inflateSync(bytes).equals(chunks[i % 3] ?? Buffer.alloc(0))).toBe(true);
});

test("random bytes look random; counts, constants, and what repeats itself do not", () => {
  for (let seed = 1; seed < 200; seed++) expect(looksRandom(randomBytes(8192, seed))).toBe(true);
  expect(looksRandom(Buffer.alloc(8192))).toBe(false);
  expect(looksRandom(Buffer.from(Uint8Array.from({ length: 8192 }, (_, i) => i)))).toBe(false);
  expect(looksRandom(Buffer.from(Uint8Array.from({ length: 8192 }, (_, i) => Math.imul(i, i) >>> 4)))).toBe(
    false,
  );
  expect(looksRandom(Buffer.from(randomBytes(8192, 1).map((byte) => byte & 0x7f)))).toBe(false);
  expect(looksRandom(Buffer.concat(Array.from({ length: 8 }, () => randomBytes(1024, 3))))).toBe(false);
});

test.each([1, 2, 3, 4, 8, 12, 16])(
  "shuffling elements of %i bytes is undone, whatever their number",
  (itemsize) => {
    for (const length of [0, 1, 15, 16, 64, 96, 100, 480, 1001]) {
      for (const offset of [0, 1, 4]) {
        const bytes = randomBytes(length + offset, 12 + length).subarray(offset);
        const result = Buffer.alloc(length + offset).subarray(offset);
        shuffle(bytes, result, itemsize);
        const count = Math.floor(length / itemsize);
        for (let i = 0; i < count * itemsize; i++)
          expect(result[(i % itemsize) * count + Math.floor(i / itemsize)]).toBe(bytes[i]);
        expect(unshuffle(result, itemsize).equals(bytes)).toBe(true);
      }
    }
  },
);

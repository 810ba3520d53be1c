import { expect, test } from "vitest";
import { chunkShape, DEFAULT_CHUNKS, growingStorage, scanChunkOptions } from "../../src/writer/chunks.js";

test.each([
  [[], 8, [131072]],
  [[], 1, [1048576]],
  [[1024], 4, [256, 1024]],
  [[64, 48], 2, [170, 64, 48]],
  [[512, 512], 2, [2, 512, 512]],
  [[2048, 2048], 2, [1, 512, 512]],
])("points of shape %j with %i bytes each element lie in chunks of %j", (row, itemsize, chunk) => {
  expect(chunkShape(row, itemsize, DEFAULT_CHUNKS)).toEqual(chunk);
});

test("datasets are compressed from a limit on, with shuffle and gzip", () => {
  expect(growingStorage([], 8)).toEqual({
    chunks: [131072],
    shuffle: true,
    gzip: 4,
    contiguousBelow: 1048576,
  });
});

test("a scan's writer_options win over the configuration", () => {
  const info = { writer_options: { chunk_options: { chunk_nbytes: 4096, compression_scheme: "none" } } };
  const { options, warnings } = scanChunkOptions(info, DEFAULT_CHUNKS);
  expect(options).toEqual({ ...DEFAULT_CHUNKS, chunkBytes: 4096, scheme: "none" });
  expect(warnings).toEqual([]);
});

test("a filter that is not made here becomes gzip with shuffle, with a warning", () => {
  const info = { writer_options: { chunk_options: { compression_scheme: "bitshuffle" } } };
  const { options, warnings } = scanChunkOptions(info, DEFAULT_CHUNKS);
  expect(options.scheme).toBe("gzip-shuffle");
  expect(warnings).toEqual([expect.stringContaining("bitshuffle")]);
});

import { expect, test } from "vitest";
import { Writer, type WriterOptions } from "../../src/writer/index.js";
import { workplace } from "./workplace.js";

const at = workplace();

test.each([
  ["a text as roots, of which each letter would be one", '{"roots":"/data"}'],
  ["a relative root", '{"roots":["data"]}'],
  ["no scan at a time", '{"concurrency":0}'],
  ["megabytes as a text", '{"leastFree":"200"}'],
  ["chunks of which half is missing", '{"chunks":{"chunkBytes":4096}}'],
])("%s are refused before anything is written", async (_, text) => {
  const options: WriterOptions = JSON.parse(text);
  await expect(Writer.start(at.store, options)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
});

import { expect, test } from "vitest";
import { DataWrites } from "../../../src/hdf5/engine/data-writes.js";
import { HeapWriter } from "../../../src/hdf5/engine/heap.js";
import { Zones } from "../../../src/hdf5/engine/zones.js";
import { COLLECTION_HEADER, COLLECTION_MIN, OBJECT_HEADER } from "../../../src/hdf5/format/global-heap.js";

const START = 4096;
const TEXTS = Array.from({ length: 40 }, (_, i) => `text ${i}${"é".repeat(i % 40)}`);

/** The objects of a page as the HDF5 library goes through it: a header without a length would keep it there for ever. */
function objectsIn(page: Buffer): Map<number, string> {
  const objects = new Map<number, string>();
  for (let at = COLLECTION_HEADER; page.length - at >= OBJECT_HEADER; ) {
    const index = page.readUInt16LE(at);
    const size = Number(page.readBigUInt64LE(at + 8));
    if (index + size === 0) throw new Error(`a header of zeros at ${at}`);
    if (index > 0) objects.set(index, page.toString("utf8", at + OBJECT_HEADER, at + OBJECT_HEADER + size));
    at += index === 0 ? size : OBJECT_HEADER + 8 * Math.ceil(size / 8);
  }
  return objects;
}

test("a page is whole for readers at any moment while more is put into it", async () => {
  const file = Buffer.alloc(START + 64 * COLLECTION_MIN);
  const published = new Map<number, Map<number, string>>();
  const look = (address: number) => {
    const found = objectsIn(file.subarray(address, address + COLLECTION_MIN));
    for (const [index, text] of published.get(address) ?? [])
      if (found.get(index) !== text) throw new Error(`object ${index} is ${found.get(index)}`);
  };
  const writes = new DataWrites(async (address, pieces) => {
    await Promise.resolve(); // others may write meanwhile
    const bytes = Buffer.concat(pieces);
    // A reader that copies the page at the same time may see any beginning of it; a header is too short for that.
    const step = bytes.length === OBJECT_HEADER ? OBJECT_HEADER : 8;
    const page = address - (address % COLLECTION_MIN);
    for (let at = 0; at < bytes.length; at += step) {
      bytes.copy(file, address + at, at, at + step);
      if (published.has(page)) look(page);
    }
  });
  const heap = new HeapWriter(new Zones(START, START, 0), writes);
  const put = (text: string) => {
    const { address, index } = heap.put(Buffer.from(text));
    return { address, index, text };
  };
  for (let commit = 0; commit < 60; commit++) {
    const fresh = TEXTS.slice(0, 1 + (commit % 7)).map(put);
    heap.flush();
    const settled = writes.settle();
    const meanwhile = TEXTS.slice(0, commit % 40).map(put); // fills the page that is being written
    await settled;
    for (const { address, index, text } of fresh)
      published.set(address, (published.get(address) ?? new Map()).set(index, text));
    heap.flush();
    await writes.settle();
    for (const { address, index, text } of meanwhile)
      published.set(address, (published.get(address) ?? new Map()).set(index, text));
    for (const address of published.keys()) look(address);
  }
  expect(published.size).toBeGreaterThan(3);
});

import type { Selection } from "../writer-api.js";
import { ByteWriter } from "./bytes.js";
import { lookup3 } from "./lookup3.js";

/**
 * The mappings of a virtual dataset, an object in a global heap: 0 | entries 8 | per entry: source file NUL, source dataset NUL,
 * source selection, virtual selection | lookup3 of all before.
 * Selection, a regular hyperslab: 2 (4) | version 2 (4) | flags 1 (1: regular) | length of the rest 4 | rank 4 |
 * per dimension start, stride, count, block (8 each; unlimited count: ff × 8).
 */
export interface VirtualMapping {
  readonly file: string;
  readonly dataset: string;
  readonly source: Selection;
  readonly target: Selection;
}

export function encodeVirtualBlock(mappings: readonly VirtualMapping[]): Buffer {
  const writer = new ByteWriter(64 + 256 * mappings.length).u8(0).u64(mappings.length);
  for (const { file, dataset, source, target } of mappings) {
    writer.bytes(Buffer.from(`${file}\0${dataset}\0`));
    addSelection(writer, source);
    addSelection(writer, target);
  }
  return writer.u32(lookup3(writer.done())).done();
}

function addSelection(writer: ByteWriter, { start, stride, count, block }: Selection): void {
  const rank = start.length;
  writer
    .u32(2)
    .u32(2)
    .u8(1)
    .u32(4 + 32 * rank)
    .u32(rank);
  for (let axis = 0; axis < rank; axis++) {
    writer.u64(start[axis] ?? 0).u64(stride[axis] ?? 1);
    writer.u64(count[axis] === null ? null : (count[axis] ?? 0)).u64(block[axis] ?? 1);
  }
}

import { readRecords } from "./btree-v2.js";
import { ByteReader } from "./bytes.js";
import { openFractalHeap } from "./fractal-heap.js";
import type { ReadBytes } from "./object-header.js";

export interface DenseItem {
  /** A link or attribute message's body. */
  readonly body: Buffer;
  /** Message flags and creation order (attributes; links have their order in the body). */
  readonly flags: number;
  readonly order: number;
}

/** B-tree types of the name indexes. */
const LINK_NAMES = 5;
const ATTRIBUTE_NAMES = 8;

/**
 * Dense storage: the links or attributes of an object with many of them, in a fractal heap that a B-tree of names refers to.
 * Records: links `hash 4 | heap ID 7`, attributes `heap ID 8 | message flags 1 | creation order 4 | hash 4`.
 */
export async function readDense(
  read: ReadBytes,
  heap: number,
  index: number | undefined,
): Promise<DenseItem[]> {
  if (index === undefined) throw new RangeError("dense storage without an index");
  const objectOf = await openFractalHeap(read, heap);
  const { type, records } = await readRecords(read, index);
  if (type !== LINK_NAMES && type !== ATTRIBUTE_NAMES) throw new RangeError(`an index of type ${type}`);
  const items: DenseItem[] = [];
  for (const record of records) {
    const reader = new ByteReader(record, type === LINK_NAMES ? 4 : 0);
    const body = await objectOf(reader.bytes(type === LINK_NAMES ? 7 : 8));
    items.push(
      type === LINK_NAMES ? { body, flags: 0, order: 0 } : { body, flags: reader.u8(), order: reader.u32() },
    );
  }
  return items;
}

import { ByteReader } from "./bytes.js";
import type { ReadBytes } from "./object-header.js";

/** The data of a local heap, which holds names: `HEAP` | 0 | 3 zeros | size of the data 8 | free list 8 | address of the data 8. */
export async function readLocalHeap(read: ReadBytes, address: number): Promise<Buffer> {
  const reader = new ByteReader(await read(address, 32));
  if (!reader.signature("HEAP")) throw new RangeError("no local heap");
  reader.skip(4);
  const size = reader.address();
  reader.skip(8);
  return await read(reader.address(), size);
}

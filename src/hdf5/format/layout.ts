import { ByteReader, ByteWriter } from "./bytes.js";

/**
 * Data layout message (0x08): where a dataset's elements are.
 *   v3 compact (read only): 3 | 0 | size 2 | data
 *   v3 contiguous: 3 | 1 | address 8 (undefined when nothing is stored) | size 8
 *   v3 chunked: 3 | 2 | rank + 1, 1 | B-tree 8 (undefined while empty) | chunk lengths 4 each | element size 4
 *   v4 virtual: 4 | 3 | address of a global heap 8 | index in it 4
 */
export type Layout =
  | { readonly kind: "contiguous"; readonly address: number | undefined; readonly size: number }
  | {
      readonly kind: "chunked";
      readonly index: number | undefined;
      readonly chunks: readonly number[];
      readonly itemsize: number;
    }
  | { readonly kind: "virtual"; readonly heap: number; readonly object: number };

export function encodeLayout(layout: Layout): Buffer {
  switch (layout.kind) {
    case "contiguous":
      return new ByteWriter().u8(3, 1).u64(layout.address).u64(layout.size).done();
    case "chunked": {
      const writer = new ByteWriter().u8(3, 2, layout.chunks.length + 1).u64(layout.index);
      for (const length of layout.chunks) writer.u32(length);
      return writer.u32(layout.itemsize).done();
    }
    case "virtual":
      return new ByteWriter().u8(4, 3).u64(layout.heap).u32(layout.object).done();
  }
}

/** Undefined for layouts that we neither write nor change (compact, version 4 chunk indices, …). */
export function parseLayout(bytes: Uint8Array): Layout | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const kind = reader.u8();
  if (version === 3 && kind === 1)
    return { kind: "contiguous", address: reader.u64(), size: reader.address() };
  if (version === 4 && kind === 1)
    return { kind: "contiguous", address: reader.u64(), size: reader.address() };
  if (version === 4 && kind === 3) return { kind: "virtual", heap: reader.address(), object: reader.u32() };
  if (version !== 3 || kind !== 2) return undefined;
  const rank = reader.u8() - 1;
  const index = reader.u64();
  const chunks = Array.from({ length: rank }, () => reader.u32());
  return { kind: "chunked", index, chunks, itemsize: reader.u32() };
}

import { sizeOfShape } from "../ndarray/dtype.js";
import { NdArray } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";
import { textOf } from "./format/text.js";
import { dtypeOf, type ElementType, splitArrayType } from "./reader-types.js";

/** The library's memory, and its references turned into paths. */
export interface Memory {
  readonly bytes: Uint8Array;
  resolve(reference: Uint8Array, isObject: boolean): string;
}

/** Takes elements out of the library's memory, page by page, into the data of one RawArray. */
export interface Collector {
  /** `count` elements, the first at `position`, each `stride` bytes after the one before. */
  add(memory: Memory, position: number, stride: number, count: number): void;
  data(): RawArray["data"];
}

/** A collector for `total` elements; `shape` is that of the whole result (compounds need it for their columns). */
export function collectorFor(type: ElementType, total: number, shape: readonly number[]): Collector {
  switch (type.kind) {
    case "number":
      return numbers(type.size, type.swap, total);
    case "bool":
      return type.size === 1 ? numbers(1, 1, total) : bools(type.size, total);
    case "text":
      return items((memory, at) => textAt(memory.bytes, wordAt(memory.bytes, at)));
    case "fixed_text":
      return items(({ bytes }, at) => fixedText(bytes.subarray(at, at + type.size), type.pad));
    case "opaque":
      return items(({ bytes }, at) => bytes.slice(at, at + type.size));
    case "reference":
      return items((memory, at) => {
        const reference = memory.bytes.slice(at, at + type.size);
        return reference.every((byte) => byte === 0) ? "" : memory.resolve(reference, type.object);
      });
    case "vlen":
      return items((memory, at) => vlenAt(memory, at, type.base));
    case "array":
      return nested(type, total, shape);
    case "compound":
      return columns(type, total, shape);
  }
}

function numbers(size: number, swap: number, total: number): Collector {
  const out = Buffer.alloc(total * size);
  let filled = 0;
  return {
    add({ bytes }, position, stride, count) {
      if (stride === size) out.set(bytes.subarray(position, position + count * size), filled);
      else
        for (let i = 0; i < count; i++)
          out.set(bytes.subarray(position + i * stride, position + i * stride + size), filled + i * size);
      filled += count * size;
    },
    data() {
      if (swap === 2) out.swap16();
      else if (swap === 4) out.swap32();
      else if (swap === 8) out.swap64();
      else if (swap > 1) for (let at = 0; at < out.length; at += swap) out.subarray(at, at + swap).reverse();
      return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    },
  };
}

/** The enum {FALSE = 0, TRUE = 1} in integers of several bytes, of any order. */
function bools(size: number, total: number): Collector {
  const out = new Uint8Array(total);
  let filled = 0;
  return {
    add({ bytes }, position, stride, count) {
      for (let at = position; at < position + count * stride; at += stride)
        out[filled++] = bytes.subarray(at, at + size).some((byte) => byte !== 0) ? 1 : 0;
    },
    data: () => out,
  };
}

function items(read: (memory: Memory, at: number) => unknown): Collector {
  const out: unknown[] = [];
  return {
    add(memory, position, stride, count) {
      for (let i = 0; i < count; i++) out.push(read(memory, position + i * stride));
    },
    data: () => out,
  };
}

/** Elements that are arrays: their inner elements lie one after the other. */
function nested(
  type: Extract<ElementType, { kind: "array" }>,
  total: number,
  shape: readonly number[],
): Collector {
  const { element, inner } = splitArrayType(type);
  const each = sizeOfShape(inner);
  const below = collectorFor(element, total * each, [...shape, ...inner]);
  return {
    add(memory, position, stride, count) {
      if (stride === type.size) below.add(memory, position, element.size, count * each);
      else for (let i = 0; i < count; i++) below.add(memory, position + i * stride, element.size, each);
    },
    data: () => below.data(),
  };
}

function columns(
  type: Extract<ElementType, { kind: "compound" }>,
  total: number,
  shape: readonly number[],
): Collector {
  const collectors = type.fields.map((field) => collectorFor(field.type, total, shape));
  return {
    add(memory, position, stride, count) {
      type.fields.forEach((field, k) => {
        collectors[k]?.add(memory, position + field.offset, stride, count);
      });
    },
    data: () =>
      type.fields.map((field, k): RawArray => {
        const { element, inner } = splitArrayType(field.type);
        return { dtype: dtypeOf(element), shape: [...shape, ...inner], data: collectors[k]?.data() ?? [] };
      }),
  };
}

/** A variable-length sequence (`hvl_t`: length, pointer) as a plain array. */
function vlenAt(memory: Memory, at: number, base: ElementType): unknown {
  const length = wordAt(memory.bytes, at);
  const pointer = wordAt(memory.bytes, at + 4);
  const { element, inner } = splitArrayType(base);
  const shape = [length, ...inner];
  const collector = collectorFor(base, length, [length]);
  if (pointer !== 0) collector.add(memory, pointer, base.size, length);
  if (pointer === 0 && length > 0) return [];
  return NdArray.fromRaw({ dtype: dtypeOf(element), shape, data: collector.data() }).toNested();
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

function textAt(bytes: Uint8Array, pointer: number): string {
  if (pointer === 0) return "";
  const end = bytes.indexOf(0, pointer);
  return textOf(bytes.subarray(pointer, end < 0 ? bytes.length : end));
}

const PAD = { nullTerminated: 0, nullPadded: 1, spacePadded: 2 } as const;

function fixedText(bytes: Uint8Array, pad: number): string {
  let end = bytes.length;
  if (pad === PAD.nullTerminated) {
    const nul = bytes.indexOf(0);
    if (nul >= 0) end = nul;
  }
  const filler = pad === PAD.spacePadded ? 0x20 : 0;
  while (end > 0 && bytes[end - 1] === filler) end--;
  return textOf(bytes.subarray(0, end));
}

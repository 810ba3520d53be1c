import { NdArray } from "../ndarray/ndarray.js";
import { type AxisRange, resolveAxis } from "../ndarray/slice.js";
import type { RequestOptions } from "../redis/client.js";
import type { Encoding } from "./encoding.js";
import type { PointsEntry } from "./entry.js";
import type { EventSource } from "./followable.js";
import { readPages } from "./pages.js";
import { decodePoints, type RawPoints, slicePoints } from "./points.js";
import { EntriesView } from "./view.js";

/** Which points `start:stop:step` selects of `length` ones, with NumPy's rules. */
export function resolveBounds(
  start: number | null,
  stop: number | null,
  step: number | null,
  length: number,
): AxisRange {
  return resolveAxis([start, stop, step], length);
}

/** Reads the selected points, all of them published: shape (count, …point). Trimmed ones are an IndexNoMoreThereError. */
export async function readSlice(
  stream: EventSource,
  range: AxisRange,
  options: RequestOptions,
): Promise<NdArray> {
  const { codec } = stream;
  if (range.count === 0) return decodePoints([], codec.dtype, codec.shape);
  const last = range.start + (range.count - 1) * range.step;
  const [low, high] = range.step > 0 ? [range.start, last] : [last, range.start];
  const gather =
    codec.pointBytes === undefined ? gatherBlocks(codec) : gatherBytes(codec, range, low, codec.pointBytes);
  const pages = { signal: options.signal, roomFor: gather.roomFor };
  for await (const page of readPages(stream.redis, stream, low, high + 1, pages)) {
    gather.add(selectOf(page, low, high, Math.abs(range.step)));
  }
  return gather.result(range.step < 0);
}

interface Selected {
  readonly entry: PointsEntry;
  /** Index of the first selected point in the entry, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

interface Gatherer {
  /** Memory into which these points may be received, so that they need not be copied again. */
  readonly roomFor?: (from: number, to: number) => Buffer | undefined;
  add(selected: readonly Selected[]): void;
  result(reverse: boolean): NdArray;
}

function selectOf(page: readonly PointsEntry[], low: number, high: number, step: number): Selected[] {
  const selected: Selected[] = [];
  for (const entry of page) {
    const from = Math.max(low, entry.index);
    const first = low + Math.ceil((from - low) / step) * step;
    const end = Math.min(high + 1, entry.index + entry.length);
    if (first < end) selected.push({ entry, first, count: Math.ceil((end - first) / step), step });
  }
  return selected;
}

/** A broken stream may claim to hold more than fits into memory: larger results wait for the first page. */
const ALLOCATED_AT_ONCE = 64 * 2 ** 20;

/** Points of one size go straight into place; whole entries one after the other are received there. */
function gatherBytes(codec: Encoding, range: AxisRange, low: number, pointBytes: number): Gatherer {
  const size = range.count * pointBytes;
  let bytes: Buffer | undefined;
  let filled = 0;
  return {
    roomFor(from, to) {
      if (Math.abs(range.step) > 1 || (size > ALLOCATED_AT_ONCE && filled === 0)) return undefined;
      bytes ??= Buffer.allocUnsafeSlow(size);
      return bytes.subarray((from - low) * pointBytes, (to - low) * pointBytes);
    },
    add(selected) {
      bytes ??= Buffer.allocUnsafeSlow(size);
      const parts = selected.map((part) => selectedBytes(part, codec, pointBytes));
      filled = fill(bytes, filled, parts);
    },
    result(reverse) {
      if (bytes && filled !== size) {
        throw new RangeError(`${filled} of ${size} bytes were gathered.`); // never: readPages gives all or fails
      }
      const shape = [range.count, ...codec.shape];
      const points = { dtype: codec.dtype, shape, data: bytes ?? new Uint8Array() };
      return NdArray.fromRaw(reverse ? reversed(points) : points);
    },
  };
}

function selectedBytes(
  { entry, first, count, step }: Selected,
  codec: Encoding,
  pointBytes: number,
): Uint8Array {
  const source = codec.decode(entry.payload, entry.length).data as Uint8Array;
  if (count === entry.length) return source;
  const offset = (first - entry.index) * pointBytes;
  if (step === 1) return source.subarray(offset, offset + count * pointBytes);
  const bytes = new Uint8Array(count * pointBytes);
  for (let i = 0; i < count; i++) {
    const start = offset + i * step * pointBytes;
    bytes.set(source.subarray(start, start + pointBytes), i * pointBytes);
  }
  return bytes;
}

/** Puts the parts behind what is there already, unless they are there; how far it is filled then. */
function fill(bytes: Buffer, filled: number, parts: readonly Uint8Array[]): number {
  let end = filled;
  let inPlace = true;
  for (const part of parts) {
    inPlace &&= part.buffer === bytes.buffer && part.byteOffset === bytes.byteOffset + end;
    end += part.byteLength;
  }
  if (inPlace) return end;
  // Received into this memory, but not to their places: others may have to go where they are.
  const apart = parts.map((part) => (part.buffer === bytes.buffer ? new Uint8Array(part) : part));
  let at = filled;
  for (const part of apart) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return end;
}

/** Points of different sizes, and JSON values, are collected and joined at the end. */
function gatherBlocks(codec: Encoding): Gatherer {
  const blocks: RawPoints[] = [];
  return {
    add(selected) {
      for (const { entry, first, count, step } of selected) {
        for (const block of new EntriesView([entry], codec, entry.index, entry.length).blocks()) {
          if (step === 1) blocks.push(slicePoints(block, first - entry.index, first - entry.index + count));
          else for (let i = 0; i < count; i++) blocks.push(onePoint(block, first - entry.index + i * step));
        }
      }
    },
    result(reverse) {
      if (!reverse) return decodePoints(blocks, codec.dtype, codec.shape);
      return decodePoints(blocks.reverse().map(reversed), codec.dtype, codec.shape);
    },
  };
}

function onePoint(block: RawPoints, position: number): RawPoints {
  return slicePoints(block, position, position + 1);
}

function reversed(points: RawPoints): RawPoints {
  const count = points.shape[0] ?? 0;
  if (count < 2) return points;
  if (!(points.data instanceof Uint8Array)) return { ...points, data: [...points.data].reverse() };
  const size = points.data.byteLength / count;
  const data = new Uint8Array(points.data.byteLength);
  for (let i = 0; i < count; i++) {
    data.set(points.data.subarray(i * size, (i + 1) * size), (count - 1 - i) * size);
  }
  return { ...points, data };
}

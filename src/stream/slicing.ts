import { NdArray } from "../ndarray/ndarray.js";
import { type AxisRange, resolveAxis } from "../ndarray/slice.js";
import type { RequestOptions } from "../redis/client.js";
import type { PointsEntry } from "./entry.js";
import type { EventSource } from "./followable.js";
import { PageSize, readPages } from "./pages.js";
import { decodePoints, type RawPoints, slicePoints, uninitialised } from "./points.js";
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
    codec.pointBytes === undefined ? gatherBlocks(stream) : gatherBytes(stream, range, codec.pointBytes);
  const size = new PageSize();
  for await (const page of readPages(stream.redis, stream, low, high + 1, size, options)) {
    gather.add(selectOf(page, low, high, Math.abs(range.step)), stream);
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
  add(selected: readonly Selected[], stream: EventSource): void;
  result(reverse: boolean): NdArray;
}

function selectOf(page: readonly PointsEntry[], low: number, high: number, step: number): Selected[] {
  return page.flatMap((entry) => {
    const from = Math.max(low, entry.index);
    const first = low + Math.ceil((from - low) / step) * step;
    const end = Math.min(high + 1, entry.index + entry.length);
    return first < end ? [{ entry, first, count: Math.ceil((end - first) / step), step }] : [];
  });
}

/** Points of one size go straight into place, unless one entry holds them all. */
function gatherBytes(stream: EventSource, range: AxisRange, pointBytes: number): Gatherer {
  const { codec } = stream;
  const shape = [range.count, ...codec.shape];
  let bytes: Uint8Array | undefined;
  let filled = 0;
  return {
    add(selected) {
      for (const { entry, first, count, step } of selected) {
        const source = codec.decode(entry.payload, entry.length).data as Uint8Array;
        const offset = (first - entry.index) * pointBytes;
        if (step === 1 && count === range.count) {
          bytes = source.subarray(offset, offset + count * pointBytes);
          filled = count;
          return;
        }
        bytes ??= uninitialised(range.count * pointBytes);
        if (step === 1) bytes.set(source.subarray(offset, offset + count * pointBytes), filled * pointBytes);
        else copyStepwise(source, offset, bytes, filled * pointBytes, { count, step, pointBytes });
        filled += count;
      }
    },
    result(reverse) {
      if (bytes && filled !== range.count) {
        throw new RangeError(`${filled} of ${range.count} points were gathered.`); // never: readPages gives all or fails
      }
      const points = { dtype: codec.dtype, shape, data: bytes ?? new Uint8Array() };
      return NdArray.fromRaw(reverse ? reversed(points) : points);
    },
  };
}

function copyStepwise(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  { count, step, pointBytes }: { count: number; step: number; pointBytes: number },
): void {
  for (let i = 0; i < count; i++) {
    const start = from + i * step * pointBytes;
    target.set(source.subarray(start, start + pointBytes), to + i * pointBytes);
  }
}

/** Points of different sizes, and JSON values, are collected and joined at the end. */
function gatherBlocks({ codec }: EventSource): Gatherer {
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

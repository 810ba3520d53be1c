import { InvalidArgumentError } from "../errors.js";
import { sizeOfShape } from "../ndarray/dtype.js";
import { type AxisRange, highestIndex, lowestIndex } from "../ndarray/slice.js";

/** A box of a dataset: one positive-step range per axis. */
export type Box = readonly AxisRange[];

/** Bytes per read: long enough to be fast, short enough not to hold up the event loop. */
export const PAGE_BYTES = 4 * 1024 * 1024;
/** A row of chunks is read in one go up to this size, so that no chunk is unpacked twice. */
const CHUNK_ROW_BYTES = 64 * 1024 * 1024;

/**
 * Cuts a selection into boxes of about a page, in C order of the result, so that the boxes' data follow each other.
 * Cuts lie on chunk borders where that is possible.
 */
export function* pagesOf(
  box: Box,
  itemsize: number,
  chunks: readonly number[] | null,
  axis = 0,
): Generator<Box> {
  const range = box[axis];
  const bytes = sizeOfShape(box.map(({ count }) => count)) * itemsize;
  if (bytes === 0) return;
  if (bytes <= PAGE_BYTES || !range) {
    yield box;
    return;
  }
  const rowBytes = bytes / range.count;
  for (const part of partsOf(range, rowBytes, chunks?.[axis] ?? 1)) {
    const piece = box.with(axis, part);
    if (rowBytes > PAGE_BYTES && part.count === 1) yield* pagesOf(piece, itemsize, chunks, axis + 1);
    else yield piece;
  }
}

/** Cuts one axis into parts of whole chunk rows. */
function* partsOf(range: AxisRange, rowBytes: number, chunk: number): Generator<AxisRange> {
  const perPage = Math.max(1, Math.floor(PAGE_BYTES / rowBytes));
  const perChunk = Math.max(1, Math.ceil(chunk / range.step));
  const aligned = perChunk * rowBytes <= CHUNK_ROW_BYTES;
  const span = aligned ? chunk * Math.max(1, Math.floor(perPage / perChunk)) : perPage * range.step;
  let done = 0;
  while (done < range.count) {
    const start = range.start + done * range.step;
    const border = aligned ? (Math.floor(start / span) + 1) * span : start + span;
    const count = Math.min(range.count - done, Math.max(1, Math.ceil((border - start) / range.step)));
    yield { ...range, start, count };
    done += count;
  }
}

/** The same indices in increasing order: HDF5 has no negative steps. */
export function increasing(range: AxisRange): AxisRange {
  if (range.step > 0 || range.count === 0) return { ...range, step: Math.abs(range.step) };
  return { ...range, start: range.start + range.step * (range.count - 1), step: -range.step };
}

/** Refuses ranges that reach beyond an array: neither we nor HDF5 would say so in all cases. */
export function requireWithin(ranges: readonly AxisRange[], shape: readonly number[], what: string): void {
  for (const [axis, range] of ranges.entries()) {
    const length = shape[axis] ?? 0;
    if (range.count === 0 || (lowestIndex(range) >= 0 && highestIndex(range) < length)) continue;
    throw new InvalidArgumentError(
      `${what} of shape [${shape}] does not have all that is to be read: axis ${axis} ends at ${length}.`,
      { path: what },
    );
  }
}

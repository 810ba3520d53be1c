import { keepFreedMemory } from "../../memory.js";
import { sizeOfShape } from "../../ndarray/dtype.js";
import type { AxisRange } from "../../ndarray/slice.js";
import { countOf, runsOf, wholeAxis } from "../../ndarray/take.js";
import { Memory } from "../../reusable-memory.js";
import { othersTurn } from "../../waiting.js";
import { rawMask, undoFilters } from "../engine/filters.js";
import type { NodeEntry } from "../format/btree.js";
import { type Box, PAGE_BYTES, pagesOf } from "../reader-pages.js";
import { copyStretches, matchRuns, runsTo, type Stretches } from "./copy.js";
import type { PlainDataset, PlainStorage } from "./dataset.js";
import { decodedChunk, keepDecoded } from "./decoded.js";
import { type PlainFile, SHORT_BYTES } from "./file.js";

/** Stretches shorter than this with gaps shorter than this are read together, up to a window. */
const GAP_BYTES = 16 * 1024;
const WINDOW_BYTES = 1024 * 1024;
/** Packed chunks are of any size; memory that is used again is of few. */
const PACKED_UNIT = 64 * 1024;
/** Pieces that are read at a time: as many as libuv has threads. */
const AT_A_TIME = 4;

/** One reading: from where, into what. */
interface Reading {
  readonly file: PlainFile;
  readonly dataset: PlainDataset;
  /** The result and its shape. */
  readonly out: Uint8Array;
  readonly shape: readonly number[];
}

/** Reads a part of the selection; parts may be read in any order, and some at a time. */
type Piece = () => Promise<void>;

/**
 * The elements in a box of a plain dataset, straight from the file. Throws (RangeErrors, errors of zlib or the system)
 * when something is not as it should be: the library is to say what then.
 */
export async function readPlain(
  file: PlainFile,
  dataset: PlainDataset,
  box: Box,
  options: { signal?: AbortSignal },
): Promise<Uint8Array> {
  const shape = box.map(({ count }) => count);
  const out = newBytes(sizeOfShape(shape) * dataset.itemsize);
  const reading = { file, dataset, out, shape };
  const { storage } = dataset;
  options.signal?.throwIfAborted();
  if (storage.kind === "chunks") await inTurn(chunkPieces(reading, storage, box), out.length, options);
  else if (storage.address === undefined) fillWhole(reading);
  else if (out.length > PAGE_BYTES)
    await inTurn(pagePieces(reading, storage.address, box), out.length, options);
  else if (out.length > 0) await readStretches(reading, storage.address, runsTo(dataset.shape, box, 0));
  return out;
}

/** As `readPlain`, at once, for few elements that lie one after the other in one block; undefined for all else. */
export function readShort(
  file: PlainFile,
  { shape, itemsize, storage }: PlainDataset,
  box: Box,
): Uint8Array | undefined {
  const bytes = countOf(box) * itemsize;
  if (storage.kind !== "block" || storage.address === undefined || bytes > SHORT_BYTES) return undefined;
  const { starts } = runsOf(shape, box);
  if (starts.length !== 1 || bytes === 0) return undefined;
  const out = new Uint8Array(bytes);
  file.fillNow(out, storage.address + (starts[0] ?? 0) * itemsize);
  return out;
}

/** Few bytes come cleared: that is quicker than asking for memory as it is. */
function newBytes(count: number): Uint8Array {
  if (count <= SHORT_BYTES) return new Uint8Array(count);
  keepFreedMemory();
  return new Uint8Array(Buffer.allocUnsafeSlow(count).buffer);
}

async function inTurn(
  pieces: Iterable<Piece>,
  bytes: number,
  options: { signal?: AbortSignal },
): Promise<void> {
  const worker = async () => {
    for (const piece of pieces) {
      options.signal?.throwIfAborted();
      await piece();
      await othersTurn();
    }
  };
  const workers = bytes > PAGE_BYTES ? AT_A_TIME : 1;
  // All have ended before a failure is told: nobody writes into the result any more.
  const ends = await Promise.allSettled(Array.from({ length: workers }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function* pagePieces(reading: Reading, address: number, box: Box): Generator<Piece> {
  const { shape, itemsize } = reading.dataset;
  let done = 0;
  for (const page of pagesOf(box, itemsize, null)) {
    const first = done;
    yield async () => readStretches(reading, address, runsTo(shape, page, first));
    done += sizeOfShape(page.map((range) => range.count));
  }
}

type Chunks = Extract<PlainStorage, { kind: "chunks" }>;

function* chunkPieces(reading: Reading, storage: Chunks, box: Box): Generator<Piece> {
  const axes = box.map((range, axis) => partsOf(range, storage.chunks[axis] ?? 1));
  for (const parts of combinations(axes)) yield () => readChunk(reading, storage, parts);
}

/** What a selection takes from one row of chunks along an axis. */
interface AxisPart {
  /** Where the chunk begins. */
  readonly start: number;
  readonly inChunk: AxisRange;
  readonly inResult: AxisRange;
}

function partsOf(range: AxisRange, chunk: number): AxisPart[] {
  const parts: AxisPart[] = [];
  for (let done = 0; done < range.count; ) {
    const first = range.start + done * range.step;
    const start = Math.floor(first / chunk) * chunk;
    const count = Math.min(range.count - done, Math.ceil((start + chunk - first) / range.step));
    parts.push({
      start,
      inChunk: { ...range, start: first - start, count },
      inResult: { ...wholeAxis(count), start: done },
    });
    done += count;
  }
  return parts;
}

function* combinations(axes: readonly AxisPart[][], chosen: readonly AxisPart[] = []): Generator<AxisPart[]> {
  const parts = axes[chosen.length];
  if (!parts) yield [...chosen];
  else for (const part of parts) yield* combinations(axes, [...chosen, part]);
}

async function readChunk(reading: Reading, storage: Chunks, parts: readonly AxisPart[]): Promise<void> {
  const { dataset, out, shape } = reading;
  const { itemsize } = dataset;
  const stored = await storage.tree.find(parts.map(({ start }) => start));
  const stretches = matchRuns(
    runsOf(
      storage.chunks,
      parts.map(({ inChunk }) => inChunk),
    ),
    runsOf(
      shape,
      parts.map(({ inResult }) => inResult),
    ),
  );
  if (!stored) return fill(reading, stretches);
  const bytes = sizeOfShape(storage.chunks) * itemsize;
  const raw = rawMask(storage.filters);
  if ((stored.mask & raw) === raw) {
    if (stored.size !== bytes) throw new RangeError(`a chunk of ${stored.size} instead of ${bytes} bytes`);
    await readStretches(reading, stored.child, stretches);
    return;
  }
  if (stretches.length * itemsize === bytes) {
    const place = (stretches.to[0] ?? 0) * itemsize;
    await unpack(reading, storage, stored, Buffer.from(out.buffer, place, bytes));
    return;
  }
  let chunk = decodedChunk(dataset, stored.child);
  if (!chunk) {
    chunk = await unpack(reading, storage, stored, Buffer.allocUnsafeSlow(bytes));
    keepDecoded(dataset, stored.child, chunk);
  }
  copyStretches(chunk, stretches, out, itemsize, { first: 0, end: stretches.to.length, base: 0 });
}

async function unpack(
  { file }: Reading,
  { filters }: Chunks,
  { child, size, mask }: NodeEntry,
  result: Buffer,
): Promise<Buffer> {
  if (size > 2 * result.length + 1024) throw new RangeError(`a packed chunk of ${size} bytes`);
  const memory = Memory.of(PACKED_UNIT * Math.ceil(size / PACKED_UNIT));
  const packed = memory.bytes.subarray(0, size);
  await file.fill(packed, child);
  await undoFilters(packed, filters, mask, result);
  memory.release();
  return result;
}

/** Reads stretches of elements that lie in one block of the file. */
async function readStretches(
  { file, dataset: { itemsize }, out }: Reading,
  address: number,
  stretches: Stretches,
): Promise<void> {
  const { length, from, to } = stretches;
  for (let first = 0, end = 0; first < from.length; first = end) {
    end = windowEnd(stretches, first, itemsize);
    const base = from[first] ?? 0;
    const count = (from[end - 1] ?? 0) + length - base;
    const position = address + base * itemsize;
    if (end === first + 1) {
      const place = (to[first] ?? 0) * itemsize;
      const reading = file.fill(out.subarray(place, place + length * itemsize), position);
      if (reading) await reading;
    } else {
      const window = Buffer.allocUnsafe(count * itemsize);
      await file.fill(window, position);
      copyStretches(window, stretches, out, itemsize, { first, end, base });
    }
  }
}

/** The stretches from `first` up to this one are read at once. */
function windowEnd({ length, from }: Stretches, first: number, itemsize: number): number {
  let end = first + 1;
  if (length * itemsize >= GAP_BYTES) return end;
  const base = from[first] ?? 0;
  for (; end < from.length; end++) {
    const [before = 0, start = 0] = [from[end - 1], from[end]];
    const gap = start - before - length;
    if (gap * itemsize >= GAP_BYTES || (start + length - base) * itemsize > WINDOW_BYTES) break;
  }
  return end;
}

function fillWhole(reading: Reading): void {
  fill(reading, { length: reading.out.length / reading.dataset.itemsize, to: Float64Array.of(0) });
}

function fill(
  { dataset, out }: Reading,
  { length, to }: { readonly length: number; readonly to: Float64Array },
): void {
  const { itemsize, fill } = dataset;
  if (!fill) throw new RangeError("elements that were never written, without a fill value");
  const bytes = Buffer.from(out.buffer);
  for (const start of to) bytes.fill(fill, start * itemsize, (start + length) * itemsize);
}

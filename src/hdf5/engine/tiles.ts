import { sizeOfShape } from "../../ndarray/dtype.js";
import { Memory } from "../../reusable-memory.js";
import { filled, fillWith } from "./storage.js";

/** How the rows of a dataset are cut into chunks: a band is as many rows as a chunk has, its chunks lie side by side. */
export interface TileGrid {
  readonly rowShape: readonly number[];
  /** Chunk lengths along the axes of a row. */
  readonly tileShape: readonly number[];
  readonly itemsize: number;
  /** Chunks side by side in a band. */
  readonly count: number;
  readonly rowBytes: number;
  readonly bandBytes: number;
  readonly tileRowBytes: number;
  readonly tileBytes: number;
  /** True when a chunk holds whole rows. */
  readonly whole: boolean;
  /** First element of a chunk along the axes of a row. */
  origin(tile: number): number[];
}

export function tileGrid(rowShape: readonly number[], chunks: readonly number[], itemsize: number): TileGrid {
  const [rows = 1, ...tileShape] = chunks;
  const counts = tileShape.map((length, axis) => Math.max(1, Math.ceil((rowShape[axis] ?? 1) / length)));
  const rowBytes = sizeOfShape(rowShape) * itemsize;
  const tileRowBytes = sizeOfShape(tileShape) * itemsize;
  return {
    rowShape,
    tileShape,
    itemsize,
    count: sizeOfShape(counts),
    rowBytes,
    bandBytes: rows * rowBytes,
    tileRowBytes,
    tileBytes: rows * tileRowBytes,
    whole: tileShape.every((length, axis) => length === rowShape[axis]),
    origin: (tile) => {
      let rest = tile;
      const origin: number[] = [];
      for (let axis = counts.length - 1; axis >= 0; axis--) {
        const count = counts[axis] ?? 1;
        origin.unshift((rest % count) * (tileShape[axis] ?? 1));
        rest = Math.floor(rest / count);
      }
      return origin;
    },
  };
}

/**
 * `rows` rows of one chunk, of which those from `from` to `to` are cut out of the band's rows (without copying where that can be); the
 * rest, and what lies beyond the rows' own lengths, holds the fill value.
 */
export function cutTile(
  grid: TileGrid,
  band: Memory,
  tile: number,
  { from, to, rows }: { readonly from: number; readonly to: number; readonly rows: number },
  fill: Buffer | undefined,
): Memory {
  if (grid.whole && rows === to - from) return band.part(from * grid.rowBytes, to * grid.rowBytes);
  const result = Memory.of(rows * grid.tileRowBytes);
  fillWith(result.bytes, fill);
  const origin = grid.origin(tile);
  for (let row = from; row < to; row++) {
    copyRow(grid, band.bytes, row * grid.rowBytes, result.bytes, (row - from) * grid.tileRowBytes, origin);
  }
  return result;
}

/** The reverse: puts rows of a chunk back into the band's rows. */
export function pasteTile(grid: TileGrid, chunk: Buffer, tile: number, rows: number, band: Buffer): void {
  const origin = grid.origin(tile);
  for (let row = 0; row < rows; row++) {
    eachRun(grid, origin, (inRow, inTile, length) => {
      const start = row * grid.tileRowBytes + inTile;
      chunk.copy(band, row * grid.rowBytes + inRow, start, start + length);
    });
  }
}

function copyRow(
  grid: TileGrid,
  band: Buffer,
  rowStart: number,
  target: Buffer,
  targetStart: number,
  origin: readonly number[],
): void {
  eachRun(grid, origin, (inRow, inTile, length) => {
    band.copy(target, targetStart + inTile, rowStart + inRow, rowStart + inRow + length);
  });
}

/** Calls back for each run of bytes that lies together both in a row and in a chunk: positions in both, and length. */
function eachRun(
  grid: TileGrid,
  origin: readonly number[],
  use: (inRow: number, inTile: number, length: number) => void,
): void {
  const { rowShape, tileShape, itemsize } = grid;
  const rank = rowShape.length;
  const walk = (axis: number, inRow: number, inTile: number, rowStep: number, tileStep: number): void => {
    const length = rowShape[axis] ?? 1;
    const start = origin[axis] ?? 0;
    const count = Math.min(tileShape[axis] ?? 1, length - start);
    const rowInner = rowStep / length;
    const tileInner = tileStep / (tileShape[axis] ?? 1);
    if (axis === rank - 1) {
      if (count > 0) use(inRow + start * itemsize, inTile, count * itemsize);
      return;
    }
    for (let i = 0; i < count; i++) {
      walk(axis + 1, inRow + (start + i) * rowInner, inTile + i * tileInner, rowInner, tileInner);
    }
  };
  if (rank === 0) use(0, 0, itemsize);
  else if (grid.rowBytes > 0) walk(0, 0, 0, grid.rowBytes, grid.tileRowBytes);
}

/** Bytes of rows whose row axes became longer; new elements hold the fill value. */
export function widenRows(
  rows: Buffer,
  from: readonly number[],
  to: readonly number[],
  itemsize: number,
  fill: Buffer | undefined,
): Buffer {
  const rowBytes = sizeOfShape(from) * itemsize;
  const grid = tileGrid(from, [1, ...to], itemsize);
  const count = rowBytes === 0 ? 0 : rows.length / rowBytes;
  const result = filled(count * grid.tileRowBytes, fill);
  for (let row = 0; row < count; row++) {
    copyRow(
      grid,
      rows,
      row * rowBytes,
      result,
      row * grid.tileRowBytes,
      from.map(() => 0),
    );
  }
  return result;
}

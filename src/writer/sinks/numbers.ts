import type { GrowingDataset } from "../../hdf5/writer-api.js";
import { itemsizeOf, sizeOfShape } from "../../ndarray/dtype.js";
import { type RawPoints, slicePoints } from "../../stream/points.js";
import type { StreamView } from "../../stream/reading.js";
import { growingStorage } from "../chunks.js";
import { fillElement, padPoints } from "./padding.js";
import { finishGrowing, type Progress, type SinkTarget, type StreamSink } from "./sink.js";

/** Lost points are written in blocks of about this many bytes. */
const FILL_BLOCK = 4 * 1024 * 1024;
/** What a variable axis is taken for when chunks are shaped, before any data are seen. */
const ASSUMED_LENGTH = 512;

/**
 * Numbers of a fixed or variable shape: a dataset (n, …point) that grows. Variable axes grow to the longest point;
 * shorter ones are padded with NaN or 0.
 */
export class NumberSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  readonly #dataset: GrowingDataset;
  readonly #fill: Uint8Array;

  private constructor(target: SinkTarget, dataset: GrowingDataset, progress: Progress, fill: Uint8Array) {
    this.target = target;
    this.#dataset = dataset;
    this.progress = progress;
    this.#fill = fill;
    progress.resume(dataset.length, dataset.length * this.#pointBytes);
  }

  static async open(target: SinkTarget, progress: Progress): Promise<NumberSink> {
    const { file, path, stream, layout } = target;
    const fill = fillElement(stream.dtype, layout?.fill);
    const present = target.resume && (await file.hdf5.kindOf(path)) === "dataset";
    const dataset = await openDataset(target, fill, present);
    file.changed(progress);
    return new NumberSink(target, dataset, progress, fill);
  }

  get next(): number {
    return this.#dataset.length;
  }

  get pointShape(): readonly number[] {
    return this.#dataset.rowShape;
  }

  get #pointBytes(): number {
    return sizeOfShape(this.#dataset.rowShape) * (itemsizeOf(this.#dataset.dtype) ?? 1);
  }

  async append(view: StreamView): Promise<void> {
    const { file } = this.target;
    const runs = view.length > 0 ? ((await view.raw()) as RawPoints[]) : [];
    if (view.index > this.next) {
      await this.#widen(runs[0]?.shape.slice(1) ?? []);
      await this.#appendLost(view.index - this.next);
    }
    let index = view.index;
    for (const points of runs) {
      const length = points.shape[0] ?? 0;
      const known = Math.min(length, Math.max(0, this.next - index));
      index += length;
      if (known < length) await this.#appendPoints(slicePoints(points, known, length));
    }
    file.changed(this.progress);
  }

  async #appendPoints(points: RawPoints): Promise<void> {
    await this.#widen(points.shape.slice(1));
    this.target.file.check();
    await this.#dataset.append(padPoints(points, this.#dataset.rowShape, this.#fill));
    this.progress.points += points.shape[0] ?? 0;
    this.progress.bytes += (points.data as Uint8Array).byteLength;
  }

  /** Makes rows as large as a point, and not empty: rows without elements cannot be kept. */
  async #widen(point: readonly number[]): Promise<void> {
    const { rowShape } = this.#dataset;
    const larger = rowShape.map((size, axis) => Math.max(size, point[axis] ?? 0, 1));
    if (larger.some((size, axis) => size !== rowShape[axis])) await this.#dataset.extendRows(larger);
  }

  async #appendLost(count: number): Promise<void> {
    const perBlock = Math.max(1, Math.floor(FILL_BLOCK / Math.max(1, this.#pointBytes)));
    for (let left = count; left > 0; left -= perBlock) {
      this.target.file.check();
      const rows = Math.min(left, perBlock);
      await this.#dataset.append(Buffer.alloc(rows * this.#pointBytes, this.#fill));
    }
    this.progress.points += count;
    this.progress.lost += count;
  }

  finish(): Promise<void> {
    return finishGrowing(this, this.#dataset);
  }
}

async function openDataset(target: SinkTarget, fill: Uint8Array, present: boolean): Promise<GrowingDataset> {
  const { file, path, stream, attributes, chunks } = target;
  const { dtype, shape } = stream;
  const variable = shape.includes(-1);
  const assumed = shape.map((length) => (length === -1 ? ASSUMED_LENGTH : length));
  const storage = {
    ...growingStorage(assumed, itemsizeOf(dtype) ?? 1, chunks),
    fill: { dtype, shape: [], data: fill },
    ...(variable && { maxshape: [null, ...shape.map((length) => (length === -1 ? null : length))] }),
  };
  // A small dataset that a killed writer has left does not say how far its rows may grow.
  if (present) return file.hdf5.openGrowing(path, storage);
  const rowShape = shape.map((length) => Math.max(0, length));
  return file.hdf5.createGrowing(path, { dtype, rowShape }, { ...storage, attributes });
}

import type { Selection, VirtualDataset } from "../../hdf5/writer-api.js";
import { nameBelow } from "../../mapping/scan-info/saving.js";
import type { RawArray } from "../../ndarray/raw.js";
import { hdf5PointShape } from "../../stream/plugins/hdf5-points.js";
import type { LimaStream } from "../../stream/plugins/lima.js";
import type { ImageRun, LimaFiles } from "../../stream/plugins/lima-files.js";
import type { StreamView } from "../../stream/reading.js";
import { UnsupportedDataError } from "../errors.js";
import { edfFrames } from "./edf-frames.js";
import { fillElement } from "./padding.js";
import type { Progress, SinkTarget, StreamSink } from "./sink.js";

/** While images come, the item in the file follows when there are this many times more, or after this time (ms). */
const GROWTH = 1.1;
const LONGEST_DELAY = 5_000;
/** More files than this have no place in one virtual dataset: each of them takes time whenever it is written. */
const MOST_FILES = 100_000;
/** More images than this are not listed one by one. */
const MOST_LISTED = 1_000_000;
/** No detector takes more images than this in one scan. */
const MOST_IMAGES = 2 ** 31;

/**
 * Images that a Lima detector saves. Those in HDF5 files become a virtual dataset over these files, extended as files
 * are closed; while their shape is not known, a list of texts `file::index`. Other formats become, at the end, HDF5's external raw storage (uncompressed EDF), else such a list.
 */
export class ImageSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  readonly #stream: LimaStream;
  readonly #files: LimaFiles;
  /** Shape of one image; where the stream leaves it open, undefined until a file of the detector tells. */
  #shape: readonly number[] | undefined;
  #written = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  private constructor(target: SinkTarget, stream: LimaStream, files: LimaFiles, progress: Progress) {
    this.target = target;
    this.progress = progress;
    this.#stream = stream;
    this.#files = files;
    this.#shape = stream.shape.includes(-1) ? undefined : stream.shape;
  }

  static async open(
    target: SinkTarget,
    stream: LimaStream,
    files: LimaFiles,
    progress: Progress,
  ): Promise<ImageSink> {
    const sink = new ImageSink(target, stream, files, progress);
    // An empty item now keeps the place that the mapping gives it among its neighbours.
    const present = target.resume && (await target.file.hdf5.kindOf(target.path)) !== undefined;
    if (!present) await sink.#write(false);
    return sink;
  }

  /** Statuses tell of all images from the first on, so nothing needs to be known of earlier ones. */
  get next(): number {
    return 0;
  }

  async append(view: StreamView): Promise<void> {
    const total = Math.max(this.progress.points, view.index + view.length);
    this.progress.points = total;
    this.progress.bytes = total * this.#imageBytes;
    const due = total >= this.#written * GROWTH || performance.now() > this.#writtenAt + LONGEST_DELAY;
    if (isHdf5(this.#files) && due && total > this.#written) await this.#write(false);
  }

  async finish(): Promise<void> {
    const { file, path } = this.target;
    file.check();
    if (this.progress.points > 0) await this.#write(true);
    else await file.hdf5.remove(path);
    file.changed(this.progress);
  }

  get #imageBytes(): number {
    const { dtype, shape } = this.#stream;
    return fillElement(dtype).byteLength * (this.#shape ?? shape).reduce((a, b) => a * Math.abs(b), 1);
  }

  async #write(final: boolean): Promise<void> {
    const { file, path, attributes } = this.target;
    const count = this.progress.points;
    const runs = this.#runs(count);
    const options = { attributes };
    const shape = isHdf5(this.#files) ? await this.#imageShape(runs[0]) : undefined;
    const raw = final && !isHdf5(this.#files) ? await edfFrames(this.#stream, runs) : undefined;
    file.check();
    if ((await file.hdf5.kindOf(path)) !== undefined) await file.hdf5.replace(path);
    if (shape) await file.hdf5.createVirtual(path, this.#virtualDataset(runs, count, shape), options);
    else if (raw) await file.hdf5.createExternal(path, raw, options);
    else await file.hdf5.createDataset(path, this.#list(runs), options);
    this.#written = count;
    this.#writtenAt = performance.now();
    file.changed(this.progress);
  }

  /** Where the first images lie. A status may claim any number of them. */
  #runs(count: number): ImageRun[] {
    if (count > MOST_IMAGES) throw this.#tooMany(count, `the ${MOST_IMAGES} that a scan may have`);
    const listed = !(isHdf5(this.#files) && this.#shape);
    if (listed && count > MOST_LISTED)
      throw this.#tooMany(count, `the ${MOST_LISTED} that are listed one by one`);
    const runs: ImageRun[] = [];
    for (const run of this.#files.runs(0, count)) {
      runs.push(run);
      if (!listed && runs.length > MOST_FILES)
        throw this.#tooMany(count, `${MOST_FILES} files of a virtual dataset hold`);
    }
    return runs;
  }

  #tooMany(count: number, limit: string): UnsupportedDataError {
    const { path, stream } = this.target;
    return new UnsupportedDataError(
      `Stream "${stream.name}" tells of ${count} images, more than ${limit}. Let the detector save more images per file.`,
      { stream: stream.name, path },
    );
  }

  async #imageShape(first: ImageRun | undefined): Promise<readonly number[] | undefined> {
    if (this.#shape || !first) return this.#shape;
    const found = await hdf5PointShape(first.file, first.dataset ?? "/").catch(() => undefined); // not there yet
    const { shape } = this.#stream;
    const fits =
      found?.length === shape.length && shape.every((size, axis) => size === -1 || size === found[axis]);
    if (fits) this.#shape = found;
    return this.#shape;
  }

  #virtualDataset(runs: readonly ImageRun[], count: number, shape: readonly number[]): VirtualDataset {
    const { dtype } = this.#stream;
    const fill = fillElement(dtype, this.target.layout?.fill);
    return {
      dtype,
      shape: [count, ...shape],
      maxshape: [null, ...shape],
      fill: { dtype, shape: [], data: fill },
      sources: runs.map((run) => ({
        file: nameBelow(run.file, this.target.file.path),
        dataset: run.dataset ?? "/",
        target: block(run.start, run.count, shape),
        source: block(run.index, run.count, shape),
      })),
    };
  }

  #list(runs: readonly ImageRun[]): RawArray {
    const texts = runs.flatMap(({ file, index, count }) => {
      const name = nameBelow(file, this.target.file.path);
      return Array.from({ length: count }, (_, i) => `${name}::${index + i}`);
    });
    return { dtype: "str", shape: [texts.length], data: texts };
  }
}

/** Lima's names of HDF5 with and without compression: `hdf5`, `HDF5GZ`, `hdf5bs`, … */
function isHdf5({ layout }: LimaFiles): boolean {
  return /^hdf5/i.test(layout.fileFormat) && layout.dataPath !== null;
}

/** `count` whole images from `first` on. The explicit lengths make files with fewer images read as fill values. */
function block(first: number, count: number, shape: readonly number[]): Selection {
  const ones = [1, ...shape.map(() => 1)];
  return { start: [first, ...shape.map(() => 0)], count: ones, stride: ones, block: [count, ...shape] };
}

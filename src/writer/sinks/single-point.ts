import type { RawArray } from "../../ndarray/raw.js";
import { type RawPoints, slicePoints } from "../../stream/points.js";
import type { StreamView } from "../../stream/reading.js";
import { NumberSink } from "./numbers.js";
import type { Progress, SinkTarget, StreamSink } from "./sink.js";

/**
 * The only point of a stream, without the leading axis (a `ct`). When more points come than were announced, the dataset
 * becomes an ordinary growing one with all of them.
 */
export class SinglePointSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  #first: RawPoints | undefined;
  #growing: NumberSink | undefined;

  private constructor(target: SinkTarget, progress: Progress) {
    this.target = target;
    this.progress = progress;
  }

  static async open(target: SinkTarget, progress: Progress): Promise<SinglePointSink> {
    // One point is quickly written again: nothing needs to be known of what is there from before a crash.
    const { hdf5 } = target.file;
    if (target.resume && (await hdf5.kindOf(target.path)) !== undefined) await hdf5.remove(target.path);
    return new SinglePointSink(target, progress);
  }

  get next(): number {
    return this.#growing?.next ?? (this.#first ? 1 : 0);
  }

  async append(view: StreamView): Promise<void> {
    if (this.#growing) return this.#growing.append(view);
    if (view.index + view.length > 1 || view.lost > 0) return this.#grow(view);
    const [points] = view.length > 0 ? await view.raw() : [];
    if (points)
      await this.#writePoint({ ...(points as RawPoints), data: new Uint8Array(points.data as Uint8Array) });
  }

  async finish(): Promise<void> {
    await this.#growing?.finish();
    this.target.file.changed(this.progress);
  }

  async #writePoint(points: RawPoints): Promise<void> {
    const { file, path, attributes } = this.target;
    file.check();
    const value: RawArray = { ...points, shape: points.shape.slice(1) };
    await file.hdf5.createDataset(path, value, { attributes });
    this.#first = slicePoints(points, 0, 1);
    this.progress.points = 1;
    this.progress.bytes = (points.data as Uint8Array).byteLength;
    file.changed(this.progress);
  }

  async #grow(view: StreamView): Promise<void> {
    const { file, path, warn, stream } = this.target;
    warn(`Stream "${stream.name}" has more than the one point announced: its dataset has a leading axis.`);
    if (this.#first) await file.hdf5.remove(path);
    this.#growing = await NumberSink.open({ ...this.target, resume: false }, this.progress);
    const first = this.#first;
    if (first) await this.#growing.append(heldView(first));
    await this.#growing.append(view);
  }
}

function heldView(points: RawPoints): StreamView {
  return {
    index: 0,
    length: 1,
    lost: 0,
    data: () => Promise.reject(new RangeError("Held points are only written.")),
    raw: async () => [points],
  };
}

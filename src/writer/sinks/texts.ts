import type { GrowingDataset } from "../../hdf5/writer-api.js";
import { formatJson } from "../../json-text.js";
import type { StreamView } from "../../stream/reading.js";
import { finishGrowing, type Progress, type SinkTarget, type StreamSink } from "./sink.js";

/** A JSON stream: a growing dataset of variable-length UTF-8 strings, one JSON text per point; lost ones are empty. */
export class TextSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  readonly #dataset: GrowingDataset;

  private constructor(target: SinkTarget, dataset: GrowingDataset, progress: Progress) {
    this.target = target;
    this.#dataset = dataset;
    this.progress = progress;
    progress.resume(dataset.length, 0);
  }

  static async open(target: SinkTarget, progress: Progress): Promise<TextSink> {
    const { file, path, attributes, chunks } = target;
    const present = target.resume && (await file.hdf5.kindOf(path)) === "dataset";
    const storage = { contiguousBelow: chunks.compressFrom };
    const dataset = present
      ? await file.hdf5.openGrowing(path, storage)
      : await file.hdf5.createGrowing(path, { dtype: "str", rowShape: [] }, { ...storage, attributes });
    file.changed(progress);
    return new TextSink(target, dataset, progress);
  }

  get next(): number {
    return this.#dataset.length;
  }

  async append(view: StreamView): Promise<void> {
    const { file } = this.target;
    file.check();
    const gap = view.index - this.next;
    if (gap > 0) {
      await this.#dataset.append(Array.from({ length: gap }, () => ""));
      this.progress.points += gap;
      this.progress.lost += gap;
    }
    const known = Math.max(0, this.next - view.index);
    const values = view.length > known ? (await view.raw()).flatMap((run) => [...run.data]) : [];
    const texts = values.slice(known).map((value) => formatJson(value));
    if (texts.length > 0) await this.#dataset.append(texts);
    this.progress.points += texts.length;
    for (const text of texts) this.progress.bytes += Buffer.byteLength(text);
    file.changed(this.progress);
  }

  finish(): Promise<void> {
    return finishGrowing(this, this.#dataset);
  }
}

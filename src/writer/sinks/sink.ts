import type { AttributeList, GrowingDataset } from "../../hdf5/writer-api.js";
import type { StreamLayout } from "../../mapping/tree.js";
import type { FollowableStream } from "../../stream/followable.js";
import type { StreamView } from "../../stream/reading.js";
import type { ChunkOptions } from "../chunks.js";
import type { Committable, OpenFile } from "../open-file.js";

/** Where the data of one stream go in one file, as a tree says. */
export interface SinkTarget {
  readonly file: OpenFile;
  readonly path: string;
  readonly stream: FollowableStream;
  readonly attributes: AttributeList;
  readonly layout: StreamLayout | undefined;
  readonly chunks: ChunkOptions;
  /** Something of this scan may lie at the path already: it is continued. */
  readonly resume: boolean;
  /** Tells of something that is not as it should be, without ending the stream. */
  readonly warn: (message: string) => void;
}

/** The part of a file that one stream fills: a growing dataset, a virtual one, links. */
export interface StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  /** First point that it does not have. */
  readonly next: number;
  /** The largest lengths so far of points whose shape varies. */
  readonly pointShape?: readonly number[];
  /** Takes the points of a view that it does not have, and copies what it keeps; points that were lost become fill values. */
  append(view: StreamView): Promise<void>;
  /** No more points come: brings the item to its final form, or removes it when there was no data. */
  finish(): Promise<void>;
}

/** How much of a stream a sink has taken, and how much of that is on disk. */
export class Progress implements Committable {
  /** Points in the file; lost ones count. */
  points = 0;
  /** Points that were gone from Redis before they were read. */
  lost = 0;
  /** Bytes of the points, before compression. */
  bytes = 0;
  #committed = { points: 0, lost: 0, bytes: 0 };
  readonly #onCommit: (points: number, bytes: number, warning?: string) => void;

  /** `onCommit` is told how much is newly in the file, and of something that those who measure should know. */
  constructor(onCommit: (points: number, bytes: number, warning?: string) => void = () => {}) {
    this.#onCommit = onCommit;
  }

  get committed(): { readonly points: number; readonly lost: number; readonly bytes: number } {
    return this.#committed;
  }

  /** Continues where a file ends. */
  resume(points: number, bytes: number): void {
    this.points = points;
    this.bytes = bytes;
    this.#committed = { points, bytes, lost: this.lost };
  }

  beforeCommit(): (warning: string | undefined) => void {
    const { points, lost, bytes } = this;
    return (warning) => {
      const before = this.#committed;
      this.#committed = { points, lost, bytes };
      this.#onCommit(points - before.points, bytes - before.bytes, warning);
    };
  }
}

/** Ends a dataset that a sink has filled, or removes it when nothing came. */
export async function finishGrowing(
  { target, progress }: StreamSink,
  dataset: GrowingDataset,
): Promise<void> {
  const { file, path } = target;
  file.check();
  if (dataset.length > 0) await dataset.finish();
  else await file.hdf5.remove(path);
  file.changed(progress);
}

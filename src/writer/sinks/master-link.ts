import { nameBelow } from "../../mapping/scan-info/saving.js";
import type { MasterFile } from "../../stream/plugins/lima2.js";
import type { StreamView } from "../../stream/reading.js";
import type { Progress, SinkTarget, StreamSink } from "./sink.js";

/** Frames of a Lima2 detector: an external link to the master file that refers to all of them. */
export class MasterLinkSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;

  private constructor(target: SinkTarget, progress: Progress) {
    this.target = target;
    this.progress = progress;
  }

  static async open(target: SinkTarget, master: MasterFile, progress: Progress): Promise<MasterLinkSink> {
    const { file, path, resume } = target;
    const present = resume && (await file.hdf5.kindOf(path)) !== undefined;
    if (!present) {
      await file.hdf5.createExternalLink(path, nameBelow(master.file, file.path), master.dataset);
    }
    return new MasterLinkSink(target, progress);
  }

  get next(): number {
    return 0;
  }

  async append(view: StreamView): Promise<void> {
    this.progress.points = Math.max(this.progress.points, view.index + view.length);
    this.target.file.changed(this.progress);
  }

  async finish(): Promise<void> {
    const { file, path } = this.target;
    file.check();
    if (this.progress.points === 0) await file.hdf5.remove(path);
    file.changed(this.progress);
  }
}

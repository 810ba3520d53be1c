import { numericType } from "../../ndarray/dtype.js";
import { ScanSequenceStream } from "../../scan/sequence.js";
import { LimaStream } from "../../stream/plugins/lima.js";
import { Lima2Stream } from "../../stream/plugins/lima2.js";
import { UnsupportedDataError } from "../errors.js";
import { ImageSink } from "./images.js";
import { MasterLinkSink } from "./master-link.js";
import { NumberSink } from "./numbers.js";
import { SinglePointSink } from "./single-point.js";
import type { Progress, SinkTarget, StreamSink } from "./sink.js";
import { SubScanSink } from "./sub-scans.js";
import { TextSink } from "./texts.js";

/**
 * What fills the place of a stream in a file. Undefined, with a warning, when there is nothing to fill it with: images
 * that the detector does not save.
 *
 * @throws {UnsupportedDataError} for data that HDF5 has no type for; the stream's own error when it cannot be read.
 */
export async function openSink(target: SinkTarget, progress: Progress): Promise<StreamSink | undefined> {
  const { stream } = target;
  if (stream.failure) throw stream.failure;
  if (stream instanceof LimaStream) {
    if (stream.files) return ImageSink.open(target, stream, stream.files, progress);
    target.warn(
      `Stream "${stream.name}": the detector does not save its images, so there is nothing to link to.`,
    );
    return undefined;
  }
  if (stream instanceof Lima2Stream) {
    if (stream.masterFile) return MasterLinkSink.open(target, stream.masterFile, progress);
    target.warn(`Stream "${stream.name}": the detector has no master file, so there is nothing to link to.`);
    return undefined;
  }
  if (stream instanceof ScanSequenceStream) return SubScanSink.open(target, stream, progress);
  if (stream.dtype === "json") return TextSink.open(target, progress);
  if (!numericType(stream.dtype)) {
    throw new UnsupportedDataError(
      `Stream "${stream.name}" has the dtype ${JSON.stringify(stream.dtype)}, which cannot be written.`,
      { stream: stream.name, path: target.path },
    );
  }
  if (target.layout?.single) return SinglePointSink.open(target, progress);
  return NumberSink.open(target, progress);
}

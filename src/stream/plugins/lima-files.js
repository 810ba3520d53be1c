import { StreamFormatError } from "../errors.js";
import { filePattern } from "./file-pattern.js";
/**
 * The file arithmetic of blissdata's Lima streams: acquisitions of `framesPerAcquisition` images, each in its own
 * files of `framesPerFile` images. Image i is the j-th of acquisition i div framesPerAcquisition; it lies in that
 * acquisition's file j div framesPerFile, at j mod framesPerFile.
 */
export class LimaFiles {
  layout;
  #name;
  constructor(layout) {
    this.layout = layout;
    this.#name = filePattern(layout.filePath);
  }
  /** The location of image `image`, whether it has been taken or not. */
  locate(image) {
    const { acquisition, file, index } = this.#place(image);
    return {
      file: this.#name(acquisition * this.#filesPerAcquisition + file + this.layout.fileOffset),
      dataset: this.layout.dataPath,
      index,
    };
  }
  /** The first image of the n-th file, undefined when there is none. */
  firstInFile(file) {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    if (framesPerAcquisition === 0) return framesPerFile === 0 && file > 0 ? undefined : file * framesPerFile;
    const [acquisition, fileInAcquisition] = divide(file, this.#filesPerAcquisition);
    return acquisition * framesPerAcquisition + fileInAcquisition * framesPerFile;
  }
  /** Images start … stop - 1 as runs within one file, in order. */
  *runs(start, stop) {
    let image = start;
    while (image < stop) {
      const count = Math.min(stop, this.#nextFile(image)) - image;
      yield { ...this.locate(image), start: image, count };
      image += count;
    }
  }
  /**
   * How many images lie in files that the detector has closed, when image `lastSaved` is the last one written (-1: none):
   * a file is closed once an image went into a later one, or when the stream is sealed.
   */
  readable(lastSaved, sealed) {
    if (lastSaved < 0) return 0;
    if (sealed) return lastSaved + 1;
    return lastSaved - this.#place(lastSaved).index;
  }
  get #filesPerAcquisition() {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    return framesPerFile === 0 ? 1 : Math.ceil(framesPerAcquisition / framesPerFile);
  }
  #place(image) {
    const [acquisition, frame] = divide(image, this.layout.framesPerAcquisition);
    const [file, index] = divide(frame, this.layout.framesPerFile);
    return { acquisition, file, index };
  }
  /** The first image after `image` that lies in another file. */
  #nextFile(image) {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    const frame = divide(image, framesPerAcquisition)[1];
    const fileEnd = framesPerFile === 0 ? Number.POSITIVE_INFINITY : framesPerFile - (frame % framesPerFile);
    const acquisitionEnd =
      framesPerAcquisition === 0 ? Number.POSITIVE_INFINITY : framesPerAcquisition - frame;
    return image + Math.min(fileEnd, acquisitionEnd);
  }
}
function divide(value, divisor) {
  return divisor === 0 ? [0, value] : [Math.floor(value / divisor), value % divisor];
}
/**
 * The files described by a Lima stream's `info.lima_info`; null when the detector does not save its images. Missing
 * numbers count as 0. A StreamFormatError names the field that cannot be used.
 */
export function limaFiles(limaInfo) {
  const path = limaInfo.file_path;
  if (path === undefined || path === null || path === "") return null;
  if (typeof path !== "string") throw badField("file_path", path, "a file pattern");
  const dataPath = limaInfo.data_path ?? null;
  if (dataPath !== null && typeof dataPath !== "string")
    throw badField("data_path", dataPath, "an HDF5 path");
  const format = limaInfo.file_format ?? "hdf5";
  if (typeof format !== "string") throw badField("file_format", format, "a name");
  return new LimaFiles({
    filePath: path,
    dataPath,
    fileFormat: format,
    fileOffset: naturalNumber(limaInfo, "file_offset"),
    framesPerFile: naturalNumber(limaInfo, "frame_per_file"),
    framesPerAcquisition: naturalNumber(limaInfo, "frame_per_acquisition"),
  });
}
function naturalNumber(limaInfo, field) {
  const value = limaInfo[field] ?? 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw badField(field, value, "an integer ≥ 0");
  }
  return value;
}
function badField(field, value, expected) {
  return new StreamFormatError(`lima_info.${field} must be ${expected}, got ${JSON.stringify(value)}.`);
}

import { StreamFormatError } from "../errors.js";
import { filePattern } from "./file-pattern.js";

/** Where one image lies. */
export interface ImageLocation {
  /** Absolute path of the detector's file. */
  readonly file: string;
  /** HDF5 path of the dataset, null in formats that have none (EDF). */
  readonly dataset: string | null;
  /** Index of the image in the dataset, or of the frame in the file. */
  readonly index: number;
}

/** Consecutive images of a stream that lie one after the other in one file. */
export interface ImageRun extends ImageLocation {
  /** Index in the stream of the run's first image. */
  readonly start: number;
  readonly count: number;
}

/** How a Lima detector spreads the images of a scan over files. Divisors of 0 mean "no splitting". */
export interface LimaFileLayout {
  /** printf pattern with the file number. */
  readonly filePath: string;
  readonly dataPath: string | null;
  /** As published: `hdf5`, `HDF5BS`, `edf`, … */
  readonly fileFormat: string;
  /** Number of the first file. */
  readonly fileOffset: number;
  readonly framesPerFile: number;
  readonly framesPerAcquisition: number;
}

/**
 * The file arithmetic of blissdata's Lima streams: acquisitions of `framesPerAcquisition` images, each in its own
 * files of `framesPerFile` images. Image i is the j-th of acquisition i div framesPerAcquisition; it lies in that
 * acquisition's file j div framesPerFile, at j mod framesPerFile.
 */
export class LimaFiles {
  readonly layout: LimaFileLayout;
  readonly #name: (number: number) => string;

  constructor(layout: LimaFileLayout) {
    this.layout = layout;
    this.#name = filePattern(layout.filePath);
  }

  /** The location of image `image`, whether it has been taken or not. */
  locate(image: number): ImageLocation {
    const { acquisition, file, index } = this.#place(image);
    return {
      file: this.#name(acquisition * this.#filesPerAcquisition + file + this.layout.fileOffset),
      dataset: this.layout.dataPath,
      index,
    };
  }

  /** The first image of the n-th file, undefined when there is none. */
  firstInFile(file: number): number | undefined {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    if (framesPerAcquisition === 0) return framesPerFile === 0 && file > 0 ? undefined : file * framesPerFile;
    const [acquisition, fileInAcquisition] = divide(file, this.#filesPerAcquisition);
    return acquisition * framesPerAcquisition + fileInAcquisition * framesPerFile;
  }

  /** Images start … stop - 1 as runs within one file, in order. */
  *runs(start: number, stop: number): IterableIterator<ImageRun> {
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
  readable(lastSaved: number, sealed: boolean): number {
    if (lastSaved < 0) return 0;
    if (sealed) return lastSaved + 1;
    return lastSaved - this.#place(lastSaved).index;
  }

  get #filesPerAcquisition(): number {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    return framesPerFile === 0 ? 1 : Math.ceil(framesPerAcquisition / framesPerFile);
  }

  #place(image: number): { acquisition: number; file: number; index: number } {
    const [acquisition, frame] = divide(image, this.layout.framesPerAcquisition);
    const [file, index] = divide(frame, this.layout.framesPerFile);
    return { acquisition, file, index };
  }

  /** The first image after `image` that lies in another file. */
  #nextFile(image: number): number {
    const { framesPerFile, framesPerAcquisition } = this.layout;
    const frame = divide(image, framesPerAcquisition)[1];
    const fileEnd = framesPerFile === 0 ? Number.POSITIVE_INFINITY : framesPerFile - (frame % framesPerFile);
    const acquisitionEnd =
      framesPerAcquisition === 0 ? Number.POSITIVE_INFINITY : framesPerAcquisition - frame;
    return image + Math.min(fileEnd, acquisitionEnd);
  }
}

function divide(value: number, divisor: number): [quotient: number, rest: number] {
  return divisor === 0 ? [0, value] : [Math.floor(value / divisor), value % divisor];
}

/**
 * The files described by a Lima stream's `info.lima_info`; null when the detector does not save its images. Missing
 * numbers count as 0. A StreamFormatError names the field that cannot be used.
 */
export function limaFiles(limaInfo: Readonly<Record<string, unknown>>): LimaFiles | null {
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

function naturalNumber(limaInfo: Readonly<Record<string, unknown>>, field: string): number {
  const value = limaInfo[field] ?? 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw badField(field, value, "an integer ≥ 0");
  }
  return value;
}

function badField(field: string, value: unknown, expected: string): StreamFormatError {
  return new StreamFormatError(`lima_info.${field} must be ${expected}, got ${JSON.stringify(value)}.`);
}

import { swapBytes } from "../../ndarray/decode.js";
import { numericType } from "../../ndarray/dtype.js";
import type { AxisRange } from "../../ndarray/slice.js";
import { joinRuns, type RawPoints } from "../points.js";
import type { SignalOption } from "../reading.js";
import type { PartOptions } from "./derived.js";
import { EdfFile } from "./edf.js";
import { DataFileError, DataFileMissingError, FileFormatError } from "./errors.js";
import { countHdf5Points, exists, readHdf5Points, requireParts } from "./hdf5-points.js";
import type { ImageLocation, LimaFiles } from "./lima-files.js";

/** Part of a range that lies in one file. */
interface FilePart {
  readonly file: string;
  readonly dataset: string | null;
  readonly range: AxisRange;
}

/**
 * Reads images from the files of a Lima detector: HDF5 (any compression that h5wasm's plugins know) and raw EDF. Each
 * file is opened once. Errors: DataFileMissingError, DataFileError, FileFormatError; they name the file.
 */
export async function readImages(
  files: LimaFiles,
  range: AxisRange,
  dtype: string,
  options: PartOptions,
): Promise<RawPoints> {
  const format = files.layout.fileFormat.toLowerCase();
  const blocks: RawPoints[] = [];
  for (const part of fileParts(files, range)) {
    options.signal?.throwIfAborted();
    for (const images of await readPart(part, format, options)) {
      blocks.push(inByteOrder(images, dtype, part.file));
    }
  }
  const [images, other] = joinRuns(blocks);
  if (!images || other) {
    const path = files.locate(range.start).file;
    throw new DataFileError(`The images in "${path}" and the files after it differ in shape.`, { path });
  }
  return images;
}

/**
 * How many images the files of a finished scan hold, from the first file to the last that follows without a gap. For
 * scans whose status is gone from Redis. A last file that is damaged counts as full: its images are an error when they are
 * read, the others are not.
 */
export async function countImages(files: LimaFiles, options: SignalOption): Promise<number> {
  let last: (ImageLocation & { first: number }) | undefined;
  for (let file = 0; ; file++) {
    options.signal?.throwIfAborted();
    const first = files.firstInFile(file);
    const place = first === undefined ? undefined : files.locate(first);
    if (first === undefined || !place || !(await exists(place.file))) break;
    last = { ...place, first };
  }
  if (!last) {
    const path = files.locate(0).file;
    throw new DataFileMissingError(`The image file "${path}" does not exist.`, { path });
  }
  const format = files.layout.fileFormat.toLowerCase();
  try {
    return last.first + (await countInFile(last, format, options));
  } catch (error) {
    const [all] = files.runs(last.first, Number.MAX_SAFE_INTEGER);
    const limited = all && last.first + all.count < Number.MAX_SAFE_INTEGER;
    if (!(error instanceof DataFileError) || !limited) throw error;
    return last.first + all.count;
  }
}

async function countInFile(
  { file, dataset }: ImageLocation,
  format: string,
  options: SignalOption,
): Promise<number> {
  if (format.startsWith("hdf5")) return countHdf5Points(file, dataset ?? "/");
  if (format !== "edf") throw unknownFormat(format, file);
  await using edf = await EdfFile.open(file);
  return await edf.count(options);
}

/** Neighbouring images of one file, taken together; steps carry over into the file. */
function* fileParts(files: LimaFiles, { start, step, count }: AxisRange): IterableIterator<FilePart> {
  let part: { file: string; dataset: string | null; start: number; count: number } | undefined;
  const finish = (open: NonNullable<typeof part>): FilePart => ({
    file: open.file,
    dataset: open.dataset,
    range: { start: open.start, step, count: open.count, drop: false },
  });
  for (let i = 0; i < count; i++) {
    const { file, dataset, index } = files.locate(start + i * step);
    if (part?.file === file) {
      part.count++;
    } else {
      if (part) yield finish(part);
      part = { file, dataset, start: index, count: 1 };
    }
  }
  if (part) yield finish(part);
}

async function readPart(part: FilePart, format: string, options: PartOptions): Promise<RawPoints[]> {
  if (format.startsWith("hdf5")) {
    if (part.dataset === null) {
      throw new DataFileError(`No dataset is known in the image file "${part.file}".`, { path: part.file });
    }
    return [await readHdf5Points(part.file, part.dataset, part.range, options)];
  }
  if (format === "edf") return readEdf(part, options);
  throw unknownFormat(format, part.file);
}

function unknownFormat(format: string, path: string): FileFormatError {
  return new FileFormatError(
    `Images in the format "${format}" cannot be read ("${path}"): only HDF5 and raw EDF can.`,
    { path },
  );
}

async function readEdf({ file, range }: FilePart, options: PartOptions): Promise<RawPoints[]> {
  await using edf = await EdfFile.open(file);
  const images: RawPoints[] = [];
  for (let i = 0; i < range.count; i++) {
    requireParts((await edf.frame(range.start + i * range.step, options)).shape, options, file);
    const image = await edf.read(range.start + i * range.step, options.inner, options);
    images.push({ dtype: image.dtype, shape: [1, ...(image.shape ?? [])], data: image.data });
  }
  return images;
}

/** The points in the byte order of `dtype`; another type of number is a DataFileError. */
export function inByteOrder(points: RawPoints, dtype: string, file: string): RawPoints {
  if (points.dtype === dtype) return points;
  const [found, wanted] = [numericType(points.dtype), numericType(dtype)];
  if (!found || !wanted || found.kind !== wanted.kind || found.itemsize !== wanted.itemsize) {
    throw new DataFileError(`"${file}" holds ${String(points.dtype)} where ${dtype} was announced.`, {
      path: file,
    });
  }
  const part = wanted.kind === "c" ? wanted.itemsize / 2 : wanted.itemsize;
  const data = points.data instanceof Uint8Array ? swapBytes(points.data, part) : points.data;
  return { dtype, shape: points.shape, data };
}

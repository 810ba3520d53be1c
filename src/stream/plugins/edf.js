import { open } from "node:fs/promises";
import { InvalidArgumentError } from "../../errors.js";
import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { resolveSelection } from "../../ndarray/slice.js";
import { parseEdfHeader } from "./edf-header.js";
import { DataFileError, DataFileMissingError } from "./errors.js";

const FIRST_READ = 4096;
const MAX_HEADER = 2 ** 24;
/**
 * Reads images from an ESRF data format (EDF) file: one or more raw, uncompressed images, each behind a text header.
 * Headers are found one after the other, and only the bytes asked for are read.
 */
export class EdfFile {
  path;
  #file;
  #frames = [];
  /** Where the next header begins. */
  #end = 0;
  #closing;
  constructor(path, file) {
    this.path = path;
    this.#file = file;
  }
  static async open(path) {
    try {
      return new EdfFile(path, await open(path, "r"));
    } catch (cause) {
      throw openError(path, cause);
    }
  }
  /** The frame at an index; one that the file does not hold is a DataFileError. */
  async frame(index, options = {}) {
    for (;;) {
      const frame = this.#frames[index];
      if (frame) return frame;
      options.signal?.throwIfAborted();
      if (!(await this.#readNextHeader())) {
        throw new DataFileError(
          `"${this.path}" holds ${this.#frames.length} EDF frames: there is no frame ${index}.`,
          { path: this.path, index },
        );
      }
    }
  }
  /** The number of frames. */
  async count(options = {}) {
    do options.signal?.throwIfAborted();
    while (await this.#readNextHeader());
    return this.#frames.length;
  }
  /** Part of a frame: one range per axis, by default everything. Axes that are to be dropped keep length 1. */
  async read(index, ranges, options = {}) {
    const frame = await this.frame(index, options);
    const wanted = ranges ?? resolveSelection([], frame.shape);
    const columns = wanted.at(-1);
    if (!columns || wanted.length !== frame.shape.length) {
      throw new InvalidArgumentError(`${wanted.length} ranges for an image of ${frame.shape.length} axes.`);
    }
    const itemsize = numericType(frame.dtype)?.itemsize ?? 1;
    const shape = wanted.map(({ count }) => count);
    const data = new Uint8Array(sizeOfShape(shape) * itemsize);
    if (data.byteLength === 0) return { dtype: frame.dtype, shape, data };
    const rowLength = (frame.shape.at(-1) ?? 1) * itemsize;
    const whole = columns.step === 1 && columns.count * itemsize === rowLength;
    let written = 0;
    for (const run of rowRuns(wanted.slice(0, -1), frame.shape, whole)) {
      options.signal?.throwIfAborted();
      const start = frame.offset + run.first * rowLength;
      if (whole) {
        const target = data.subarray(written, written + run.count * rowLength);
        await this.#readExactly(target, start);
      } else {
        const low = Math.min(columns.start, columns.start + (columns.count - 1) * columns.step);
        const span = new Uint8Array((Math.abs(columns.step) * (columns.count - 1) + 1) * itemsize);
        await this.#readExactly(span, start + low * itemsize);
        pick(span, columns, low, itemsize, data.subarray(written));
      }
      written += run.count * columns.count * itemsize;
    }
    return { dtype: frame.dtype, shape, data };
  }
  close() {
    this.#closing ??= this.#file.close();
    return this.#closing;
  }
  async [Symbol.asyncDispose]() {
    await this.close();
  }
  /** Adds the next frame; false at the end of the file. */
  async #readNextHeader() {
    const header = await this.#headerAt(this.#end);
    if (!header) return false;
    const offset = this.#end + header.textLength;
    this.#end = offset + header.binaryLength;
    if (header.image) {
      const { dtype, shape } = header.image;
      const byteLength = sizeOfShape(shape) * (numericType(dtype)?.itemsize ?? 1);
      this.#frames.push({ dtype, shape, offset, byteLength, header: header.fields });
    }
    return true;
  }
  async #headerAt(position) {
    for (let size = FIRST_READ; size <= MAX_HEADER; size *= 8) {
      const block = Buffer.alloc(size);
      const { bytesRead } = await this.#file.read(block, 0, size, position);
      const text = block.toString("latin1", 0, bytesRead);
      const header = parseEdfHeader(text, this.path);
      if (header) return header;
      if (bytesRead === 0 || /^\s*$/.test(text)) return undefined;
      if (bytesRead < size) break;
    }
    throw new DataFileError(`The EDF file "${this.path}" has a header without end at byte ${position}.`, {
      path: this.path,
    });
  }
  async #readExactly(target, position) {
    let done = 0;
    while (done < target.byteLength) {
      const { bytesRead } = await this.#file.read(target, done, target.byteLength - done, position + done);
      if (bytesRead === 0) {
        throw new DataFileError(
          `The EDF file "${this.path}" ends at byte ${position + done}, within an image: it is incomplete.`,
          { path: this.path },
        );
      }
      done += bytesRead;
    }
  }
}
/** The rows that a selection on all axes but the last takes, in order; neighbours joined when whole rows are wanted. */
function* rowRuns(ranges, shape, join) {
  let run;
  for (const row of rows(ranges, shape, 0, 0)) {
    if (run && join && row === run.first + run.count) {
      run.count++;
    } else {
      if (run) yield run;
      run = { first: row, count: 1 };
    }
  }
  if (run) yield run;
}
function* rows(ranges, shape, axis, base) {
  const range = ranges[axis];
  if (!range) {
    yield base;
    return;
  }
  for (let i = 0; i < range.count; i++) {
    yield* rows(ranges, shape, axis + 1, base * (shape[axis] ?? 1) + range.start + i * range.step);
  }
}
/** Copies the wanted columns out of a span that begins at column `low`. */
function pick(span, columns, low, itemsize, target) {
  for (let i = 0; i < columns.count; i++) {
    const from = (columns.start + i * columns.step - low) * itemsize;
    target.set(span.subarray(from, from + itemsize), i * itemsize);
  }
}
function openError(path, cause) {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new DataFileMissingError(`The image file "${path}" does not exist.`, { path, cause });
  }
  return new DataFileError(`The image file "${path}" cannot be opened: ${String(code ?? cause)}.`, {
    path,
    cause,
  });
}

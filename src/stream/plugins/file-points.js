var __addDisposableResource =
  (this && this.__addDisposableResource) ||
  ((env, value, async) => {
    if (value !== null && value !== void 0) {
      if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
      var dispose, inner;
      if (async) {
        if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
        dispose = value[Symbol.asyncDispose];
      }
      if (dispose === void 0) {
        if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
        dispose = value[Symbol.dispose];
        if (async) inner = dispose;
      }
      if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
      if (inner)
        dispose = function () {
          try {
            inner.call(this);
          } catch (e) {
            return Promise.reject(e);
          }
        };
      env.stack.push({ value: value, dispose: dispose, async: async });
    } else if (async) {
      env.stack.push({ async: true });
    }
    return value;
  });
var __disposeResources =
  (this && this.__disposeResources) ||
  ((SuppressedError) => (env) => {
    function fail(e) {
      env.error = env.hasError
        ? new SuppressedError(e, env.error, "An error was suppressed during disposal.")
        : e;
      env.hasError = true;
    }
    var r,
      s = 0;
    function next() {
      while ((r = env.stack.pop())) {
        try {
          if (!r.async && s === 1) return (s = 0), env.stack.push(r), Promise.resolve().then(next);
          if (r.dispose) {
            var result = r.dispose.call(r.value);
            if (r.async)
              return (
                (s |= 2),
                Promise.resolve(result).then(next, (e) => {
                  fail(e);
                  return next();
                })
              );
          } else s |= 1;
        } catch (e) {
          fail(e);
        }
      }
      if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
      if (env.hasError) throw env.error;
    }
    return next();
  })(
    typeof SuppressedError === "function"
      ? SuppressedError
      : (error, suppressed, message) => {
          var e = new Error(message);
          return (e.name = "SuppressedError"), (e.error = error), (e.suppressed = suppressed), e;
        },
  );

import { swapBytes } from "../../ndarray/decode.js";
import { numericType } from "../../ndarray/dtype.js";
import { joinRuns } from "../points.js";
import { EdfFile } from "./edf.js";
import { DataFileError, FileFormatError } from "./errors.js";
import { countHdf5Points, exists, readHdf5Points } from "./hdf5-points.js";
/**
 * Reads images from the files of a Lima detector: HDF5 (any compression that h5wasm's plugins know) and raw EDF. Each
 * file is opened once. Errors: DataFileMissingError, DataFileError, FileFormatError; they name the file.
 */
export async function readImages(files, range, dtype, options) {
  const format = files.layout.fileFormat.toLowerCase();
  const blocks = [];
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
 * scans whose status is gone from Redis.
 */
export async function countImages(files, options) {
  let last;
  for (let file = 0; ; file++) {
    options.signal?.throwIfAborted();
    const first = files.firstInFile(file);
    const place = first === undefined ? undefined : files.locate(first);
    if (first === undefined || !place || !(await exists(place.file))) break;
    last = { ...place, first };
  }
  const format = files.layout.fileFormat.toLowerCase();
  return last ? last.first + (await countInFile(last, format, options)) : 0;
}
async function countInFile({ file, dataset }, format, options) {
  const env_1 = { stack: [], error: void 0, hasError: false };
  try {
    if (format.startsWith("hdf5")) return countHdf5Points(file, dataset ?? "/");
    if (format !== "edf") throw unknownFormat(format, file);
    const edf = __addDisposableResource(env_1, await EdfFile.open(file), true);
    return await edf.count(options);
  } catch (e_1) {
    env_1.error = e_1;
    env_1.hasError = true;
  } finally {
    const result_1 = __disposeResources(env_1);
    if (result_1) await result_1;
  }
}
/** Neighbouring images of one file, taken together; steps carry over into the file. */
function* fileParts(files, { start, step, count }) {
  let part;
  const finish = (open) => ({
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
async function readPart(part, format, options) {
  if (format.startsWith("hdf5")) {
    if (part.dataset === null) {
      throw new DataFileError(`No dataset is known in the image file "${part.file}".`, { path: part.file });
    }
    return [await readHdf5Points(part.file, part.dataset, part.range, options)];
  }
  if (format === "edf") return readEdf(part, options);
  throw unknownFormat(format, part.file);
}
function unknownFormat(format, path) {
  return new FileFormatError(
    `Images in the format "${format}" cannot be read ("${path}"): only HDF5 and raw EDF can.`,
    { path },
  );
}
async function readEdf({ file, range }, options) {
  const env_2 = { stack: [], error: void 0, hasError: false };
  try {
    const edf = __addDisposableResource(env_2, await EdfFile.open(file), true);
    const images = [];
    for (let i = 0; i < range.count; i++) {
      const image = await edf.read(range.start + i * range.step, options.inner, options);
      images.push({ dtype: image.dtype, shape: [1, ...(image.shape ?? [])], data: image.data });
    }
    return images;
  } catch (e_2) {
    env_2.error = e_2;
    env_2.hasError = true;
  } finally {
    const result_2 = __disposeResources(env_2);
    if (result_2) await result_2;
  }
}
/** The points in the byte order of `dtype`; another type of number is a DataFileError. */
export function inByteOrder(points, dtype, file) {
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

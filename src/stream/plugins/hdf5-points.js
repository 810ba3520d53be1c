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

import { access } from "node:fs/promises";
import { dirname, isAbsolute, join, posix } from "node:path";
import { messageOf } from "../../errors.js";
import { DataFileError, DataFileMissingError } from "./errors.js";

const MOST_LINKS = 32;
/**
 * Reads points (first axis) of a dataset in an HDF5 file, or parts of them, following soft and external links. DataFileMissingError when a
 * file does not exist, DataFileError when it does not hold the points.
 */
export function readHdf5Points(file, dataset, range, options) {
  return withDataset(file, dataset, async ({ reader, path, shape }) => {
    const [length = 0, ...point] = shape;
    const last = Math.max(range.start, range.start + (range.count - 1) * range.step);
    if (last >= length) {
      throw new DataFileError(`"${file}::${dataset}" holds ${length} points: there is no point ${last}.`, {
        path: file,
        index: last,
      });
    }
    const inner = options.inner ?? point.map((count) => ({ start: 0, step: 1, count, drop: false }));
    const array = await reader.read(path, [range, ...inner], options);
    return { dtype: array.dtype, shape: array.shape ?? [], data: array.data };
  });
}
/** How many points a dataset in an HDF5 file holds. */
export function countHdf5Points(file, dataset) {
  return withDataset(file, dataset, async ({ shape }) => shape[0] ?? 0);
}
async function withDataset(file, dataset, use) {
  let place = { file, path: dataset };
  for (let links = 0; links < MOST_LINKS; links++) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
      const reader = __addDisposableResource(env_1, await openFile(place.file), true);
      const item = await trying(place.file, () => reader.describe(place.path));
      if (item?.kind === "soft_link") {
        place = { file: place.file, path: posix.resolve(posix.dirname(place.path), item.target) };
      } else if (item?.kind === "external_link") {
        place = { file: fromFolderOf(place.file, item.file), path: item.path };
      } else {
        const { shape } = requireDataset(item, `${place.file}::${place.path}`, file);
        return await trying(place.file, () => use({ reader, path: place.path, shape }));
      }
    } catch (e_1) {
      env_1.error = e_1;
      env_1.hasError = true;
    } finally {
      const result_1 = __disposeResources(env_1);
      if (result_1) await result_1;
    }
  }
  throw new DataFileError(`"${file}::${dataset}" leads through more than ${MOST_LINKS} links.`, {
    path: file,
  });
}
function requireDataset(item, where, path) {
  if (item && "shape" in item && item.shape !== null && item.shape.length > 0) return { shape: item.shape };
  const found =
    item === undefined ? "nothing" : item.kind === "dataset" ? "a single value" : `a ${item.kind}`;
  throw new DataFileError(`"${where}" should be a dataset of points: there is ${found}.`, { path });
}
async function openFile(path) {
  if (!(await exists(path))) {
    throw new DataFileMissingError(`The file "${path}" does not exist.`, { path });
  }
  // Loaded when the first file is read: most readers never need HDF5.
  const { openHdf5Reader } = await import("../../hdf5/reader.js");
  return trying(path, () => openHdf5Reader(path));
}
/** True when there is something at a path; what is there may still be unreadable. */
export function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
/** Errors of the HDF5 library as DataFileErrors. */
async function trying(path, run) {
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || !String(cause.code).startsWith("ERR_HDF5"))
      throw cause;
    throw new DataFileError(`"${path}" cannot be read: ${messageOf(cause)}`, { path, cause });
  }
}
function fromFolderOf(file, target) {
  return isAbsolute(target) ? target : join(dirname(file), target);
}

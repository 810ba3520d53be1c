import { access } from "node:fs/promises";
import { dirname, isAbsolute, join, posix } from "node:path";
import { messageOf } from "../../errors.js";
import type { DatasetDescription, Hdf5Reader } from "../../hdf5/reader-api.js";
import { type AxisRange, highestIndex } from "../../ndarray/slice.js";
import type { RawPoints } from "../points.js";
import type { PartOptions } from "./derived.js";
import { DataFileError, DataFileMissingError } from "./errors.js";

const MOST_LINKS = 32;

/**
 * Reads points (first axis) of a dataset in an HDF5 file, or parts of them, following soft and external links. DataFileMissingError when a
 * file does not exist, DataFileError when it does not hold the points.
 */
export function readHdf5Points(
  file: string,
  dataset: string,
  range: AxisRange,
  options: PartOptions,
): Promise<RawPoints> {
  return withDataset(file, dataset, async ({ reader, path, shape }) => {
    const [length = 0, ...point] = shape;
    const last = highestIndex(range);
    if (last >= length) {
      throw new DataFileError(`"${file}::${dataset}" holds ${length} points: there is no point ${last}.`, {
        path: file,
        index: last,
      });
    }
    requireParts(point, options, file);
    const inner = options.inner ?? point.map((count) => ({ start: 0, step: 1, count, drop: false }));
    const array = await reader.read(path, [range, ...inner], options);
    return { dtype: array.dtype, shape: array.shape ?? [], data: array.data };
  });
}

/** Refuses points of another shape than announced; -1 stands for any length. */
export function requireShape(point: readonly number[], announced: readonly number[], path: string): void {
  const fits = announced.every((length, axis) => length < 0 || length === point[axis]);
  if (fits && point.length === announced.length) return;
  throw new DataFileError(`"${path}" holds points of shape [${point}] where [${announced}] was announced.`, {
    path,
  });
}

/** Refuses to take parts of points of another shape than announced: they would be of other places, or of nothing. */
export function requireParts(point: readonly number[], options: PartOptions, path: string): void {
  const { inner, announced } = options;
  if (!inner || !announced) return;
  requireShape(point, announced, path);
  const ends = inner.map(highestIndex);
  const missing = ends.findIndex((end, axis) => end >= (point[axis] ?? 0));
  if (missing < 0) return;
  throw new DataFileError(
    `"${path}" holds points of shape [${point}]: they have no element ${ends[missing]} on axis ${missing}.`,
    { path },
  );
}

/** How many points a dataset in an HDF5 file holds. */
export function countHdf5Points(file: string, dataset: string): Promise<number> {
  return withDataset(file, dataset, async ({ shape }) => shape[0] ?? 0);
}

/** The shape of one point (image) of a dataset in an HDF5 file. */
export function hdf5PointShape(file: string, dataset: string): Promise<readonly number[]> {
  return withDataset(file, dataset, async ({ shape }) => shape.slice(1));
}

interface OpenDataset {
  readonly reader: Hdf5Reader;
  readonly path: string;
  readonly shape: readonly number[];
}

async function withDataset<T>(
  file: string,
  dataset: string,
  use: (found: OpenDataset) => Promise<T>,
): Promise<T> {
  let place = { file, path: dataset };
  for (let links = 0; links < MOST_LINKS; links++) {
    await using reader = await openFile(place.file);
    const item = await trying(place.file, () => reader.describe(place.path));
    if (item?.kind === "soft_link") {
      place = { file: place.file, path: posix.resolve(posix.dirname(place.path), item.target) };
    } else if (item?.kind === "external_link") {
      place = { file: fromFolderOf(place.file, item.file), path: item.path };
    } else {
      const { shape } = requireDataset(item, `${place.file}::${place.path}`, file);
      return await trying(place.file, () => use({ reader, path: place.path, shape }));
    }
  }
  throw new DataFileError(`"${file}::${dataset}" leads through more than ${MOST_LINKS} links.`, {
    path: file,
  });
}

function requireDataset(
  item: { readonly kind: string } | DatasetDescription | undefined,
  where: string,
  path: string,
): { shape: readonly number[] } {
  if (item && "shape" in item && item.shape !== null && item.shape.length > 0) return { shape: item.shape };
  const found =
    item === undefined ? "nothing" : item.kind === "dataset" ? "a single value" : `a ${item.kind}`;
  throw new DataFileError(`"${where}" should be a dataset of points: there is ${found}.`, { path });
}

async function openFile(path: string): Promise<Hdf5Reader> {
  if (!(await exists(path))) {
    throw new DataFileMissingError(`The file "${path}" does not exist.`, { path });
  }
  // Loaded when the first file is read: most readers never need HDF5.
  const { openHdf5Reader } = await import("../../hdf5/reader.js");
  return trying(path, () => openHdf5Reader(path));
}

/** True when there is something at a path; what is there may still be unreadable. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Errors of the HDF5 library as DataFileErrors. */
async function trying<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || !String(cause.code).startsWith("ERR_HDF5"))
      throw cause;
    throw new DataFileError(`"${path}" cannot be read: ${messageOf(cause)}`, { path, cause });
  }
}

function fromFolderOf(file: string, target: string): string {
  return isAbsolute(target) ? target : join(dirname(file), target);
}

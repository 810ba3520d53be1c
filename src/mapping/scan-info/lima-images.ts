import { messageOf } from "../../errors.js";
import { isJsonObject, plainJson } from "../../json.js";
import { numericType } from "../../ndarray/dtype.js";
import { type LimaFiles, limaFiles } from "../../stream/plugins/lima-files.js";
import type { Hyperslab, StreamFacts, VirtualNode, VirtualSource } from "../tree.js";
import { nameBelow } from "./saving.js";
import type { PointType } from "./stream-shape.js";

/** What a Lima stream without its images' files becomes: nothing, and why. */
export interface LimaSaving {
  readonly files: LimaFiles | null;
  readonly problem?: string;
}

/** Where the detector saves the images of a Lima stream. */
export function limaSaving(stream: StreamFacts): LimaSaving {
  const described = plainJson(stream.info.lima_info);
  if (!isJsonObject(described)) return { files: null, problem: "its info has no lima_info" };
  try {
    const files = limaFiles(described);
    return files ? { files } : { files, problem: "the detector does not save them" };
  } catch (error) {
    return { files: null, problem: messageOf(error) };
  }
}

/** True for images that a virtual dataset can show; other formats are listed as texts. */
export function isVirtualFormat({ layout }: LimaFiles): boolean {
  return layout.fileFormat === "hdf5" && layout.dataPath !== null;
}

/**
 * The images of a scan as a virtual dataset over the detector's HDF5 files: one source per run of consecutive images in
 * one file, named relative to the data file's folder when they lie below it. `single`: the first image alone.
 */
export function limaVirtualDataset(
  files: LimaFiles,
  images: number,
  point: PointType & { readonly dtype: string },
  dataFile: string,
  single: boolean,
): VirtualNode {
  const sources: VirtualSource[] = [];
  for (const run of files.runs(0, single ? Math.min(1, images) : images)) {
    const source = rows(run.index, run.count, point.shape);
    const target = rows(run.start, run.count, point.shape);
    sources.push({
      target: single ? withoutFirstAxis(target) : target,
      file: nameBelow(run.file, dataFile),
      dataset: absolutePath(run.dataset ?? ""),
      source,
    });
  }
  const shape = single ? point.shape : [images, ...point.shape];
  const fill = numericType(point.dtype)?.kind === "f" ? Number.NaN : 0;
  return {
    kind: "virtual",
    attributes: new Map(),
    dtype: point.dtype,
    shape,
    maxshape: shape.map(() => null),
    fill,
    sources,
  };
}

/** `file::index` of every image, for formats that HDF5 cannot show. */
export function limaImageNames(files: LimaFiles, images: number, dataFile: string): string[] {
  return Array.from({ length: images }, (_, image) => {
    const { file, index } = files.locate(image);
    return `${nameBelow(file, dataFile)}::${index}`;
  });
}

/** Rows first … first + count - 1 of a dataset whose rows have this shape, as one block. */
export function rows(first: number, count: number, rowShape: readonly number[]): Hyperslab {
  const ones = [1, ...rowShape.map(() => 1)];
  return {
    start: [first, ...rowShape.map(() => 0)],
    count: ones,
    stride: ones,
    block: [count, ...rowShape],
  };
}

function withoutFirstAxis({ start, count, stride, block }: Hyperslab): Hyperslab {
  return { start: start.slice(1), count: count.slice(1), stride: stride.slice(1), block: block.slice(1) };
}

function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

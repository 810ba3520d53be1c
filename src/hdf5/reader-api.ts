import type { DType } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";
import type { AxisRange } from "../ndarray/slice.js";
import type { RawFile } from "./format/external-files.js";

export type { RawFile };

/**
 * Reading HDF5 files (implemented over h5wasm in this folder; used by `h5api`, stream plugins, `nxlive diff`). Paths are
 * absolute. Every method rejects with a typed error that names the file and path; a bad file never crashes the process.
 */
export interface Hdf5Reader extends AsyncDisposable {
  readonly path: string;
  /** What lies at a path, without following a link at its last element; undefined when nothing does. */
  describe(path: string): Promise<ItemDescription | undefined>;
  /** Names in a group, in creation order where the file tracks it. */
  list(path: string): Promise<string[]>;
  attributes(path: string): Promise<ReadonlyMap<string, RawArray>>;
  /** The same text for all names that hard links give to one group or dataset. */
  identity(path: string): Promise<string>;
  /** The raw files with the elements of a dataset (external storage); undefined when there are none, or that cannot be told. */
  rawFiles(path: string): Promise<readonly RawFile[] | undefined>;
  /** Part of a dataset (one range per axis, positive or negative steps); the shape keeps dropped axes as length 1. */
  read(path: string, ranges: readonly AxisRange[], options?: { signal?: AbortSignal }): Promise<RawArray>;
  /** Sees what has been written since it was opened. The number is another one when the file may have changed. */
  refresh(): Promise<number>;
  close(): Promise<void>;
}

export type ItemDescription =
  | { readonly kind: "group" }
  | { readonly kind: "soft_link"; readonly target: string }
  | { readonly kind: "external_link"; readonly file: string; readonly path: string }
  | DatasetDescription
  | { readonly kind: "other"; readonly what: string };

export interface DatasetDescription {
  readonly kind: "dataset";
  readonly dtype: DType;
  /** null: the null dataspace (h5py's Empty). */
  readonly shape: readonly number[] | null;
  /** null entries are unlimited. */
  readonly maxshape: readonly (number | null)[] | null;
  readonly chunks: readonly number[] | null;
  readonly filters: readonly { readonly id: number; readonly values: readonly number[] }[];
  readonly virtualSources:
    | readonly {
        readonly file: string;
        readonly dataset: string;
      }[]
    | null;
}

import type { DType } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";

/**
 * The interface of our append-only HDF5 writer (implemented in this folder, used by `src/writer` and the CLI). Paths are
 * absolute HDF5 paths (`/1.1/instrument`); parents must exist. All calls may run concurrently; the order in which a caller
 * issues them is the order in the file. Nothing is visible to readers before `commit()`, everything before it is after.
 */
export interface Hdf5Writer extends AsyncDisposable {
  readonly path: string;

  /** What lies at a path (links are not followed), or undefined. */
  kindOf(path: string): Promise<ItemKind | undefined>;
  /** Names in a group, in creation order. */
  list(path: string): Promise<string[]>;
  /** A soft or external link as stored, or undefined when something else (or nothing) lies there. */
  linkAt(path: string): Promise<StoredLink | undefined>;
  /** Names of an item's attributes, and one attribute's value (undefined when missing or of a type we do not read). */
  attributeNames(path: string): Promise<string[]>;
  attribute(path: string, name: string): Promise<RawArray | undefined>;

  /** Of the attributes for a path those that HDF5 can hold, and why each other one is refused; nothing is written. */
  storable(
    path: string,
    attributes: AttributeList,
  ): { readonly storable: AttributeList; readonly refused: readonly string[] };
  createGroup(path: string, attributes?: AttributeList): Promise<void>;
  /** Creates or replaces attributes, in this order. */
  setAttributes(path: string, attributes: AttributeList): Promise<void>;
  deleteAttribute(path: string, name: string): Promise<void>;

  /** A dataset whose value is known now: contiguous, or chunked and filtered when `storage` says so. */
  createDataset(path: string, value: RawArray, options?: DatasetOptions): Promise<void>;
  /** A dataset that grows along its first axis. */
  createGrowing(path: string, type: GrowingType, options?: DatasetOptions): Promise<GrowingDataset>;
  /**
   * Resumes a dataset that grows along its first axis where it ends (`length` rows). A chunked one goes on as it is; for one
   * that is still a single block, `options` say what it becomes when it gets large.
   */
  openGrowing(path: string, options?: DatasetOptions): Promise<GrowingDataset>;
  createVirtual(
    path: string,
    dataset: VirtualDataset,
    options?: { attributes?: AttributeList },
  ): Promise<void>;
  createExternal(
    path: string,
    dataset: ExternalDataset,
    options?: { attributes?: AttributeList },
  ): Promise<void>;

  createSoftLink(path: string, target: string): Promise<void>;
  createHardLink(path: string, target: string): Promise<void>;
  createExternalLink(path: string, file: string, target: string): Promise<void>;
  /** Unlinks an item (groups with all they hold). */
  remove(path: string): Promise<void>;
  /**
   * Gives the path of an item free for another one: the next that is created there takes its position in the group, and readers
   * see the one or the other. Until then the item stays, though `kindOf` finds nothing there.
   */
  replace(path: string): Promise<void>;

  /** All calls before this one are on disk for any reader that opens the file; `durable` survives a power loss too. */
  commit(options?: { durable?: boolean; signal?: AbortSignal }): Promise<void>;
  /** All that was committed before survives a power loss. Other calls go on meanwhile. */
  flush(): Promise<void>;
  /** Commits, gives the file its exact size and lets go of it. Idempotent. */
  close(): Promise<void>;
  /** Lets go of the file without writing anything more, because someone else may write to it now. Instead of `close`. */
  abandon(): Promise<void>;
}

export type ItemKind = "group" | "dataset" | "soft_link" | "external_link" | "other";
export type StoredLink =
  | { readonly kind: "soft_link"; readonly target: string }
  | { readonly kind: "external_link"; readonly file: string; readonly path: string };
export type AttributeList = ReadonlyMap<string, RawArray>;

export interface OpenOptions {
  /** `create`: a new file, refused when one exists; `append` (default): an existing file, created when missing. */
  readonly mode?: "create" | "append";
  /** Minutes before freed space may be used again; default 10. */
  readonly quarantineMinutes?: number;
  readonly signal?: AbortSignal;
}

export interface DatasetOptions {
  readonly attributes?: AttributeList;
  /** Default: contiguous (static), chunks chosen by us (growing). */
  readonly chunks?: readonly number[];
  readonly shuffle?: boolean;
  /** gzip level 1–9. */
  readonly gzip?: number;
  /** Scalar fill value of the dataset's dtype. */
  readonly fill?: RawArray;
  /** Maximal lengths, null for unlimited; default: unlimited first axis for growing ones, the shape itself for static ones. */
  readonly maxshape?: readonly (number | null)[];
  /** Growing only: at close, a dataset smaller than this many bytes becomes one contiguous block. Default 1 MiB; 0: never. */
  readonly contiguousBelow?: number;
}

export interface GrowingType {
  /** Numbers, "str" or a compound of numbers. */
  readonly dtype: DType;
  /** Shape of one row ([] for scalars); the axes of variable-size rows start at this length and may be extended. */
  readonly rowShape: readonly number[];
}

export interface GrowingDataset {
  readonly path: string;
  /** Rows appended so far (committed or not). */
  readonly length: number;
  readonly dtype: DType;
  readonly rowShape: readonly number[];
  /**
   * Appends rows: bytes in the dtype's byte order, or strings for "str". Resolves when the memory it takes is bounded
   * again (back-pressure), not when it is on disk.
   */
  append(rows: Uint8Array | readonly string[], options?: { signal?: AbortSignal }): Promise<void>;
  /** Extends the row axes (variable-size data); earlier rows read as the fill value there. */
  extendRows(rowShape: readonly number[]): Promise<void>;
  /** No more rows: small datasets become contiguous, the last chunk is written in its final form. */
  finish(): Promise<void>;
}

export interface VirtualDataset {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly maxshape?: readonly (number | null)[];
  readonly fill?: RawArray;
  readonly sources: readonly {
    readonly file: string;
    readonly dataset: string;
    readonly source: Selection;
    readonly target: Selection;
  }[];
}

/** A regular hyperslab; a `null` count is unlimited. */
export interface Selection {
  readonly start: readonly number[];
  readonly count: readonly (number | null)[];
  readonly stride: readonly number[];
  readonly block: readonly number[];
}

export interface ExternalDataset {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly files: readonly { readonly name: string; readonly offset: number; readonly size: number | null }[];
}

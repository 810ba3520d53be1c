import type { RawArray } from "../ndarray/raw.js";
import type { DeclaredScan, DeclaredStream } from "../scan/declared.js";

/**
 * The one tree that every dialect is read into: what a scan will look like as HDF5. Names are single path elements,
 * in the order of the mapping. Used by the virtual file and by the writer.
 */
export type TreeNode =
  | GroupNode
  | DatasetNode
  | SoftLinkNode
  | ExternalLinkNode
  | ExternalBinaryNode
  | VirtualNode;

/** Attributes by name. */
export type Attributes = ReadonlyMap<string, RawArray>;

export interface GroupNode {
  readonly kind: "group";
  readonly attributes: Attributes;
  readonly children: ReadonlyMap<string, TreeNode>;
  /** Names of attributes that hold clock times or versions: set when the group is created, never compared or replaced. */
  readonly volatile?: ReadonlySet<string>;
}

export interface DatasetNode {
  readonly kind: "dataset";
  readonly attributes: Attributes;
  readonly value: DatasetValue;
  /** True for values of the clock: set when the dataset is created, never compared or replaced. */
  readonly volatile?: boolean;
}

/** What a dataset holds: a value of the mapping itself, or the live data of one of the scan's streams. */
export type DatasetValue =
  | { readonly kind: "static"; readonly array: RawArray }
  | { readonly kind: "stream"; readonly stream: string; readonly layout?: StreamLayout };

/**
 * How a derived layout (scan_info without a mapping) wants a stream's points laid out; absent for h5maps: (n, …element).
 * Where the pieces are produced: `src/mapping/scan-info`.
 */
export interface StreamLayout {
  /** True: exactly one point, without the leading axis (a `ct`: data_dim 0). */
  readonly single?: boolean;
  /** Value of missing points, as JSON-able number; default NaN for floats, 0 for integers. */
  readonly fill?: number;
}

export interface SoftLinkNode {
  readonly kind: "soft_link";
  /** Absolute, or relative to the group that holds the link. */
  readonly target: string;
}

export interface ExternalLinkNode {
  readonly kind: "external_link";
  readonly file: string;
  readonly path: string;
}

export interface ExternalBinaryNode {
  readonly kind: "external_binary";
  readonly attributes: Attributes;
  /** Array-interface string. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Raw files, in order; `size` null: to the end (HDF5's unlimited). */
  readonly files: readonly { readonly name: string; readonly offset: number; readonly size: number | null }[];
}

export interface VirtualNode {
  readonly kind: "virtual";
  readonly attributes: Attributes;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly maxshape?: readonly (number | null)[];
  readonly fill?: number;
  readonly sources: readonly VirtualSource[];
}

export interface VirtualSource {
  /** Where in the virtual dataset. */
  readonly target: Hyperslab;
  /** File name as stored: absolute, relative to the file's folder, or "." for the same file. */
  readonly file: string;
  readonly dataset: string;
  readonly source: Hyperslab;
}

/** A regular HDF5 hyperslab; each list has one number per dimension. */
export interface Hyperslab {
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly stride: readonly number[];
  readonly block: readonly number[];
}

export type Dialect = "h5maps" | "mapping" | "mapping-tuples" | "scan_info";

/** Something in a document that was left out or corrected, and why. */
export interface MappingWarning {
  readonly file: string;
  /** The path in the tree. */
  readonly path: string;
  readonly message: string;
  /** True when a node could not be read (a writer reports the scan FAILED, but keeps all the rest). */
  readonly fatal: boolean;
}

/** What a scan says that it will become: one tree per file. */
export interface Layout {
  readonly dialect: Dialect;
  /** Absolute file path → the file's root group. */
  readonly files: ReadonlyMap<string, GroupNode>;
  readonly warnings: readonly MappingWarning[];
}

/** What a layout is made from: a scan, and what else is known. Derived layouts (scan_info) are complete from CLOSED on. */
export interface LayoutSource extends DeclaredScan {
  readonly streams: ReadonlyMap<string, StreamFacts>;
  /** `info` as it was at PREPARED, when it changed since: derived layouts keep what the scan said at its start. */
  readonly startInfo?: Readonly<Record<string, unknown>>;
  /** Only when the layout is made for a file that is being written; readers leave it out. */
  readonly writer?: WriterFacts;
}

/** What only the writer of a file knows; times in ISO 8601 with the local zone (see `src/mapping/scan-info`). */
export interface WriterFacts {
  /** When the writer took up the scan. */
  readonly date: string;
  readonly status: "STARTING" | "RUNNING" | "SUCCEEDED" | "FAILED";
  /** When the writer finished; used where the publisher gave no `end_time`. */
  readonly endTime?: string;
}

/**
 * What is known of a stream. The optional fields are facts about its data, which derived layouts (scan_info) use as far as
 * they are there: a caller may leave them out at any time and ask again when it knows more.
 */
export interface StreamFacts extends DeclaredStream {
  /** Points published so far. 0 in a CLOSED scan: the stream leaves nothing in the tree. */
  readonly length?: number;
  /** Variable-size points (-1 in the shape): the largest lengths so far. */
  readonly pointShape?: readonly number[];
  /** Every point of a scalar stream; needed only for the streams that `streamsToRead` names (axes of meshes). */
  readonly values?: ArrayLike<number>;
  /** `lima`: the newest status; without it the images stay a stream dataset. */
  readonly lastStatus?: { readonly last_index: number; readonly last_index_saved?: number };
  /** `scan_sequence`: the scans it refers to, as far as they are known. */
  readonly scans?: readonly Pick<LayoutSource, "id" | "info">[];
}

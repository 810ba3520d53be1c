/** What differs at one place of two files. */
export interface Difference {
  /** The path in the files; attributes as `/path@name`. */
  readonly path: string;
  readonly what:
    | "missing"
    | "extra"
    | "kind"
    | "dtype"
    | "shape"
    | "value"
    | "link"
    | "sources"
    | "order"
    | "storage"
    /** Something that cannot be read here, such as a dataset of a type that HDF5 itself hardly knows: it may differ. */
    | "unknown";
  /** One sentence: what A has, what B has. */
  readonly message: string;
}

export interface CompareOptions {
  /** Also attributes of the clock and of versions; default false. */
  readonly volatile?: boolean;
  /** Also chunks, filters and maximal shapes; default false. */
  readonly storage?: boolean;
  /** Also the order of names in groups; default false. */
  readonly order?: boolean;
  readonly signal?: AbortSignal;
}

/** Attributes of roots that tell when and by what a file was written, not what is in it. */
export const VOLATILE_ATTRIBUTES: ReadonlySet<string> = new Set([
  "HDF5_Version",
  "h5py_version",
  "nxlive_version",
  "create_version",
  "publisher_version",
  "file_name",
  "file_time",
  "file_update_time",
]);

// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * An HDF5 item, or the value of a dataset without attributes.
 */
export type H5Item =
  | H5Group
  | H5Dataset
  | H5SoftLink
  | H5ExternalLink
  | H5ExternalBinaryDataset
  | H5VirtualDataset
  | DatasetValue1;
/**
 * A value known when the mapping is written.
 */
export type DataItem = RawValue | InlineValue | InlineBase64Value | CompoundValue;
/**
 * Text, a number, a boolean, or regular nested lists of them. Integers are int64, decimals float64, booleans bool, strings UTF-8 text; a mixed array is lifted to the highest of bool < int < float < string.
 */
export type RawValue = string | number | boolean | RawValue[];
/**
 * A NumPy type name.
 */
export type DTypeName =
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float16"
  | "float32"
  | "float64"
  | "float128"
  | "complex64"
  | "complex128"
  | "complex256";
/**
 * A NumPy array-interface string of a number or boolean, with its byte order: "<f8", ">i2", "|u1".
 */
export type BinaryDType = string;
/**
 * The value of the dataset, or its stream
 */
export type DatasetValue = DataItem | StreamValue;
/**
 * The lengths of an array's axes: up to 32 integers, 0 or more.
 *
 * @maxItems 32
 *
 * Items: A length (an integer, 0 or more)
 */
export type Shape = number[];
/**
 * One number of points (0 or more) per dimension.
 *
 * @maxItems 32
 *
 * Items: A length (an integer, 0 or more)
 */
export type Lengths = number[];
/**
 * The value of a dataset.
 */
export type DatasetValue1 = DataItem | StreamValue;

/**
 * `info.h5maps` of a scan: the HDF5 files it will become (blissdata 2.2 and later). Keys are absolute file paths, values the files' root groups.
 */
export interface H5Maps {
  [k: string]: H5Group;
}
/**
 * An HDF5 group. Both fields are optional.
 */
export interface H5Group {
  type: "group";
  attributes?: H5Attributes;
  /**
   * The items of the group by name
   */
  children?: {
    [k: string]: H5Item;
  };
}
/**
 * Attributes by name; a stream cannot be an attribute.
 */
export interface H5Attributes {
  [k: string]: DataItem;
}
/**
 * A value of an explicit NumPy type. Strings stand for numbers that JSON lacks: "nan", "inf", "-inf", "(1+2j)".
 */
export interface InlineValue {
  type: "inline";
  dtype: DTypeName;
  value: RawValue;
}
/**
 * Raw little- or big-endian data in base64; without shape: one axis. One length of the shape may be -1: it follows from the data.
 */
export interface InlineBase64Value {
  type: "inline_b64";
  dtype: BinaryDType;
  /**
   * The lengths of the axes (integers), or null
   *
   * @maxItems 32
   */
  shape?: number[] | null;
  /**
   * Base64 text
   */
  value: string;
}
/**
 * A structured array, column by column. All columns have one shape; their names are unique.
 */
export interface CompoundValue {
  type: "compound";
  /**
   * At least one column
   *
   * @minItems 1
   */
  columns: [name: string, value: DataItem][];
}
/**
 * A dataset with attributes. Its value lies in the mapping, or is the data of a stream.
 */
export interface H5Dataset {
  type?: "dataset";
  attributes?: H5Attributes;
  value: DatasetValue;
}
/**
 * The data of a stream of the scan; `stream` is a key of the scan's `data_streams`. Datasets only.
 */
export interface StreamValue {
  type: "stream";
  /**
   * The name of a stream
   */
  stream: string;
}
/**
 * A link within the file; the target is absolute or relative to the group that holds the link, and need not exist.
 */
export interface H5SoftLink {
  type: "soft_link";
  /**
   * The path the link points to
   */
  target_path: string;
}
/**
 * A link into another file; the file is absolute or relative to the folder of the file that holds the link.
 */
export interface H5ExternalLink {
  type: "external_link";
  /**
   * The file the link points to
   */
  target_file: string;
  /**
   * The path in that file
   */
  target_path: string;
}
/**
 * A dataset whose bytes lie in raw files.
 */
export interface H5ExternalBinaryDataset {
  type: "external_binary_dataset";
  attributes?: H5Attributes;
  dtype: BinaryDType;
  shape: Shape;
  /**
   * At least one raw file
   *
   * @minItems 1
   */
  files: H5ExternalBinaryFile[];
}
/**
 * A part of the dataset's bytes; size null (or none): up to the end of the file.
 */
export interface H5ExternalBinaryFile {
  /**
   * The name of a raw file
   */
  name: string;
  /**
   * The first byte in the file
   */
  offset: number;
  /**
   * A number of bytes, or null for all
   */
  size?: number | null;
}
/**
 * A dataset composed of parts of other datasets.
 */
export interface H5VirtualDataset {
  type: "virtual_dataset";
  attributes?: H5Attributes;
  dtype: BinaryDType;
  shape: Shape;
  /**
   * At least one source
   *
   * @minItems 1
   */
  virtual_sources: H5VirtualSource[];
}
/**
 * One part: where it lies in the virtual dataset, and where it comes from.
 */
export interface H5VirtualSource {
  vspace: H5SpaceSelection;
  /**
   * A file name, or "." for this file
   */
  src_file: string;
  /**
   * The path of the source dataset
   */
  src_dataset: string;
  src_space: H5SpaceSelection;
}
/**
 * A regular hyperslab, one number per dimension; stride and block default to ones.
 */
export interface H5SpaceSelection {
  start: Lengths;
  count: Lengths;
  /**
   * Steps from block to block, one per dimension, or null for ones
   */
  stride?: Lengths | null;
  /**
   * Lengths of a block, one per dimension, or null for ones
   */
  block?: Lengths | null;
}

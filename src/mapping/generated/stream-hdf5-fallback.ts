// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The info of a stream whose points, once Redis forgot them, are read from an HDF5 file.
 */
export interface Hdf5FallbackStreamInfo {
  /**
   * hdf5_fallback
   */
  plugin: "hdf5_fallback";
  /**
   * The absolute path of the file
   */
  file_path: string;
  /**
   * The path of the dataset in it
   */
  data_path: string;
  /**
   * False when the scan is not saved: then there is no file
   */
  save?: boolean;
  dtype?: import("./h5maps.js").DTypeName;
  /**
   * The shape of one point: integers, -1 where it varies
   *
   * @maxItems 32
   */
  shape?: number[];
  [k: string]: unknown;
}

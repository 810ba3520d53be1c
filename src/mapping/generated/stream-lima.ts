// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The info of a stream of images from a Lima server; its events are statuses {last_index, last_index_saved}.
 */
export interface LimaStreamInfo {
  /**
   * lima; missing from older publishers
   */
  plugin?: "lima";
  /**
   * lima_v1, also without plugin
   */
  format?: "lima_v1";
  dtype: import("./h5maps.js").DTypeName;
  /**
   * The shape of one image: integers, -1 when it is not known
   *
   * @maxItems 31
   */
  shape: number[];
  lima_info: LimaInfo;
  [k: string]: unknown;
}
/**
 * Where the images are: the server's buffer and, when they are saved, the files.
 */
export interface LimaInfo {
  /**
   * 1
   */
  protocol_version?: 1;
  /**
   * The address of the Lima server
   */
  server_url?: string;
  /**
   * How many images the server keeps
   */
  buffer_max_number?: number;
  /**
   * Images per acquisition, 0 for all in one
   */
  frame_per_acquisition: number;
  /**
   * The number of the first acquisition
   */
  acquisition_offset?: number;
  /**
   * A printf pattern of the files' paths, such as cam_%04d.h5
   */
  file_path?: string;
  /**
   * The path of the images in each file; null for formats without paths
   */
  data_path?: string | null;
  /**
   * The format of the files, such as hdf5 or edf
   */
  file_format?: string;
  /**
   * The number of the first file
   */
  file_offset?: number;
  /**
   * Images per file, 0 for all in one
   */
  frame_per_file?: number;
  [k: string]: unknown;
}

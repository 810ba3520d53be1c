// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * A ULID: 26 characters of Crockford's base 32.
 */
export type PrimaryKey = string;

/**
 * A scan as Redis holds it (JSON at `esrf:scan:<pk>`), blissdata protocol version 1.
 */
export interface ScanDocument {
  pk?: PrimaryKey;
  id: ScanIdentity;
  info: import("./scan-info.js").ScanInfo;
  state_stream: StateStream;
  /**
   * The data streams by name
   */
  data_streams: {
    [k: string]: DataStream;
  };
  [k: string]: unknown;
}
/**
 * What scans are searched by.
 */
export interface ScanIdentity {
  pk?: PrimaryKey;
  /**
   * The name of the scan, such as ascan
   */
  name: string;
  /**
   * The number of the scan in its data set (an integer)
   */
  number: number;
  /**
   * The data policy, such as ESRF or no_policy
   */
  data_policy: string;
  /**
   * The session, or null
   */
  session?: string | null;
  /**
   * The proposal, or null
   */
  proposal?: string | null;
  /**
   * The collection (sample), or null
   */
  collection?: string | null;
  /**
   * The data set, or null
   */
  dataset?: string | null;
  /**
   * The absolute path of the data file, or null when nothing is to be saved
   */
  path?: string | null;
  [k: string]: unknown;
}
/**
 * The stream of the scan's states.
 */
export interface StateStream {
  pk: PrimaryKey;
  /**
   * Null; "" from older publishers
   */
  encoding?: null | "";
  /**
   * Null; "" from older publishers
   */
  info?: null | "";
  [k: string]: unknown;
}
/**
 * A data stream of the scan: where it lies, and how to read it.
 */
export interface DataStream {
  pk: PrimaryKey;
  /**
   * How points are written: numeric or json
   */
  encoding: NumericEncoding | JsonEncoding;
  /**
   * What the stream is about; a plugin's fields, when it has one
   */
  info: {};
  [k: string]: unknown;
}
/**
 * Points are raw numbers, C order; with -1 in the shape each point has its own.
 */
export interface NumericEncoding {
  type: "numeric";
  dtype_str: import("./h5maps.js").BinaryDType;
  /**
   * The shape of one point: integers, -1 where it varies
   *
   * @maxItems 32
   */
  shape: number[];
  [k: string]: unknown;
}
/**
 * Points are JSON values.
 */
export interface JsonEncoding {
  type: "json";
  [k: string]: unknown;
}

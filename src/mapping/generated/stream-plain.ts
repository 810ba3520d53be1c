// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The info of a stream without plugin, whose data lie in Redis. Other fields are free.
 */
export interface PlainStreamInfo {
  dtype?: import("./h5maps.js").DTypeName;
  /**
   * The shape of one point: integers, -1 where it varies
   *
   * @maxItems 32
   */
  shape?: number[];
  /**
   * The unit of the data, or null
   */
  unit?: string | null;
  /**
   * The number of dimensions of one point
   */
  dim?: number;
  /**
   * Channels of one group get the same number of points
   */
  group?: string;
  /**
   * Legacy, in scans with `info.save`: where the scan's own file holds the points that Redis forgot
   */
  data_path?: string;
  [k: string]: unknown;
}

// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The info of a stream of frames from a Lima2 detector; its values are the number of frames there are.
 */
export interface Lima2StreamInfo {
  /**
   * lima2; missing from older publishers
   */
  plugin?: "lima2";
  /**
   * lima_v2, when there is no plugin
   */
  format?: "lima_v2";
  /**
   * 2
   */
  protocol_version?: 2;
  /**
   * The identifier of the acquisition
   */
  acq_uuid?: string;
  /**
   * The name of the frames' source
   */
  source_name?: string;
  /**
   * The host of the conductor
   */
  conductor_hostname?: string;
  /**
   * The port of the conductor
   */
  conductor_port?: number;
  /**
   * [file path, data path] of the saved frames, or null
   *
   * @minItems 2
   * @maxItems 2
   */
  master_file?: [file: string, path: string] | null;
  dtype: import("./h5maps.js").DTypeName;
  /**
   * The shape of one frame: integers, -1 when it is not known
   *
   * @maxItems 31
   */
  shape: number[];
  [k: string]: unknown;
}

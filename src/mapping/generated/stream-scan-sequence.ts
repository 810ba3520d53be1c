// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The info of a stream of scans; its entries are {"key": <scan key>}.
 */
export type ScanSequenceStreamInfo = {
  [k: string]: unknown;
} & {
  /**
   * scan_sequence; missing from older publishers
   */
  plugin?: "scan_sequence";
  /**
   * subscan
   */
  format?: "subscan";
  [k: string]: unknown;
};

// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * The `id` of a scan document: what scans are searched by (blissdata protocol version 1, ESRF identity).
 */
export interface ScanIdentityInput {
  /**
   * Name of the scan, such as `ascan`.
   */
  name: string;
  /**
   * Number of the scan in its session or file.
   */
  number: number;
  /**
   * Where data go by rule: `ESRF`, or `no_policy`.
   */
  data_policy: string;
  /**
   * Name of the acquisition session.
   */
  session?: string | null;
  /**
   * Proposal, with the ESRF data policy.
   */
  proposal?: string | null;
  /**
   * Collection (sample), with the ESRF data policy.
   */
  collection?: string | null;
  /**
   * Dataset of the collection, with the ESRF data policy.
   */
  dataset?: string | null;
  /**
   * Absolute path of the data file; null when nothing is to be saved.
   */
  path?: string | null;
}

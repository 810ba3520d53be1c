// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * absolute path of a folder
 */
export type AnAbsolutePath = string;

/**
 * Configuration file of the writer service (nxlive write --config FILE). Every key may be left out; flags win over environment variables, these over the file.
 */
export interface WriterConfig {
  /**
   * URL of the Redis database: redis://, rediss:// or unix://
   */
  redis?: string;
  /**
   * Name of the session whose scans are written; null for all sessions
   */
  session?: string | null;
  /**
   * Folders that files must lie in, symbolic links resolved; empty for anywhere
   */
  roots?: AnAbsolutePath[];
  /**
   * How many scans are written at the same time (an integer from 1 to 1000)
   */
  concurrency?: number;
  /**
   * Megabytes that must be free for a scan to be written (an integer from 0)
   */
  leastFree?: number;
  /**
   * Aimed size of a chunk in bytes (an integer from 1024 to 1073741824)
   */
  chunkBytes?: number;
  /**
   * Into how many pieces an axis is split at most when one element exceeds a chunk (an integer from 1)
   */
  chunkSplit?: number;
  /**
   * Datasets of at least this many bytes (an integer from 0) are chunked and compressed
   */
  compressFrom?: number;
  /**
   * Filters of these datasets: none, shuffle, gzip (level 4) or gzip-shuffle
   */
  compression?: "none" | "shuffle" | "gzip" | "gzip-shuffle";
  /**
   * Port of the HTTP endpoint with /health and /metrics (an integer up to 65535); null for none, 0 for any free one
   */
  httpPort?: number | null;
  /**
   * Address that the HTTP endpoint listens on
   */
  httpHost?: string;
  /**
   * Least level of what is logged
   */
  logLevel?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
}

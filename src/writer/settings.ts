import type { WriterConfig as ConfigFile } from "../mapping/generated/writer-config.js";

/** The configuration of a writer, complete: what `schemas/writer-config.schema.json` describes. */
export type WriterConfig = Readonly<Required<ConfigFile>>;

/** One key of the configuration, and how it is called in the environment and on the command line. */
export interface Setting {
  readonly key: keyof WriterConfig;
  readonly environment: string;
  readonly flag: string;
  readonly kind: "text" | "number" | "list";
}

/** The one table of settings; `docs/writer.md` shows it, and a test compares the two. */
export const SETTINGS: readonly Setting[] = [
  { key: "redis", environment: "REDIS_URL", flag: "redis", kind: "text" },
  { key: "session", environment: "NXLIVE_SESSION", flag: "session", kind: "text" },
  { key: "roots", environment: "NXLIVE_ROOTS", flag: "root", kind: "list" },
  { key: "concurrency", environment: "NXLIVE_CONCURRENCY", flag: "concurrency", kind: "number" },
  { key: "leastFree", environment: "NXLIVE_LEAST_FREE", flag: "least-free", kind: "number" },
  { key: "chunkBytes", environment: "NXLIVE_CHUNK_BYTES", flag: "chunk-bytes", kind: "number" },
  { key: "chunkSplit", environment: "NXLIVE_CHUNK_SPLIT", flag: "chunk-split", kind: "number" },
  { key: "compressFrom", environment: "NXLIVE_COMPRESS_FROM", flag: "compress-from", kind: "number" },
  { key: "compression", environment: "NXLIVE_COMPRESSION", flag: "compression", kind: "text" },
  { key: "httpPort", environment: "NXLIVE_HTTP_PORT", flag: "http-port", kind: "number" },
  { key: "httpHost", environment: "NXLIVE_HTTP_HOST", flag: "http-host", kind: "text" },
  { key: "logLevel", environment: "NXLIVE_LOG_LEVEL", flag: "log-level", kind: "text" },
];

export const DEFAULT_CONFIG: WriterConfig = {
  redis: "redis://localhost:6379",
  session: null,
  roots: [],
  concurrency: 32,
  leastFree: 200,
  chunkBytes: 1024 * 1024,
  chunkSplit: 4,
  compressFrom: 1024 * 1024,
  compression: "gzip-shuffle",
  httpPort: null,
  httpHost: "127.0.0.1",
  logLevel: "info",
};

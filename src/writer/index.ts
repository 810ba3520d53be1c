export type { ChunkOptions, CompressionScheme } from "./chunks.js";
export { compareFiles } from "./compare/compare-files.js";
export { type CompareOptions, type Difference, VOLATILE_ATTRIBUTES } from "./compare/differences.js";
export { type ConfigSources, loadConfig } from "./config.js";
export {
  ConfigurationError,
  FileUnavailableError,
  TargetFileError,
  UnsupportedDataError,
} from "./errors.js";
export { HttpEndpoint } from "./http-endpoint.js";
export { DEFAULT_CONFIG, SETTINGS, type WriterConfig } from "./settings.js";
export { isFinal, type ScanStatus, type StreamStatus, type WritingState } from "./status.js";
export { Writer, type WriterOptions } from "./writer.js";

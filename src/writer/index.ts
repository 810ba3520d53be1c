export type { ChunkOptions, CompressionScheme } from "./chunks.js";
export {
  ConfigurationError,
  FileUnavailableError,
  TargetFileError,
  UnsupportedDataError,
} from "./errors.js";
export { type Health, HttpEndpoint } from "./http-endpoint.js";
export type { WriterOptions } from "./options.js";
export { isFinal, type ScanStatus, type StreamStatus, type WritingState } from "./status.js";
export { Writer } from "./writer.js";

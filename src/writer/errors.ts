import { type ErrorContext, NxliveError } from "../errors.js";

/** A file that a scan may not be written to: not absolute, outside the allowed folders, no permission, no room. */
export class TargetFileError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_TARGET_FILE", message, context);
  }
}

/** A file that cannot be written now, but may be later: no room, held by another program, a lost lease. */
export class FileUnavailableError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_FILE_UNAVAILABLE", message, context);
  }
}

/** Data that cannot be stored as the mapping asks; the rest of the scan is written. */
export class UnsupportedDataError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_UNSUPPORTED_DATA", message, context);
  }
}

/** The writer's configuration is not valid. */
export class ConfigurationError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_CONFIGURATION", message, context);
  }
}

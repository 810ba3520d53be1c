import { type ErrorContext, NxliveError } from "../errors.js";

/** There is no scan of this key: it was deleted, has expired, or never existed. */
export class ScanNotFoundError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SCAN_NOT_FOUND", message, context);
  }
}

/** There is no scan at all, or no new one within the timeout. */
export class NoScanError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_NO_SCAN", message, context);
  }
}

/** A scan document that does not follow the protocol. */
export class ScanFormatError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SCAN_FORMAT", message, context);
  }
}

/** A call that the scan's state does not allow: `prepare` on a started scan, changing `info` in between … */
export class ScanStateError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SCAN_STATE", message, context);
  }
}

/** An identity that cannot be published; the message names the field. */
export class ScanIdentityError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SCAN_IDENTITY", message, context);
  }
}

/** An `info` that cannot be published: more than 1 MiB as JSON, nested more than 126 levels, or no JSON at all. */
export class ScanInfoError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SCAN_INFO", message, context);
  }
}

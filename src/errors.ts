/** What an error is about; every field that is known is filled in. */
export interface ErrorContext {
  readonly scan?: string;
  readonly stream?: string;
  readonly path?: string;
  readonly index?: number;
  readonly cause?: unknown;
}

/**
 * Base of all errors of nxlive. `code` is stable (`ERR_…`) and is what programs should test; the message says what
 * was asked, what was found and what to do. Layers define their own classes in their `errors.ts`.
 */
export class NxliveError extends Error {
  readonly code: string;
  // Declared only: what an error is not about is no field of it.
  declare readonly scan?: string;
  declare readonly stream?: string;
  declare readonly path?: string;
  declare readonly index?: number;

  constructor(code: string, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = new.target.name;
    this.code = code;
    if (context.scan !== undefined) this.scan = context.scan;
    if (context.stream !== undefined) this.stream = context.stream;
    if (context.path !== undefined) this.path = context.path;
    if (context.index !== undefined) this.index = context.index;
  }
}

/** An argument that cannot be used; thrown before anything is read or written. */
export class InvalidArgumentError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_INVALID_ARGUMENT", message, context);
  }
}

/** A waiting call reached its `timeout`. */
export class TimeoutError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_TIMEOUT", message, context);
  }
}

/** A call on a store, file, stream or service that was closed. */
export class ClosedError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_CLOSED", message, context);
  }
}

/** Narrows an unknown error to an nxlive error, optionally of one code. */
export function isNxliveError(error: unknown, code?: string): error is NxliveError {
  return error instanceof NxliveError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

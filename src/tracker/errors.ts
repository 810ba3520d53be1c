import { type ErrorContext, NxliveError } from "../errors.js";

/** Redis has no `maxmemory`: there is no limit to keep. */
export class NoMemoryLimitError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_NO_MEMORY_LIMIT", message, context);
  }
}

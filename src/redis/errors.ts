import { type ErrorContext, messageOf, NxliveError } from "../errors.js";

/** No connection to the Redis server, for as long as the call could wait. */
export class RedisUnreachableError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_UNREACHABLE", message, context);
  }
}

/** The connection broke while a write was under way: it may have been carried out or not. */
export class RedisConnectionLostError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_CONNECTION_LOST", message, context);
  }
}

/** Redis wants other credentials, or the user may not use a command. */
export class RedisAccessError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_ACCESS", message, context);
  }
}

/** Redis has reached `maxmemory` and refuses writes. */
export class RedisOutOfMemoryError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_OUT_OF_MEMORY", message, context);
  }
}

/** Any other error that Redis answered. */
export class RedisCommandError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_COMMAND", message, context);
  }
}

/** The database holds no `_PROTOCOL_VERSION_`, or no index of scans: it was never initialised for them, or emptied. */
export class NotInitialisedError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_NOT_INITIALISED", message, context);
  }
}

/** The database follows another version of the protocol. */
export class ProtocolVersionError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_PROTOCOL_VERSION", message, context);
  }
}

/** The server lacks RedisJSON or RediSearch. */
export class MissingModulesError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_MISSING_MODULES", message, context);
  }
}

/** A private Redis cannot be had or started on this machine. */
export class RedisServerError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_REDIS_SERVER", message, context);
  }
}

/** A capture that cannot be read or replayed; `path` is the file, the message has the line. */
export class CaptureError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_CAPTURE", message, context);
  }
}

/** Only an empty database can be initialised. */
export class DatabaseNotEmptyError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_DATABASE_NOT_EMPTY", message, context);
  }
}

/** True when the server cannot be reached at the moment, so that waiting and asking again makes sense. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof RedisUnreachableError || error instanceof RedisConnectionLostError;
}

/** Why a server lets nobody in, with its name and the way to tell it who comes. */
export function refusal(label: string, command: string, cause: unknown): RedisAccessError {
  const message = messageOf(cause).replace(/\.$/, "");
  const advice = /NOAUTH|WRONGPASS/.test(message)
    ? ". User and password belong into its URL: redis://user:password@host:6379"
    : "";
  return new RedisAccessError(`Redis at ${label} refused ${command}: ${message}${advice}.`, { cause });
}

/** What an error that Redis answered to a command means. */
export function commandError(error: unknown, command: string): NxliveError {
  const message = messageOf(error);
  if (/^OOM |used memory > 'maxmemory'/.test(message)) {
    return new RedisOutOfMemoryError(
      `Redis is out of memory and refused ${command}: raise maxmemory, delete scans, or run "nxlive track" to trim old data.`,
      { cause: error },
    );
  }
  if (/^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH|ERR invalid password)/.test(message)) {
    return new RedisAccessError(`Redis refused ${command}: ${message}`, { cause: error });
  }
  if (/no such index|unknown index name/i.test(message)) {
    return new NotInitialisedError(
      `Redis has no index of scans (${message}): the database was emptied. Run "nxlive init" to prepare it anew.`,
      { cause: error },
    );
  }
  if (/unknown command/i.test(message) && /^(JSON|FT)\./i.test(command)) {
    return new MissingModulesError(
      `Redis does not know ${command} (${message}): it needs the modules ReJSON and search.`,
      { cause: error },
    );
  }
  return new RedisCommandError(`Redis answered ${command} with an error: ${message}`, { cause: error });
}

import { type ErrorContext, NxliveError } from "../errors.js";

/** A point that is not published yet, but may still come. Wait for it with `{ wait: true }`. */
export class IndexNotYetThereError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_INDEX_NOT_YET_THERE", message, context);
  }
}

/** A point that will never be there: the stream was sealed before it. */
export class IndexWontBeThereError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_INDEX_WONT_BE_THERE", message, context);
  }
}

/** A point that was there, but has been trimmed from Redis to save memory. */
export class IndexNoMoreThereError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_INDEX_NO_MORE_THERE", message, context);
  }
}

/** The error for a point that was trimmed. */
export function trimmed(stream: string, index: number): IndexNoMoreThereError {
  const message = `Point ${index} of stream "${stream}" was trimmed from Redis to save memory.`;
  return new IndexNoMoreThereError(message, { stream, index });
}

/** Sending into a stream that was sealed, by this publisher or by anyone else. */
export class StreamSealedError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_STREAM_SEALED", message, context);
  }
}

/** Two publishers write the same stream: the indices in Redis are not the ones this publisher has sent. */
export class SecondPublisherError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_SECOND_PUBLISHER", message, context);
  }
}

/** Points that Redis had accepted are gone: it restarted without them, or the stream was deleted. */
export class StreamLostError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_STREAM_LOST", message, context);
  }
}

/** An entry or an encoding that does not follow the protocol. */
export class StreamFormatError extends NxliveError {
  constructor(message: string, context?: ErrorContext) {
    super("ERR_STREAM_FORMAT", message, context);
  }
}

/** The stream needs a plugin that is not registered. */
export class PluginMissingError extends NxliveError {
  constructor(plugin: string, stream: string) {
    super(
      "ERR_PLUGIN_MISSING",
      `Stream "${stream}" needs the plugin "${plugin}": register it with registerStreamPlugin("${plugin}", …).`,
      { stream },
    );
  }
}

/** The stream's plugin refused its description; the cause says why. */
export class PluginBrokenError extends NxliveError {
  constructor(plugin: string, stream: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("ERR_PLUGIN_BROKEN", `The plugin "${plugin}" cannot read stream "${stream}": ${reason}`, {
      stream,
      cause,
    });
  }
}

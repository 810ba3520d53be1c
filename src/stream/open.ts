import { messageOf, NxliveError } from "../errors.js";
import type { RedisClient } from "../redis/client.js";
import { BrokenStream } from "./broken.js";
import { PluginBrokenError, StreamFormatError } from "./errors.js";
import type { FollowableStream, ScanGuard } from "./followable.js";
import { pluginFactory, pluginName, type ScanAccess } from "./plugin.js";
import { Stream, type StreamDescription } from "./stream.js";

/**
 * The reading side of a stream, with the plugin it needs. It never throws: what cannot be read becomes a stream whose
 * calls reject, so that the rest of the scan stays readable.
 */
export function openStream(
  redis: RedisClient,
  description: StreamDescription,
  scan: ScanAccess,
  guard: ScanGuard,
): FollowableStream {
  const { name, info, encoding } = description;
  const plugin = pluginName(info, encoding, scan);
  try {
    const events = new Stream(redis, description, guard);
    return plugin === null ? events : requireStream(pluginFactory(plugin, name)({ events, info, scan }));
  } catch (error) {
    return new BrokenStream(redis, description, plugin, failureOf(error, name, plugin));
  }
}

const CALLS: (keyof FollowableStream)[] = [
  "length",
  "isSealed",
  "at",
  "slice",
  "values",
  "cursor",
  "interpret",
];

/** Refuses what is no stream: factories of users may be written without types. */
function requireStream(stream: FollowableStream): FollowableStream {
  const given: Partial<FollowableStream> = Object(stream);
  if (given instanceof Promise)
    throw new TypeError("its factory must give the stream itself, no promise of it.");
  const missing = CALLS.filter((call) => typeof given[call] !== "function");
  if (!given.events?.redis) missing.unshift("events");
  if (missing.length === 0) return stream;
  throw new TypeError(`what its factory gave is no stream: it has no ${missing.join(", ")}.`);
}

function failureOf(error: unknown, stream: string, plugin: string | null): NxliveError {
  if (error instanceof NxliveError && (plugin === null || error.code === "ERR_PLUGIN_MISSING")) return error;
  if (error instanceof StreamFormatError && error.stream !== undefined) return error;
  if (plugin !== null) return new PluginBrokenError(plugin, stream, error);
  return new StreamFormatError(`Stream "${stream}" cannot be read: ${messageOf(error)}`, {
    stream,
    cause: error,
  });
}

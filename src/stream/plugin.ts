import { PluginMissingError } from "./errors.js";
import type { EventSource, FollowableStream } from "./followable.js";

/** What a plugin is given to build a stream from. */
export interface PluginContext {
  /** The stream as published: JSON statuses, counters, references … */
  readonly events: EventSource;
  /** The stream's `info` of the scan document. */
  readonly info: Readonly<Record<string, unknown>>;
  readonly scan: ScanAccess;
}

/** What a plugin may know of the scan that its stream belongs to. */
export interface ScanAccess {
  readonly key: string;
  /** The scan's data file, null when nothing is saved. */
  readonly path: string | null;
  /** The scan's `info`, as last read. */
  readonly info: Readonly<Record<string, unknown>>;
  /** Loads another scan of the same store (`scan_sequence`). */
  loadScan(key: string, options?: { signal?: AbortSignal }): Promise<unknown>;
}

/**
 * Builds the reading side of one stream. It is called when a scan's streams become known, must not read anything
 * itself, and throws for an `info` that it cannot use: the stream is then "broken", the scan is not.
 */
export type StreamPluginFactory = (context: PluginContext) => FollowableStream;

const plugins = new Map<string, StreamPluginFactory>();

/**
 * Makes streams whose `info.plugin` is `name` readable; a second registration of the same name replaces the first.
 * @example registerStreamPlugin("my_detector", ({ events, info }) => new MyDetectorStream(events, info));
 */
export function registerStreamPlugin(name: string, factory: StreamPluginFactory): void {
  plugins.set(name, factory);
}

/** The factory of a plugin; unknown names are a PluginMissingError. */
export function pluginFactory(name: string, stream: string): StreamPluginFactory {
  const factory = plugins.get(name);
  if (!factory) throw new PluginMissingError(name, stream);
  return factory;
}

/**
 * Which plugin a stream needs, null for plain ones: `info.plugin`, or, from publishers before blissdata 2.2, a JSON
 * stream's `info.format`, or a `data_path` in a scan with `info.save` (a stream backed by the scan's own file).
 */
export function pluginName(
  info: Readonly<Record<string, unknown>>,
  encoding: Readonly<Record<string, unknown>>,
  scan: { readonly info: Readonly<Record<string, unknown>> },
): string | null {
  if (info.plugin !== undefined && info.plugin !== null) return String(info.plugin);
  if (encoding.type === "json") return LEGACY_FORMATS.get(info.format) ?? null;
  if (info.data_path !== undefined && scan.info.save === true) return "hdf5_fallback";
  return null;
}

const LEGACY_FORMATS: ReadonlyMap<unknown, string> = new Map([
  ["lima_v1", "lima"],
  ["lima_v2", "lima2"],
  ["subscan", "scan_sequence"],
]);

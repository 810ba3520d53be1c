import type { NxliveError } from "../errors.js";
import type { RedisClient, RequestOptions } from "../redis/client.js";
import type { Encoding } from "./encoding.js";
import type { PageSize } from "./pages.js";
import type { ReadableStreamData, SignalOption, StreamView, WaitOptions } from "./reading.js";

/**
 * A stream that cursors can follow, alone or with many others in one blocking read: its events arrive in the plain
 * stream `events`, and `interpret` says which points they tell of.
 */
export interface FollowableStream extends ReadableStreamData {
  /** The stream of events as published; a plain stream is its own. */
  readonly events: EventSource;
  /** Why the stream cannot be read at all: it still has a name and info, and does not disturb the others. */
  readonly failure?: NxliveError;
  /** True when only the newest event matters (status streams): cursors then skip older ones. */
  readonly latestEventOnly: boolean;
  /** True when event i tells of point i, so that a cursor may begin at the event of its first point. */
  readonly eventPerPoint: boolean;
  /**
   * The points that new events tell of, or null when there are none. `position` is the first point that the cursor has
   * not handed out. `events.length` is 0 when the stream was sealed without another event: what is complete only now
   * (a last, partly filled file) is handed out then. With `lastOnly` the view has the newest point only. It is called
   * again with the same events and a higher position until it gives null, so that views may be kept small.
   */
  interpret(events: StreamView, position: number, options: InterpretOptions): Promise<StreamView | null>;
}

export interface InterpretOptions extends SignalOption {
  readonly lastOnly: boolean;
  readonly maxPoints: number;
  readonly sealed: boolean;
}

/**
 * Whether the scan is closed, so that nobody waits for ever for the seal of a publisher that died. Throws when the scan is
 * gone.
 */
export type ScanGuard = (options: RequestOptions) => Promise<boolean>;

/** A plain stream, as plugins and cursors see it. */
export interface EventSource extends FollowableStream {
  readonly encoding: Readonly<Record<string, unknown>>;
  readonly redis: RedisClient;
  readonly guard: ScanGuard;
  /** What was learnt of the entries' size. */
  readonly pageSize: PageSize;
  /** Encodes and decodes the stream's entries. */
  readonly codec: Encoding;
  /** The index of the oldest point that is still in Redis; the length when there is none. */
  first(options?: SignalOption): Promise<number>;
  /** The newest event and its index, undefined when there is none (or it was trimmed before the seal). */
  last(options?: SignalOption): Promise<{ readonly index: number; readonly value: unknown } | undefined>;
  /**
   * Resolves when there are more than `count` events, or at the seal: true when there are more. Without `wait` it
   * looks once. TimeoutError after `timeout` milliseconds.
   */
  waitForMore(count: number, options?: WaitOptions): Promise<boolean>;
  /** Resolves at the seal with the stream's length in events. */
  waitSeal(options?: Omit<WaitOptions, "wait">): Promise<number>;
}

import { InvalidArgumentError } from "../../errors.js";
import { type DType, numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray, type Value } from "../../ndarray/ndarray.js";
import { type AxisRange, highestIndex, lowestIndex, pointsNeeded, resolveAxis } from "../../ndarray/slice.js";
import * as commands from "../../redis/commands.js";
import { withTimeout } from "../../waiting.js";
import { endOf, parseEntry } from "../entry.js";
import { IndexNotYetThereError, IndexWontBeThereError, StreamFormatError } from "../errors.js";
import { cursorOf } from "../follow.js";
import type { EventSource, FollowableStream, InterpretOptions } from "../followable.js";
import { PAGE_BYTES } from "../pages.js";
import type { PluginContext } from "../plugin.js";
import { eachPoint, pointValue, type RawPoints } from "../points.js";
import type { CursorOptions, SignalOption, StreamView, WaitOptions } from "../reading.js";
import { EntriesView } from "../view.js";

/** How far a stream is whose points lie outside Redis. */
export interface Progress {
  /** Points taken. */
  readonly length: number;
  /** Points 0 … readable - 1 can be read. */
  readonly readable: number;
  readonly sealed: boolean;
  /** Events seen so far. */
  readonly events: number;
}

/** What an axis of unknown length is taken for. */
const UNKNOWN_LENGTH = 1_024;

/**
 * A stream whose events only tell how many points there are, while the points lie elsewhere (detector files, a
 * detector's memory). A plugin says what the newest event means and how points are read; waiting, slicing and following
 * are the same for all.
 */
export abstract class DerivedStream implements FollowableStream {
  abstract readonly dtype: DType;
  abstract readonly shape: readonly number[];
  abstract readonly plugin: string;
  readonly events: EventSource;
  readonly info: Readonly<Record<string, unknown>>;
  readonly latestEventOnly = true;
  readonly eventPerPoint = false;
  #known: Progress = { length: 0, readable: 0, sealed: false, events: 0 };
  #newest: unknown;

  constructor(context: PluginContext) {
    this.events = context.events;
    this.info = context.info;
  }

  get name(): string {
    return this.events.name;
  }

  get key(): string {
    return this.events.key;
  }

  /** What the newest event tells: `event` is undefined when there is none (any more). */
  protected abstract understand(event: unknown, sealed: boolean): { length: number; readable: number };
  /** Reads points of which all are readable; ranges may go backwards. Only `readParts` gives `inner`. */
  protected abstract read(range: AxisRange, options: PartOptions): Promise<RawPoints>;
  /** Why a point that was taken cannot be read (now). */
  protected abstract unreadable(index: number, sealed: boolean): Error;
  /** How many points there are, found out without events: these were trimmed from the sealed stream. */
  protected abstract count(options: SignalOption): Promise<number>;
  /** False when points that cannot be read now never will be: waiting for them is useless. */
  protected abstract readonly mayBecomeReadable: boolean;

  async length(options: SignalOption = {}): Promise<number> {
    return (await this.progress(options)).length;
  }

  async isSealed(options: SignalOption = {}): Promise<boolean> {
    return this.#known.sealed || (await this.events.isSealed(options));
  }

  /** How far the stream is now. */
  async progress(options: SignalOption = {}): Promise<Progress> {
    if (this.#known.sealed) return this.#known;
    const { event, sealed, events } = await this.#look(options);
    return this.#learn(event, sealed, events, options);
  }

  async at(index: number, options: WaitOptions = {}): Promise<Value> {
    if (!Number.isSafeInteger(index)) {
      throw new InvalidArgumentError(`An index must be an integer, got ${index}.`, { stream: this.name });
    }
    return this.#limited(options, `point ${index}`, async (waiting) => {
      const position = await this.#position(index, waiting);
      return pointValue(await this.#readWhenReadable(single(position), waiting), 0);
    });
  }

  async slice(
    start: number | null = null,
    stop: number | null = null,
    step: number | null = null,
    options: WaitOptions = {},
  ): Promise<NdArray> {
    const fromEnd = (start ?? 0) < 0 || (stop ?? 0) < 0 || ((step ?? 1) < 0 && start === null);
    const needed = pointsNeeded([start, stop, step]);
    return this.#limited(options, `points to ${stop ?? "the end"}`, async (waiting) => {
      const progress = await this.#until(({ length }) => needed !== "end" && length >= needed, waiting);
      if (fromEnd && !waiting.wait) this.#requireSeal(progress);
      const range = resolveAxis([start, stop, step], progress.length);
      return NdArray.fromRaw(await this.#readWhenReadable(range, waiting));
    });
  }

  async *values(options: { from?: number; signal?: AbortSignal } = {}): AsyncIterableIterator<Value> {
    for await (const view of this.cursor(options)) yield* eachPoint(await view.data());
  }

  cursor(options: CursorOptions = {}): AsyncIterableIterator<StreamView> {
    return cursorOf(this, options);
  }

  async interpret(
    events: StreamView,
    position: number,
    options: InterpretOptions,
  ): Promise<StreamView | null> {
    const event = events.length > 0 ? (await events.data()).flat(events.length - 1) : undefined;
    const progress = await this.#learn(event, options.sealed, events.index + events.length, options);
    const readable = position < progress.readable || (this.mayBecomeReadable && !options.sealed);
    const end = readable ? progress.readable : progress.length;
    if (position >= end) return null;
    if (options.lastOnly) return this.view(end - 1, end, options);
    const most = Number.isFinite(options.maxPoints) ? options.maxPoints : this.#page();
    return this.view(position, Math.min(end, position + most), options);
  }

  /** How many points make a view when the caller does not say. */
  #page(): number {
    const lengths = this.shape.map((length) => (length < 0 ? UNKNOWN_LENGTH : Math.max(1, length)));
    const pointBytes = sizeOfShape(lengths) * (numericType(this.dtype)?.itemsize ?? 1);
    return Math.max(1, Math.floor(PAGE_BYTES / pointBytes));
  }

  /** Points start … stop - 1, read when asked for. */
  protected view(start: number, stop: number, options: SignalOption): StreamView {
    const range = { start, step: 1, count: stop - start, drop: false };
    const read = () => this.#readWhenReadable(range, { ...options, wait: false });
    return {
      index: start,
      length: stop - start,
      lost: 0,
      data: async () => NdArray.fromRaw(await read()),
      raw: async () => [await read()],
    };
  }

  /** Takes in the newest of `events` events; it is undefined when none is there (any more). */
  async #learn(event: unknown, sealed: boolean, events: number, options: SignalOption): Promise<Progress> {
    const news = events > this.#known.events;
    if (event !== undefined && news) this.#newest = event;
    // At the seal all events are known, but for those that were trimmed before anyone here has seen them.
    const forgotten = event === undefined && sealed && news;
    const { length, readable } = forgotten
      ? await this.#countAgain(options)
      : this.understand(this.#newest, sealed);
    this.#known = {
      length: Math.max(length, this.#known.length),
      readable: Math.max(readable, this.#known.readable),
      sealed: sealed || this.#known.sealed,
      events: Math.max(events, this.#known.events),
    };
    return this.#known;
  }

  async #countAgain(options: SignalOption): Promise<{ length: number; readable: number }> {
    const count = await this.count(options);
    return { length: count, readable: count };
  }

  /** Runs within the time and the signal that the caller gave. */
  #limited<T>(options: WaitOptions, what: string, run: (waiting: Waiting) => Promise<T>): Promise<T> {
    const { wait = false, timeout, signal } = options;
    const describe = () => `${what} of stream "${this.name}"`;
    return withTimeout(timeout, signal, describe, (limit) => run({ wait, ...(limit && { signal: limit }) }));
  }

  /** Waits, when asked to, until the progress is enough or final. */
  async #until(enough: (progress: Progress) => boolean, waiting: Waiting): Promise<Progress> {
    for (;;) {
      const progress = await this.progress(waiting);
      if (!waiting.wait || progress.sealed || enough(progress)) return progress;
      if (!(await this.events.waitForMore(progress.events, waiting))) return this.#final(waiting);
    }
  }

  /** The progress now; that of a closed scan is final, also when its publisher died without sealing the stream. */
  async #final(options: SignalOption): Promise<Progress> {
    const progress = await this.progress(options);
    if (progress.sealed || !(await this.events.guard(options))) return progress;
    const { event, events } = await this.#look(options);
    return this.#learn(event, true, events, options);
  }

  /** The newest event, how many there are, and whether they are all: in one look. */
  async #look(options: SignalOption): Promise<{ event: unknown; sealed: boolean; events: number }> {
    const newest = commands.xrevrange(this.key, "+", "-", 2); // the newest entry may be the seal
    const found = await this.events.redis.do(newest, options);
    const entries = found.map((entry) => parseEntry(entry, this.name));
    const last = entries.find((entry) => entry.kind === "points");
    const event =
      last && (await new EntriesView([last], this.events.codec, endOf(last) - 1, 1).data()).flat(0);
    const [end] = entries;
    return { event, sealed: end?.kind === "seal", events: end ? endOf(end) : 0 };
  }

  /** The index counted from the start; negative ones mean something once the stream is sealed. */
  async #position(index: number, waiting: Waiting): Promise<number> {
    if (index >= 0 && index < this.#known.length) return index;
    const progress = await this.#until(({ length }) => index >= 0 && length > index, waiting);
    if (index < 0 && !waiting.wait) this.#requireSeal(progress);
    const position = index < 0 ? index + progress.length : index;
    if (position < 0 || position >= progress.length) throw this.#missing(index, progress);
    return position;
  }

  #requireSeal(progress: Progress): void {
    if (progress.sealed) return;
    throw new IndexNotYetThereError(
      `Negative indices count from the end, which stream "${this.name}" has only once it is sealed.`,
      { stream: this.name },
    );
  }

  #missing(index: number, { length, sealed }: Progress): Error {
    const context = { stream: this.name, index };
    if (sealed) {
      return new IndexWontBeThereError(
        `Stream "${this.name}" was sealed with ${length} points: there is no point ${index}.`,
        context,
      );
    }
    return new IndexNotYetThereError(
      `Point ${index} of stream "${this.name}" is not there yet (${length} points so far).`,
      context,
    );
  }

  /** Parts of points, for plugins whose `read` heeds `inner`. */
  protected readParts(range: AxisRange, inner: readonly AxisRange[], options: WaitOptions): Promise<NdArray> {
    return this.#limited(options, "parts of points", async (waiting) =>
      NdArray.fromRaw(await this.#readWhenReadable(range, { ...waiting, inner, announced: this.shape })),
    );
  }

  /** Reads points that were taken, once they can be read. */
  async #readWhenReadable(range: AxisRange, waiting: Waiting): Promise<RawPoints> {
    waiting.signal?.throwIfAborted();
    const last = highestIndex(range);
    if (last >= this.#known.readable) {
      const wait = waiting.wait && this.mayBecomeReadable;
      let progress = await this.#until(({ readable }) => readable > last, { ...waiting, wait });
      if (last >= progress.readable) progress = await this.#final(waiting);
      if (last >= progress.readable) {
        throw this.unreadable(Math.max(progress.readable, lowestIndex(range)), progress.sealed);
      }
    }
    return this.#requireAll(await this.read(range, waiting), range.count);
  }

  /** What plugins of users read is not always all that they were asked for: it would be taken for other points. */
  #requireAll(points: RawPoints, count: number): RawPoints {
    const { dtype, shape, data } = points;
    const size =
      data instanceof Uint8Array ? data.byteLength / (numericType(dtype)?.itemsize ?? 1) : data.length;
    if (shape[0] === count && size === sizeOfShape(shape)) return points;
    throw new StreamFormatError(
      `The plugin "${this.plugin}" read ${size} numbers of shape [${shape}] for ${count} points of stream "${this.name}".`,
      { stream: this.name },
    );
  }
}

/** Which part of each point to read: one range for each of its axes; everything when absent. */
export interface PartOptions extends SignalOption {
  readonly inner?: readonly AxisRange[];
  /** The shape of a point that `inner` is part of, as announced: files may hold another. */
  readonly announced?: readonly number[];
}

interface Waiting extends PartOptions {
  readonly wait: boolean;
}

function single(index: number): AxisRange {
  return { start: index, step: 1, count: 1, drop: false };
}

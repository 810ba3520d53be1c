import { InvalidArgumentError } from "../../errors.js";
import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";
import { resolveAxis } from "../../ndarray/slice.js";
import { withTimeout } from "../../waiting.js";
import { IndexNotYetThereError, IndexWontBeThereError } from "../errors.js";
import { cursorOf } from "../follow.js";
import { eachPoint, pointValue } from "../points.js";

/** Images are decoded in blocks of about this many bytes when they are read one after the other. */
const BLOCK_BYTES = 8 * 2 ** 20;
/** What an axis of unknown length is taken for. */
const UNKNOWN_LENGTH = 1_024;
/**
 * A stream whose events only tell how many points there are, while the points lie elsewhere (detector files, a
 * detector's memory). A plugin says what the newest event means and how points are read; waiting, slicing and following
 * are the same for all.
 */
export class DerivedStream {
  events;
  info;
  latestEventOnly = true;
  eventPerPoint = false;
  #known = { length: 0, readable: 0, sealed: false, events: 0 };
  #newest;
  constructor(context) {
    this.events = context.events;
    this.info = context.info;
  }
  get name() {
    return this.events.name;
  }
  get key() {
    return this.events.key;
  }
  async length(options = {}) {
    return (await this.progress(options)).length;
  }
  async isSealed(options = {}) {
    return this.#known.sealed || (await this.events.isSealed(options));
  }
  /** How far the stream is now. */
  async progress(options = {}) {
    if (this.#known.sealed) return this.#known;
    const sealed = await this.events.isSealed(options); // first: an event before the seal is then the last one
    const last = await this.events.last(options);
    const events = last ? last.index + 1 : sealed ? await this.events.length(options) : 0;
    return this.#learn(last?.value, sealed, events, options);
  }
  async at(index, options = {}) {
    if (!Number.isSafeInteger(index)) {
      throw new InvalidArgumentError(`An index must be an integer, got ${index}.`, { stream: this.name });
    }
    return this.#limited(options, `point ${index}`, async (waiting) => {
      const position = await this.#position(index, waiting);
      return pointValue(await this.#readWhenReadable(single(position), waiting), 0);
    });
  }
  async slice(start = null, stop = null, step = null, options = {}) {
    const fromEnd = (start ?? 0) < 0 || (stop ?? 0) < 0 || ((step ?? 1) < 0 && start === null);
    const end = stop === null || fromEnd ? Number.POSITIVE_INFINITY : Math.max(stop, (start ?? 0) + 1);
    return this.#limited(options, `points to ${stop ?? "the end"}`, async (waiting) => {
      const progress = await this.#until(({ length }) => length >= end, waiting);
      if (fromEnd && !waiting.wait) this.#requireSeal(progress);
      const range = resolveAxis([start, stop, step], progress.length);
      return NdArray.fromRaw(await this.#readWhenReadable(range, waiting));
    });
  }
  async *values(options = {}) {
    const lengths = this.shape.map((length) => (length < 0 ? UNKNOWN_LENGTH : Math.max(1, length)));
    const pointBytes = sizeOfShape(lengths) * (numericType(this.dtype)?.itemsize ?? 1);
    const maxPoints = Math.max(1, Math.floor(BLOCK_BYTES / pointBytes));
    for await (const view of this.cursor({ ...options, maxPoints })) yield* eachPoint(await view.data());
  }
  cursor(options = {}) {
    return cursorOf(this, options);
  }
  async interpret(events, position, options) {
    const event = events.length > 0 ? (await events.data()).flat(events.length - 1) : undefined;
    const progress = await this.#learn(event, options.sealed, events.index + events.length, options);
    const readable = position < progress.readable || (this.mayBecomeReadable && !options.sealed);
    const end = readable ? progress.readable : progress.length;
    if (position >= end) return null;
    if (options.lastOnly) return this.view(end - 1, end, options);
    return this.view(position, Math.min(end, position + options.maxPoints), options);
  }
  /** Points start … stop - 1, read when asked for. */
  view(start, stop, options) {
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
  async #learn(event, sealed, events, options) {
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
  async #countAgain(options) {
    const count = await this.count(options);
    return { length: count, readable: count };
  }
  /** Runs within the time and the signal that the caller gave. */
  #limited(options, what, run) {
    const { wait = false, timeout, signal } = options;
    const describe = () => `${what} of stream "${this.name}"`;
    return withTimeout(timeout, signal, describe, (limit) => run({ wait, ...(limit && { signal: limit }) }));
  }
  /** Waits, when asked to, until the progress is enough or final. */
  async #until(enough, waiting) {
    for (;;) {
      const progress = await this.progress(waiting);
      if (!waiting.wait || progress.sealed || enough(progress)) return progress;
      if (!(await this.events.waitForMore(progress.events, waiting))) return this.#final(waiting);
    }
  }
  /** The progress now; that of a closed scan is final, also when its publisher died without sealing the stream. */
  async #final(options) {
    const progress = await this.progress(options);
    if (progress.sealed || !(await this.events.guard(options))) return progress;
    const last = await this.events.last(options);
    return this.#learn(last?.value, true, progress.events, options);
  }
  /** The index counted from the start; negative ones mean something once the stream is sealed. */
  async #position(index, waiting) {
    if (index >= 0 && index < this.#known.length) return index;
    const progress = await this.#until(({ length }) => index >= 0 && length > index, waiting);
    if (index < 0 && !waiting.wait) this.#requireSeal(progress);
    const position = index < 0 ? index + progress.length : index;
    if (position < 0 || position >= progress.length) throw this.#missing(index, progress);
    return position;
  }
  #requireSeal(progress) {
    if (progress.sealed) return;
    throw new IndexNotYetThereError(
      `Negative indices count from the end, which stream "${this.name}" has only once it is sealed.`,
      { stream: this.name },
    );
  }
  #missing(index, { length, sealed }) {
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
  readParts(range, inner, options) {
    return this.#limited(options, "parts of points", async (waiting) =>
      NdArray.fromRaw(await this.#readWhenReadable(range, { ...waiting, inner })),
    );
  }
  /** Reads points that were taken, once they can be read. */
  async #readWhenReadable(range, waiting) {
    waiting.signal?.throwIfAborted();
    const last = lastOf(range);
    if (last >= this.#known.readable) {
      const wait = waiting.wait && this.mayBecomeReadable;
      let progress = await this.#until(({ readable }) => readable > last, { ...waiting, wait });
      if (last >= progress.readable) progress = await this.#final(waiting);
      if (last >= progress.readable) {
        throw this.unreadable(Math.max(progress.readable, firstOf(range)), progress.sealed);
      }
    }
    return this.read(range, waiting);
  }
}
function single(index) {
  return { start: index, step: 1, count: 1, drop: false };
}
function firstOf({ start, step, count }) {
  return Math.min(start, start + (count - 1) * step);
}
/** The highest index of a range, -1 when it is empty. */
function lastOf({ start, step, count }) {
  return count === 0 ? -1 : Math.max(start, start + (count - 1) * step);
}

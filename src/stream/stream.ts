import { InvalidArgumentError } from "../errors.js";
import type { DType } from "../ndarray/dtype.js";
import { NdArray, type Value } from "../ndarray/ndarray.js";
import { pointsNeeded } from "../ndarray/slice.js";
import { BLOCK, type RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import type { Entry } from "../redis/replies.js";
import { Deadline } from "../waiting.js";
import { type Encoding, parseEncoding } from "./encoding.js";
import { BEFORE_SEAL, endOf, parseEntry, SEAL_ID, type StreamEntry } from "./entry.js";
import { IndexNotYetThereError, IndexWontBeThereError, trimmed } from "./errors.js";
import { cursorOf, valuesOf } from "./follow.js";
import type { EventSource, FollowableStream, InterpretOptions, ScanGuard } from "./followable.js";
import { PageSize } from "./pages.js";
import { pointValue, type RawPoints } from "./points.js";
import type { CursorOptions, SignalOption, StreamView, WaitOptions } from "./reading.js";
import { readSlice, resolveBounds } from "./slicing.js";
import { EntriesView } from "./view.js";

/** What a scan document says of a stream. */
export interface StreamDescription {
  readonly name: string;
  readonly key: string;
  readonly encoding: Readonly<Record<string, unknown>>;
  readonly info: Readonly<Record<string, unknown>>;
}

/** The end of a stream as last read. */
export interface StreamEnd {
  readonly length: number;
  readonly sealed: boolean;
  /** Id of the last entry, `0-0` before the first. */
  readonly id: string;
}

const NOTHING: StreamEnd = { length: 0, sealed: false, id: "0-0" };

/** A stream of points in Redis: reading by index and slice, waiting, following. */
export class Stream implements EventSource, FollowableStream {
  readonly name: string;
  readonly key: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly plugin = null;
  readonly latestEventOnly = false;
  readonly eventPerPoint = true;
  readonly redis: RedisClient;
  readonly guard: ScanGuard;
  readonly codec: Encoding;
  readonly pageSize: PageSize;
  #seal: StreamEnd | undefined;

  constructor(redis: RedisClient, description: StreamDescription, guard: ScanGuard = async () => false) {
    this.redis = redis;
    this.guard = guard;
    this.name = description.name;
    this.key = description.key;
    this.info = description.info;
    this.codec = parseEncoding(description.encoding, description.name);
    this.pageSize = new PageSize(this.codec.pointBytes);
  }

  get dtype(): DType {
    return this.codec.dtype;
  }

  get shape(): readonly number[] {
    return this.codec.shape;
  }

  get encoding(): Readonly<Record<string, unknown>> {
    return this.codec.description;
  }

  get events(): Stream {
    return this;
  }

  async length(options: SignalOption = {}): Promise<number> {
    return (await this.end(options)).length;
  }

  async isSealed(options: SignalOption = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    if (this.#seal) return true;
    const [seal] = await this.redis.do(commands.xrange(this.key, SEAL_ID, SEAL_ID, 1), options);
    if (seal) this.#notice(parseEntry(seal, this.name));
    return seal !== undefined;
  }

  /** Length and seal in one look. */
  async end(options: SignalOption = {}): Promise<StreamEnd> {
    options.signal?.throwIfAborted();
    if (this.#seal) return this.#seal;
    const last = await this.redis.do(commands.lastEntry(this.key), options);
    return last ? this.#notice(parseEntry(last, this.name)) : NOTHING;
  }

  async first(options: SignalOption = {}): Promise<number> {
    const [first] = await this.redis.do(commands.xrange(this.key, "-", "+", 1), options);
    const entry = first && parseEntry(first, this.name);
    if (!entry) return this.length(options);
    return entry.kind === "points" ? entry.index : endOf(entry);
  }

  async last(options: SignalOption = {}): Promise<{ index: number; value: Value } | undefined> {
    const range = commands.xrevrange(this.key, "+", "-", 2);
    const entries = (await this.redis.do(range, options)).map((entry) => parseEntry(entry, this.name));
    const last = entries.find((entry) => entry.kind === "points");
    if (!last) return undefined;
    const points = new EntriesView([last], this.codec, last.index + last.length - 1, 1).blocks()[0];
    return points && { index: last.index + last.length - 1, value: pointValue(points, 0) };
  }

  async at(index: number, options: WaitOptions = {}): Promise<Value> {
    if (!Number.isSafeInteger(index)) {
      throw new InvalidArgumentError(`An index must be an integer, got ${index}.`, { stream: this.name });
    }
    const deadline = new Deadline(options.timeout);
    const position = index < 0 ? await this.#fromEnd(index, options, deadline) : index;
    const find = commands.xrevrange(this.key, String(position), "-", 1);
    const found = this.#pick(await this.redis.do(find, options), position);
    if (found) return pointValue(found, 0);
    const over = options.wait && !(await this.waitForMore(position, waitOptions(options, deadline)));
    // Together, so that a point arriving in between is not taken for a trimmed one.
    const [entries, last] = await this.redis.atomically([find, commands.lastEntry(this.key)], options);
    const arrived = this.#pick(entries, position);
    if (arrived) return pointValue(arrived, 0);
    const end = last ? this.#notice(parseEntry(last, this.name)) : NOTHING;
    throw this.#notThere(index, position, over ? { ...end, sealed: true } : end);
  }

  /** The point at an index as rows of one; undefined when it is not in Redis now. A single look. */
  async present(index: number, options: SignalOption = {}): Promise<NdArray | undefined> {
    const points = this.#pick(
      await this.redis.do(commands.xrevrange(this.key, String(index), "-", 1), options),
      index,
    );
    if (!points) return undefined;
    const { data } = points;
    // A copy keeps no large entry alive.
    return NdArray.fromRaw(data instanceof Uint8Array ? { ...points, data: new Uint8Array(data) } : points);
  }

  slice(
    start: number | null = null,
    stop: number | null = null,
    step: number | null = null,
    options: WaitOptions = {},
  ): Promise<NdArray> {
    return this.#slice(start, stop, step, options);
  }

  values(options: { from?: number; signal?: AbortSignal } = {}): AsyncIterableIterator<Value> {
    return valuesOf(this, options);
  }

  cursor(options: CursorOptions = {}): AsyncIterableIterator<StreamView> {
    return cursorOf(this, options);
  }

  async interpret(
    events: StreamView,
    position: number,
    options: InterpretOptions,
  ): Promise<StreamView | null> {
    if (events.length === 0) return events.lost > 0 && events.index > position ? events : null;
    const end = events.index + events.length;
    if (position >= end || !(events instanceof EntriesView)) return null;
    if (options.lastOnly) return events.part(end - 1, 1);
    return events.part(position, options.maxPoints);
  }

  async waitForMore(count: number, options: WaitOptions = {}): Promise<boolean> {
    const deadline = new Deadline(options.timeout);
    let closed = false;
    for (;;) {
      const end = await this.end(options);
      if (end.length > count) return true;
      if (end.sealed || closed || !options.wait) return false;
      deadline.check(() => `point ${count} of stream "${this.name}"`);
      const arrived = await this.#block(end.id, deadline, options);
      if (!arrived) closed = await this.guard(options);
    }
  }

  async waitSeal(options: { timeout?: number; signal?: AbortSignal } = {}): Promise<number> {
    const deadline = new Deadline(options.timeout);
    let closed = false;
    while (!(await this.isSealed(options))) {
      if (closed) return this.length(options);
      deadline.check(() => `the seal of stream "${this.name}"`);
      const arrived = await this.#block(BEFORE_SEAL, deadline, options);
      if (!arrived) closed = await this.guard(options);
    }
    return this.length(options);
  }

  /** Waits for an entry after an id; false when none came for a while. */
  async #block(after: string, deadline: Deadline, options: SignalOption): Promise<boolean> {
    const block = Math.min(BLOCK, deadline.left);
    const read = commands.xread(new Map([[this.key, after]]), 1, block);
    const found = await this.redis.blocking(read, options);
    return found.size > 0;
  }

  async #slice(
    start: number | null,
    stop: number | null,
    step: number | null,
    options: WaitOptions,
  ): Promise<NdArray> {
    const deadline = new Deadline(options.timeout);
    const fromEnd = (start ?? 0) < 0 || (stop ?? 0) < 0 || ((step ?? 1) < 0 && start === null);
    if (options.wait) {
      const needed = pointsNeeded([start, stop, step]);
      const waiting = waitOptions(options, deadline);
      await (needed === "end" ? this.waitSeal(waiting) : this.waitForMore(needed - 1, waiting));
    }
    const end = await this.end(options);
    if (fromEnd && !end.sealed && !options.wait) {
      throw new IndexNotYetThereError(
        `Negative indices count from the end, which stream "${this.name}" has only once it is sealed.`,
        { stream: this.name },
      );
    }
    return readSlice(this, resolveBounds(start, stop, step, end.length), options);
  }

  async #fromEnd(index: number, options: WaitOptions, deadline: Deadline): Promise<number> {
    if (options.wait) await this.waitSeal(waitOptions(options, deadline));
    const end = await this.end(options);
    if (!end.sealed && !options.wait) {
      throw new IndexNotYetThereError(
        `Index ${index} counts from the end, which stream "${this.name}" has only once it is sealed.`,
        { stream: this.name, index },
      );
    }
    if (index + end.length < 0) throw this.#notThere(index, index, end);
    return index + end.length;
  }

  /** The point at an index, when the entry found for it holds it. */
  #pick(entries: readonly Entry[], index: number): RawPoints | undefined {
    const entry = entries[0] && parseEntry(entries[0], this.name);
    if (entry?.kind !== "points" || entry.index + entry.length <= index) return undefined;
    return new EntriesView([entry], this.codec, index, 1).blocks()[0];
  }

  #notThere(index: number, position: number, end: StreamEnd): Error {
    const context = { stream: this.name, index };
    if (position >= 0 && position < end.length) return trimmed(this.name, position);
    if (end.sealed) {
      const message = `Stream "${this.name}" was sealed with ${end.length} points: there will be no point ${index}.`;
      return new IndexWontBeThereError(message, context);
    }
    const message = `Stream "${this.name}" has ${end.length} points so far: point ${index} is not there yet.`;
    return new IndexNotYetThereError(message, context);
  }

  #notice(entry: StreamEntry): StreamEnd {
    const end = { length: endOf(entry), sealed: entry.kind === "seal", id: entry.id };
    if (end.sealed) this.#seal = end;
    return end;
  }
}

function waitOptions(options: WaitOptions, deadline: Deadline): WaitOptions {
  return {
    wait: true,
    ...(options.timeout !== undefined && { timeout: deadline.left }),
    ...(options.signal && { signal: options.signal }),
  };
}

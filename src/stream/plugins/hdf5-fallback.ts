import { InvalidArgumentError, isNxliveError, messageOf } from "../../errors.js";
import type { DType } from "../../ndarray/dtype.js";
import { encodeArray } from "../../ndarray/encode.js";
import { NdArray, type Value } from "../../ndarray/ndarray.js";
import type { AxisRange } from "../../ndarray/slice.js";
import * as commands from "../../redis/commands.js";
import { parseEntry } from "../entry.js";
import { IndexNoMoreThereError } from "../errors.js";
import { cursorOf } from "../follow.js";
import type { EventSource, FollowableStream, InterpretOptions } from "../followable.js";
import { entriesFor } from "../pages.js";
import type { PluginContext, StreamPluginFactory } from "../plugin.js";
import { decodePoints, eachPoint, pointValue, type RawPoints } from "../points.js";
import type { CursorOptions, SignalOption, StreamView, WaitOptions } from "../reading.js";
import { resolveBounds } from "../slicing.js";
import { countHdf5Points, readHdf5Points, requireShape } from "./hdf5-points.js";
import { badField, textField } from "./info.js";

/**
 * A plain stream whose points are also in an HDF5 file (blissdata's plugin `hdf5_fallback`): points that were trimmed
 * from Redis are read from there, within slices, iterations and cursors alike.
 */
export class Hdf5FallbackStream implements FollowableStream {
  readonly plugin = "hdf5_fallback";
  readonly latestEventOnly = false;
  readonly eventPerPoint = true;
  readonly events: EventSource;
  readonly info: Readonly<Record<string, unknown>>;
  /** The file that holds all points, and the dataset in it. */
  readonly file: string;
  readonly dataset: string;

  constructor({ events, info, scan }: PluginContext) {
    this.events = events;
    this.info = info;
    this.dataset = textField(info, "data_path");
    // Publishers before blissdata 2.2 name no file: it is the scan's own.
    const file = info.file_path ?? scan.path;
    if (typeof file !== "string" || file === "") throw badField("file_path", file, "a file path");
    this.file = file;
  }

  get name(): string {
    return this.events.name;
  }

  get key(): string {
    return this.events.key;
  }

  get dtype(): DType {
    return this.events.dtype;
  }

  get shape(): readonly number[] {
    return this.events.shape;
  }

  length(options: SignalOption = {}): Promise<number> {
    return this.events.length(options);
  }

  isSealed(options: SignalOption = {}): Promise<boolean> {
    return this.events.isSealed(options);
  }

  async at(index: number, options: WaitOptions = {}): Promise<Value> {
    try {
      return await this.events.at(index, options);
    } catch (error) {
      if (!isNxliveError(error, "ERR_INDEX_NO_MORE_THERE")) throw error;
      const position = index < 0 ? index + (await this.events.length(options)) : index;
      return pointValue(await this.#fromFile(span(position, position + 1), options), 0);
    }
  }

  async slice(
    start: number | null = null,
    stop: number | null = null,
    step: number | null = null,
    options: WaitOptions = {},
  ): Promise<NdArray> {
    try {
      return await this.events.slice(start, stop, step, options);
    } catch (error) {
      if (!isNxliveError(error, "ERR_INDEX_NO_MORE_THERE")) throw error;
    }
    const range = resolveBounds(start, stop, step, await this.events.length(options));
    for (;;) {
      const trimmed = await this.#firstInRedis(options);
      try {
        return await this.#sliceBoth(range, trimmed, options);
      } catch (error) {
        // Trimmed further meanwhile: look again.
        const further = isNxliveError(error, "ERR_INDEX_NO_MORE_THERE") && error.cause === undefined;
        if (!further || (await this.#firstInRedis(options)) <= trimmed) throw error;
      }
    }
  }

  async *values(options: { from?: number; signal?: AbortSignal } = {}): AsyncIterableIterator<Value> {
    for await (const view of this.cursor(options)) {
      const first = view.index - view.lost;
      // Throws, and says why; unless the file has come meanwhile.
      for (let at = first; at < view.index; at += this.#page) {
        const points = span(at, Math.min(view.index, at + this.#page));
        yield* eachPoint(NdArray.fromRaw(await this.#fromFile(points, options)));
      }
      yield* eachPoint(await view.data());
    }
  }

  cursor(options: CursorOptions = {}): AsyncIterableIterator<StreamView> {
    return cursorOf(this, options);
  }

  async interpret(
    events: StreamView,
    position: number,
    options: InterpretOptions,
  ): Promise<StreamView | null> {
    const end = events.index + events.length;
    if (position >= end) return null;
    if (position >= events.index || (options.lastOnly && events.length > 0)) {
      return this.#eventsView(events, position, 0, options);
    }
    const inFile = Math.min(events.index, await this.#pointsInFile());
    if (options.lastOnly && inFile === end) return this.#fileView(span(end - 1, end), options);
    const stop = Math.min(inFile, position + options.maxPoints, position + this.#page);
    if (stop > position) return this.#fileView(span(position, stop), options);
    return this.#eventsView(events, events.index, events.index - position, options);
  }

  /** Points from Redis, of which `lost` before are neither there nor in the file. */
  async #eventsView(
    events: StreamView,
    position: number,
    lost: number,
    options: InterpretOptions,
  ): Promise<StreamView | null> {
    const view = events.length > 0 ? await this.events.interpret(events, position, options) : events;
    if (!view) return null;
    const { index, length } = view;
    return { index, length, lost, data: () => view.data(), raw: () => view.raw() };
  }

  /** How many points are read from the file at once. */
  get #page(): number {
    return entriesFor(this.events.codec.pointBytes ?? 1_024);
  }

  /** How many points the file holds now, 0 when it cannot be read. */
  #pointsInFile(): Promise<number> {
    return countHdf5Points(this.file, this.dataset).catch(() => 0);
  }

  #fileView(range: AxisRange, options: SignalOption): StreamView {
    const read = () => this.#fromFile(range, options);
    return {
      index: range.start,
      length: range.count,
      lost: 0,
      data: async () => NdArray.fromRaw(await read()),
      raw: async () => [await read()],
    };
  }

  /** The part of the range that was trimmed from the file, the rest from Redis. */
  async #sliceBoth(range: AxisRange, trimmed: number, options: SignalOption): Promise<NdArray> {
    const { start, step, count } = range;
    // Points k = 0 … count - 1 lie at start + k · step; those below `trimmed` come first, or last when going backwards.
    const below =
      step > 0 ? Math.ceil((trimmed - start) / step) : count - Math.floor((start - trimmed) / -step) - 1;
    const fileCount = Math.min(count, Math.max(0, below));
    const redisCount = count - fileCount;
    const fileStart = step > 0 ? start : start + redisCount * step;
    const redisStart = step > 0 ? start + fileCount * step : start;
    const file =
      fileCount > 0 ? [await this.#fromFile({ ...range, start: fileStart, count: fileCount }, options)] : [];
    const redis =
      redisCount > 0
        ? [await this.#fromRedis({ ...range, start: redisStart, count: redisCount }, options)]
        : [];
    return decodePoints(step > 0 ? [...file, ...redis] : [...redis, ...file], this.dtype, this.shape);
  }

  async #fromRedis({ start, step, count }: AxisRange, options: SignalOption): Promise<RawPoints> {
    const end = start + count * step;
    const array = await this.events.slice(start, end < 0 ? null : end, step, options);
    const { bytes, shape } = encodeArray(array, this.dtype);
    return { dtype: this.dtype, shape, data: bytes };
  }

  /** Points from the file, in the stream's dtype. What keeps them from being read is the error's cause. */
  async #fromFile(range: AxisRange, options: SignalOption): Promise<RawPoints> {
    options.signal?.throwIfAborted();
    try {
      const points = await readHdf5Points(this.file, this.dataset, range, options);
      requireShape(points.shape.slice(1), this.shape, this.file);
      if (points.dtype === this.dtype) return points;
      const { bytes, shape } = encodeArray(NdArray.fromRaw(points), this.dtype);
      return { dtype: this.dtype, shape, data: bytes };
    } catch (cause) {
      options.signal?.throwIfAborted();
      const last = range.start + (range.count - 1) * range.step;
      throw new IndexNoMoreThereError(
        `Points ${range.start} to ${last} of stream "${this.name}" were trimmed from Redis, and cannot be read from "${this.file}::${this.dataset}": ${messageOf(cause)}`,
        { stream: this.name, path: this.file, index: range.start, cause },
      );
    }
  }

  /** The first point that Redis still has. */
  async #firstInRedis(options: SignalOption): Promise<number> {
    const [first] = await this.events.redis.do(commands.xrange(this.key, "-", "+", 1), options);
    return first ? parseEntry(first, this.name).index : 0;
  }
}

function span(start: number, stop: number): AxisRange {
  return { start, step: 1, count: stop - start, drop: false };
}

/** The plugin for file-backed streams; only numbers can be. */
export const hdf5FallbackPlugin: StreamPluginFactory = (context) => {
  if (context.events.dtype === "json") {
    throw new InvalidArgumentError("A json stream cannot be backed by a file.", {
      stream: context.events.name,
    });
  }
  return new Hdf5FallbackStream(context);
};

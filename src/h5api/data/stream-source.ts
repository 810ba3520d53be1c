import { parsePlainJson } from "../../json-text.js";
import { NdArray } from "../../ndarray/ndarray.js";
import { type AxisRange, lowestIndex } from "../../ndarray/slice.js";
import { takeArray, wholeAxis } from "../../ndarray/take.js";
import { IndexNoMoreThereError, StreamFormatError } from "../../stream/errors.js";
import type { FollowableStream } from "../../stream/followable.js";
import type { SignalOption, WaitOptions } from "../../stream/reading.js";
import { Stream } from "../../stream/stream.js";
import { withTimeout } from "../../waiting.js";
import type { Waits } from "../waits.js";
import { joinAll, joinRows, padRows } from "./join.js";
import type { DataSource, FollowOptions, Growth, Rows } from "./source.js";
import { VariableShape } from "./variable-shape.js";

/** What a live dataset may ask of the file that it is in. */
export interface LiveSupport {
  /** What the file on disk holds of the same dataset, if there is one. */
  readonly onDisk: (options: SignalOption) => Promise<DataSource | undefined>;
  /** Throws when the scan is gone: an empty stream may be one that was deleted. */
  readonly checkScan: (options: SignalOption) => Promise<void>;
  /** Waits end when the file is closed. */
  readonly waits: Waits;
}

/** Points of a trimmed stretch that are read from the file at once. */
const PAGE = 1000;

/** The live data of a stream: shape (points, …point). Points trimmed from Redis are read from the file, if there is one. */
export class StreamSource implements DataSource, Growth {
  readonly stream: FollowableStream;
  readonly chunks = null;
  readonly #support: LiveSupport;
  readonly #variable: VariableShape | undefined;

  constructor(stream: FollowableStream, support: LiveSupport) {
    this.stream = stream;
    this.#support = support;
    if (stream.shape.includes(-1)) this.#variable = new VariableShape(stream);
  }

  get dtype() {
    return this.stream.dtype;
  }

  get maxshape(): readonly (number | null)[] {
    return [null, ...this.stream.shape.map((length) => (length < 0 ? null : length))];
  }

  get growth(): Growth {
    return this;
  }

  async shape(options: SignalOption = {}): Promise<readonly number[]> {
    const length = await this.stream.length(options);
    if (length === 0) await this.#support.checkScan(options);
    return this.shapeOf(length, options);
  }

  async shapeOf(length: number, options: SignalOption = {}): Promise<readonly number[]> {
    return [length, ...(await this.#pointShape(length, options))];
  }

  async read(ranges: readonly AxisRange[], options: WaitOptions = {}): Promise<NdArray> {
    const [points = wholeAxis(0), ...inner] = ranges;
    try {
      if (this.stream.plugin === null || !options.wait) return await this.#readLive(points, inner, options);
      return await this.#support.waits.during(options.signal, (signal) =>
        this.#readLive(points, inner, { ...options, signal }),
      );
    } catch (error) {
      if (!(error instanceof IndexNoMoreThereError)) throw error;
      return this.#readTrimmed(points, inner, error, options);
    }
  }

  async reach(count: number | "end", options: WaitOptions): Promise<boolean> {
    const { stream } = this;
    if (count === 0 || (count !== "end" && (await stream.length(options)) >= count)) return count !== 0;
    if (await stream.isSealed(options)) return false;
    await this.#support.checkScan(options); // nobody would end the wait for a stream that was deleted
    return this.#support.waits.during(options.signal, (signal) => this.#wait(count, { ...options, signal }));
  }

  async #wait(count: number | "end", options: WaitOptions): Promise<boolean> {
    const { stream } = this;
    const limits = { ...options, wait: true };
    if (stream.plugin === null) {
      if (count !== "end") return stream.events.waitForMore(count - 1, limits);
      await stream.events.waitSeal(limits);
      return false;
    }
    // An empty slice far out waits for the points before it, and reads none.
    const target = count === "end" ? Number.MAX_SAFE_INTEGER : count;
    await stream.slice(target, target, 1, limits);
    return count !== "end" && (await stream.length(options)) >= count;
  }

  /** With the blocking read that brings the points: nothing has to be asked for after they arrive. */
  async collect(start: number, stop: number, options: WaitOptions): Promise<NdArray | undefined> {
    const { stream } = this;
    if (stream.plugin !== null || this.#variable) return undefined;
    const point = stop === start + 1 && stream instanceof Stream && (await stream.present(start, options));
    if (point) return point;
    const length = await stream.length(options);
    if (length >= stop || (await stream.isSealed(options))) return undefined;
    if (length === 0) await this.#support.checkScan(options);
    const what = () => `points ${start} to ${stop - 1} of stream "${stream.name}"`;
    return this.#support.waits.during(options.signal, (closing) =>
      withTimeout(options.timeout, closing, what, (signal) =>
        this.#gather(start, stop, signal ? { signal } : {}),
      ),
    );
  }

  async #gather(start: number, stop: number, options: SignalOption): Promise<NdArray> {
    const parts: NdArray[] = [];
    for await (const rows of this.#follow({ from: start, ...options })) {
      const count = Math.min(rows.length, stop - rows.index);
      parts.push(takeArray(await rows.read(), [wholeAxis(count)]));
      if (rows.index + rows.length >= stop) break;
    }
    return joinAll(parts) ?? (await this.stream.slice(0, 0, 1, options));
  }

  ended(options: SignalOption): Promise<boolean> {
    return this.stream.isSealed(options);
  }

  /** As the stream's own cursor; points that were trimmed come from the file. */
  async *follow(options: FollowOptions): AsyncGenerator<Rows, undefined, undefined> {
    const wait = this.#support.waits.begin(options.signal);
    try {
      yield* this.#follow({ ...options, signal: wait.signal });
    } finally {
      wait.end();
    }
  }

  async *#follow(options: FollowOptions): AsyncGenerator<Rows, undefined, undefined> {
    for await (const view of this.stream.cursor(options)) {
      if (view.lost > 0) yield* this.#lost(view.index - view.lost, view.index, options);
      if (view.length > 0) yield { index: view.index, length: view.length, read: () => view.data() };
    }
  }

  async *#lost(
    start: number,
    stop: number,
    options: FollowOptions,
  ): AsyncGenerator<Rows, undefined, undefined> {
    const limit = Math.min(PAGE, options.maxPoints ?? PAGE);
    const inner = (await this.#pointShape(stop, options)).map(wholeAxis);
    for (let index = start; index < stop; index += limit) {
      const length = Math.min(limit, stop - index);
      const ranges = [{ start: index, step: 1, count: length, drop: false }, ...inner];
      yield { index, length, read: () => this.read(ranges, options) };
    }
  }

  /** One point's extent; where it varies, the largest one so far, which the others are padded to. */
  async #pointShape(length: number, options: SignalOption): Promise<readonly number[]> {
    if (!this.#variable) return this.stream.shape;
    const live = await this.#variable.upTo(length, options);
    if (this.#variable.complete) return live;
    const file = await this.#support.onDisk(options);
    const saved = await file?.shape(options);
    return live.map((extent, axis) => Math.max(extent, saved?.[axis + 1] ?? 0));
  }

  async #readLive(points: AxisRange, inner: readonly AxisRange[], options: WaitOptions): Promise<NdArray> {
    const { stream } = this;
    const { start, step, count } = points;
    // Plain streams hold every point that they count; what a plugin counts may not be readable yet.
    const waiting = stream.plugin === null ? { ...options, wait: false } : options;
    if (stream.readPart && inner.length > 0 && count > 0) return stream.readPart(points, inner, waiting);
    const stop = start + step * count;
    const rows = await stream.slice(start, count === 0 ? start : stop < 0 ? null : stop, step, waiting);
    if (stream.plugin !== null) requirePoints(rows.shape, count, stream);
    const largest = this.#variable && (await this.#pointShape(Math.max(start, stop), options));
    return takeArray(largest ? padRows(rows, largest) : rows, [wholeAxis(count), ...inner]);
  }

  /** What is gone from Redis is in the file; what is not in the file yet is in Redis. */
  async #readTrimmed(
    points: AxisRange,
    inner: readonly AxisRange[],
    trimmed: IndexNoMoreThereError,
    options: WaitOptions,
  ): Promise<NdArray> {
    const file = await this.#support.onDisk(options);
    const saved = (await file?.shape(options))?.[0] ?? 0;
    const first = lowestIndex(points);
    if (!file || saved <= first) throw trimmed;
    const step = Math.abs(points.step);
    const older = Math.min(points.count, Math.ceil((saved - first) / step));
    const newer = points.count - older;
    const forwards = points.step > 0;
    const olderPart = { ...points, count: older, start: forwards ? first : first + step * (older - 1) };
    const reading = this.#readSaved(file, olderPart, inner, options);
    if (newer === 0) return reading;
    const newerPart = { ...points, count: newer, start: forwards ? first + step * older : points.start };
    const [head, tail] = await Promise.all([reading, this.#readLive(newerPart, inner, options)]);
    return forwards ? joinRows(head, tail) : joinRows(tail, head);
  }

  /** Points in the file. JSON values are texts there, and points of varying size may be padded to less than here. */
  async #readSaved(
    file: DataSource,
    points: AxisRange,
    inner: readonly AxisRange[],
    options: SignalOption,
  ): Promise<NdArray> {
    if (this.#variable) {
      const largest = await this.#pointShape(0, options);
      const there = ((await file.shape(options)) ?? []).slice(1);
      const rows = padRows(await file.read([points, ...there.map(wholeAxis)], options), largest);
      return takeArray(rows, [wholeAxis(points.count), ...inner]);
    }
    const saved = await file.read([points, ...inner], options);
    if (this.dtype !== "json" || saved.dtype !== "str") return saved;
    return new NdArray((saved.data as readonly string[]).map(parsePlainJson), saved.shape, "json");
  }
}

/** A dataset that is one point of a stream, without the leading axis (a `ct` in layouts derived from scan_info). */
export function singlePointSource(source: StreamSource): DataSource {
  const { stream } = source;
  return {
    dtype: source.dtype,
    maxshape: stream.shape.map((length) => (length < 0 ? null : length)),
    chunks: null,
    shape: async (options) => (await source.shape(options)).slice(1),
    async read(ranges, options = {}) {
      const point = { start: 0, step: 1, count: 1, drop: true };
      if (options.wait) await source.reach(1, options);
      const array = await source.read([point, ...ranges], options);
      return takeArray(array.row(0), []);
    },
  };
}

/** What a plugin gives may be of another shape than its stream: parts of it would be those of other places. */
function requirePoints([count, ...point]: readonly number[], wanted: number, stream: FollowableStream): void {
  const { shape } = stream;
  const fits =
    point.length === shape.length && point.every((length, axis) => [length, -1].includes(shape[axis] ?? 0));
  if (count === wanted && fits) return;
  throw new StreamFormatError(
    `The plugin "${stream.plugin}" gave ${count} points of shape [${point}] for ${wanted} points of stream "${stream.name}", whose shape is [${shape}].`,
    { stream: stream.name },
  );
}

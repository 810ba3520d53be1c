import { isJsonObject } from "../json.js";
import { NdArray, type Value } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";
import { StreamFormatError } from "../stream/errors.js";
import { cursorOf, valuesOf } from "../stream/follow.js";
import type { EventSource, FollowableStream, InterpretOptions } from "../stream/followable.js";
import type { PluginContext, ScanAccess, StreamPluginFactory } from "../stream/plugin.js";
import type { CursorOptions, SignalOption, StreamView, WaitOptions } from "../stream/reading.js";
import { Scan } from "./scan.js";

/**
 * A stream of references to other scans (blissdata's plugin `scan_sequence`): the points are the scans' keys, as text.
 * `scans()` gives the scans themselves.
 */
export class ScanSequenceStream implements FollowableStream {
  readonly plugin = "scan_sequence";
  readonly dtype = "str";
  readonly shape: readonly number[] = [];
  readonly latestEventOnly = false;
  readonly eventPerPoint = true;
  readonly events: EventSource;
  readonly info: Readonly<Record<string, unknown>>;
  readonly #scan: ScanAccess;

  constructor({ events, info, scan }: PluginContext) {
    this.events = events;
    this.info = info;
    this.#scan = scan;
  }

  get name(): string {
    return this.events.name;
  }

  get key(): string {
    return this.events.key;
  }

  length(options: SignalOption = {}): Promise<number> {
    return this.events.length(options);
  }

  isSealed(options: SignalOption = {}): Promise<boolean> {
    return this.events.isSealed(options);
  }

  /** The key of one scan. */
  async at(index: number, options: WaitOptions = {}): Promise<string> {
    return this.#keyOf(await this.events.at(index, options));
  }

  async slice(
    start: number | null = null,
    stop: number | null = null,
    step: number | null = null,
    options: WaitOptions = {},
  ): Promise<NdArray> {
    return this.#keysOf(await this.events.slice(start, stop, step, options));
  }

  values(options: { from?: number; signal?: AbortSignal } = {}): AsyncIterableIterator<Value> {
    return valuesOf(this, options);
  }

  cursor(options: CursorOptions = {}): AsyncIterableIterator<StreamView> {
    return cursorOf(this, options);
  }

  /** The scans, as they are added to the sequence, to its end. One that was deleted is a ScanNotFoundError. */
  async *scans(
    options: { from?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Scan, undefined, undefined> {
    for await (const key of this.values(options)) yield await this.#load(String(key), options);
  }

  /** One scan of the sequence. */
  async scan(index: number, options: WaitOptions = {}): Promise<Scan> {
    return this.#load(await this.at(index, options), options);
  }

  async interpret(
    events: StreamView,
    position: number,
    options: InterpretOptions,
  ): Promise<StreamView | null> {
    const view = await this.events.interpret(events, position, options);
    if (!view) return null;
    const { index, length, lost } = view;
    const data = async () => this.#keysOf(await view.data());
    const raw = async (): Promise<RawArray[]> => {
      const keys = await data();
      return [{ dtype: "str", shape: keys.shape, data: [...keys.data] }];
    };
    return { index, length, lost, data, raw };
  }

  async #load(key: string, { signal }: SignalOption): Promise<Scan> {
    const scan = await this.#scan.loadScan(key, signal ? { signal } : {});
    if (scan instanceof Scan) return scan;
    throw new StreamFormatError(`"${key}" in stream "${this.name}" is no scan.`, { stream: this.name });
  }

  #keysOf(events: NdArray): NdArray {
    const keys = Array.from(events.data, (event) => this.#keyOf(event));
    return new NdArray(keys, events.shape, "str");
  }

  #keyOf(event: Value): string {
    if (isJsonObject(event) && typeof event.key === "string") return event.key;
    throw new StreamFormatError(
      `An entry of stream "${this.name}" names no scan: expected {"key": "esrf:scan:…"}, got ${JSON.stringify(event)}.`,
      { stream: this.name },
    );
  }
}

export const scanSequencePlugin: StreamPluginFactory = (context) => new ScanSequenceStream(context);

import type { NxliveError } from "../errors.js";
import type { DType } from "../ndarray/dtype.js";
import type { RedisClient } from "../redis/client.js";
import type { Encoding } from "./encoding.js";
import { cursorOf, valuesOf } from "./follow.js";
import type { EventSource, ScanGuard } from "./followable.js";
import { PageSize } from "./pages.js";
import type { CursorOptions, StreamView } from "./reading.js";

/** A stream that cannot be read: its name and info are known, and every call rejects with the reason. */
export class BrokenStream implements EventSource {
  readonly name: string;
  readonly key: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly encoding: Readonly<Record<string, unknown>>;
  readonly plugin: string | null;
  readonly failure: NxliveError;
  readonly redis: RedisClient;
  readonly dtype: DType = "json";
  readonly shape: readonly number[] = [];
  readonly latestEventOnly = false;
  readonly eventPerPoint = true;
  readonly guard: ScanGuard = async () => false;
  readonly pageSize = new PageSize();

  constructor(
    redis: RedisClient,
    stream: Pick<EventSource, "name" | "key" | "info" | "encoding">,
    plugin: string | null,
    failure: NxliveError,
  ) {
    this.redis = redis;
    this.name = stream.name;
    this.key = stream.key;
    this.info = stream.info;
    this.encoding = stream.encoding;
    this.plugin = plugin;
    this.failure = failure;
  }

  get events(): this {
    return this;
  }

  get codec(): Encoding {
    return { description: this.encoding, dtype: "json", shape: [], encode: this.#throw, decode: this.#throw };
  }

  length = (): Promise<never> => this.#reject();
  isSealed = (): Promise<never> => this.#reject();
  at = (): Promise<never> => this.#reject();
  slice = (): Promise<never> => this.#reject();
  first = (): Promise<never> => this.#reject();
  last = (): Promise<never> => this.#reject();
  waitForMore = (): Promise<never> => this.#reject();
  waitSeal = (): Promise<never> => this.#reject();
  interpret = (): Promise<never> => this.#reject();

  values(): AsyncIterableIterator<never> {
    return valuesOf(this) as AsyncIterableIterator<never>;
  }

  cursor(options?: CursorOptions): AsyncIterableIterator<StreamView> {
    return cursorOf(this, options);
  }

  #throw = (): never => {
    throw this.failure;
  };

  #reject(): Promise<never> {
    return Promise.reject(this.failure);
  }
}

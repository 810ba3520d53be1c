import { InvalidArgumentError, type NxliveError } from "../errors.js";
import type { DType } from "../ndarray/dtype.js";
import type { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { RedisCommandError } from "../redis/errors.js";
import { abortable, SharedCall, withTimeout } from "../waiting.js";
import type { EncodedPoints, Encoding } from "./encoding.js";
import { endOf, parseEntry } from "./entry.js";
import { SecondPublisherError, StreamSealedError } from "./errors.js";
import type { SignalOption } from "./reading.js";
import type { Sender, Sink } from "./sink.js";

/** Larger batches become several entries, so that readers can take them page by page. */
const ENTRY_BYTES = 4 * 2 ** 20;
/** What Redis takes as one value by default (proto-max-bulk-len). */
const LARGEST_VALUE = 512 * 2 ** 20;

export interface FlushOptions extends SignalOption {
  /** Milliseconds; then TimeoutError. Default: no limit. */
  readonly timeout?: number;
}

/** The writing side of a stream. There is one per stream; anyone may seal it. */
export class StreamPublisher {
  /** The name by which readers find it in `scan.streams`. */
  readonly name: string;
  /** The Redis key of its entries. */
  readonly key: string;
  /** What readers are told of it: unit, plugin, …. */
  readonly info: Readonly<Record<string, unknown>>;
  readonly #redis: RedisClient;
  readonly #sink: Sink;
  readonly #encoding: Encoding;
  readonly #sender: Sender;
  #position: number;
  #sealing: SharedCall<number> | undefined;
  #told = false;

  constructor(
    redis: RedisClient,
    sink: Sink,
    stream: {
      readonly name: string;
      readonly key: string;
      readonly encoding: Encoding;
      readonly info: Readonly<Record<string, unknown>>;
      /** Points published before, by another process. */
      readonly position?: number;
    },
  ) {
    this.#redis = redis;
    this.#sink = sink;
    this.name = stream.name;
    this.key = stream.key;
    this.info = stream.info;
    this.#encoding = stream.encoding;
    this.#position = stream.position ?? 0;
    this.#sender = { name: stream.name, key: stream.key, accepted: this.#position, failure: undefined };
  }

  /** dtype of the points; `json` for JSON streams. */
  get dtype(): DType {
    return this.#encoding.dtype;
  }

  /** Shape of one point; -1 where it varies. */
  get shape(): readonly number[] {
    return this.#encoding.shape;
  }

  /** How the document describes the entries. */
  get encoding(): Readonly<Record<string, unknown>> {
    return this.#encoding.description;
  }

  /** Points sent so far, acknowledged or not. */
  get position(): number {
    return this.#position;
  }

  /** What went wrong, as soon as it is known. */
  get failure(): NxliveError | undefined {
    return this.#sender.failure;
  }

  /** True once a call was rejected with the failure. */
  get told(): boolean {
    return this.#told;
  }

  /**
   * Sends one point or several, as numbers, nested arrays, typed arrays, NdArrays or raw bytes (`RawArray`); a JSON
   * stream takes one value. What does not fit the dtype or shape is an InvalidArgumentError and nothing is sent. The
   * points are copied, and on their way when this returns; the promise resolves when more may be sent: await it, to keep
   * memory bounded. What went wrong with earlier points (a second publisher, Redis out of memory …) rejects the next
   * call, and `flush` and `seal`.
   */
  send(points: unknown, options: SignalOption = {}): Promise<void> {
    const sent = this.#send(points, options);
    sent.catch(() => {}); // also those who do not await learn of it, at the next call and at the seal
    return sent;
  }

  /** Resolves when Redis has acknowledged everything sent. */
  async flush(options: FlushOptions = {}): Promise<void> {
    const waiting = () => `Redis to take the points of stream "${this.name}"`;
    await withTimeout(options.timeout, options.signal, waiting, (signal) =>
      this.#sink.flushed(this.#sender, () => this.#position, signal),
    );
    this.#tell();
  }

  /**
   * Ends the stream: its length. Sealing again is harmless. A stream that failed is sealed all the same, so that nobody
   * waits for what will not come, and then the failure is thrown; only another publisher's stream is left open.
   */
  async seal(options: FlushOptions = {}): Promise<number> {
    options.signal?.throwIfAborted();
    this.#sealing ??= new SharedCall((signal) => this.#seal(signal));
    const sealing = this.#sealing;
    const waiting = () => `stream "${this.name}" to be sealed`;
    try {
      const length = await withTimeout(options.timeout, options.signal, waiting, (signal) =>
        sealing.wait(signal),
      );
      this.#tell();
      return length;
    } finally {
      if (sealing.failed && this.#sealing === sealing) this.#sealing = undefined; // not sealed: may be tried again
    }
  }

  async #send(points: unknown, options: SignalOption): Promise<void> {
    options.signal?.throwIfAborted();
    this.#tell();
    if (this.#sealing) {
      throw new StreamSealedError(`Stream "${this.name}" is sealed: it takes no more points.`, {
        stream: this.name,
      });
    }
    let room = Promise.resolve();
    for (const { payload, length } of this.#parts(points)) {
      room = this.#sink.send(this.#sender, this.#position, length, payload);
      this.#position += length;
    }
    await abortable(room, options.signal);
    this.#tell();
  }

  /** Cuts large batches of equal points into several entries. */
  #parts(points: unknown): EncodedPoints[] {
    const encoded = this.#encode(points);
    const { pointBytes } = this.#encoding;
    const size = encoded.payload.byteLength;
    if (pointBytes === undefined || size <= ENTRY_BYTES || encoded.length === 1) {
      if (size > LARGEST_VALUE) {
        throw new InvalidArgumentError(
          `${size} bytes are more than Redis takes as one value (512 MiB): send fewer points at a time into stream "${this.name}".`,
          { stream: this.name },
        );
      }
      return [encoded];
    }
    const step = Math.max(1, Math.floor(ENTRY_BYTES / pointBytes));
    const parts: EncodedPoints[] = [];
    for (let start = 0; start < encoded.length; start += step) {
      const length = Math.min(step, encoded.length - start);
      const payload = encoded.payload.subarray(start * pointBytes, (start + length) * pointBytes);
      parts.push({ payload, length });
    }
    return parts;
  }

  #encode(points: unknown): EncodedPoints {
    try {
      return this.#encoding.encode(points);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new InvalidArgumentError(`Stream "${this.name}": ${error.message}`, {
        stream: this.name,
        cause: error,
      });
    }
  }

  #tell(): void {
    if (!this.#sender.failure) return;
    this.#told = true;
    throw this.#sender.failure;
  }

  async #seal(signal: AbortSignal): Promise<number> {
    await this.flush({ signal }).catch((error) => {
      if (error !== this.#sender.failure || error instanceof SecondPublisherError) throw error;
    });
    return sealStream(this.#redis, this.key, { signal });
  }
}

/** Seals a stream, whoever publishes it: its length, also when it is sealed already. */
export async function sealStream(
  redis: RedisClient,
  key: string,
  options: SignalOption = {},
): Promise<number> {
  try {
    return await redis.do({ ...commands.sealStream(key), repeatable: true }, options);
  } catch (error) {
    if (!(error instanceof RedisCommandError) || !error.message.includes("is already sealed")) throw error;
    const last = await redis.do(commands.lastEntry(key), options);
    return last ? endOf(parseEntry(last, key)) : 0;
  }
}

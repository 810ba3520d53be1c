import { InvalidArgumentError } from "../errors.js";
import { parseExactJson } from "../json.js";
import { type DType, nameOfDtype } from "../ndarray/dtype.js";
import * as commands from "../redis/commands.js";
import { isConnectionError } from "../redis/errors.js";
import { streamKey } from "../redis/keys.js";
import { createEncoding, type Encoding, parseEncoding } from "../stream/encoding.js";
import { StreamSealedError } from "../stream/errors.js";
import { StreamPublisher, sealStream } from "../stream/publisher.js";
import type { SignalOption } from "../stream/reading.js";
import type { Sink } from "../stream/sink.js";
import { Stream } from "../stream/stream.js";
import {
  formatDocument,
  formatInfo,
  keysOf,
  requirePublishable,
  type ScanDocument,
  type StreamDocument,
} from "./document.js";
import { ScanStateError } from "./errors.js";
import { type LoadedScan, stateOf } from "./loading.js";
import { newPk } from "./pk.js";
import { Scan, type ScanContext } from "./scan.js";
import { type ScanState, stateNumber } from "./state.js";

export interface StreamOptions {
  /** NumPy's array-interface form (`<f8`, `>u2`, `|b1` …) or name (`float64`), or `json`. */
  readonly dtype: DType;
  /** Shape of one point, -1 where it varies; default: scalars. */
  readonly shape?: readonly number[];
  /** Free description: `unit`, `dim` …; `plugin` and what that plugin needs, for streams of events. */
  readonly info?: Readonly<Record<string, unknown>>;
}

export interface PublishingContext extends ScanContext {
  readonly sink: Sink;
}

/** A scan as its publisher sees it. Streams are declared before `prepare`; `info` may change before it and before `close`. */
export class PublishedScan extends Scan {
  readonly #sink: Sink;
  readonly #declared: Map<string, StreamDocument>;
  readonly #publishers = new Map<string, StreamPublisher>();
  #savedInfo: string;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(context: PublishingContext, loaded: LoadedScan) {
    super(context, loaded);
    this.#sink = context.sink;
    this.#declared = new Map(loaded.document.streams);
    this.#savedInfo = formatInfo(loaded.document.info, this.key);
    this.setInfo(parseInfo(this.#savedInfo));
  }

  /** Numbers keep the kinds that they were loaded with: a `JsonDecimal` is float64 in a file, an integer int64. */
  override get info(): Record<string, unknown> {
    return super.info;
  }

  override set info(info: Record<string, unknown>) {
    this.setInfo(info);
  }

  /**
   * Declares a stream and gives its writing side. Errors: ScanStateError once the scan is prepared, InvalidArgumentError
   * for a name that is taken, an unknown dtype or shape.
   */
  createStream(name: string, options: StreamOptions): StreamPublisher {
    if (this.state !== "CREATED") {
      throw new ScanStateError(
        `Stream "${name}" comes too late: streams are declared before prepare(), scan ${this.key} is ${this.state}.`,
        { scan: this.key, stream: name },
      );
    }
    if (name === "" || this.#declared.has(name)) {
      const reason =
        name === "" ? "A stream needs a name" : `Scan ${this.key} already has a stream "${name}"`;
      throw new InvalidArgumentError(`${reason}.`, { scan: this.key, stream: name });
    }
    const encoding = createEncoding(options.dtype, options.shape);
    const info = streamInfo(encoding, options.info ?? {});
    const pk = newPk();
    this.#declared.set(name, { pk, encoding: encoding.description, info });
    return this.#publisher(name, streamKey(pk), encoding, info, 0);
  }

  /**
   * The writing side of a stream that was declared by another process, which must not write it: points go on where the
   * stream ends. Errors: InvalidArgumentError for an unknown name, StreamSealedError.
   */
  async openStream(name: string, options: SignalOption = {}): Promise<StreamPublisher> {
    const own = this.#publishers.get(name);
    if (own) return own;
    const document = this.#declared.get(name);
    if (!document)
      throw new InvalidArgumentError(`Scan ${this.key} has no stream "${name}".`, { scan: this.key });
    const encoding = parseEncoding(document.encoding, name);
    const key = streamKey(document.pk);
    const stream = new Stream(this.context.redis, {
      name,
      key,
      encoding: encoding.description,
      info: document.info,
    });
    const end = await stream.end(options);
    if (end.sealed) {
      throw new StreamSealedError(`Stream "${name}" is sealed: it takes no more points.`, { stream: name });
    }
    return this.#publisher(name, key, encoding, document.info, end.length);
  }

  /** All keys in Redis that belong to the scan. */
  get keys(): readonly string[] {
    return keysOf(this.document);
  }

  /** CREATED → PREPARED: readers now see the streams and the info. */
  prepare(options: SignalOption = {}): Promise<void> {
    return this.#change("PREPARED", options);
  }

  /** PREPARED → STARTED. */
  start(options: SignalOption = {}): Promise<void> {
    return this.#change("STARTED", options);
  }

  /** STARTED → STOPPED, after this publisher's streams are sealed. What a stream still had to report is thrown afterwards. */
  stop(options: SignalOption = {}): Promise<void> {
    return this.#change("STOPPED", options);
  }

  /** Any state → CLOSED, after this publisher's streams are sealed. Closing again does nothing. */
  close(options: SignalOption = {}): Promise<void> {
    return this.#change("CLOSED", options);
  }

  /** Seals all streams of the scan, whoever writes them. */
  async sealAll(options: SignalOption = {}): Promise<void> {
    const keys = [...this.#declared.values()].filter(({ pk }) => pk !== "").map(({ pk }) => streamKey(pk));
    await Promise.all(keys.map((key) => sealStream(this.context.redis, key, options)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #publisher(
    name: string,
    key: string,
    encoding: Encoding,
    info: Readonly<Record<string, unknown>>,
    position: number,
  ): StreamPublisher {
    const publisher = new StreamPublisher(this.context.redis, this.#sink, {
      name,
      key,
      encoding,
      info,
      position,
    });
    this.#publishers.set(name, publisher);
    return publisher;
  }

  /** One change after the other, however they are called. */
  #change(state: ScanState, options: SignalOption): Promise<void> {
    const change = this.#changing.then(() => this.#transition(state, options));
    this.#changing = change.catch(() => {});
    return change;
  }

  async #transition(state: ScanState, options: SignalOption): Promise<void> {
    options.signal?.throwIfAborted();
    if (state === "CLOSED" && this.state === "CLOSED") return;
    if (state !== "CLOSED" && stateNumber(this.state) !== stateNumber(state) - 1) {
      throw new ScanStateError(`Scan ${this.key} is ${this.state}: it cannot become ${state}.`, {
        scan: this.key,
      });
    }
    const text = formatInfo(this.info, this.key);
    if (text !== this.#savedInfo) {
      if (state !== "PREPARED" && state !== "CLOSED") {
        throw new ScanStateError(
          `The info of scan ${this.key} was changed before it became ${state}: it may change only before prepare() and close().`,
          { scan: this.key },
        );
      }
      requirePublishable(text, this.key);
    }
    const failure = state === "STOPPED" || state === "CLOSED" ? await this.#seal(options) : undefined;
    await this.#save(state, text, options);
    if (failure) throw failure;
  }

  /** Seals this publisher's streams; gives the first failure that nobody has been told yet. */
  async #seal(options: SignalOption): Promise<Error | undefined> {
    const publishers = [...this.#publishers.values()];
    const untold = publishers.filter((publisher) => !publisher.told);
    await Promise.allSettled(publishers.map((publisher) => publisher.seal(options)));
    options.signal?.throwIfAborted();
    return untold.map((publisher) => publisher.failure).find((failure) => failure !== undefined);
  }

  async #save(state: ScanState, info: string, options: SignalOption): Promise<void> {
    const document: ScanDocument = {
      ...this.document,
      info: parseInfo(info),
      streams: this.#declared,
    };
    const stateKey = streamKey(document.statePk);
    const write = [
      commands.jsonSet(this.key, formatDocument(document)),
      commands.xadd(stateKey, "*", ["state", stateNumber(state)]),
    ] as const;
    const stateId = await this.#write(write, stateKey, state, options);
    const current = this.info;
    this.accept({ document, state, stateId });
    this.setInfo(current); // the publisher's own object, which it may go on changing
    this.#savedInfo = info;
  }

  /** Writes until it is known to be written: a connection that breaks meanwhile leaves it open. */
  async #write(
    write: readonly [commands.Command<void>, commands.Command<string>],
    stateKey: string,
    state: ScanState,
    options: SignalOption,
  ): Promise<string> {
    for (;;) {
      try {
        const [, id] = await this.context.redis.atomically(write, options);
        return id;
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        const last = await this.context.redis.do(commands.lastEntry(stateKey), options);
        if (last && stateOf(last, this.key) === state) return last.id;
      }
    }
  }
}

function parseInfo(text: string): Record<string, unknown> {
  return parseExactJson(text) as Record<string, unknown>;
}

/** Streams of numbers say what they hold; those of a plugin say it of what the plugin makes of them. */
function streamInfo(encoding: Encoding, info: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (encoding.dtype === "json") return { ...info };
  const facts = { dtype: nameOfDtype(encoding.dtype), shape: encoding.shape };
  return info.plugin === undefined ? { ...info, ...facts } : { ...facts, ...info };
}

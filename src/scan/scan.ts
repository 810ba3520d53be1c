import { InvalidArgumentError } from "../errors.js";
import { plainObject } from "../json.js";
import { BLOCK, type RedisClient, type RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { scanKey, streamKey } from "../redis/keys.js";
import type { FollowableStream } from "../stream/followable.js";
import { openStream } from "../stream/open.js";
import { pluginName } from "../stream/plugin.js";
import type { SignalOption } from "../stream/reading.js";
import { Deadline } from "../waiting.js";
import type { DeclaredScan, DeclaredStream } from "./declared.js";
import type { ScanDocument } from "./document.js";
import type { ScanIdentity } from "./identity.js";
import { isDeleted, type LoadedScan, loadDocument, notFound, stateOf } from "./loading.js";
import { type ChannelData, dataOf, type GetDataOptions } from "./nodes-data.js";
import { SCAN_STATES, type ScanState, stateNumber } from "./state.js";

/** More states than a scan has. */
const PAGE = 10;

/** What a scan needs of the store that it belongs to. */
export interface ScanContext {
  readonly redis: RedisClient;
  loadScan(key: string, options?: SignalOption): Promise<Scan>;
}

/** A scan as its readers see it: identity, info, streams and state, as of the last look. */
export class Scan {
  readonly key: string;
  /** Id of the scan in the history of the store, where following may go on; null when it was loaded by its key. */
  readonly timetag: string | null;
  protected readonly context: ScanContext;
  #document: ScanDocument;
  /** Made when it is asked for: it is as large as the document. */
  #info: Record<string, unknown> | undefined;
  #state: ScanState;
  #stateId: string;
  #streams = new Map<string, FollowableStream>();

  constructor(context: ScanContext, loaded: LoadedScan, timetag: string | null = null) {
    this.context = context;
    this.key = scanKey(loaded.document.pk);
    this.timetag = timetag;
    this.#document = loaded.document;
    this.#state = loaded.state;
    this.#stateId = loaded.stateId;
    this.#openStreams();
  }

  /** What it is found by: name, number, session, path …. */
  get id(): ScanIdentity {
    return this.#document.id;
  }

  /** The publisher's metadata, with plain numbers. */
  get info(): Record<string, unknown> {
    this.#info ??= plainObject(this.#document.info);
    return this.#info;
  }

  /** The state as of the last look: `refresh`, `update`, `states` and `waitFor` look. */
  get state(): ScanState {
    return this.#state;
  }

  /** Id of the state's entry in Redis, whose first part is the time in ms; of two scans, the later change has the larger one. */
  get stateId(): string {
    return this.#stateId;
  }

  /** All streams by name, from PREPARED on. Streams that cannot be read are among them; their calls reject. */
  get streams(): ReadonlyMap<string, FollowableStream> {
    return this.#streams;
  }

  /** What layouts are made from: the document with the kinds of its numbers. @internal */
  get layoutSource(): DeclaredScan {
    const { id, info, streams } = this.#document;
    const facts = [...streams].map(([name, stream]): [string, DeclaredStream] => [
      name,
      {
        plugin: pluginName(stream.info, stream.encoding, this.#document),
        encoding: stream.encoding,
        info: stream.info,
      },
    ]);
    return { id, info, state: this.#state, streams: new Map(facts) };
  }

  /** Reads document and state anew: true when the state has changed. Errors: ScanNotFoundError. */
  async refresh(options: SignalOption = {}): Promise<boolean> {
    const loaded = await loadDocument(this.context.redis, this.key, {
      ...options,
      statePk: this.#document.statePk,
    });
    const changed = loaded.state !== this.#state;
    this.accept(loaded);
    return changed;
  }

  /**
   * As `refresh`, but the document is read only when the state stream has news: one short look otherwise, none of which
   * is lost. Errors: ScanNotFoundError.
   */
  async update(options: SignalOption = {}): Promise<boolean> {
    const looks = [commands.ttl(this.key), commands.lastEntry(streamKey(this.#document.statePk))] as const;
    const [ttl, last] = await this.context.redis.all(looks, options);
    if (isDeleted(ttl) || !last) throw notFound(this.key);
    return last.id !== this.#stateId && this.refresh(options);
  }

  /**
   * The present state, then each one that follows, to CLOSED; none is skipped. `info` and `streams` are at least as new as
   * the state given. Errors: ScanNotFoundError when the scan is deleted before it is closed.
   */
  async *states(options: SignalOption = {}): AsyncGenerator<ScanState, undefined, undefined> {
    options.signal?.throwIfAborted();
    let state = this.#state;
    let after = this.#stateId;
    yield state;
    while (state !== "CLOSED") {
      const news = await this.#waitForStates(after, BLOCK, options);
      if (news.length > 0) await this.#reload(options);
      for (const change of news) {
        after = change.id;
        state = change.state;
        yield state;
      }
    }
  }

  /**
   * Waits until the scan has reached a state or gone past it; gives the state it is in then. Errors: TimeoutError,
   * ScanNotFoundError.
   */
  async waitFor(
    state: ScanState,
    options: { timeout?: number; signal?: AbortSignal } = {},
  ): Promise<ScanState> {
    await this.reached(state, options);
    // The states on the way are nobody's: the document is read once.
    if (stateNumber(this.#state) < stateNumber(state)) await this.#reload(options);
    return this.#state;
  }

  /** As `waitFor`, without looking at the scan again: its state, info and streams stay those of the last look. */
  async reached(state: ScanState, options: { timeout?: number; signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const deadline = new Deadline(options.timeout);
    const wanted = stateNumber(state);
    if (wanted < 0) throw new InvalidArgumentError(`There is no state ${state}: ${SCAN_STATES.join(", ")}.`);
    let [present, after] = [this.#state, this.#stateId];
    while (stateNumber(present) < wanted) {
      deadline.check(() => `scan ${this.key} to be ${state} (it is ${present})`);
      const news = await this.#waitForStates(after, Math.min(BLOCK, deadline.left), options);
      for (const change of news) [present, after] = [change.state, change.id];
    }
  }

  /**
   * The points that all channels have now, by name; channels of images give a view with `getImage(index)` instead.
   * Channels that cannot be read are left out, and told to `onError`.
   */
  getData(options: GetDataOptions = {}): Promise<Record<string, ChannelData>> {
    return dataOf(this.#streams, options);
  }

  /** Takes what was read, or written, as the present state. */
  protected accept(loaded: LoadedScan): void {
    this.#document = loaded.document;
    this.#info = undefined;
    this.#state = loaded.state;
    this.#stateId = loaded.stateId;
    this.#openStreams();
  }

  protected get document(): ScanDocument {
    return this.#document;
  }

  protected setInfo(info: Record<string, unknown>): void {
    this.#info = info;
  }

  async #reload(options: SignalOption): Promise<void> {
    const { statePk } = this.#document;
    this.accept(await loadDocument(this.context.redis, this.key, { ...options, statePk, deleted: true }));
  }

  async #waitForStates(
    after: string,
    block: number,
    options: RequestOptions,
  ): Promise<{ id: string; state: ScanState }[]> {
    const { redis } = this.context;
    const key = streamKey(this.#document.statePk);
    const positions = new Map([[key, after]]);
    // A scan that is gone has no state stream: waiting for it would never end. Its last states may still be there.
    const deleted = isDeleted(await redis.do(commands.ttl(this.key), options));
    const found = deleted
      ? await redis.do(commands.xread(positions, PAGE), options)
      : await redis.blocking(commands.xread(positions, PAGE, block), options);
    if (deleted && found.size === 0) throw notFound(this.key);
    return (found.get(key) ?? []).map((entry) => ({ id: entry.id, state: stateOf(entry, this.key) }));
  }

  /** Opens the streams that are new in the document; the others stay the same objects. */
  #openStreams(): void {
    if (this.#state === "CREATED") return;
    const streams = new Map<string, FollowableStream>();
    for (const [name, { pk, encoding, info }] of this.#document.streams) {
      const known = this.#streams.get(name);
      const key = streamKey(pk);
      const description = { name, key, encoding, info: plainObject(info) };
      streams.set(name, known?.key === key ? known : this.#open(description));
    }
    this.#streams = streams;
  }

  #open(description: Parameters<typeof openStream>[1]): FollowableStream {
    const scan = this;
    const access = {
      key: this.key,
      path: this.id.path,
      get info() {
        return scan.info;
      },
      loadScan: (key: string, options?: SignalOption) => this.context.loadScan(key, options),
    };
    return openStream(this.context.redis, description, access, this.#guard);
  }

  /** True once nobody will publish any more; the same function for all streams of the scan. */
  readonly #guard = async (options: RequestOptions): Promise<boolean> => {
    const { redis } = this.context;
    const [ttl, last] = await redis.all(
      [commands.ttl(this.key), commands.lastEntry(streamKey(this.#document.statePk))],
      options,
    );
    if (last && stateOf(last, this.key) === "CLOSED") return true;
    if (isDeleted(ttl)) throw notFound(this.key);
    return false;
  };
}

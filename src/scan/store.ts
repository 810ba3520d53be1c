import "./plugins.js";
import { isNxliveError } from "../errors.js";
import { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { isConnectionError, NotInitialisedError } from "../redis/errors.js";
import { KEYS, scanKey, streamKey } from "../redis/keys.js";
import { checkProtocol, initialiseDatabase } from "../redis/setup.js";
import { CursorGroup } from "../stream/cursor-group.js";
import type { FollowableStream } from "../stream/followable.js";
import type { GroupOptions, SignalOption } from "../stream/reading.js";
import { Sink } from "../stream/sink.js";
import { abortable, Deadline } from "../waiting.js";
import { formatDocument, keysOf, parseDocument, requireInfo } from "./document.js";
import { NoScanError, ScanInfoError, ScanNotFoundError, ScanStateError } from "./errors.js";
import { type FollowScansOptions, followScans } from "./follow-scans.js";
import { type HistoryItem, lastItem, lastTimetag, nextItems, requireTimetag } from "./history.js";
import { requireIdentity, type ScanIdentityInput } from "./identity.js";
import { DELETED_TTL, loadDocument, loadedFrom, statesOf } from "./loading.js";
import { newPk } from "./pk.js";
import { PublishedScan } from "./published-scan.js";
import { Scan } from "./scan.js";
import { type ScanCriteria, type ScansOfFile, type SearchResult, searchFile, searchScans } from "./search.js";
import type { ScanState } from "./state.js";

const HISTORY_LENGTH = 2_048;

/** The scans of a file as a search found them; `newest` is missing when it cannot be read, or is another file's. */
type FileScans = Omit<ScansOfFile, "newest"> & { readonly newest: Scan | undefined };

/** A Redis database with scans: publishing, finding and following them. */
export class DataStore {
  readonly redis: RedisClient;
  readonly #sink: Sink;
  /** The redis client after the protocol check; an empty database may be initialised first. */
  #checked: Promise<void> | undefined;

  private constructor(redis: RedisClient) {
    this.redis = redis;
    this.#sink = new Sink(redis);
  }

  /**
   * Connects to `redis://…`, `rediss://…` (TLS) or `unix:…`. A database that follows another version of the protocol is
   * refused, and so is one that holds other things; an empty one can be connected to, and everything but `initialise`
   * is then refused. With `timeout` (ms) a server that is not there yet is waited for. Errors: RedisUnreachableError,
   * RedisAccessError, ProtocolVersionError, NotInitialisedError.
   */
  static async connect(
    url: string,
    options: { timeout?: number; signal?: AbortSignal } = {},
  ): Promise<DataStore> {
    const redis = new RedisClient(url);
    try {
      await redis.commands.connect({ patience: options.timeout ?? 0, signal: options.signal });
      const store = new DataStore(redis);
      await store.#check(options).catch(async (error) => {
        const empty =
          error instanceof NotInitialisedError && (await redis.do(commands.dbsize(), options)) === 0;
        if (!empty) throw error;
      });
      return store;
    } catch (error) {
      redis.close();
      throw error;
    }
  }

  /** Where the store is, without credentials. */
  get url(): string {
    return this.redis.target.label;
  }

  /** Prepares an empty database for scans. Errors: DatabaseNotEmptyError, MissingModulesError, InvalidArgumentError. */
  async initialise(options: SignalOption = {}): Promise<void> {
    await initialiseDatabase(this.redis, options);
    await this.#check(options);
  }

  /**
   * Publishes a new scan. Identity and info are checked before anything is written. Errors: ScanIdentityError,
   * ScanInfoError.
   */
  async createScan(
    identity: ScanIdentityInput,
    info: Readonly<Record<string, unknown>> = {},
    options: SignalOption = {},
  ): Promise<PublishedScan> {
    await this.#check(options);
    const pk = newPk();
    const key = scanKey(pk);
    const id = { pk: newPk(), ...requireIdentity(identity) };
    requireInfo(info, key);
    const statePk = newPk();
    const empty = { pk, id, info, statePk, streams: new Map() };
    const document = parseDocument(formatDocument(empty), key);
    const write = [
      commands.jsonSet(key, formatDocument(document)),
      commands.xadd(KEYS.history, "*", ["key", key], HISTORY_LENGTH),
      commands.xadd(streamKey(statePk), "*", ["state", 0]),
    ] as const;
    const stateId = await this.#create(write, streamKey(statePk), options);
    return new PublishedScan(this.#context(), { document, state: "CREATED", stateId });
  }

  /** A scan by its key; quicker with the pk of its states. Errors: ScanNotFoundError, ScanFormatError. */
  async loadScan(key: string, options: SignalOption & { statePk?: string } = {}): Promise<Scan> {
    await this.#check(options);
    return new Scan(this.#context(), await loadDocument(this.redis, key, options));
  }

  /** A scan that another process has created, to publish its streams from here, or to close it in its place. */
  async openScan(key: string, options: SignalOption = {}): Promise<PublishedScan> {
    await this.#check(options);
    return new PublishedScan(this.#context(), await loadDocument(this.redis, key, options));
  }

  /** The newest scan. Errors: NoScanError. */
  async lastScan(options: SignalOption = {}): Promise<Scan> {
    await this.#check(options);
    for (;;) {
      const item = await lastItem(this.redis, options);
      if (!item) throw new NoScanError(`There is no scan at ${this.url} yet.`);
      const scan = await this.#loadItem(item.key, item.timetag, options);
      if (scan) return scan;
    }
  }

  /** The next scan after a timetag, or from now on. Errors: TimeoutError, ScanFormatError. */
  async nextScan(options: { since?: string; timeout?: number; signal?: AbortSignal } = {}): Promise<Scan> {
    await this.#check(options);
    const deadline = new Deadline(options.timeout);
    let since = requireTimetag(options.since ?? (await lastTimetag(this.redis, options)));
    for (;;) {
      const { items, timetag } = await nextItems(this.redis, since, deadline, options);
      for (const item of items) {
        const scan = await this.#loadItem(item.key, item.timetag, options);
        if (scan) return scan;
      }
      since = timetag;
      deadline.check(() => `a new scan at ${this.url}`);
    }
  }

  /** Finds scans by their identity, see `ScanCriteria`. Without criteria: all scans. */
  async search(criteria: ScanCriteria = {}, options: SignalOption = {}): Promise<SearchResult> {
    await this.#check(options);
    return searchScans(this.redis, criteria, options);
  }

  /** The scans that are saved in a file, of which the newest comes along unless it is `known`. @internal */
  async searchFile(
    path: string,
    options: SignalOption & { known?: Scan | undefined } = {},
  ): Promise<FileScans> {
    await this.#check(options);
    const { known, signal } = options;
    const { newest, ...found } = await searchFile(this.redis, path, { signal, known: known?.key });
    return { ...found, newest: newest && this.#newestOf(newest, known) };
  }

  /** The newest scan's place in the history: `scans({ since })` goes on from here. `0-0` before the first scan. */
  async timetag(options: SignalOption = {}): Promise<string> {
    await this.#check(options);
    return lastTimetag(this.redis, options);
  }

  /** Every new scan in the order of creation, none missed and none repeated, for ever; scans deleted meanwhile are left out. */
  scans(options: FollowScansOptions = {}): AsyncGenerator<Scan, undefined, undefined> {
    // "From now on" begins at the call, not when the first scan is asked for.
    const since = options.since === undefined ? this.timetag(options) : Promise.resolve(options.since);
    since.catch(() => {});
    return this.#follow(since, options);
  }

  /** The states of many scans in two round trips; scans that are gone, or have no valid state, have none. */
  async states(keys: readonly string[], options: SignalOption = {}): Promise<Map<string, ScanState>> {
    await this.#check(options);
    return statesOf(this.redis, keys, options);
  }

  /**
   * Deletes a closed scan: it counts as gone at once and disappears after 10 s. An open one is refused, or with `force`
   * sealed, closed with the end reason `DELETION`, and deleted. A scan that is gone already is no error.
   */
  async deleteScan(key: string, options: { force?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    await this.#check(options);
    const found = await loadDocument(this.redis, key, options).catch((error) => {
      if (error instanceof ScanNotFoundError) return undefined;
      throw error;
    });
    if (!found) return;
    if (found.state !== "CLOSED") {
      if (!options.force) {
        throw new ScanStateError(`Scan ${key} is ${found.state}: close it first, or delete it with force.`, {
          scan: key,
        });
      }
      const open = await this.openScan(key, options);
      await open.sealAll(options);
      await closeForDeletion(open, options);
    }
    await this.redis.atomically(
      keysOf(found.document).map((name) => commands.expire(name, DELETED_TTL)),
      options,
    );
  }

  /** Follows many streams, of any scans of this store, with one blocking read for all. */
  cursorGroup(streams: Iterable<FollowableStream> = [], options: GroupOptions = {}): CursorGroup {
    return new CursorGroup(this.redis, streams, options);
  }

  /** Closes all connections; calls under way fail with ClosedError. Flush and seal streams first. */
  async close(): Promise<void> {
    this.redis.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(options: SignalOption): Promise<void> {
    options.signal?.throwIfAborted();
    this.#checked ??= checkProtocol(this.redis).catch((error) => {
      this.#checked = undefined; // another process may initialise it
      throw error;
    });
    return abortable(this.#checked, options.signal);
  }

  #context() {
    return {
      redis: this.redis,
      sink: this.#sink,
      loadScan: (key: string, options?: SignalOption) => this.loadScan(key, options),
    };
  }

  async #create(
    write: readonly [commands.Command<void>, commands.Command<string>, commands.Command<string>],
    stateKey: string,
    options: SignalOption,
  ): Promise<string> {
    for (;;) {
      try {
        const [, , id] = await this.redis.atomically(write, options);
        return id;
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        const last = await this.redis.do(commands.lastEntry(stateKey), options);
        if (last) return last.id; // it was written, only the answer got lost
      }
    }
  }

  /** Undefined for a scan that cannot be read: whoever wants it is told so then. */
  #newestOf(
    { key, text, state }: NonNullable<ScansOfFile["newest"]>,
    known: Scan | undefined,
  ): Scan | undefined {
    if (text === null) return known?.stateId === state?.id ? known : undefined;
    try {
      return new Scan(this.#context(), loadedFrom(key, parseDocument(text, key), state));
    } catch (error) {
      if (!isNxliveError(error)) throw error;
      return undefined;
    }
  }

  /** Undefined for a scan that was deleted meanwhile. */
  async #loadItem(key: string, timetag: string, options: SignalOption): Promise<Scan | undefined> {
    try {
      return new Scan(this.#context(), await loadDocument(this.redis, key, options), timetag);
    } catch (error) {
      if (error instanceof ScanNotFoundError) return undefined;
      throw error;
    }
  }

  async *#follow(
    since: Promise<string>,
    options: FollowScansOptions,
  ): AsyncGenerator<Scan, undefined, undefined> {
    await this.#check(options);
    const load = ({ key, timetag }: HistoryItem) => this.#loadItem(key, timetag, options);
    yield* followScans(this.redis, requireTimetag(await since), load, options);
  }
}

async function closeForDeletion(scan: PublishedScan, options: SignalOption): Promise<void> {
  const { info } = scan;
  scan.info = { ...info, end_reason: "DELETION" };
  try {
    await scan.close(options);
  } catch (error) {
    if (!(error instanceof ScanInfoError)) throw error;
    scan.info = info; // another publisher's, larger than may be published: it goes as it is
    await scan.close(options);
  }
}

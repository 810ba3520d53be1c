import type { GroupNode } from "../mapping/tree.js";
import * as commands from "../redis/commands.js";
import { isConnectionError } from "../redis/errors.js";
import { KEYS } from "../redis/keys.js";
import { ScanFormatError, ScanNotFoundError } from "../scan/errors.js";
import { isDeleted } from "../scan/loading.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";
import { abortable } from "../waiting.js";
import { ClosedScans } from "./closed-scans.js";
import { treeOf } from "./scan-trees.js";
import { SharedLooks } from "./shared-looks.js";

/** A scan of the file with the tree it describes, as of the last look. */
export interface LoadedScan {
  readonly scan: Scan;
  readonly tree: GroupNode | undefined;
}

interface Member {
  readonly key: string;
  readonly number: number;
  /** Names the scan's states, when the search has told. */
  readonly statePk?: string | undefined;
  loaded?: LoadedScan;
  /** Known for good once the scan is closed; kept when the scan itself is let go. */
  names?: readonly string[];
  /** Why it could not be loaded when that was tried last. */
  error?: ScanFormatError;
}

/** Closed scans whose documents are kept in memory. */
const KEPT = 64;
/** Scans that are loaded at a time: they share their round trips. */
const AT_A_TIME = 32;
/** Entries of the history read at once; when there are more, the index is asked instead. */
const NEWS = 100;

/** The scans of one file, kept up to date without reading what has not changed. */
export class LiveScans {
  readonly #store: DataStore;
  readonly #path: string;
  readonly #closed: ClosedScans;
  readonly #looks: SharedLooks;
  #members = new Map<string, Member>();
  /** Closed scans whose documents are in memory, those used last at the end. */
  readonly #kept = new Set<Member>();
  #timetag: string | undefined;
  #version = 0;

  constructor(store: DataStore, path: string) {
    this.#store = store;
    this.#path = path;
    this.#closed = ClosedScans.of(store);
    this.#looks = new SharedLooks(store.redis.commands, () => this.#look());
  }

  /** Where in the history of scans the last look was. */
  get timetag(): string {
    return this.#timetag ?? "0-0";
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Looks for new scans, changed states and deletions; the number changes when anything did. One look serves all who wait. */
  async look(options: SignalOption = {}): Promise<number> {
    options.signal?.throwIfAborted();
    const look = this.#looks.share();
    if (look) await abortable(look, options.signal);
    options.signal?.throwIfAborted();
    return this.#version;
  }

  /** The scans that are not closed, in the order of creation. */
  async open(options: SignalOption = {}): Promise<LoadedScan[]> {
    await this.#loadUnknown(options);
    return this.loaded.filter(({ scan }) => scan.state !== "CLOSED");
  }

  /** The scans whose trees are in memory: the open ones, and closed ones that were used lately. */
  get loaded(): LoadedScan[] {
    return this.#inOrder().flatMap(({ loaded }) => loaded ?? []);
  }

  /** The newest scan that has a tree with anything in it. */
  async newest(options: SignalOption = {}): Promise<LoadedScan | undefined> {
    for (const member of this.#inOrder().reverse()) {
      const loaded = await this.#load(member, options);
      if (loaded?.tree && loaded.tree.children.size > 0) return loaded;
    }
    return undefined;
  }

  /** Names in the root, in the order of the scans; each once. */
  async names(options: SignalOption = {}): Promise<string[]> {
    const known = [...this.#members.values()].filter((member) => member.names && !member.loaded);
    await Promise.all([this.#dropDeleted(known), this.#loadUnknown(options)]);
    const names = new Set<string>();
    for (const member of this.#inOrder()) for (const name of namesOf(member) ?? []) names.add(name);
    return [...names];
  }

  /** The scans that have a name in their root: normally one or none. Error: that of a scan which cannot be read and may have it. */
  async having(name: string, options: SignalOption = {}): Promise<LoadedScan[]> {
    const number = Number(/^(\d+)\./.exec(name)?.[1] ?? Number.NaN);
    const members = this.#inOrder();
    const likely = members.filter((member) => member.number === number);
    const found = await this.#having(name, likely, options);
    if (found.length > 0) return found;
    const unlikely = members.filter((member) => member.number !== number);
    const others = await this.#having(name, unlikely, options);
    const broken = likely.find(({ error }) => error);
    if (others.length === 0 && broken) throw broken.error;
    return others;
  }

  async #having(name: string, members: readonly Member[], options: SignalOption): Promise<LoadedScan[]> {
    const found: LoadedScan[] = [];
    for (const member of members) {
      if (!namesOf(member)) await this.#load(member, options);
      if (!namesOf(member)?.includes(name)) continue;
      const loaded = await this.#load(member, options);
      if (loaded?.tree?.children.has(name)) found.push(loaded);
    }
    return found;
  }

  #inOrder(): Member[] {
    // Keys end in ULIDs: their order is that of creation.
    return [...this.#members.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async #look(): Promise<void> {
    if (this.#timetag === undefined) return this.#search();
    const { redis } = this.#store;
    const read = commands.xread(new Map([[KEYS.history, this.#timetag]]), NEWS);
    const history = redis.do(read).finally(() => this.#looks.heard());
    const loaded = [...this.#members.values()].filter((member) => member.loaded);
    const closed = loaded.filter((member) => member.loaded?.scan.state === "CLOSED");
    const open = loaded.filter((member) => member.loaded?.scan.state !== "CLOSED");
    const [news] = await Promise.all([
      history,
      this.#dropDeleted(closed),
      ...open.map((member) => this.#update(member)),
    ]);
    const entries = news.get(KEYS.history) ?? [];
    if (entries.length >= NEWS) return this.#search();
    await this.#add(entries.flatMap(({ fields }) => fields.get("key")?.toString() ?? []));
    this.#timetag = entries.at(-1)?.id ?? this.#timetag;
  }

  /** Finds all scans of the file through the index. */
  async #search(): Promise<void> {
    const known = this.#closed.newestOf(this.#path);
    const { scans, timetag, newest } = await this.#store.searchFile(this.#path, { known });
    this.#looks.heard();
    const there = new Set(scans.map(({ key }) => key));
    for (const key of this.#members.keys()) if (!there.has(key)) this.#drop(key);
    for (const scan of scans) if (!this.#members.has(scan.key)) this.#enter(scan);
    this.#timetag = timetag;
    // The newest scan gives the root its attributes.
    const member = newest && this.#members.get(newest.key);
    if (!newest || !member || member.loaded) return;
    await this.#take(member, newest, {}).catch((error) => {
      if (isConnectionError(error)) throw error; // whoever wants a scan that cannot be read is told so then
    });
  }

  #enter(member: Member): void {
    this.#members.set(member.key, member);
    this.#version++;
  }

  /** Takes those of some scans that belong to this file. */
  async #add(keys: readonly string[]): Promise<void> {
    const fresh = keys.filter((key) => !this.#members.has(key));
    if (fresh.length === 0) return;
    const { redis } = this.#store;
    const [ids, ttls] = await Promise.all([
      redis.do(commands.jsonMget(fresh, "id")),
      redis.all(fresh.map((key) => commands.ttl(key))),
    ]);
    fresh.forEach((key, i) => {
      const id: unknown = JSON.parse(ids[i] ?? "null");
      if (!isIdentity(id) || id.path !== this.#path || isDeleted(ttls[i] ?? -2)) return;
      this.#enter({ key, number: id.number });
    });
  }

  async #update(member: Member): Promise<void> {
    const { loaded } = member;
    if (!loaded) return;
    try {
      if (await loaded.scan.update()) await this.#take(member, loaded.scan, {});
    } catch (error) {
      if (error instanceof ScanNotFoundError) this.#drop(member.key);
      else if (error instanceof ScanFormatError) this.#forget(member);
      else throw error;
    }
  }

  async #dropDeleted(members: readonly Member[]): Promise<void> {
    if (members.length === 0) return;
    const ttls = await this.#store.redis.all(members.map(({ key }) => commands.ttl(key)));
    members.forEach(({ key }, i) => {
      if (isDeleted(ttls[i] ?? -2)) this.#drop(key);
    });
  }

  #drop(key: string): void {
    const member = this.#members.get(key);
    if (!member) return;
    this.#members.delete(key);
    this.#kept.delete(member);
    this.#version++;
  }

  /** What was known of a scan does not hold any more: it has to be loaded again. */
  #forget(member: Member): void {
    delete member.loaded;
    this.#version++;
  }

  /** Loads the scans of which nothing is known yet. */
  async #loadUnknown(options: SignalOption): Promise<void> {
    const unknown = this.#inOrder().filter((member) => !namesOf(member));
    for (let start = 0; start < unknown.length; start += AT_A_TIME) {
      const page = unknown.slice(start, start + AT_A_TIME);
      await Promise.all(page.map((member) => this.#load(member, options)));
    }
  }

  async #load(member: Member, options: SignalOption): Promise<LoadedScan | undefined> {
    if (member.loaded) {
      if (this.#kept.delete(member)) this.#kept.add(member);
      return member.loaded;
    }
    try {
      const { key, statePk } = member;
      const known = await this.#closed.find(key, options);
      const scan = known ?? (await this.#store.loadScan(key, { ...options, ...(statePk && { statePk }) }));
      return await this.#take(member, scan, options);
    } catch (error) {
      if (error instanceof ScanNotFoundError) this.#drop(member.key);
      else if (error instanceof ScanFormatError)
        member.error = error; // the other scans' entries are read as ever
      else throw error;
      return undefined;
    }
  }

  async #take(member: Member, scan: Scan, options: SignalOption): Promise<LoadedScan> {
    const loaded = { scan, tree: await treeOf(scan, options) };
    member.loaded = loaded;
    delete member.error;
    this.#version++;
    this.#closed.keep(scan);
    if (scan.state === "CLOSED") {
      member.names = namesOf(member) ?? [];
      this.#keep(member);
    }
    return loaded;
  }

  /** Forgets the documents of the closed scan that was not used for longest, when there are too many. */
  #keep(member: Member): void {
    this.#kept.add(member);
    const [longestUnused] = this.#kept;
    if (this.#kept.size <= KEPT || !longestUnused) return;
    this.#kept.delete(longestUnused);
    delete longestUnused.loaded;
  }
}

/** The names that a scan has in the root; undefined while it was not loaded. */
function namesOf({ names, loaded }: Member): readonly string[] | undefined {
  return names ?? (loaded && [...(loaded.tree?.children.keys() ?? [])]);
}

function isIdentity(value: unknown): value is { path: string | null; number: number } {
  return typeof value === "object" && value !== null && "path" in value && "number" in value;
}

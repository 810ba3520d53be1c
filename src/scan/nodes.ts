import { NxliveError } from "../errors.js";
import type { Value } from "../ndarray/ndarray.js";
import { isConnectionError } from "../redis/errors.js";
import type { CursorGroup } from "../stream/cursor-group.js";
import type { FollowableStream } from "../stream/followable.js";
import type { SignalOption, StreamView } from "../stream/reading.js";
import { abortable, linkedController } from "../waiting.js";
import { getPoints, ImageView, isImageChannel } from "./nodes-data.js";
import { Merged } from "./nodes-merge.js";
import type { Scan } from "./scan.js";
import type { DataStore } from "./store.js";

/** What a node stands for. `lima`: a channel of images; the name is that of BLISS. */
export type NodeType = "session" | "file" | "scan" | "channel" | "lima";

/** A place in the tree session → file → scan → channel, as BLISS' data nodes were. */
export interface DataNode {
  readonly type: NodeType;
  /** The session's name, the file's path, `12_ascan`, or the channel's name. */
  readonly name: string;
  /** Names from the session down, joined by colons: `demo:data:demo.h5:12_ascan:axis:roby`. */
  readonly dbName: string;
  readonly parent: DataNode | null;
  /** Of scans and channels. */
  readonly scan?: Scan;
  /** Of channels. */
  readonly stream?: FollowableStream;
  /**
   * Of channels: one point, or the points `from` … `to`, both included as in BLISS. Negative indices count from the end
   * that the channel has now: `get(-1)` is the newest point. Image channels give a view.
   */
  get?(from: number, to?: number, options?: SignalOption): Promise<Value | ImageView>;
}

export type NodeEvent =
  | { readonly type: "new-node"; readonly node: DataNode }
  /** `node` has got a new child. */
  | { readonly type: "new-child"; readonly node: DataNode; readonly child: DataNode }
  /** A channel has new points: `data()` of the view gives them, `getImage()` those of image channels. */
  | { readonly type: "new-data"; readonly node: DataNode; readonly data: StreamView | ImageView };

export interface WalkOptions extends SignalOption {
  /** Go on with what appears later, until the signal aborts; default true. */
  readonly wait?: boolean;
  /** Begin with the scans that are there; default true. Without, only scans that begin from now on are walked. */
  readonly existing?: boolean;
  /** Only nodes of these types. */
  readonly include?: NodeType | readonly NodeType[];
  /** Told of scans and channels that cannot be read, which are left out; the others go on. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The nodes of a session: itself, then each file, scan and channel in the order in which they appear. Channels appear
 * when their scan is prepared.
 * @example for await (const node of walk(store, "demo", { include: "channel", signal })) console.log(node.dbName);
 */
export async function* walk(
  store: DataStore,
  session: string,
  options: WalkOptions = {},
): AsyncGenerator<DataNode, undefined, undefined> {
  for await (const event of events(store, session, options, false)) {
    if (event.type === "new-node") yield event.node;
  }
}

/** As `walk`, and tells of children and of new points too. Points published earlier come first. */
export async function* walkEvents(
  store: DataStore,
  session: string,
  options: Omit<WalkOptions, "wait"> = {},
): AsyncGenerator<NodeEvent, undefined, undefined> {
  yield* events(store, session, { ...options, wait: true }, true);
}

async function* events(
  store: DataStore,
  session: string,
  options: WalkOptions,
  withData: boolean,
): AsyncGenerator<NodeEvent, undefined, undefined> {
  const { controller: stop, unlink } = linkedController(options.signal);
  const walker = new Walker(store, session, { ...options, signal: stop.signal }, withData);
  try {
    for await (const event of walker.events()) {
      if (isIncluded(event.node, options.include)) yield event;
    }
  } finally {
    unlink();
    stop.abort(new Error("The walk has ended."));
    walker.close();
  }
}

function isIncluded(node: DataNode, include: WalkOptions["include"]): boolean {
  return (
    include === undefined ||
    (typeof include === "string" ? node.type === include : include.includes(node.type))
  );
}

/** One walk: follows the scans of a session, and each scan's channels, side by side. */
class Walker {
  readonly #store: DataStore;
  readonly #options: WalkOptions & { readonly signal: AbortSignal };
  readonly #session: DataNode;
  readonly #files = new Map<string, DataNode>();
  readonly #merged = new Merged<NodeEvent>();
  readonly #channels = new Map<FollowableStream, DataNode>();
  readonly #group: CursorGroup | undefined;
  #channelAdded: () => void = () => {};

  constructor(
    store: DataStore,
    session: string,
    options: WalkOptions & { readonly signal: AbortSignal },
    withData: boolean,
  ) {
    this.#store = store;
    this.#options = options;
    this.#session = { type: "session", name: session, dbName: session, parent: null };
    this.#group = withData ? store.cursorGroup() : undefined;
  }

  events(): AsyncGenerator<NodeEvent, undefined, undefined> {
    this.#merged.add(this.#scans());
    if (this.#group) this.#merged.add(this.#data(this.#group));
    return this.#merged.items();
  }

  close(): void {
    this.#group?.close();
  }

  async *#scans(): AsyncGenerator<NodeEvent, undefined, undefined> {
    const { signal, wait = true, existing = true } = this.#options;
    const { name } = this.#session;
    const since = existing ? undefined : await this.#store.timetag({ signal });
    yield { type: "new-node", node: this.#session };
    const { timetag, keys } = since
      ? { timetag: since, keys: [] }
      : await this.#store.search({ session: name }, { signal });
    const known = new Set(keys);
    // Keys are ULIDs: their order is that of creation.
    for (const key of keys.toSorted()) {
      const scan = await this.#attempt(() => this.#store.loadScan(key, { signal }));
      // Searching takes upper for lower case, and * for anything.
      if (scan?.id.session === name) yield* this.#scan(scan);
    }
    if (!wait) return;
    const onError = (_: string, error: unknown) => this.#options.onError?.(error);
    for await (const scan of this.#store.scans({ since: timetag, session: name, signal, onError })) {
      if (!known.has(scan.key)) yield* this.#scan(scan);
    }
  }

  *#scan(scan: Scan): Generator<NodeEvent, undefined, undefined> {
    const { path, number, name } = scan.id;
    let parent = this.#session;
    if (path !== null) {
      const file = this.#files.get(path);
      parent = file ?? nodeOf("file", path, this.#session, {});
      if (!file) {
        this.#files.set(path, parent);
        yield* appearance(parent);
      }
    }
    const node = nodeOf("scan", `${number}_${name}`, parent, { scan });
    yield* appearance(node);
    this.#merged.add(this.#channelsOf(scan, node));
  }

  async *#channelsOf(scan: Scan, parent: DataNode): AsyncGenerator<NodeEvent, undefined, undefined> {
    const { signal, wait = true } = this.#options;
    if (wait) await this.#attempt(() => scan.waitFor("PREPARED", { signal }));
    for (const [name, stream] of scan.streams) {
      const get = (from: number, to?: number, options?: SignalOption) => getPoints(stream, from, to, options);
      const node = nodeOf(isImageChannel(stream) ? "lima" : "channel", name, parent, { scan, stream, get });
      yield* appearance(node);
      this.#follow(node, stream);
    }
  }

  #follow(node: DataNode, stream: FollowableStream): void {
    if (!this.#group || !isIncluded(node, this.#options.include)) return;
    this.#channels.set(stream, node);
    this.#group.add(stream);
    this.#channelAdded();
  }

  async *#data(group: CursorGroup): AsyncGenerator<NodeEvent, undefined, undefined> {
    const { signal } = this.#options;
    for (;;) {
      const views = await group.read({ signal });
      if (!views) await this.#moreChannels(group);
      for (const [stream, view] of views ?? []) {
        const node = this.#channels.get(stream);
        if (group.position(stream) === undefined) this.#channels.delete(stream);
        if (view.error) this.#options.onError?.(view.error);
        else if (node) yield { type: "new-data", node, data: dataOf(node, stream, view) };
      }
    }
  }

  /** All channels have ended: waits until another scan brings new ones. */
  async #moreChannels(group: CursorGroup): Promise<void> {
    for (const stream of this.#channels.keys()) {
      if (group.position(stream) === undefined) this.#channels.delete(stream);
    }
    if (this.#channels.size > 0) return;
    const added = new Promise<void>((resolve) => {
      this.#channelAdded = resolve;
    });
    await abortable(added, this.#options.signal);
  }

  /** What concerns one scan only is told, and the walk goes on. */
  async #attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      const single = error instanceof NxliveError && !isConnectionError(error);
      if (this.#options.signal.aborted || !single) throw error;
      if (error.code !== "ERR_SCAN_NOT_FOUND") this.#options.onError?.(error);
      return undefined;
    }
  }
}

function dataOf(node: DataNode, stream: FollowableStream, view: StreamView): StreamView | ImageView {
  return node.type === "lima" ? new ImageView(stream, view.index, view.length) : view;
}

function nodeOf(
  type: NodeType,
  name: string,
  parent: DataNode,
  of: Pick<DataNode, "scan" | "stream" | "get">,
): DataNode {
  const part = type === "file" ? name.replace(/^\//, "").replaceAll("/", ":") : name;
  return { type, name, dbName: `${parent.dbName}:${part}`, parent, ...of };
}

function* appearance(node: DataNode): Generator<NodeEvent, undefined, undefined> {
  if (node.parent) yield { type: "new-child", node: node.parent, child: node };
  yield { type: "new-node", node };
}

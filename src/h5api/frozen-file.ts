import { isNxliveError } from "../errors.js";
import type { GroupNode } from "../mapping/tree.js";
import { walkTree } from "../mapping/walk.js";
import type { Scan } from "../scan/scan.js";
import type { ReadableStreamData, SignalOption } from "../stream/reading.js";
import { FrozenSource } from "./data/frozen-source.js";
import { StreamSource } from "./data/stream-source.js";
import type { FileView, Item } from "./view.js";

/** Errors that say nothing of a stream: Redis is away, or refuses to answer. */
const NOT_OF_STREAM = /^ERR_(CLOSED|REDIS_(?!COMMAND))/;

/** The points of a stream at one moment, and the dataset that shows them. */
export interface StreamMoment {
  readonly path: string;
  readonly key: string;
  readonly points: number;
  readonly sealed: boolean;
}

/** The lengths of all streams that scans have in their trees, taken together. */
export async function momentsOf(
  scans: readonly { readonly scan: Scan; readonly tree: GroupNode | undefined }[],
  options: SignalOption,
): Promise<StreamMoment[]> {
  const datasets: { path: string; stream: ReadableStreamData }[] = [];
  for (const { scan, tree } of scans) {
    for (const [path, node] of tree ? walkTree(tree) : []) {
      const stream =
        node.kind === "dataset" && node.value.kind === "stream"
          ? scan.streams.get(node.value.stream)
          : undefined;
      if (stream) datasets.push({ path, stream });
    }
  }
  // All at once: one round trip.
  return Promise.all(
    datasets.map(async ({ path, stream }) => {
      const moment = await Promise.all([stream.length(options), stream.isSealed(options)]).catch((error) => {
        options.signal?.throwIfAborted();
        if (isNxliveError(error) && NOT_OF_STREAM.test(error.code)) throw error;
        return [0, true] as const; // a stream that cannot be read has no points
      });
      return { path, key: stream.key, points: moment[0], sealed: moment[1] };
    }),
  );
}

/** What a frozen file needs to know of the moment: only items and the default entry. */
export type Moment = Pick<FileView, "name" | "item" | "defaultEntry">;

/** A file as it was at one moment: its members, and the length of every dataset. */
export class FrozenFile implements FileView {
  readonly name: string;
  readonly live = false;
  readonly moments: readonly StreamMoment[];
  readonly #view: Moment;
  readonly #items = new Map<string, Item | undefined>();
  readonly #byStream: ReadonlyMap<string, StreamMoment>;

  /** `view` answers as of the moment; `moments` are the lengths of the streams that may have grown since. */
  constructor(view: Moment, moments: readonly StreamMoment[]) {
    this.name = view.name;
    this.moments = moments;
    this.#view = view;
    this.#byStream = new Map(moments.map((moment) => [moment.key, moment]));
  }

  async version(): Promise<number> {
    return 0;
  }

  async item(elements: readonly string[], options: SignalOption = {}): Promise<Item | undefined> {
    const path = elements.join("/");
    if (!this.#items.has(path)) this.#items.set(path, this.#frozen(await this.#view.item(elements, options)));
    return this.#items.get(path);
  }

  defaultEntry(options: SignalOption = {}): Promise<string | undefined> {
    return this.#view.defaultEntry(options);
  }

  async *follow(options: SignalOption = {}): AsyncGenerator<string, undefined, undefined> {
    const root = await this.item([], options);
    if (root?.kind === "group") yield* await root.names(options);
  }

  async freeze(): Promise<FrozenFile> {
    return this;
  }

  async close(): Promise<void> {}

  #frozen(item: Item | undefined): Item | undefined {
    if (item?.kind !== "dataset" || item.data instanceof FrozenSource) return item;
    const { data } = item;
    const moment = data instanceof StreamSource ? this.#byStream.get(data.stream.key) : undefined;
    return { ...item, data: new FrozenSource(data, moment?.points) };
  }
}

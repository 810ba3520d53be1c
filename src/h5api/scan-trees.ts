import { readLayout } from "../mapping/layout.js";
import { streamsToRead } from "../mapping/scan-info/index.js";
import type { GroupNode, Layout, StreamFacts } from "../mapping/tree.js";
import type { Scan } from "../scan/scan.js";
import type { FollowableStream } from "../stream/followable.js";
import type { SignalOption } from "../stream/reading.js";

/** Trees of closed scans that depend on nothing else: they are made once. */
const lasting = new WeakMap<Scan, GroupNode>();

/** The tree that a scan describes for its own file; undefined when it describes none. */
export async function treeOf(scan: Scan, options: SignalOption): Promise<GroupNode | undefined> {
  if (scan.state === "CREATED") return undefined;
  const made = lasting.get(scan);
  if (made) return made;
  const source = scan.layoutSource;
  const layout = readLayout(source);
  if (layout.dialect !== "scan_info" || scan.state !== "CLOSED") {
    const tree = ownTree(layout, scan);
    if (tree && scan.state === "CLOSED") lasting.set(scan, tree);
    return tree;
  }
  // A derived layout of a finished scan depends on its data: empty streams, images that were saved, axes of meshes.
  const needed = new Set(streamsToRead(source));
  const streams = await Promise.all(
    [...source.streams].map(async ([name, facts]): Promise<[string, StreamFacts]> => {
      const stream = scan.streams.get(name);
      return [name, stream ? await factsOf(stream, facts, needed.has(name), options) : facts];
    }),
  );
  return ownTree(readLayout({ ...source, streams: new Map(streams) }), scan);
}

function ownTree({ files }: Layout, { id }: Scan): GroupNode | undefined {
  return id.path === null ? [...files.values()][0] : files.get(id.path);
}

/** What is known of a finished stream; what cannot be read is left out. */
async function factsOf(
  stream: FollowableStream,
  facts: StreamFacts,
  withValues: boolean,
  options: SignalOption,
): Promise<StreamFacts> {
  try {
    const length = await stream.length(options);
    if (stream.plugin === "lima") {
      const last = (await stream.events.last(options))?.value;
      return { ...facts, length, ...(isStatus(last) && { lastStatus: last }) };
    }
    if (!withValues) return { ...facts, length };
    const values = await stream.slice(null, null, null, options).then(
      ({ data }) => Array.from(data as ArrayLike<unknown>, Number),
      () => undefined, // trimmed meanwhile: the plot has no regular axis then
    );
    return { ...facts, length, ...(values && { values }) };
  } catch {
    options.signal?.throwIfAborted();
    return facts;
  }
}

function isStatus(value: unknown): value is { last_index: number; last_index_saved?: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    "last_index" in value &&
    typeof value.last_index === "number"
  );
}

import type { Hdf5Writer } from "../hdf5/writer-api.js";
import type { TreeChange } from "../mapping/diff.js";
import type { GroupNode, TreeNode } from "../mapping/tree.js";
import { streamPaths } from "../mapping/walk.js";
import { isOwn } from "./claims.js";
import type { OpenFile } from "./open-file.js";
import type { ScanReport } from "./report.js";
import type { StreamPlace } from "./tree-writer.js";

/**
 * The data of streams that the final mapping has at another path. They are put aside before anything is changed, so that they may
 * go where something else lies now, also where other data move away; whatever goes wrong, they are in the file.
 */
export class MovedData {
  readonly #file: Pick<OpenFile, "path" | "hdf5">;
  /** New path → where the data wait. */
  readonly #waiting = new Map<string, string>();
  readonly #sources = new Set<string>();
  readonly #targets = new Set<string>();

  constructor(file: Pick<OpenFile, "path" | "hdf5">) {
    this.#file = file;
  }

  /** `own`: the topmost items that are this scan's own; `after`: the tree as the closed scan wants it. */
  async setAside(changes: readonly TreeChange[], own: ReadonlySet<string>, after: GroupNode): Promise<void> {
    const { hdf5 } = this.#file;
    for (const [from, to] of possibleMoves(changes, own, after)) {
      const aside = `/.moved:${encodeURIComponent(from)}`; // the name shows whose it is after a crash
      // It is there already when an earlier go, which may have removed or refilled the old place since, was broken off.
      if ((await hdf5.kindOf(aside)) === undefined) {
        if ((await hdf5.kindOf(from)) !== "dataset") continue; // no data
        await hdf5.createHardLink(aside, from);
      }
      this.#waiting.set(to, aside);
      this.#sources.add(from);
      this.#targets.add(to);
    }
  }

  /** True when data were put aside. */
  get any(): boolean {
    return this.#sources.size > 0;
  }

  /** True for a path whose data are put aside: it is free. */
  leaves(path: string): boolean {
    return this.#sources.has(path);
  }

  /** True for a path that gets data from elsewhere. */
  arrives(path: string): boolean {
    return this.#targets.has(path);
  }

  /** Puts data to their new path, when there are some for it; then it is as if they had been written there before. */
  async bring(place: StreamPlace): Promise<StreamPlace> {
    const { hdf5 } = this.#file;
    const aside = this.#waiting.get(place.path);
    if (aside === undefined) return place;
    // Something is there when an earlier go got as far as this.
    if ((await hdf5.kindOf(place.path)) === undefined) await hdf5.createHardLink(place.path, aside);
    await setAllAttributes(hdf5, place);
    await hdf5.remove(aside);
    this.#waiting.delete(place.path);
    return { ...place, resume: true };
  }

  /** Tells of data that have found no place. */
  complain(report: ScanReport): void {
    for (const [to, aside] of this.#waiting) {
      report.fail(`${this.#file.path}::${to} was not made: the data of its stream are kept in ${aside}.`);
    }
  }
}

async function setAllAttributes(hdf5: Hdf5Writer, { path, attributes }: StreamPlace): Promise<void> {
  for (const name of await hdf5.attributeNames(path)) {
    if (!attributes.has(name)) await hdf5.deleteAttribute(path, name);
  }
  if (attributes.size > 0) await hdf5.setAttributes(path, attributes);
}

/** Moves whose way is free: a stream that is mapped nowhere any more keeps its place, and what would come there stays too. */
function possibleMoves(
  changes: readonly TreeChange[],
  own: ReadonlySet<string>,
  after: GroupNode,
): ReadonlyMap<string, string> {
  const leaving = changes.flatMap((change) => {
    if (change.change === "removed") return streamsAt(change.path, change.node);
    return change.change === "kind" || change.change === "value" ? streamsAt(change.path, change.before) : [];
  });
  const moves = new Map(
    [...movesOf(changes, leaving, after)].filter((move) => move.every((path) => isOwn(own, path))),
  );
  const isBlocked = (to: string) =>
    leaving.some(([path]) => !moves.has(path) && (path === to || isBelow(path, to) || isBelow(to, path)));
  for (let blocked = true; blocked; ) {
    const kept = [...moves].filter(([, to]) => isBlocked(to));
    for (const [from] of kept) moves.delete(from);
    blocked = kept.length > 0;
  }
  return moves;
}

function isBelow(path: string, group: string): boolean {
  return path.startsWith(`${group}/`);
}

/** Where streams of removed or replaced items are found in the new tree: old path → new path. */
function* movesOf(
  changes: readonly TreeChange[],
  leaving: readonly (readonly [path: string, stream: string])[],
  after: GroupNode,
): Generator<[from: string, to: string]> {
  const places = streamPaths(after);
  const added = changes.flatMap((change) => {
    if (change.change === "added") return streamsAt(change.path, change.node);
    return change.change === "kind" || change.change === "value" ? streamsAt(change.path, change.after) : [];
  });
  const free = new Set(added.map(([path]) => path));
  for (const [from, stream] of leaving) {
    const to = (places.get(stream) ?? []).find((path) => free.has(path));
    if (to === undefined) continue;
    free.delete(to);
    if (to !== from) yield [from, to];
  }
}

/** The streamed datasets at or below a node. */
export function streamsAt(path: string, node: TreeNode): [path: string, stream: string][] {
  if (node.kind === "dataset") return node.value.kind === "stream" ? [[path, node.value.stream]] : [];
  if (node.kind !== "group") return [];
  return [...streamPaths(node)].flatMap(([stream, below]) =>
    below.map((at): [string, string] => [path === "/" ? at : path + at, stream]),
  );
}

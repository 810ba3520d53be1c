import type { Hdf5Writer } from "../hdf5/writer-api.js";
import type { TreeChange } from "../mapping/diff.js";
import { childPath } from "../mapping/paths.js";
import type { GroupNode, TreeNode } from "../mapping/tree.js";
import { streamPaths } from "../mapping/walk.js";
import { encodeNumbers } from "../ndarray/encode.js";
import { NdArray } from "../ndarray/ndarray.js";
import { isOwn } from "./claims.js";
import type { OpenFile } from "./open-file.js";
import type { ScanReport } from "./report.js";
import type { TreeWriter } from "./tree-writer.js";

/** What the final changes of one file need to know. */
export interface FinalContext {
  readonly file: OpenFile;
  readonly writer: TreeWriter;
  readonly report: ScanReport;
  /** Topmost items that are this scan's own. */
  readonly own: ReadonlySet<string>;
  /** True for streams whose data lie elsewhere (images): what stands for them in the file may be replaced. */
  readonly isView: (stream: string) => boolean;
  /** No scan of the file was closed after this one: the root's `default` shows its entry. */
  readonly isLast: boolean;
  /** The file's tree as the closed scan wants it. */
  readonly after: GroupNode;
  /** Decimals stay decimals when the last value is whole: a publisher's metadata do not tell 2 from 2.0. */
  readonly keepsDecimals: boolean;
}

/**
 * Brings a file from the tree at PREPARED to the one at CLOSED. Data of streams are never deleted: a stream that is mapped
 * elsewhere now moves there, one that is mapped nowhere any more stays where it was. Every step may be repeated after a
 * crash half-way.
 */
export async function applyFinalChanges(
  changes: readonly TreeChange[],
  context: FinalContext,
): Promise<void> {
  const moves = new Map(movesOf(changes, context.after));
  for (const [from, to] of moves) await context.writer.attempt(to, () => move(context, from, to));
  for (const change of changes) {
    if (change.path !== "/" && !isOwn(context.own, change.path)) continue;
    await context.writer.attempt(change.path, () => apply(change, context, moves));
  }
  context.file.changed();
}

async function apply(
  change: TreeChange,
  context: FinalContext,
  moves: ReadonlyMap<string, string>,
): Promise<void> {
  const { file, writer } = context;
  const { path } = change;
  if (change.change === "attributes") return applyAttributes(change, context);
  if (change.change === "removed") return remove(path, change.node, context, moves);
  if (change.change === "added") return writer.writeItem(path, change.node, true);
  const streams = streamsAt(path, change.before).filter(
    ([at, name]) => !moves.has(at) && !context.isView(name),
  );
  if (await holdsData(file, streams)) {
    context.report.fail(
      `${file.path}::${path} keeps the data of stream "${streams[0]?.[1]}", which the final mapping replaces.`,
    );
    return;
  }
  const isStream = change.after.kind === "dataset" && change.after.value.kind === "stream";
  if ((await file.hdf5.kindOf(path)) !== undefined) {
    if (isStream)
      await file.hdf5.remove(path); // it may have no data, and then nothing takes the place
    else await file.hdf5.replace(path);
  }
  const wanted = change.after;
  const kept =
    context.keepsDecimals && change.change === "value" ? asDecimals(change.before, wanted) : wanted;
  await writer.writeItem(path, kept, false);
}

/** Whole numbers in the place of decimals, as decimals when these hold them exactly. */
function asDecimals(before: TreeNode, after: TreeNode): TreeNode {
  if (before.kind !== "dataset" || before.value.kind !== "static") return after;
  if (after.kind !== "dataset" || after.value.kind !== "static") return after;
  const { array } = after.value;
  if (before.value.array.dtype !== "<f8" || array.dtype !== "<i8") return after;
  const numbers = [...NdArray.fromRaw(array).data].map(Number);
  if (!numbers.every(Number.isSafeInteger)) return after;
  const decimals = { ...array, dtype: "<f8", data: encodeNumbers(numbers, "<f8") };
  return { ...after, value: { kind: "static", array: decimals } };
}

async function applyAttributes(
  change: TreeChange & { change: "attributes" },
  context: FinalContext,
): Promise<void> {
  const { hdf5 } = context.file;
  const kind = await hdf5.kindOf(change.path);
  if (kind !== "group" && kind !== "dataset") return; // a stream without data has left nothing
  const older = change.path === "/" && !context.isLast;
  const wanted = context.writer.storable(change.path, change.set);
  const set = new Map([...wanted].filter(([name]) => !(older && name === "default")));
  if (set.size > 0) await hdf5.setAttributes(change.path, set);
  const present = new Set(await hdf5.attributeNames(change.path));
  for (const name of change.removed) {
    if (present.has(name)) await hdf5.deleteAttribute(change.path, name);
  }
}

/** Removes an item, but for the data of streams in it that are mapped nowhere else. */
async function remove(
  path: string,
  node: TreeNode,
  context: FinalContext,
  moves: ReadonlyMap<string, string>,
): Promise<void> {
  const { file, report } = context;
  if ((await file.hdf5.kindOf(path)) === undefined) return;
  const staying = streamsAt(path, node).filter(([at]) => !moves.has(at));
  if (!(await holdsData(file, staying))) return file.hdf5.remove(path);
  if (node.kind !== "group") {
    report.warn(
      `${file.path}::${path} is not in the final mapping any more: the data of its stream are kept.`,
    );
    return;
  }
  for (const [name, child] of node.children) await remove(childPath(path, name), child, context, moves);
}

async function move({ file: { hdf5 } }: FinalContext, from: string, to: string): Promise<void> {
  if ((await hdf5.kindOf(from)) !== "dataset" || (await hdf5.kindOf(to)) !== undefined) return;
  await makeParents(hdf5, to);
  await hdf5.createHardLink(to, from);
}

async function makeParents(hdf5: Hdf5Writer, path: string): Promise<void> {
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent === "" || (await hdf5.kindOf(parent)) !== undefined) return;
  await makeParents(hdf5, parent);
  await hdf5.createGroup(parent);
}

/** Where streams of removed or replaced items are found in the new tree: old path → new path. */
function* movesOf(changes: readonly TreeChange[], after: GroupNode): Generator<[from: string, to: string]> {
  const places = streamPaths(after);
  const added = changes.flatMap((change) => {
    if (change.change === "added") return streamsAt(change.path, change.node);
    return change.change === "kind" || change.change === "value" ? streamsAt(change.path, change.after) : [];
  });
  const free = new Set(added.map(([path]) => path));
  for (const change of changes) {
    if (change.change !== "removed" && change.change !== "kind" && change.change !== "value") continue;
    const before = change.change === "removed" ? change.node : change.before;
    for (const [from, stream] of streamsAt(change.path, before)) {
      const to = (places.get(stream) ?? []).find((path) => free.has(path));
      if (to === undefined) continue;
      free.delete(to);
      yield [from, to];
    }
  }
}

/** The streamed datasets at or below a node. */
function streamsAt(path: string, node: TreeNode): [path: string, stream: string][] {
  if (node.kind === "dataset") return node.value.kind === "stream" ? [[path, node.value.stream]] : [];
  if (node.kind !== "group") return [];
  return [...streamPaths(node)].flatMap(([stream, below]) =>
    below.map((at): [string, string] => [path === "/" ? at : path + at, stream]),
  );
}

async function holdsData({ hdf5 }: OpenFile, streams: readonly (readonly [path: string, stream: string])[]) {
  for (const [path] of streams) {
    if ((await hdf5.kindOf(path)) !== undefined) return true;
  }
  return false;
}

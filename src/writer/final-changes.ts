import type { TreeChange } from "../mapping/diff.js";
import { childPath } from "../mapping/paths.js";
import type { GroupNode, TreeNode } from "../mapping/tree.js";
import { encodeNumbers } from "../ndarray/encode.js";
import { NdArray } from "../ndarray/ndarray.js";
import { isOwn } from "./claims.js";
import { MovedData, streamsAt } from "./moved-data.js";
import type { OpenFile } from "./open-file.js";
import type { ScanReport } from "./report.js";
import { type PlaceStream, TreeWriter } from "./tree-writer.js";

/** What the final changes of one file need to know. */
export interface FinalContext {
  readonly file: OpenFile;
  readonly place: PlaceStream;
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
 * crash half-way. True when data have moved: a successor must not look for them where they were.
 */
export async function applyFinalChanges(
  changes: readonly TreeChange[],
  context: FinalContext,
): Promise<boolean> {
  const { file, report, own, after, place } = context;
  const moved = new MovedData(file);
  const writer = new TreeWriter(file, report, async (at) => place(await moved.bring(at)));
  await writer.attempt("/", () => moved.setAside(changes, own, after));
  for (const change of changes) {
    if (change.path !== "/" && !isOwn(own, change.path)) continue;
    await writer.attempt(change.path, () => apply(change, context, writer, moved));
  }
  moved.complain(report);
  file.changed();
  return moved.any;
}

async function apply(
  change: TreeChange,
  context: FinalContext,
  writer: TreeWriter,
  moved: MovedData,
): Promise<void> {
  const { file } = context;
  const { path } = change;
  if (change.change === "attributes") return applyAttributes(change, context, writer);
  if (change.change === "removed") return remove(path, change.node, context, moved);
  if (change.change === "added") return writer.writeItem(path, change.node, true);
  // The same stream in another form, such as a single point that became several, is written anew.
  const again = streamOf(change.after);
  const streams = streamsAt(path, change.before).filter(
    ([at, name]) => !(moved.leaves(at) || context.isView(name) || (at === path && name === again)),
  );
  if (await holdsData(file, streams)) {
    context.report.fail(
      `${file.path}::${path} keeps the data of stream "${streams[0]?.[1]}", which the final mapping replaces.`,
    );
    return;
  }
  if ((await file.hdf5.kindOf(path)) !== undefined) {
    if (again !== undefined && !moved.arrives(path))
      await file.hdf5.remove(path); // it may have no data, and then nothing takes the place
    else await file.hdf5.replace(path);
  }
  const wanted = change.after;
  const kept =
    context.keepsDecimals && change.change === "value" ? asDecimals(change.before, wanted) : wanted;
  await writer.writeItem(path, kept, false);
}

function streamOf(node: TreeNode): string | undefined {
  return node.kind === "dataset" && node.value.kind === "stream" ? node.value.stream : undefined;
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
  writer: TreeWriter,
): Promise<void> {
  const { hdf5 } = context.file;
  const kind = await hdf5.kindOf(change.path);
  if (kind !== "group" && kind !== "dataset") return; // a stream without data has left nothing
  const older = change.path === "/" && !context.isLast;
  const wanted = writer.storable(change.path, change.set);
  const set = new Map([...wanted].filter(([name]) => !(older && name === "default")));
  if (set.size > 0) await hdf5.setAttributes(change.path, set);
  const present = new Set(await hdf5.attributeNames(change.path));
  for (const name of change.removed) {
    if (present.has(name)) await hdf5.deleteAttribute(change.path, name);
  }
}

/** Removes an item, but for the data of streams in it that are mapped nowhere else. */
async function remove(path: string, node: TreeNode, context: FinalContext, moved: MovedData): Promise<void> {
  const { file, report } = context;
  if ((await file.hdf5.kindOf(path)) === undefined) return;
  const staying = streamsAt(path, node).filter(([at]) => !moved.leaves(at));
  if (!(await holdsData(file, staying))) return file.hdf5.remove(path);
  if (node.kind !== "group") {
    report.warn(
      `${file.path}::${path} is not in the final mapping any more: the data of its stream are kept.`,
    );
    return;
  }
  for (const [name, child] of node.children) await remove(childPath(path, name), child, context, moved);
}

async function holdsData({ hdf5 }: OpenFile, streams: readonly (readonly [path: string, stream: string])[]) {
  for (const [path] of streams) {
    if ((await hdf5.kindOf(path)) !== undefined) return true;
  }
  return false;
}

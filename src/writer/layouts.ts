import { readLayout } from "../mapping/layout.js";
import { localIsoTime, saveDecision, scanFile, streamsToRead } from "../mapping/scan-info/index.js";
import type { GroupNode, Layout, LayoutSource, StreamFacts, TreeNode } from "../mapping/tree.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { FollowableStream } from "../stream/followable.js";

/** When the writer took up the scan and finished it, and how. */
export interface WritingTimes {
  readonly start: Date;
  readonly end?: Date;
  readonly failed?: boolean;
}

/** The file that holds the scan; null when it is not to be saved. */
export function mainFile({ id, info }: Pick<LayoutSource, "id" | "info">): string | null {
  return isMapped(info) ? id.path || null : scanFile({ id, info });
}

/** Why a scan is not to be written; undefined when it is. */
export function reasonNotToWrite({ id, info, streams }: LayoutSource): string | undefined {
  if (mainFile({ id, info }) === null)
    return "The scan has no file (id.path, info.filename): it is not to be saved.";
  if (isMapped(info)) return undefined;
  const decision = saveDecision({ id, info });
  if (decision.save) return undefined;
  if (streams.size === 0 || info.save === undefined) return "The scan has no layout: it is not to be saved.";
  return `The scan is not to be saved: ${decision.reason}`;
}

/** True for scans that publish their layout themselves. */
export function isMapped(info: Readonly<Record<string, unknown>>): boolean {
  return (info.h5maps ?? info.mapping ?? null) !== null;
}

/**
 * The layout at PREPARED, whatever state the scan is in now; `info` is the one that the files follow. Entries have no
 * `end_time` yet, also when the scan has ended: blissdata's readers of growing files take it for the end of the data.
 */
export function preparedLayout(
  source: LayoutSource,
  info: LayoutSource["info"],
  times: WritingTimes,
): Layout {
  const writer = { date: localIsoTime(times.start), status: "RUNNING" as const };
  const layout = readLayout({ ...source, info, state: "PREPARED", writer });
  const files = [...layout.files].map(([path, root]) => [path, withoutEnds(root)] as const);
  return { ...layout, files: new Map(files) };
}

function withoutEnds(root: GroupNode): GroupNode {
  return { ...root, children: new Map([...root.children].map(([name, entry]) => [name, withoutEnd(entry)])) };
}

function withoutEnd(entry: TreeNode): TreeNode {
  if (entry.kind !== "group" || !entry.children.has("end_time")) return entry;
  return { ...entry, children: new Map([...entry.children].filter(([name]) => name !== "end_time")) };
}

export interface FinalOptions {
  readonly signal: AbortSignal;
  /** The info that the files follow so far (`SavedState.preparedInfo`). */
  readonly startInfo?: LayoutSource["info"];
  /** The row shapes in the file of streams with variable-size points. */
  readonly pointShapes?: ReadonlyMap<string, readonly number[]>;
}

/** The layout of a closed scan; derived ones need to know what the streams hold. */
export async function finalLayout(
  scan: Scan,
  store: DataStore,
  times: Required<WritingTimes>,
  options: FinalOptions,
): Promise<Layout> {
  const writer = {
    date: localIsoTime(times.start),
    status: times.failed ? ("FAILED" as const) : ("SUCCEEDED" as const),
    endTime: localIsoTime(times.end),
  };
  const { startInfo, pointShapes } = options;
  const source: LayoutSource = {
    ...scan.layoutSource,
    state: "CLOSED",
    writer,
    ...(startInfo && { startInfo }),
  };
  if (isMapped(source.info)) return readLayout(source);
  const wanted = new Set(streamsToRead(source));
  const streams = await Promise.all(
    [...source.streams].map(async ([name, facts]): Promise<[string, StreamFacts]> => {
      const stream = scan.streams.get(name);
      if (!stream || stream.failure) return [name, facts];
      const pointShape = pointShapes?.get(name);
      const known = pointShape ? { ...facts, pointShape } : facts;
      return [name, await factsOf(stream, known, wanted.has(name), store, options)];
    }),
  );
  return readLayout({ ...source, streams: new Map(streams) });
}

async function factsOf(
  stream: FollowableStream,
  facts: StreamFacts,
  withValues: boolean,
  store: DataStore,
  options: { signal: AbortSignal },
): Promise<StreamFacts> {
  const length = await stream.length(options);
  if (facts.plugin === "lima") {
    const last = await stream.events.last(options);
    return { ...facts, length, lastStatus: statusOf(last?.value) };
  }
  if (facts.plugin === "scan_sequence")
    return { ...facts, length, scans: await scansOf(stream, store, options) };
  if (!withValues) return { ...facts, length };
  const values = await stream.slice(null, null, null, options).then(
    ({ data }) => Array.from(data as ArrayLike<unknown>, Number),
    () => undefined, // trimmed meanwhile: the plot gets no regular axis
  );
  return { ...facts, length, ...(values && { values }) };
}

function statusOf(value: unknown): { last_index: number } {
  const { last_index: last } = (value ?? {}) as Record<string, unknown>;
  return { last_index: typeof last === "number" ? last : -1 };
}

/** The scans that a sequence refers to, as far as Redis still has them. */
async function scansOf(
  stream: FollowableStream,
  store: DataStore,
  options: { signal: AbortSignal },
): Promise<LayoutSource[]> {
  const references = await stream.events.slice(null, null, null, options).catch(() => undefined);
  const keys = Array.from((references?.data ?? []) as ArrayLike<unknown>, (item) =>
    String((item as { key?: unknown } | null)?.key),
  );
  const scans = await Promise.all(
    keys.map((key) =>
      store.loadScan(key, options).then(
        (scan) => scan.layoutSource,
        () => undefined,
      ),
    ),
  );
  return scans.filter((source) => source !== undefined);
}

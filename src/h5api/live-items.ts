import { dirname, resolve } from "node:path";
import type { GroupNode, TreeNode } from "../mapping/tree.js";
import type { Scan } from "../scan/scan.js";
import type { SignalOption } from "../stream/reading.js";
import { externalSource } from "./data/external-source.js";
import type { DataSource } from "./data/source.js";
import { staticSource } from "./data/static-source.js";
import { StreamSource, singlePointSource } from "./data/stream-source.js";
import { virtualSource } from "./data/virtual-source.js";
import type { Item } from "./view.js";
import type { Waits } from "./waits.js";

/** What the items of a live file need from it. */
export interface LiveContext {
  /** Absolute path of the file. */
  readonly file: string;
  /** The same dataset in the file on disk, when that may be asked. */
  onDisk?(path: string, options: SignalOption): Promise<DataSource | undefined>;
  /** Waits end when the file is closed. */
  readonly waits: Waits;
  /** A dataset of this file or another one, through links; undefined when it does not exist. */
  find(file: string, path: string, options: SignalOption): Promise<DataSource | undefined>;
}

/** The node at a path below a group; undefined when there is none. */
export function nodeAt(root: GroupNode, elements: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const element of elements) node = node?.kind === "group" ? node.children.get(element) : undefined;
  return node;
}

/** A node of a scan's tree as readers see it; undefined for a stream that the scan does not have (yet). */
export function itemOf(node: TreeNode, path: string, scan: Scan, context: LiveContext): Item | undefined {
  if (node.kind === "soft_link" || node.kind === "external_link") return node;
  const attributes = async () => node.attributes;
  if (node.kind === "group") {
    const names = [...node.children].filter(([, child]) => isThere(child, scan)).map(([name]) => name);
    return { kind: "group", names: async () => names, attributes };
  }
  const data = sourceOf(node, path, scan, context);
  return data && { kind: "dataset", data, attributes };
}

function isThere(node: TreeNode, scan: Scan): boolean {
  return node.kind !== "dataset" || node.value.kind !== "stream" || scan.streams.has(node.value.stream);
}

type DataNode = Exclude<TreeNode, GroupNode | { kind: "soft_link" } | { kind: "external_link" }>;

function sourceOf(node: DataNode, path: string, scan: Scan, context: LiveContext): DataSource | undefined {
  const { file } = context;
  if (node.kind === "external_binary") return externalSource(node, file);
  if (node.kind === "virtual") {
    const find = (name: string, dataset: string, options: SignalOption) =>
      context.find(name === "." ? file : resolve(dirname(file), name), dataset, options);
    return virtualSource(node, find);
  }
  const { value } = node;
  if (value.kind === "static") return staticSource(value.array);
  const stream = scan.streams.get(value.stream);
  if (!stream) return undefined;
  const source = new StreamSource(stream, {
    onDisk: async (options) => context.onDisk?.(path, options),
    checkScan: async (options) => {
      await scan.update(options);
    },
    waits: context.waits,
  });
  return value.layout?.single ? singlePointSource(source) : source;
}

import { parseExactJson } from "../../../src/json.js";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import type { GroupNode, Layout, LayoutSource, StreamFacts, TreeNode } from "../../../src/mapping/tree.js";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import type { RawArray } from "../../../src/ndarray/raw.js";

export const FILE = "/data/sample/scan.h5";

/** A scan whose `info` is JSON text or an object; numbers keep their kind as in Redis. */
export function scanOf(
  info: Record<string, unknown> | string,
  streams: Record<string, Partial<StreamFacts>> = {},
  more: Partial<LayoutSource> = {},
): LayoutSource {
  const text = typeof info === "string" ? info : JSON.stringify(info);
  const described = Object.entries(streams).map(
    ([name, facts]) => [name, { ...scalars(3), ...facts }] as const,
  );
  return {
    id: { name: "ascan", number: 1, path: FILE, session: "test" },
    info: parseExactJson(text) as Record<string, unknown>,
    streams: new Map(described),
    state: "CLOSED",
    ...more,
  };
}

/** A chain with these devices: name → channels; the first one triggers the others, and a timer. */
export function chainInfo(
  devices: Record<string, readonly string[]>,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const keys = Object.keys(devices);
  const [first, ...others] = keys;
  const described = keys.map((key) => [
    key,
    {
      name: key,
      channels: devices[key],
      ...(key === first ? { triggered_devices: ["timer", ...others] } : {}),
    },
  ]);
  const channels = Object.values(devices).flatMap((names) => names.map((name) => [name, { dim: 0 }]));
  return {
    scan_nb: 1,
    title: "ascan",
    start_time: "2025-11-03T10:20:30+01:00",
    filename: FILE,
    save: true,
    data_writer: "external",
    scan_meta_categories: [],
    acquisition_chain: { main: { devices: keys } },
    devices: Object.fromEntries(described),
    channels: Object.fromEntries(channels),
    ...more,
  };
}

export function scalars(length: number): StreamFacts {
  return plain("<f8", [], length);
}

export function plain(dtype: string, shape: readonly number[], length: number): StreamFacts {
  return { plugin: null, encoding: { type: "numeric", dtype_str: dtype, shape }, info: {}, length };
}

/** The stream of a Lima detector that took `images` images. */
export function lima(
  images: number,
  limaInfo: Record<string, unknown> = {},
  shape: readonly number[] = [4, 6],
): StreamFacts {
  const saving = {
    file_path: "/data/sample/scan0001/cam_%04d.h5",
    data_path: "/entry/data",
    file_format: "hdf5",
  };
  return {
    plugin: "lima",
    encoding: { type: "json" },
    info: { dtype: "uint16", shape, lima_info: { frame_per_file: 5, ...saving, ...limaInfo } },
    lastStatus: { last_index: images - 1, last_index_saved: images - 1 },
  };
}

/** A node of the scan's file. */
export function nodeAt(layout: Layout, path: string, file: string = FILE): TreeNode | undefined {
  let node: TreeNode | undefined = layout.files.get(file);
  for (const name of path.split("/").filter((element) => element !== "")) {
    node = node?.kind === "group" ? node.children.get(name) : undefined;
  }
  return node;
}

export function namesAt(layout: Layout, path: string, file: string = FILE): string[] {
  const node = nodeAt(layout, path, file);
  return node?.kind === "group" ? [...node.children.keys()] : [];
}

/** A static value, a link's target as `→ path`, or `stream:name`. */
export function valueAt(layout: Layout, path: string): unknown {
  const node = nodeAt(layout, path);
  if (node?.kind === "soft_link") return `→ ${node.target}`;
  if (node?.kind === "external_link") return `→ ${node.file}::${node.path}`;
  if (node?.kind !== "dataset") return node?.kind;
  return node.value.kind === "stream" ? `stream:${node.value.stream}` : plainValue(node.value.array);
}

export function attributeAt(layout: Layout, path: string, name: string, file: string = FILE): unknown {
  const node = nodeAt(layout, path, file);
  const array = node && "attributes" in node ? node.attributes.get(name) : undefined;
  return array && plainValue(array);
}

export function dtypeAt(layout: Layout, path: string): unknown {
  const node = nodeAt(layout, path);
  return node?.kind === "dataset" && node.value.kind === "static" ? node.value.array.dtype : undefined;
}

function plainValue(array: RawArray): unknown {
  const nested = NdArray.fromRaw(array).toNested();
  return JSON.parse(
    JSON.stringify(nested, (_, item: unknown) => {
      if (typeof item === "bigint") return Number(item);
      return Number.isNaN(item) ? "NaN" : item;
    }),
  );
}

/** The layout of a chain with these devices and streams for all of their channels. */
export function layoutOf(
  devices: Record<string, readonly string[]>,
  info: Record<string, unknown> = {},
  streams: Record<string, Partial<StreamFacts>> = {},
  more: Partial<LayoutSource> = {},
): Layout {
  const all = Object.values(devices)
    .flat()
    .map((name) => [name, {}] as const);
  return layoutFromScanInfo(
    scanOf(chainInfo(devices, info), { ...Object.fromEntries(all), ...streams }, more),
  );
}

export function isGroup(node: TreeNode | undefined): node is GroupNode {
  return node?.kind === "group";
}

import { readFileSync } from "node:fs";
import { parseExactJson } from "../../src/json.js";
import { readLayout } from "../../src/mapping/layout.js";
import type { GroupNode, Layout, LayoutSource, StreamFacts } from "../../src/mapping/tree.js";
import { walkTree } from "../../src/mapping/walk.js";

export const FILE = "/data/demo.h5";

/** A scan whose info is the given one, as if its JSON had come from Redis. */
export function scanOf(info: Record<string, unknown>, streams: readonly string[] = []): LayoutSource {
  return {
    id: { name: "ascan", number: 12, path: FILE, session: "demo" },
    info: parseExactJson(JSON.stringify(info)) as Record<string, unknown>,
    streams: new Map(streams.map((name) => [name, plainStream()])),
  };
}

function plainStream(): StreamFacts {
  return { plugin: null, encoding: { type: "numeric", dtype_str: "<f8", shape: [] }, info: {} };
}

/** The layout of a file whose root has these h5maps items. */
export function layoutOf(children: unknown, streams: readonly string[] = []): Layout {
  return readLayout(scanOf({ h5maps: { [FILE]: { type: "group", children } } }, streams));
}

/** Paths of everything in a tree. */
export function paths(root: GroupNode | undefined): string[] {
  return root ? [...walkTree(root)].map(([path]) => path) : [];
}

/** The tree of the scan's own file. */
export function rootOf(layout: Layout): GroupNode {
  const root = layout.files.get(FILE);
  if (!root) throw new Error("no tree");
  return root;
}

/** The tree of a file whose root has these h5maps items, all of which must be good. */
export function treeOf(children: unknown, streams: readonly string[] = []): GroupNode {
  const layout = layoutOf(children, streams);
  const root = layout.files.get(FILE);
  if (!root || layout.warnings.length > 0) throw new Error(JSON.stringify(layout.warnings));
  return root;
}

/** h5maps items, shortly. */
export const group = (children: unknown, attributes: unknown = {}) => ({
  type: "group",
  attributes,
  children,
});
export const soft = (target: string) => ({ type: "soft_link", target_path: target });

interface ScanDocument {
  readonly id: LayoutSource["id"];
  readonly info: Readonly<Record<string, unknown>>;
  readonly data_streams: Readonly<
    Record<string, { encoding: StreamFacts["encoding"]; info: StreamFacts["info"] }>
  >;
}

/** The final scan documents of a capture, in order. */
export function capturedScans(name: string): LayoutSource[] {
  const file = new URL(`../../fixtures/h5maps/${name}/scan.json`, import.meta.url);
  const documents = parseExactJson(readFileSync(file, "utf8")) as Record<string, ScanDocument>;
  return Object.values(documents).map((document) => ({
    id: document.id,
    info: document.info,
    streams: new Map(
      Object.entries(document.data_streams).map(([stream, { encoding, info }]) => [
        stream,
        { plugin: typeof info?.plugin === "string" ? info.plugin : null, encoding, info },
      ]),
    ),
  }));
}

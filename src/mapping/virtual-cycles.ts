import { dirname, resolve as resolveFile } from "node:path";
import { joinPath, splitPath } from "./paths.js";
import { resolve } from "./resolve.js";
import type { GroupNode, VirtualNode } from "./tree.js";

export interface CircularVirtual {
  readonly path: string;
  readonly node: VirtualNode;
  /** The datasets that it is made of in turn, from its own path back to it. */
  readonly way: readonly string[];
}

/**
 * The virtual datasets of a file that are made of themselves, directly or through others of the file. HDF5 follows such a
 * circle until the program that reads crashes.
 */
export function circularVirtuals(
  root: GroupNode,
  file: string,
  virtuals: ReadonlyMap<string, VirtualNode>,
): CircularVirtual[] {
  const madeOf = new Map(
    [...virtuals].map(([path, node]) => [path, sourcesWithin(root, file, node, virtuals)] as const),
  );
  return [...virtuals].flatMap(([path, node]) => {
    const way = wayBack(path, madeOf);
    return way ? [{ path, node, way }] : [];
  });
}

/** The virtual datasets of the same file that one is made of. */
function sourcesWithin(
  root: GroupNode,
  file: string,
  { sources }: VirtualNode,
  virtuals: ReadonlyMap<string, VirtualNode>,
): readonly string[] {
  const names = sources
    .filter((source) => source.file === "." || resolveFile(dirname(file), source.file) === file)
    .map(({ dataset }) => realPath(root, dataset));
  return [...new Set(names)].filter((name) => virtuals.has(name));
}

function realPath(root: GroupNode, path: string): string {
  try {
    const found = resolve(root, path);
    if (found.kind === "found") return found.path;
  } catch {
    // Links in a circle lead to no dataset.
  }
  return joinPath(splitPath(path));
}

/** The shortest way from a dataset back to itself. */
function wayBack(start: string, madeOf: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    for (const next of madeOf.get(at) ?? []) {
      if (next === start) return wayTo(at, start, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      open.push(next);
    }
  }
  return undefined;
}

function wayTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let at: string | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) {
    way.unshift(at);
  }
  return [start, ...way];
}

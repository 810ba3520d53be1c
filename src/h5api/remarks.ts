import { readLayout } from "../mapping/layout.js";
import type { GroupNode } from "../mapping/tree.js";
import type { Scan } from "../scan/scan.js";

/** What could not be read of each tree that somebody asked about: path → why. */
const known = new WeakMap<GroupNode, ReadonlyMap<string, string>>();

/**
 * Why an item that the scan's mapping describes is not in the tree made of it: it could not be read. Undefined for items
 * that the mapping does not have.
 */
export function remarkOn(scan: Scan, tree: GroupNode, file: string, path: string): string | undefined {
  let remarks = known.get(tree);
  if (!remarks) {
    const { warnings } = readLayout(scan.layoutSource);
    const fatal = warnings.filter((warning) => warning.fatal && warning.file === file);
    remarks = new Map(fatal.map((warning) => [warning.path, warning.message]));
    known.set(tree, remarks);
  }
  return remarks.get(path);
}

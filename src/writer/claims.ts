import type { Hdf5Writer } from "../hdf5/writer-api.js";
import { childPath } from "../mapping/paths.js";
import type { GroupNode, TreeNode } from "../mapping/tree.js";

/** What a scan may do with the items of its tree in a file that others may have written to. */
export interface FileClaims {
  /** Topmost items that are this scan's own: made by it, now or before a crash, with all that they hold. */
  readonly own: ReadonlySet<string>;
  /** Items that another scan made and that stay as they are. */
  readonly foreign: ReadonlyMap<string, string>;
}

/**
 * Finds out which items of a tree are free to be made. `known` are claims that this scan noted earlier. Groups that exist
 * (the root, a collection of a master file) are shared; an existing NXentry, dataset or other link is foreign.
 */
export async function claimItems(
  hdf5: Hdf5Writer,
  root: GroupNode,
  known: ReadonlySet<string>,
): Promise<FileClaims> {
  const own = new Set<string>();
  const foreign = new Map<string, string>();
  await visit(root, "/");
  return { own, foreign };

  async function visit(group: GroupNode, path: string): Promise<void> {
    for (const [name, node] of group.children) {
      const at = childPath(path, name);
      const kind = known.has(at) ? undefined : await hdf5.kindOf(at);
      if (kind === undefined) own.add(at);
      else if (kind === "group" && node.kind === "group" && !isEntry(node)) await visit(node, at);
      else if (!(await isSameLink(hdf5, at, node)))
        foreign.set(at, `${at} exists already: it was left as it is`);
    }
  }
}

/** True for items at or below a claimed path. */
export function isOwn(claims: ReadonlySet<string>, path: string): boolean {
  for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    if (claims.has(at)) return true;
  }
  return false;
}

function isEntry(node: GroupNode): boolean {
  const { data } = node.attributes.get("NX_class") ?? {};
  return Array.isArray(data) && data[0] === "NXentry";
}

async function isSameLink(hdf5: Hdf5Writer, path: string, node: TreeNode): Promise<boolean> {
  const link = await hdf5.linkAt(path);
  if (node.kind === "soft_link") return link?.kind === "soft_link" && link.target === node.target;
  if (node.kind !== "external_link" || link?.kind !== "external_link") return false;
  return link.file === node.file && link.path === node.path;
}

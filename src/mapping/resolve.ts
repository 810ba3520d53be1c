import { LinkCycleError, TooManyLinksError } from "./errors.js";
import { isAbsolute, joinPath, splitPath } from "./paths.js";
import type { ExternalLinkNode, GroupNode, TreeNode } from "./tree.js";

/** What is at the end of a path. */
export type Resolution = Found | Elsewhere | Missing;

export interface Found {
  readonly kind: "found";
  /** The real path: without links, `.` and empty elements. */
  readonly path: string;
  /** A link only with `followLast: false`. */
  readonly node: TreeNode;
}

/** The path leads through an external link into another file. */
export interface Elsewhere {
  readonly kind: "external";
  /** The path of the link. */
  readonly path: string;
  readonly link: ExternalLinkNode;
  /** The path to go on with in that file: the link's, and what followed the link. */
  readonly target: string;
}

export interface Missing {
  readonly kind: "missing";
  /** The path of the first element that is not there. */
  readonly path: string;
  /** Why, in words: no such name, or the element before is no group. */
  readonly reason: string;
  /** The soft links that were followed, `path → target`. */
  readonly links: readonly string[];
}

export interface ResolveOptions {
  /** Where relative paths start: the path of a group; default `/`. */
  readonly from?: string;
  /** False: a link at the very end of the path is the answer itself (h5py's `getlink`). Default true. */
  readonly followLast?: boolean;
}

/** HDF5 gives up after 16 links by default; we are more patient, but not for ever. */
const MAX_LINKS = 100;

/** A link being followed: it is done when no more than `rest` elements are left to go. */
interface Active {
  readonly path: string;
  readonly rest: number;
}

/**
 * Follows a path element by element through a tree, soft links included: their targets are absolute or relative to the
 * group that holds the link; `.` and empty elements mean nothing and `..` is an ordinary name, as in HDF5. A
 * cycle of links is a LinkCycleError that shows the chain.
 */
export function resolve(root: GroupNode, path: string, options: ResolveOptions = {}): Resolution {
  const { from = "/", followLast = true } = options;
  const pending = (isAbsolute(path) ? splitPath(path) : [...splitPath(from), ...splitPath(path)]).reverse();
  const active: Active[] = [];
  const links: string[] = [];
  let at: string[] = [];
  let node: TreeNode = root;
  while (pending.length > 0) {
    while ((active.at(-1)?.rest ?? -1) >= pending.length) active.pop();
    const name = pending.pop() ?? "";
    const here = joinPath([...at, name]);
    if (node.kind !== "group") return missing(here, `${joinPath(at)} is a ${nameOf(node)}, no group`, links);
    const child: TreeNode | undefined = node.children.get(name);
    if (child === undefined) return missing(here, "no such name", links);
    if (child.kind === "external_link" && (followLast || pending.length > 0)) {
      const target = joinPath([...splitPath(child.path), ...pending.reverse()]);
      return { kind: "external", path: here, link: child, target };
    }
    if (child.kind !== "soft_link" || (pending.length === 0 && !followLast)) {
      at.push(name);
      node = child;
      continue;
    }
    follow(path, active, links, here, child.target, pending.length);
    pending.push(...splitPath(child.target).reverse());
    if (isAbsolute(child.target)) {
      at = [];
      node = root;
    }
  }
  return { kind: "found", path: joinPath(at), node };
}

/** Notes that a link is followed, unless it is being followed already. */
function follow(
  path: string,
  active: Active[],
  links: string[],
  here: string,
  target: string,
  rest: number,
): void {
  const first = active.findIndex((link) => link.path === here);
  if (first >= 0) throw new LinkCycleError(path, [...active.slice(first).map((link) => link.path), here]);
  if (links.length >= MAX_LINKS) throw new TooManyLinksError(path, MAX_LINKS);
  active.push({ path: here, rest });
  links.push(`${here} → ${target}`);
}

function missing(path: string, reason: string, links: readonly string[]): Missing {
  return { kind: "missing", path, reason, links };
}

function nameOf(node: TreeNode): string {
  return node.kind === "external_binary" || node.kind === "virtual" ? "dataset" : node.kind.replace("_", " ");
}

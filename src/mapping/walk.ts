import { childPath } from "./paths.js";
import type { GroupNode, TreeNode } from "./tree.js";

/** Every node of a tree with its path, groups before what they hold, in the order of the mapping; the root is `/`. */
export function* walkTree(root: GroupNode): Generator<readonly [path: string, node: TreeNode]> {
  yield ["/", root];
  const open = [{ path: "/", children: root.children.entries() }];
  for (let group = open.at(-1); group; group = open.at(-1)) {
    const next = group.children.next();
    if (next.done) {
      open.pop();
      continue;
    }
    const [name, node] = next.value;
    const path = childPath(group.path, name);
    yield [path, node];
    if (node.kind === "group") open.push({ path, children: node.children.entries() });
  }
}

/** Where the streams of a scan lie in a tree: each stream's paths, in the order of the mapping. */
export function streamPaths(root: GroupNode): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const [path, node] of walkTree(root)) {
    if (node.kind !== "dataset" || node.value.kind !== "stream") continue;
    const known = paths.get(node.value.stream);
    if (known) known.push(path);
    else paths.set(node.value.stream, [path]);
  }
  return paths;
}

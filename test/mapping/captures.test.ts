import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readLayout } from "../../src/mapping/layout.js";
import type { Attributes, LayoutSource, TreeNode } from "../../src/mapping/tree.js";
import { walkTree } from "../../src/mapping/walk.js";
import { dtypeOfName } from "../../src/ndarray/dtype.js";
import { type GoldenArray, type GoldenNode, goldenArray, goldenTree } from "./golden-tree.js";
import { capturedScans } from "./support.js";

const CASES = readdirSync(new URL("../../fixtures/h5maps", import.meta.url)).sort();

/** The table of intended differences in docs/mapping.md: capture → where. */
const INTENDED = new Map<string, string[]>();
for (const line of readFileSync(new URL("../../docs/mapping.md", import.meta.url), "utf8").split("\n")) {
  const [, name = "", where = ""] = /^\| (\w+) \| (\S+::\S+) \|/.exec(line) ?? [];
  if (name) INTENDED.set(name, [...(INTENDED.get(name) ?? []), where]);
}

test.each(CASES)("the tree of %s is that of the real writer, but for the documented differences", (name) => {
  const found = differences(name);
  const intended = INTENDED.get(name) ?? [];
  const unexpected = found.filter(({ where }) => !intended.some((pattern) => matches(pattern, where)));
  expect(unexpected).toEqual([]);
  const outdated = intended.filter((pattern) => !found.some(({ where }) => matches(pattern, where)));
  expect(outdated).toEqual([]);
});

test("the documentation names no capture that is not there", () => {
  expect([...INTENDED.keys()].filter((name) => !CASES.includes(name))).toEqual([]);
});

interface Difference {
  readonly where: string;
  readonly what: unknown;
}

function matches(pattern: string, where: string): boolean {
  return pattern.endsWith("*") ? where.startsWith(pattern.slice(0, -1)) : pattern === where;
}

function differences(name: string): Difference[] {
  const golden = goldenTree("h5maps", name);
  const prefix = `/tmp/nxgolden/${name}/`;
  const found: Difference[] = [];
  for (const [file, items] of itemsByFile(capturedScans(name))) {
    const relative = file.slice(prefix.length);
    const root = golden[relative];
    const theirs = root ? goldenItems(root) : new Map<string, GoldenNode>();
    for (const path of new Set([...items.keys(), ...theirs.keys()])) {
      const [ours, real] = [items.get(path), theirs.get(path)];
      const seen = ours && describeOurs(ours.node, ours.streams);
      const expected = real && describeGolden(real, ours?.node);
      if (!equal(seen, expected)) found.push({ where: `${relative}::${path}`, what: { seen, expected } });
    }
  }
  return found;
}

interface Item {
  readonly node: TreeNode;
  readonly streams: LayoutSource["streams"];
}

/** All items that the scans of a capture bring, by file and path; the first scan wins. */
function itemsByFile(scans: readonly LayoutSource[]): Map<string, Map<string, Item>> {
  const files = new Map<string, Map<string, Item>>();
  for (const scan of scans) {
    for (const [file, root] of readLayout(scan).files) {
      const items = files.get(file) ?? new Map<string, Item>();
      files.set(file, items);
      for (const [path, node] of walkTree(root)) {
        if (!items.has(path)) items.set(path, { node, streams: scan.streams });
      }
    }
  }
  return files;
}

function goldenItems(
  root: GoldenNode,
  path = "",
  items = new Map<string, GoldenNode>(),
): Map<string, GoldenNode> {
  items.set(path === "" ? "/" : path, root);
  for (const [name, child] of Object.entries(root.children ?? {}))
    goldenItems(child, `${path}/${name}`, items);
  return items;
}

/** What the mapping says of an item, in the words of tree.json. */
function describeOurs(node: TreeNode, streams: LayoutSource["streams"]): unknown {
  switch (node.kind) {
    case "soft_link":
      return { kind: node.kind, target: node.target };
    case "external_link":
      return { kind: node.kind, file: node.file, path: node.path };
    case "group":
      return { kind: "group", attributes: describeAttributes(node.attributes) };
    case "external_binary": {
      const external = node.files.map(({ name, offset, size }) => [name, offset, size]);
      const { dtype, shape } = node;
      return { kind: "dataset", attributes: describeAttributes(node.attributes), dtype, shape, external };
    }
    case "virtual":
      return {
        kind: "dataset",
        attributes: describeAttributes(node.attributes),
        dtype: node.dtype,
        shape: node.shape,
      };
    case "dataset": {
      const data =
        node.value.kind === "static"
          ? goldenArray(node.value.array)
          : { dtype: streamDtype(streams.get(node.value.stream)) };
      return { kind: "dataset", attributes: describeAttributes(node.attributes), ...data };
    }
  }
}

function streamDtype(
  facts: LayoutSource["streams"] extends ReadonlyMap<string, infer F> ? F | undefined : never,
) {
  return facts?.encoding.dtype_str ?? dtypeOfName(String(facts?.info.dtype));
}

function describeAttributes(attributes: Attributes): unknown {
  return Object.fromEntries([...attributes].map(([name, value]) => [name, goldenArray(value)]));
}

/** The same of tree.json; of streamed data only the dtype, as the values are not in the mapping. */
function describeGolden(golden: GoldenNode, ours: TreeNode | undefined): unknown {
  const { kind, target, file, path, dtype, shape, external } = golden;
  if (kind === "soft_link") return { kind, target };
  if (kind === "external_link") return { kind, file, path };
  const attributes = Object.fromEntries(
    (golden.attrs ?? [])
      .filter((attribute) => !attribute.volatile)
      .map((attribute) => [attribute.name, describeValue(attribute)]),
  );
  if (kind === "group") return { kind, attributes };
  if (ours?.kind === "external_binary") return { kind, attributes, dtype, shape, external };
  if (ours?.kind === "virtual") return { kind, attributes, dtype, shape };
  if (ours?.kind === "dataset" && ours.value.kind === "stream") return { kind, attributes, dtype };
  return { kind, attributes, ...describeValue(golden) };
}

function describeValue({ dtype, shape, value, sha256 }: Omit<GoldenArray, "name">): object {
  return { dtype, shape, ...(sha256 === undefined ? { value } : { sha256 }) };
}

function equal(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}

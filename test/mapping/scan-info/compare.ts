import type {
  Attributes,
  LayoutSource,
  StreamFacts,
  TreeNode,
  VirtualNode,
} from "../../../src/mapping/tree.js";
import type { RawArray } from "../../../src/ndarray/raw.js";
import { type GoldenNode, goldenArray, goldenDtype } from "../golden-tree.js";

/** What differs between a tree and that of the real writer's file: one line per path, `path: what`. */
export function differences(ours: TreeNode, theirs: GoldenNode, streams: LayoutSource["streams"]): string[] {
  const found: string[] = [];
  walk("", ours, theirs, streams, found);
  return found;
}

function walk(
  path: string,
  ours: TreeNode,
  theirs: GoldenNode,
  streams: LayoutSource["streams"],
  found: string[],
): void {
  const kind = ours.kind === "virtual" ? "dataset" : ours.kind;
  if (kind !== theirs.kind) {
    found.push(`${path}: ${kind} instead of ${theirs.kind}`);
    return;
  }
  const compare = (what: string, mine: unknown, golden: unknown) => {
    if (!same(mine, golden))
      found.push(`${path}: ${what} ${JSON.stringify(mine)} instead of ${JSON.stringify(golden)}`);
  };
  if (ours.kind === "soft_link") compare("target", ours.target, theirs.target);
  else if (ours.kind === "external_link")
    compare("target", [ours.file, ours.path], [theirs.file, theirs.path]);
  else {
    compareAttributes(path, ours.attributes, theirs, found);
    if (ours.kind === "virtual") compareVirtual(ours, theirs, compare);
    else if (ours.kind === "dataset" && ours.value.kind === "static") {
      compareStatic(ours.value.array, theirs, compare);
    } else if (ours.kind === "dataset" && ours.value.kind === "stream") {
      const { stream, layout } = ours.value;
      const facts = streams.get(stream);
      compare("dtype", facts?.encoding.dtype_str, theirs.dtype);
      compare("shape", facts && shapeOf(facts, layout?.single ?? false), theirs.shape);
    } else if (ours.kind === "group") {
      for (const [name, child] of ours.children) {
        const golden = theirs.children?.[name];
        if (golden) walk(`${path}/${name}`, child, golden, streams, found);
        else found.push(`${path}/${name}: only ours`);
      }
      for (const name of Object.keys(theirs.children ?? {})) {
        if (!ours.children.has(name)) found.push(`${path}/${name}: only theirs`);
      }
    }
  }
}

function shapeOf(facts: StreamFacts, single: boolean): readonly number[] {
  const point = facts.pointShape ?? (facts.encoding.shape as number[]);
  return single ? point : [facts.length ?? 0, ...point];
}

function compareStatic(
  array: RawArray,
  theirs: GoldenNode,
  compare: (what: string, mine: unknown, golden: unknown) => void,
): void {
  if ("volatile" in theirs) return;
  const { dtype, shape, value, sha256 } = goldenArray(array);
  compare("dtype", dtype, isFixedText(theirs.dtype));
  compare("shape", shape, theirs.shape);
  compare("value", sha256 ?? value, theirs.sha256 ?? theirs.value);
}

/** Fixed-length text is `|S5` here, `string[5,ascii]` there. */
function isFixedText(dtype: unknown): unknown {
  if (typeof dtype === "object" && dtype !== null) {
    return Object.fromEntries(Object.entries(dtype).map(([name, field]) => [name, isFixedText(field)]));
  }
  const match = /^string\[(\d+),/.exec(String(dtype));
  return match ? `|S${match[1]}` : dtype;
}

interface GoldenSource {
  readonly file: string;
  readonly dataset: string;
  readonly vspace: GoldenSpace;
  readonly src_space: GoldenSpace;
}

interface GoldenSpace {
  readonly shape: readonly number[];
  readonly sel: "hyperslab" | "all";
  readonly start?: readonly number[];
  readonly block?: readonly number[];
}

function compareVirtual(
  ours: VirtualNode,
  theirs: GoldenNode,
  compare: (what: string, mine: unknown, golden: unknown) => void,
): void {
  compare("dtype", goldenDtype(ours.dtype), theirs.dtype);
  compare("shape", ours.shape, theirs.shape);
  const golden = (theirs.virtual ?? []) as readonly GoldenSource[];
  compare(
    "sources",
    ours.sources.map(({ file, dataset, source, target }) => [
      file,
      dataset,
      source.start,
      source.block,
      target.start,
      target.block,
    ]),
    golden.map(({ file, dataset, src_space, vspace }) => [
      file,
      dataset,
      ...block(src_space),
      ...block(vspace),
    ]),
  );
}

function block({ shape, sel, start, block: length }: GoldenSpace): unknown[] {
  return sel === "all" ? [shape.map(() => 0), shape] : [start, length];
}

function compareAttributes(path: string, ours: Attributes, theirs: GoldenNode, found: string[]): void {
  const golden = new Map((theirs.attrs ?? []).map((attribute) => [attribute.name, attribute]));
  for (const [name, array] of ours) {
    const expected = golden.get(name);
    const { dtype, shape, value } = goldenArray(array);
    if (!expected) found.push(`${path}@${name}: only ours`);
    else if (
      !expected.volatile &&
      !same([dtype, shape, value], [expected.dtype, expected.shape, expected.value])
    ) {
      found.push(`${path}@${name}: ${JSON.stringify(value)} instead of ${JSON.stringify(expected.value)}`);
    }
  }
  for (const [name, attribute] of golden) {
    if (!ours.has(name) && !attribute.volatile) found.push(`${path}@${name}: only theirs`);
  }
}

/** Equal, decimals up to rounding (axes of meshes come from a least-squares fit). */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return a === b || Math.abs(a - b) < 1e-12;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (typeof a === "object" && typeof b === "object" && a && b) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(Reflect.get(a, key), Reflect.get(b, key)));
  }
  return a === b;
}

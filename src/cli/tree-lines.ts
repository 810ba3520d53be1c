import { messageOf } from "../errors.js";
import type { Dataset } from "../h5api/dataset.js";
import type { Group } from "../h5api/group.js";
import type { Link } from "../h5api/links.js";
import type { Member } from "../h5api/reference.js";
import { sizeOfShape } from "../ndarray/dtype.js";
import { shortText } from "./json-values.js";

/** Datasets of up to this many elements are shown with their values. */
const SHOWN = 8;

/** Groups that were shown, and where: hard links may lead to one group from many places, also from within it. */
export type Shown = Map<string, string>;

/** Where a group was shown before; undefined, and noted, when it was not. */
export async function shownBefore(
  group: Group,
  shown: Shown,
  signal: AbortSignal,
): Promise<string | undefined> {
  const identity = await group.identity({ signal });
  const before = shown.get(identity);
  if (before === undefined) shown.set(identity, group.name);
  return before;
}

/** One line for each member of a group, and those below it. */
export async function* linesBelow(
  group: Group,
  signal: AbortSignal,
  shown: Shown = new Map(),
  indent = "",
): AsyncGenerator<string, undefined, undefined> {
  if (indent === "") await shownBefore(group, shown, signal);
  const names = await group.keys({ signal });
  for (const [i, name] of names.entries()) {
    const last = i === names.length - 1;
    const branch = `${indent}${last ? "└─ " : "├─ "}${name}`;
    const { text, below } = await describe(group, name, shown, signal);
    yield text === "" ? branch : `${branch}  ${text}`;
    if (below) yield* linesBelow(below, signal, shown, `${indent}${last ? "   " : "│  "}`);
  }
}

async function describe(
  group: Group,
  name: string,
  shown: Shown,
  signal: AbortSignal,
): Promise<{ text: string; below?: Group }> {
  try {
    const link = await group.get(`./${name}`, { link: true, signal });
    if (link.kind !== "hard") return { text: linkText(link) };
    const node = await group.get<Member>(`./${name}`, { signal });
    if (node.kind === "dataset") return { text: await datasetText(node, signal) };
    const before = await shownBefore(node, shown, signal);
    if (before !== undefined) return { text: `= ${before}` };
    return { text: String((await node.attrs.get("NX_class", { signal })) ?? ""), below: node };
  } catch (error) {
    signal.throwIfAborted();
    return { text: `! ${messageOf(error)}` };
  }
}

function linkText(link: Exclude<Link, { kind: "hard" }>): string {
  return link.kind === "soft" ? `→ ${link.path}` : `→ ${link.filename}::${link.path}`;
}

/** Shape, dtype, unit, and the values of small ones. */
export async function datasetText(dataset: Dataset, signal: AbortSignal): Promise<string> {
  const shape = await dataset.shape({ signal });
  const dtype = typeof dataset.dtype === "string" ? dataset.dtype : JSON.stringify(dataset.dtype);
  const units = await dataset.attrs.get("units", { signal });
  const unit = typeof units === "string" && units !== "" ? ` ${units}` : "";
  if (shape === null) return `empty ${dtype}`;
  if (sizeOfShape(shape) <= SHOWN && !dataset.live) {
    return `${shortText(await dataset.value({ signal }))}${unit}`;
  }
  return `(${shape.join(", ")}) ${dtype}${unit}${(await dataset.sealed({ signal })) ? "" : ", growing"}`;
}

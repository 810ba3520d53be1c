import { isJsonObject } from "../../json.js";
import { MappingError } from "../errors.js";
import { Reading, readRoot } from "../reading.js";
import { describe } from "../schema/explain.js";
import type { DatasetNode, GroupNode, MappingWarning, StreamFacts, TreeNode } from "../tree.js";

type JsonObject = Readonly<Record<string, unknown>>;

/** `info.mapping` of blissdata 2.0 and 2.1: typed nodes `group`, `dset` and `softlink`; the root holds entries. */
export function readTypedMapping(
  file: string,
  root: unknown,
  streams: ReadonlyMap<string, StreamFacts>,
): { root: GroupNode | undefined; warnings: readonly MappingWarning[] } {
  const reading = new Reading(file, streams);
  return readRoot(reading, root, "mapping", (group) => readGroup(reading, group, "/", 0));
}

function readNode(reading: Reading, node: unknown, path: string, depth: number): TreeNode {
  const type = isJsonObject(node) ? node.type : undefined;
  if (isJsonObject(node) && type === "group") return readGroup(reading, node, path, depth);
  if (isJsonObject(node) && type === "dset") return readDataset(reading, node, path);
  if (isJsonObject(node) && type === "softlink") {
    if (typeof node.target !== "string" || node.target === "") {
      throw new MappingError(`target: expected the path the link points to, found ${describe(node.target)}`);
    }
    return { kind: "soft_link", target: node.target };
  }
  throw new MappingError(
    `expected a node of type group, dset or softlink, found ${type === undefined ? describe(node) : `type ${describe(type)}`}`,
  );
}

function readGroup(reading: Reading, node: JsonObject, path: string, depth: number): GroupNode {
  return {
    kind: "group",
    attributes: reading.attributes(node.attrs, path),
    children: reading.children(node.items, path, depth, (child, at, level) =>
      readNode(reading, child, at, level),
    ),
  };
}

function readDataset(reading: Reading, node: JsonObject, path: string): DatasetNode {
  const [hasValue, hasStream] = [Object.hasOwn(node, "value"), Object.hasOwn(node, "stream")];
  if (hasValue === hasStream) {
    throw new MappingError(
      `a dset has either a value or a stream, this one has ${hasValue ? "both" : "none"}`,
    );
  }
  return {
    kind: "dataset",
    value: hasStream
      ? { kind: "stream", stream: reading.stream(node.stream) }
      : { kind: "static", array: reading.data(node.value, path) },
    attributes: reading.attributes(node.attrs, path),
  };
}

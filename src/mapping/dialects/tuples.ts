import { isJsonObject } from "../../json.js";
import { MappingError } from "../errors.js";
import { childPath } from "../paths.js";
import { Reading } from "../reading.js";
import { describe } from "../schema/explain.js";
import type { GroupNode, MappingWarning, StreamFacts, TreeNode } from "../tree.js";

/**
 * `info.mapping` as on the design slides of blissdata: `[attrs, children]` is a group, `[attrs, "RAW", value]` and
 * `[attrs, "STREAM", name]` are datasets. Its root is the scan's NXentry: the group `/<entry>` of the file.
 */
export function readTupleMapping(
  file: string,
  entry: string,
  root: unknown,
  streams: ReadonlyMap<string, StreamFacts>,
): { root: GroupNode | undefined; warnings: readonly MappingWarning[] } {
  const reading = new Reading(file, streams);
  const path = childPath("/", entry);
  const node = reading.attempt(path, () => {
    if (!Array.isArray(root) || root.length !== 2) {
      throw new MappingError(
        `the root of a mapping must be a group [attributes, children], found ${describe(root)}`,
      );
    }
    return readTuple(reading, root, path, 1);
  });
  if (!node) return { root: undefined, warnings: reading.warnings };
  return {
    root: { kind: "group", attributes: new Map(), children: new Map([[entry, node]]) },
    warnings: reading.warnings,
  };
}

function readTuple(reading: Reading, node: unknown, path: string, depth: number): TreeNode {
  if (!Array.isArray(node)) throw unknownNode(node);
  const [attrs, second, third] = node as readonly unknown[];
  if (node.length === 2 && isJsonObject(second)) {
    return {
      kind: "group",
      attributes: reading.attributes(attrs, path),
      children: reading.children(second, path, depth, (child, at, level) =>
        readTuple(reading, child, at, level),
      ),
    };
  }
  if (node.length === 3 && second === "RAW") {
    const array = reading.data(third, path);
    return { kind: "dataset", attributes: reading.attributes(attrs, path), value: { kind: "static", array } };
  }
  if (node.length === 3 && second === "STREAM") {
    const stream = reading.stream(third);
    return {
      kind: "dataset",
      attributes: reading.attributes(attrs, path),
      value: { kind: "stream", stream },
    };
  }
  throw unknownNode(node);
}

function unknownNode(node: unknown): MappingError {
  const found =
    Array.isArray(node) && node.length < 4 ? `[${node.map(describe).join(", ")}]` : describe(node);
  return new MappingError(
    `expected [attributes, children], [attributes, "RAW", value] or [attributes, "STREAM", name], found ${found}`,
  );
}

import { describe, expect, test } from "vitest";
import { diffLayouts, diffTrees, type TreeChange } from "../../src/mapping/diff.js";
import { readLayout } from "../../src/mapping/layout.js";
import { FILE, group, layoutOf, scanOf, soft, treeOf } from "./support.js";

const STREAMS = ["diode", "epoch"];
const stream = (name: string, attributes?: unknown) => {
  const value = { type: "stream", stream: name };
  return attributes === undefined ? value : { type: "dataset", attributes, value };
};

function changes(before: unknown, after: unknown): string[] {
  return diffTrees(treeOf(before, STREAMS), treeOf(after, STREAMS)).map(inShort);
}

function inShort(change: TreeChange): string {
  if (change.change !== "attributes") return `${change.change} ${change.path}`;
  return `attributes ${change.path} +[${[...change.set.keys()]}] -[${change.removed}]`;
}

describe("diffTrees", () => {
  test("finds nothing between equal trees, whatever the order", () => {
    const item = {
      type: "compound",
      columns: [
        ["x", [1, 2]],
        ["s", ["a", "b"]],
      ],
    };
    expect(
      changes({ a: item, b: [1.5], d: stream("diode") }, { d: stream("diode"), b: [1.5], a: item }),
    ).toEqual([]);
  });

  test("tells added and removed items once, with all that lies below", () => {
    expect(changes({ old: group({ x: 1 }), same: 1 }, { same: 1, new: group({ y: 1 }) })).toEqual([
      "removed /old",
      "added /new",
    ]);
  });

  test("descends into groups that stay", () => {
    expect(changes({ g: group({ x: 1, gone: 2 }) }, { g: group({ x: 1, y: 2 }) })).toEqual([
      "removed /g/gone",
      "added /g/y",
    ]);
  });

  test.each([
    ["value", 1, 2],
    ["dtype", 1, { type: "inline", dtype: "int32", value: 1 }],
    ["kind of number", { type: "inline", dtype: "float64", value: 1 }, 1],
    [
      "byte order",
      { type: "inline_b64", dtype: "<i2", value: "AAA=" },
      { type: "inline_b64", dtype: ">i2", value: "AAA=" },
    ],
    ["shape", [1, 2], [[1, 2]]],
    ["text", "a", "b"],
    ["column name", { type: "compound", columns: [["x", 1]] }, { type: "compound", columns: [["y", 1]] }],
    ["column", { type: "compound", columns: [["x", 1]] }, { type: "compound", columns: [["x", 2]] }],
    ["stream", stream("diode"), stream("epoch")],
    ["stream and value", stream("diode"), 1],
  ])("sees another %s", (_, before, after) => {
    expect(changes({ x: before }, { x: after })).toEqual(["value /x"]);
  });

  test("sees another kind of item", () => {
    expect(changes({ x: 1, y: group({}) }, { x: group({}), y: soft("x") })).toEqual(["kind /x", "kind /y"]);
  });

  test("sees links with other targets", () => {
    const link = (path: string) => ({ type: "external_link", target_file: "a.h5", target_path: path });
    expect(changes({ s: soft("a"), e: link("/a") }, { s: soft("b"), e: link("/b") })).toEqual([
      "link /s",
      "link /e",
    ]);
  });

  test("sees other files of raw data, and other sources of virtual data", () => {
    const raw = (offset: number) => ({
      type: "external_binary_dataset",
      dtype: "<u2",
      shape: [2],
      files: [{ name: "a.raw", offset, size: null }],
    });
    const space = { start: [0], count: [2] };
    const virtual = (start: number) => ({
      type: "virtual_dataset",
      dtype: "<u2",
      shape: [2],
      virtual_sources: [
        { vspace: space, src_file: ".", src_dataset: "/r", src_space: { start: [start], count: [2] } },
      ],
    });
    expect(changes({ r: raw(0), v: virtual(0) }, { r: raw(2), v: virtual(1) })).toEqual([
      "value /r",
      "value /v",
    ]);
    expect(changes({ r: raw(0), v: virtual(0) }, { r: raw(0), v: virtual(0) })).toEqual([]);
  });

  test("sees attributes that are new, changed or gone, also on streams and the root", () => {
    expect(
      changes(
        { d: stream("diode", { units: "V", gone: 1, same: 2 }) },
        { d: stream("diode", { units: "mV", same: 2, long_name: "Diode" }) },
      ),
    ).toEqual(["attributes /d +[units,long_name] -[gone]"]);
  });

  test("leaves out attributes of items that became something else", () => {
    expect(changes({ x: group({}, { a: 1 }) }, { x: 5 })).toEqual(["kind /x"]);
  });

  test("never compares volatile values", () => {
    const tree = (time: string) => {
      const plain = treeOf({ t: time });
      return {
        ...plain,
        children: new Map([...plain.children].map(([name, node]) => [name, { ...node, volatile: true }])),
      };
    };
    expect(diffTrees(tree("now") as never, tree("later") as never)).toEqual([]);
  });
});

describe("diffLayouts", () => {
  test("goes by files, and leaves out those that stay the same", () => {
    const one = readLayout(
      scanOf({ h5maps: { "/a.h5": group({ x: 1 }), "/b.h5": group({ x: 1 }), "/c.h5": group({}) } }),
    );
    const two = readLayout(
      scanOf({ h5maps: { "/a.h5": group({ x: 2 }), "/c.h5": group({}), "/d.h5": group({}) } }),
    );
    const found = [...diffLayouts(one, two)].map(([file, list]) => [file, list.map(inShort)]);
    expect(found).toEqual([
      ["/a.h5", ["value /x"]],
      ["/b.h5", ["removed /"]],
      ["/d.h5", ["added /"]],
    ]);
  });

  test("is empty for two readings of one document", () => {
    expect(diffLayouts(layoutOf({ a: 1 }), layoutOf({ a: 1 })).has(FILE)).toBe(false);
  });
});

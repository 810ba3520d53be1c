import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../src/json.js";
import { readLayout } from "../../src/mapping/layout.js";
import type { Layout, LayoutSource } from "../../src/mapping/tree.js";
import { walkTree } from "../../src/mapping/walk.js";
import { scanOf } from "./support.js";

/** The infos and stream names of all captures of a folder. */
function capturedInfos(folder: "h5maps" | "scan-info"): { info: object; streams: string[] }[] {
  const base = new URL(`../../fixtures/${folder}/`, import.meta.url);
  return readdirSync(base).flatMap((name) => {
    const found: { info: object; streams: string[] }[] = [];
    const look = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      if ("info" in value && "data_streams" in value) {
        const { info, data_streams: streams } = value as { info: object; data_streams: object };
        found.push({ info, streams: Object.keys(streams) });
      } else Object.values(value).forEach(look);
    };
    look(JSON.parse(readFileSync(new URL(`${name}/scan.json`, base), "utf8")));
    return found;
  });
}

/** A copy with something else at one place; `steps` choose the way there. */
function replaced(value: unknown, steps: readonly number[], other: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return other;
  const names = Object.keys(value);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return other;
  const copy: object = Array.isArray(value) ? [...value] : { ...value };
  Reflect.set(copy, name, replaced(Reflect.get(value, name), rest, other));
  return copy;
}

function sourceOf(info: unknown, streams: readonly string[], state: LayoutSource["state"]): LayoutSource {
  const exact = parseExactJson(JSON.stringify(info)) as Record<string, unknown>;
  return { ...scanOf({}, streams), info: exact, ...(state && { state }) };
}

/** Every promise that a layout makes, whatever it was made from. */
function expectSound(layout: Layout): void {
  for (const { file, path, message } of layout.warnings) {
    expect({ file: typeof file, path: typeof path, message: message.length > 0 }).toEqual({
      file: "string",
      path: "string",
      message: true,
    });
  }
  for (const root of layout.files.values()) {
    for (const [path, node] of walkTree(root)) {
      expect(path.startsWith("/")).toBe(true);
      if (node.kind === "group") {
        for (const name of node.children.keys()) expect(name).not.toMatch(/^\.?$|\/|\0/);
      }
    }
  }
}

const state = fc.constantFrom<LayoutSource["state"]>("PREPARED", "CLOSED", undefined);
const way = fc.array(fc.nat(40), { maxLength: 9 });
/** Any JSON, with objects that break what converts them to text. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom({ toString: null }, { toJSON: 1 }, { length: -1 }, [null], 1e300, ""),
);

describe.each(["h5maps", "scan-info"] as const)("captures of %s with anything at any place", (folder) => {
  const captures = capturedInfos(folder);

  test("give a layout without what is bad, never an exception", () => {
    const place = fc.nat(captures.length - 1); // a number, as captures are too long to be printed
    fc.assert(
      fc.property(place, way, anything, state, (at, steps, other, now) => {
        const { info = {}, streams = [] } = captures[at] ?? {};
        const changed = replaced(info, steps, other);
        if (typeof changed !== "object" || changed === null || Array.isArray(changed)) return;
        expectSound(readLayout(sourceOf(changed, streams, now)));
      }),
      { numRuns: 700 },
    );
  });
});

describe("metadata of a scan without a mapping", () => {
  const info = (cat: unknown) => ({
    name: "ascan",
    scan_nb: 1,
    title: "ascan",
    start_time: "2025-06-08T12:12:28+02:00",
    filename: "/data/demo.h5",
    acquisition_chain: { axis: { devices: ["axis"] } },
    devices: { axis: { name: "axis", channels: ["axis:x"] } },
    channels: { "axis:x": { dim: 0 } },
    scan_meta_categories: ["cat", "good"],
    cat,
    good: { x: 1 },
  });

  test("may have 100,000 values and attributes", () => {
    const members = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, i) => (i % 2 ? [`x@a${i}`, i] : [`k${i}`, i])),
    );
    const [root] = readLayout(sourceOf(info({ x: 1, ...members }), ["axis:x"], "PREPARED")).files.values();
    const nodes = new Map(root && walkTree(root));
    expect(nodes.get("/1.1/cat/x")).toMatchObject({ attributes: { size: 50_000 } });
    expect(nodes.has("/1.1/cat/k99998")).toBe(true);
  });

  test("are left out where groups are nested too deep, with a warning", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200; i++) deep = { g: deep };
    for (const cat of [deep, { ["a/".repeat(500)]: 1 }]) {
      const { files, warnings } = readLayout(sourceOf(info(cat), ["axis:x"], "PREPARED"));
      expect(warnings).toMatchObject([{ message: expect.stringMatching(/nested deeper than 100 levels/) }]);
      const [root] = files.values();
      expect(new Map(root && walkTree(root)).has("/1.1/good/x")).toBe(true);
    }
  });
});

describe("mappings of any JSON", () => {
  const names = fc.constantFrom("a", "b", "a/b", "..", "", ".", "__proto__", "1", "x\0");
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 2 }),
      fc.record(
        { type: fc.constant("group"), attributes: tie("members"), children: tie("members") },
        { requiredKeys: ["type"] },
      ),
      fc.record(
        { type: fc.constant("group"), attrs: tie("members"), items: tie("members") },
        { requiredKeys: ["type"] },
      ),
      fc.record({
        type: fc.constantFrom("dataset", "dset", "inline", "inline_b64", "soft_link", "virtual_dataset"),
        value: tie("node"),
        dtype: fc.constantFrom("float32", "<f4", 5),
        target_path: tie("node"),
      }),
      fc.record({
        type: fc.constant("compound"),
        columns: fc.array(fc.tuple(names, tie("node")), { maxLength: 3 }),
      }),
      fc.tuple(tie("members"), tie("members")),
      fc.tuple(tie("members"), fc.constantFrom("RAW", "STREAM"), tie("node")),
    ),
    members: fc.dictionary(names, tie("node"), { maxKeys: 4 }),
  }));

  test("never make an exception, and name no item in a way that HDF5 cannot", () => {
    fc.assert(
      fc.property(node, fc.boolean(), (value, older) => {
        expectSound(
          readLayout(sourceOf(older ? { mapping: value } : { h5maps: { "/a.h5": value } }, ["a"], undefined)),
        );
      }),
      { numRuns: 700 },
    );
  });
});

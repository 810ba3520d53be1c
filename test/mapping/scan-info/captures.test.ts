import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { layoutFromScanInfo, saveDecision } from "../../../src/mapping/scan-info/index.js";
import type { GroupNode, LayoutSource } from "../../../src/mapping/tree.js";
import { goldenTree } from "../golden-tree.js";
import { capturedScans, preparedScans } from "./capture.js";
import { differences } from "./compare.js";
import { DEVIATIONS, REASONS } from "./deviations.js";

const CASES = readdirSync(new URL("../../../fixtures/scan-info", import.meta.url)).sort();

describe.each(CASES)("the scans of %s", (name) => {
  test("become the tree of the real writer, but for the listed deviations", () => {
    const found = differencesOf(name);
    const listed = DEVIATIONS.filter(({ capture }) => capture === name);
    expect(found.filter((line) => !listed.some(({ at }) => at.test(line)))).toEqual([]);
    expect(listed.filter(({ at }) => !found.some((line) => at.test(line)))).toEqual([]);
  });

  test("have their static tree as soon as they are prepared", () => {
    for (const scan of preparedScans(name)) {
      const { files } = layoutFromScanInfo(scan);
      const root = files.get(saveDecision(scan).save ? fileOf(scan) : "") ?? [...files.values()][0];
      for (const [entry, node] of root?.children ?? []) {
        if (node.kind !== "group") continue;
        expect([...node.children.keys()], entry).toContain("instrument");
        if (scan.state === "PREPARED") expect(node.children.has("end_reason"), entry).toBe(false);
      }
    }
  });
});

test("every reason for a deviation is used and documented", () => {
  const docs = readFileSync(new URL("../../../docs/scan-info.md", import.meta.url), "utf8");
  for (const reason of REASONS) {
    const captures = DEVIATIONS.filter((deviation) => deviation.reason === reason).map(
      ({ capture }) => capture,
    );
    expect(captures, reason).not.toEqual([]);
    const row = docs.split("\n").find((line) => line.startsWith(`| ${reason} |`));
    for (const capture of captures) expect(row, reason).toContain(capture);
  }
});

/** All differences between the files that the scans make together and the real ones. */
function differencesOf(name: string): string[] {
  const golden = goldenTree("scan-info", name);
  const prefix = `/tmp/nxgolden/${name}/`;
  const files = new Map<string, GroupNode>();
  const streams = new Map<string, LayoutSource["streams"]>();
  for (const scan of capturedScans(name)) {
    if (!saveDecision(scan).save) continue;
    const writer = { date: "2025-11-03T10:20:30+01:00", status: "SUCCEEDED" } as const;
    for (const [file, root] of layoutFromScanInfo({ ...scan, writer }).files) {
      const short = file.slice(prefix.length);
      files.set(short, addScan(files.get(short), root));
      streams.set(short, new Map([...(streams.get(short) ?? []), ...scan.streams]));
    }
  }
  const found: string[] = [];
  for (const [file, root] of files) {
    const theirs = golden[file];
    if (!theirs) found.push(`${file}: only ours`);
    else if (!theirs.kind) found.push(`${file}: unreadable theirs`);
    else {
      const lines = differences(root, theirs, streams.get(file) ?? new Map());
      found.push(...lines.map((line) => `${file}:${line}`));
    }
  }
  for (const file of Object.keys(golden)) if (!files.has(file)) found.push(`${file}: only theirs`);
  return found;
}

function fileOf(scan: LayoutSource): string {
  const decision = saveDecision(scan);
  return decision.save ? decision.file : "";
}

/** Scans that share a file: entries that are there stay, the root's attributes follow the later scan unless set once. */
function addScan(root: GroupNode | undefined, scan: GroupNode): GroupNode {
  if (!root) return scan;
  const changed = [...scan.attributes].filter(([name]) => !scan.volatile?.has(name));
  return {
    kind: "group",
    attributes: new Map([...root.attributes, ...changed]),
    children: new Map([...scan.children, ...root.children]),
  };
}

import { expect, test } from "vitest";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import type { StreamFacts } from "../../../src/mapping/tree.js";
import { chainInfo, layoutOf, namesAt, scalars, scanOf } from "./scan.js";

test("20,000 channels are laid out in linear time", () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `c${i % 100}:d${i}`);
  const info = chainInfo(
    { axis: ["axis:x"], sim: names },
    { display_extra: { plotselect: ["d7", "d19999"] } },
  );
  const streams: [string, StreamFacts][] = names.map((name) => [name, scalars(3)]);
  const layout = layoutFromScanInfo({ ...scanOf(info), streams: new Map(streams) });
  expect(namesAt(layout, "/1.1/measurement")).toHaveLength(20_000);
  expect(layout.warnings).toEqual([]);
});

test("names that all become the same are numbered", () => {
  const names = Array.from({ length: 50 }, (_, i) => "é".repeat(i + 1));
  const layout = layoutOf({ axis: ["axis:x"], sim: names });
  expect(new Set(namesAt(layout, "/1.1/measurement")).size).toBe(51);
});

test("metadata nested hundreds of levels deep are written", () => {
  let deep: Record<string, unknown> = { x: 1 };
  for (let i = 0; i < 300; i++) deep = { sub: deep };
  const layout = layoutOf({ axis: ["axis:x"] }, { scan_meta_categories: ["deep"], deep });
  expect(namesAt(layout, "/1.1/deep")).toEqual(["sub"]);
});

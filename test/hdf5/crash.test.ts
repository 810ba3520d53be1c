import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { pythonPath } from "../support/python.js";
import { killTrials, liveReaders } from "../torture/trials.mjs";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nxlive-crash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a writer killed at any moment leaves a file that opens, is right and complete, and goes on", async () => {
  const reports: string[] = [];
  const report = (text: string): void => void reports.push(text);
  const result = await killTrials({ dist, python: pythonPath(), folder, count: 25, most: 200, report });
  expect(reports).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(20);
}, 180_000);

test("h5py processes read everything right while it is written at full speed, and while the file is closed", async () => {
  const result = await liveReaders({ dist, python: pythonPath(), folder, seconds: 10 });
  expect(result.complaints).toBe("");
  for (const reader of [result.locking, result.unlocked, result.held]) {
    expect(reader).toMatchObject({ errors: 0, wrong: 0 });
    expect(reader.opens ?? reader.reads).toBeGreaterThan(5);
  }
}, 180_000);

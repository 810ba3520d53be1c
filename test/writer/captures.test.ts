import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captureNames, type Outcome, writeCaptures } from "./captures.js";
import { intendedDeviations, unexpected } from "./deviations.js";

/** Never closed: its writer waits for ever, as it should. */
const OPEN = "scan-info/39_crashed";
/** Three minutes without a word, which are hurried here; `npm run test:slow` takes them. */
const SLOW = "h5maps/slow_scan_freeze_chunk";
const HURRY = 20;

describe("all captures, replayed at full speed", () => {
  const names = [...captureNames("h5maps"), ...captureNames("scan-info")].filter((name) => name !== OPEN);
  let root: string;
  let outcome: Outcome;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "nxlive-captures-"));
    outcome = await writeCaptures(names, root, () => Number.POSITIVE_INFINITY);
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("give the trees of the real writers, but for the intended deviations", () => {
    expect(unexpected(outcome.differences)).toEqual([]);
  });

  test("show every intended deviation", () => {
    const stale = intendedDeviations()
      .filter(({ always }) => always)
      .filter((deviation) => !outcome.differences.some((difference) => deviation.covers(difference)));
    expect(stale.map(({ row }) => row)).toEqual([]);
  });

  test("fail only where something could not be written, and say what", () => {
    const failed = [...outcome.statuses.values()].filter(({ state }) => state === "FAILED");
    const cases = new Set(
      failed.map(({ files, message }) => /\/nxlive-captures-\w+\/(\w+)/.exec(`${files} ${message}`)?.[1]),
    );
    expect([...cases].sort()).toEqual([
      "27_duplicate",
      "info_nan_in_mapping",
      "invalid_mappings",
      "missing_stream",
      "same_entry_twice",
      "unknown_plugin_mapped",
    ]);
    for (const { message } of failed) expect(message).not.toBe("");
  });

  test("tell the points and bytes of each stream", () => {
    const images = [...outcome.statuses.values()].find(({ files }) => files[0]?.includes("/images_chunked/"));
    const [stream] = Object.values(images?.streams ?? {});
    expect(stream).toMatchObject({
      points: 3000,
      bytes: 3000 * 64 * 48 * 2,
      position: 3000,
      lost: 0,
      done: true,
    });
  });
});

describe("captures, replayed in real time", () => {
  test("give the same trees", { timeout: 60_000 }, async () => {
    const root = await mkdtemp(join(tmpdir(), "nxlive-captures-"));
    const names = [...captureNames("h5maps"), ...captureNames("scan-info")].filter((name) => name !== OPEN);
    const { differences } = await writeCaptures(names, root, (name) => (name === SLOW ? HURRY : 1));
    expect(unexpected(differences)).toEqual([]);
    // Sub-scans that follow within milliseconds may change places in the file on a busy machine.
    const sequence = differences.filter(
      ({ case: name, what }) => name === "scan-info/33_sequence" && what !== "order",
    );
    expect(sequence).toEqual([]);
    await rm(root, { recursive: true, force: true });
  });
});

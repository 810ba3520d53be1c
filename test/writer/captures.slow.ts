import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeCaptures } from "./captures.js";
import { unexpected } from "./deviations.js";

test("a scan that pauses for three minutes, in real time, gives the real writer's tree", async () => {
  const root = await mkdtemp(join(tmpdir(), "nxlive-captures-"));
  const { differences, statuses } = await writeCaptures(["h5maps/slow_scan_freeze_chunk"], root, () => 1);
  expect(unexpected(differences)).toEqual([]);
  expect([...statuses.values()].map(({ state }) => state)).toEqual(["COMPLETE"]);
  await rm(root, { recursive: true, force: true });
});

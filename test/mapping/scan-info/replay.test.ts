import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { layoutFromScanInfo } from "../../../src/mapping/scan-info/index.js";
import type { LayoutSource } from "../../../src/mapping/tree.js";
import { replayCaptures } from "../../../src/redis/replay.js";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { capture } from "../../support/fixtures.js";
import { resetTestRedis, startTestRedis } from "../../support/redis.js";
import { capturedScans } from "./capture.js";

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});
beforeEach(() => resetTestRedis(redis));
afterAll(() => redis.stop());

/** Numbers of scans → what a reader without any facts about their data sees. */
function layouts(scans: readonly LayoutSource[]): Map<number, unknown> {
  const bare = scans.map(({ id, info, streams, state }) => {
    const facts = [...streams].map(
      ([name, { plugin, encoding, info: described }]) =>
        [name, { plugin, encoding, info: described }] as const,
    );
    return { id, info, streams: new Map(facts), ...(state ? { state } : {}) };
  });
  return new Map(bare.map((scan) => [scan.id.number, layoutFromScanInfo(scan).files]));
}

test.each(["04_sardana", "14_lima", "33_sequence", "34_meta", "36_variable"])(
  "scans of %s that come from Redis give the same layouts",
  async (name) => {
    await using store = await DataStore.connect(redis.url);
    await replayCaptures(store.redis, [capture(`scan-info/${name}`)], { speed: Number.POSITIVE_INFINITY });
    const scans: LayoutSource[] = [];
    for (const key of (await store.search()).keys) scans.push((await store.loadScan(key)).layoutSource);
    expect(scans).not.toHaveLength(0);
    const ours = layouts(scans);
    for (const [number, files] of layouts(capturedScans(name))) expect(ours.get(number)).toEqual(files);
  },
);

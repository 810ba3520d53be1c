import { beforeAll, expect, test } from "vitest";
import { File } from "../../src/index.js";
import { takeArray, wholeAxis } from "../../src/ndarray/take.js";
import { replayFixture } from "../support/fixtures.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore();
const folder = await makeTestFolder("images");
beforeAll(async () => {
  await replayFixture(redis.url, "h5maps/lima1_multi_file", folder);
});
test("parts of a detector's images, across its files, are those of the whole images", async () => {
  const { keys } = await store.search({ number: 1 });
  const scan = await store.loadScan(keys[0] ?? "");
  await using file = await File.ofScan(scan);
  const path = await file.visit((name, node) =>
    node.kind === "dataset" && node.ndim === 3 && node.live ? name : undefined,
  );
  const images = await file.get(path ?? "").dataset();
  const [count = 0, height = 0, width = 0] = (await images.shape()) ?? [];
  expect([count, height > 1, width > 1]).toEqual([35, true, true]);
  const whole = await images.slice();
  const ranges = [
    { start: 33, step: -8, count: 4, drop: false },
    { start: 1, step: 1, count: 2, drop: false },
    { start: width - 1, step: -2, count: 2, drop: false },
  ];
  const part = await images.slice([33, 2, -8], [1, 3], [null, -5, -2]);
  expect(part.toNested()).toEqual(takeArray(whole, ranges).toNested());
  expect(await images.at(9, 0, 0)).toBe(whole.get(9, 0, 0));
  expect((await images.slice([10, 12])).data).toEqual(
    takeArray(whole, [{ ...wholeAxis(2), start: 10 }, wholeAxis(height), wholeAxis(width)]).data,
  );
});

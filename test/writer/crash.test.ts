import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryName } from "../../src/hdf5/temporary-names.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { DataStore } from "../../src/scan/store.js";
import { sleep } from "../../src/waiting.js";
import { replayFixture } from "../support/fixtures.js";
import { startTestRedis } from "../support/redis.js";
import { captureNames, compareWithTrees, folderOf, replayAll } from "./captures.js";
import { intendedDeviations } from "./deviations.js";
import { startWriter } from "./processes.js";
import { publishSimple } from "./publishing.js";

let redis: PrivateRedis;
let root: string;

beforeEach(async () => {
  redis = await startTestRedis();
  root = await mkdtemp(join(tmpdir(), "nxlive-crash-"));
});
afterEach(async () => {
  await redis.stop();
  await rm(root, { recursive: true, force: true });
});

const unexpected = async (names: readonly string[]) => {
  const deviations = intendedDeviations();
  const differences = await compareWithTrees(names, root);
  return differences.filter((difference) => !deviations.some((deviation) => deviation.covers(difference)));
};

test("24 captures in random interleaving, with random kills of the writer, end in the same files", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomNumbers(seed);
  const names = captureNames("h5maps")
    .filter((name) => !/slow_scan|deleted_forced|images_chunked|scalars_chunked/.test(name))
    .sort(() => random() - 0.5)
    .slice(0, 24);
  const replaying = Promise.all(
    names.map(async (name) => {
      await sleep(random() * 4000);
      await replayFixture(redis.url, name, folderOf(root, name), { speed: 0.3 + random() });
    }),
  );
  for (let kill = 0; kill < 6; kill++) {
    const writer = startWriter(redis.url);
    await writer.says(/Writing the scans/);
    await sleep(random() * 900); // the moment of the crash
    await writer.crash();
  }
  await replaying;
  const last = startWriter(redis.url, "--until-idle", "0.3");
  await last.ended;
  expect(await unexpected(names), `seed ${seed}\n${last.log.join("\n")}`).toEqual([]);
}, 90_000);

/** Reproducible random numbers (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test("scans that were finished while no writer ran are written by the next one", async () => {
  const names = ["h5maps/nexus_full", "h5maps/scans_sequential", "scan-info/14_lima"];
  await replayAll(redis.url, names, root);
  const writer = startWriter(redis.url, "--until-idle", "0.3");
  expect(await writer.ended).toBe(0);
  expect(await unexpected(names)).toEqual([]);
});

test("the beginnings of files that killed writers have left behind are removed, beside new files and old ones", async () => {
  const path = join(root, "data.h5");
  await using store = await DataStore.connect(redis.url);
  for (const number of [1, 2]) {
    await writeFile(join(root, `.data.h5.4711.${number}.tmp`), "");
    const scan = await publishSimple(store, path, number);
    await scan.send(0, 5);
    await scan.end();
    expect(await startWriter(redis.url, "--until-idle", "0.3").ended).toBe(0);
    expect(await readdir(root)).toEqual(["data.h5"]);
  }
});

test("a file may have the longest name that there is, and what a killed writer has left of it is removed", async () => {
  const name = `${"é".repeat(126)}.h5`;
  await using store = await DataStore.connect(redis.url);
  const scan = await publishSimple(store, join(root, name));
  await scan.send(0, 5);
  await scan.end();
  await writeFile(join(root, temporaryName(name)), "");
  expect(await startWriter(redis.url, "--until-idle", "0.3").ended).toBe(0);
  expect(await readdir(root)).toEqual([name]);
});

test("files of others with names like those of beginnings stay", async () => {
  const others = [".data.h5.kept.tmp", ".data.h5.1.tmp", ".data.h5.bak.h5.4711.mh3k2x.tmp"];
  for (const name of others) await writeFile(join(root, name), "theirs");
  await using store = await DataStore.connect(redis.url);
  const scan = await publishSimple(store, join(root, "data.h5"));
  await scan.send(0, 5);
  await scan.end();
  expect(await startWriter(redis.url, "--until-idle", "0.3").ended).toBe(0);
  expect((await readdir(root)).sort()).toEqual([...others, "data.h5"].sort());
});

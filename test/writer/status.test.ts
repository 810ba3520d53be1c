import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { neededPositions } from "../../src/redis/positions.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { nextEvents } from "../../src/redis/writer-records.js";
import { DataStore } from "../../src/scan/store.js";
import { type ScanStatus, Writer } from "../../src/writer/index.js";
import { firstLine, runCli, spawnCli } from "../support/cli.js";
import { startTestRedis } from "../support/redis.js";
import { compareWithTrees, replayAll } from "./captures.js";
import { intendedDeviations } from "./deviations.js";
import { publishSimple } from "./publishing.js";
import { awaitStatus, points, StatusWatch } from "./support.js";

let redis: PrivateRedis;
let store: DataStore;
let writer: Writer;
let root: string;

beforeAll(async () => {
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
  root = await mkdtemp(join(tmpdir(), "nxlive-status-"));
  writer = await Writer.start(store, { leastFree: 0 });
});
afterAll(async () => {
  await writer.close();
  await store.close();
  await redis.stop();
  await rm(root, { recursive: true, force: true });
});

/** Until the writer has published something anew, at most. */
const writerTick = () => nextEvents(store.redis, "$", 200);

test("a running scan shows its points, and the memory tracker may trim what is written", async () => {
  const scan = await publishSimple(store, join(root, "running.h5"), 1, { session: "status" });
  await scan.send(0, 10);
  const status = await awaitStatus(store, scan.scan.key, (one) => points(one) === 10);
  expect(status).toMatchObject({
    name: "ascan",
    number: 1,
    session: "status",
    state: "RUNNING",
    end: null,
    streams: { diode: { points: 10, bytes: 80, position: 10, lost: 0, done: false } },
  });
  while ((await neededPositions(store.redis)).get(scan.diode.key) !== 10) await writerTick();
  await scan.end();
  const done = await awaitStatus(store, scan.scan.key, ({ end }) => end !== null);
  expect(done).toMatchObject({ state: "COMPLETE", message: "Written.", streams: { diode: { done: true } } });
});

test("nxlive status lists what is written, for people and for machines", async () => {
  const text = await runCli(["status", "--redis", redis.url, "--session", "status"]);
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/number +name +session +state/);
  expect(text.stdout).toMatch(/1 +ascan +status +COMPLETE +10/);
  const json = await runCli(["status", "--redis", redis.url, "--session", "status", "--json"]);
  expect(JSON.parse(json.stdout) as ScanStatus).toMatchObject({ state: "COMPLETE", session: "status" });
});

test("nxlive status --follow shows changes as they come", async () => {
  const follower = spawnCli(["status", "--redis", redis.url, "--session", "follow", "--follow"]);
  const line = firstLine(follower);
  const scan = await publishSimple(store, join(root, "follow.h5"), 7, { session: "follow" });
  expect(await line).toMatch(/^7 {2}ascan {2}follow {2}RUNNING/);
  follower.kill("SIGTERM");
  await scan.end();
});

test("a scan whose publisher died is in its file as far as it came", async () => {
  const name = "scan-info/39_crashed";
  const found = new StatusWatch(writer);
  await replayAll(redis.url, [name], root);
  await found.until(({ files, state, streams }) => {
    const written = Object.values(streams).every((stream) => stream.points > 0);
    return (
      state === "RUNNING" &&
      (files[0] ?? "").includes("39_crashed") &&
      written &&
      Object.keys(streams).length > 0
    );
  });
  const deviations = intendedDeviations();
  const differences = await compareWithTrees([name], root);
  expect(differences.filter((one) => !deviations.some((deviation) => deviation.covers(one)))).toEqual([]);
});

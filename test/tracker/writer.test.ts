import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serverTime } from "../../src/redis/commands.js";
import { publishPositions } from "../../src/redis/positions.js";
import { SEAL_ID } from "../../src/stream/entry.js";
import { MemoryTracker } from "../../src/tracker/index.js";
import { Writer } from "../../src/writer/index.js";
import { spawnPython } from "../support/python.js";
import { startTestStore } from "../support/store.js";
import { publishSimple } from "../writer/publishing.js";
import { readValues, StatusWatch } from "../writer/support.js";
import { entryIds } from "./support.js";

/** The tracker beside a running writer: what is not in a file yet stays in Redis. */
const { store } = await startTestStore({ maxmemory: "100mb", fresh: true });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-tracker-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Trims all that may be trimmed. */
async function trimAll() {
  const options = { threshold: 0, protectedHistory: 0, timeSlice: 100 };
  const { time } = await new MemoryTracker(store).look();
  while ((await store.redis.do(serverTime())) <= time + 1);
  return new MemoryTracker(store, options).look();
}

const HOLD = `
import sys, h5py
with h5py.File(sys.argv[1], "w") as file:
    print("holding")
    sys.stdin.readline()
`;

test("a scan that waits for its file loses nothing to the tracker, and is trimmed when it is written", async () => {
  await mkdir(join(folder, "data"));
  const file = join(folder, "data", "scan.h5");
  const holder = spawnPython(["-c", HOLD, file]);
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  await using writer = await Writer.start(store, { roots: [folder] });
  const watch = new StatusWatch(writer);
  const { diode, send, end } = await publishSimple(store, file);
  for (let i = 0; i < 50; i++) await send(i, 1);
  await end();
  await watch.until(({ retrying }) => retrying);
  const report = await trimAll();
  expect(report.warnings).toContainEqual(expect.stringContaining(diode.key));
  expect(report.expiring).toEqual([]);
  expect(await entryIds(store, diode.key)).toHaveLength(51);
  holder.stdin.end("\n");
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(Array.from({ length: 50 }, (_, i) => i));
  await writer.close();
  expect((await trimAll()).expiring).toHaveLength(1);
  expect(await entryIds(store, diode.key)).toEqual([SEAL_ID]);
});

test("a writer's positions outlive the time when Redis has no memory to take new ones", async () => {
  const { diode, send, end } = await publishSimple(store, join(folder, "scan.h5"));
  for (let i = 0; i < 50; i++) await send(i, 1);
  await end();
  await publishPositions(store.redis, "writer-1", new Map([[diode.key, 10]]));
  await store.redis.commands.call(["PEXPIRE", "nxlive:writer:positions:writer-1", 1_000]);
  const limit = (value: string) => store.redis.commands.call(["CONFIG", "SET", "maxmemory", value]);
  await limit("1mb");
  await expect(publishPositions(store.redis, "writer-1", new Map([[diode.key, 20]]))).rejects.toMatchObject({
    code: "ERR_REDIS_OUT_OF_MEMORY",
  });
  expect(await store.redis.commands.call(["PTTL", "nxlive:writer:positions:writer-1"])).toBeGreaterThan(
    10_000,
  );
  await limit("100mb");
  await trimAll();
  expect((await entryIds(store, diode.key))[0]).toBe("10-1");
});

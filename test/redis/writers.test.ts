import { afterAll, beforeAll, expect, test } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import { leaseOf, releaseLease, renewLease, takeLease } from "../../src/redis/leases.js";
import { neededPositions, publishPositions, withdrawPositions } from "../../src/redis/positions.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import {
  isLastOfFile,
  latestEvent,
  nextEvents,
  readScanRecord,
  writeScanRecord,
  writeStatus,
} from "../../src/redis/writer-records.js";
import { startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;
let client: RedisClient;
beforeAll(async () => {
  redis = await startTestRedis();
  client = new RedisClient(redis.url);
});
afterAll(async () => {
  client.close();
  await redis.stop();
});

test("a lease has one owner, who may take it again", async () => {
  expect(await takeLease(client, "/data/a.h5", "one")).toBe(true);
  expect(await takeLease(client, "/data/a.h5", "two")).toBe(false);
  expect(await takeLease(client, "/data/a.h5", "one")).toBe(true);
  expect(await leaseOf(client, "/data/a.h5")).toMatchObject({ owner: "one" });
});

test("a lease that was given back is free, and those who wait are told", async () => {
  await takeLease(client, "/data/b.h5", "one");
  const since = await latestEvent(client);
  await releaseLease(client, "/data/b.h5", "two");
  expect(await leaseOf(client, "/data/b.h5")).toMatchObject({ owner: "one" });
  await releaseLease(client, "/data/b.h5", "one");
  expect((await nextEvents(client, since, 1000)).released).toEqual(["/data/b.h5"]);
  expect(await takeLease(client, "/data/b.h5", "two")).toBe(true);
});

test("a lease that ran out cannot be renewed, even when nobody took it", async () => {
  await takeLease(client, "/data/c.h5", "one", { ttl: 1 });
  while (await leaseOf(client, "/data/c.h5")) await nextEvents(client, "$", 1);
  expect(await renewLease(client, "/data/c.h5", "one")).toBe(false);
});

test("a lease can be taken from an owner who is known to be dead, and from nobody else", async () => {
  await takeLease(client, "/data/d.h5", "dead");
  expect(await takeLease(client, "/data/d.h5", "two", { from: "other" })).toBe(false);
  expect(await takeLease(client, "/data/d.h5", "two", { from: "dead" })).toBe(true);
});

test("positions are the lowest of all live writers, and vanish with them", async () => {
  await publishPositions(
    client,
    "w1",
    new Map([
      ["esrf:stream:A", 5],
      ["esrf:stream:B", 0],
    ]),
  );
  await publishPositions(client, "w2", new Map([["esrf:stream:A", 3]]));
  expect(await neededPositions(client)).toEqual(
    new Map([
      ["esrf:stream:A", 3],
      ["esrf:stream:B", 0],
    ]),
  );
  await publishPositions(client, "w1", new Map(), ["esrf:stream:B"]);
  await withdrawPositions(client, "w2");
  expect(await neededPositions(client)).toEqual(new Map([["esrf:stream:A", 5]]));
  await withdrawPositions(client, "w1");
  expect(await neededPositions(client)).toEqual(new Map());
});

test("those who wait are told of a scan whose status changed", async () => {
  const since = await latestEvent(client);
  const waiting = nextEvents(client, since, 5000);
  await writeStatus(client, "esrf:scan:X", "{}", false);
  expect((await waiting).scans).toEqual(["esrf:scan:X"]);
});

test("a final status stays, whatever a writer that was cut off says later", async () => {
  const scan = "esrf:scan:Y";
  await writeScanRecord(client, scan, { prepared: Buffer.from("info"), claims: "[]" });
  await writeStatus(client, scan, '"running"', false);
  await writeStatus(client, scan, '"complete"', true);
  await writeStatus(client, scan, '"running"', false);
  expect(await readScanRecord(client, scan)).toEqual({
    status: '"complete"',
    claims: "[]",
    prepared: undefined,
  });
  await writeStatus(client, scan, '"failed"', true);
  expect(await readScanRecord(client, scan)).toMatchObject({ status: '"failed"' });
});

test("the last scan of a file is the one that was closed last, in whatever order they are completed", async () => {
  expect(await isLastOfFile(client, "/data/e.h5", "2000-0")).toBe(true);
  expect(await isLastOfFile(client, "/data/e.h5", "1999-7")).toBe(false);
  expect(await isLastOfFile(client, "/data/e.h5", "2000-0")).toBe(true);
  expect(await isLastOfFile(client, "/data/e.h5", "2000-1")).toBe(true);
});

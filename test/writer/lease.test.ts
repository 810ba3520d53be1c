import { join } from "node:path";
import { expect, test } from "vitest";
import { takeLease } from "../../src/redis/leases.js";
import { fileLeaseKey } from "../../src/redis/writer-keys.js";
import { Writer } from "../../src/writer/index.js";
import { publishSimple } from "./publishing.js";
import { points, readValues, StatusWatch } from "./support.js";
import { workplace } from "./workplace.js";

const at = workplace();

test("a writer that has lost its lease leaves the file alone, and goes on when the other one gives it back", async () => {
  const file = join(at.root, "scan.h5");
  await using writer = await Writer.start(at.store, { leastFree: 0 });
  const watch = new StatusWatch(writer);
  const scan = await publishSimple(at.store, file);
  await scan.send(0, 10);
  await watch.until((status) => points(status) === 10);
  // As if this process had stood still for longer than its lease, and another writer had taken the file meanwhile.
  await at.store.redis.commands.call(["DEL", fileLeaseKey(file)]);
  await takeLease(at.store.redis, file, "elsewhere:1::X", { ttl: 6_000 });
  const waiting = await watch.until(({ retrying }) => retrying);
  expect(waiting.message).toContain("lease");
  await scan.send(10, 10);
  await scan.end();
  await watch.until(({ state }) => state === "COMPLETE");
  expect(await readValues(file, "/1.1/data")).toEqual(Array.from({ length: 20 }, (_, i) => i));
}, 40_000);

import { once } from "node:events";
import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Writer } from "../../src/writer/index.js";
import { workplace } from "./workplace.js";

const at = workplace();

test("who waits for idleness is told which open scans are waited for", { timeout: 30_000 }, async () => {
  const scan = await at.store.createScan({ name: "left", number: 1, data_policy: "no_policy" });
  const log = new PassThrough({ encoding: "utf8" });
  await using writer = await Writer.start(at.store, { logger: pino(log) });
  const idle = writer.untilIdle(0);
  const [line] = await once(log, "data");
  expect(JSON.parse(line).msg).toBe(`Waiting for scans that are open or not written yet (1): ${scan.key}`);
  await scan.close();
  expect(await idle).toBe(true);
});

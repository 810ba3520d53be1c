import { expect, test } from "vitest";
import * as commands from "../../src/redis/commands.js";
import { codeOf, startStream } from "../stream/support.js";
import { startTestStore } from "../support/store.js";

const { store } = await startTestStore();

test.concurrent("a stream that was never sealed ends for its readers once its scan is closed", async () => {
  const { publisher, reader, scan } = await startStream(store, { dtype: "<u4" });
  const values: unknown[] = [];
  const reading = (async () => {
    for await (const value of reader.values()) values.push(value);
  })();
  const waiting = [
    codeOf(reader.at(5, { wait: true })),
    reader.events.waitSeal(),
    reader.slice(0, 9, 1, { wait: true }),
  ];
  await publisher.send([1, 2, 3]);
  await publisher.flush();
  // As Python's forced deletion does: the one who closes the scan does not own its streams.
  await store.redis.do(commands.xadd(scan.keys[1] ?? "", "*", ["state", 4]));
  await reading;
  expect(values).toEqual([1, 2, 3]);
  const [point, length, slice] = await Promise.all(waiting);
  expect(point).toBe("ERR_INDEX_WONT_BE_THERE");
  expect(length).toBe(3);
  expect(slice).toMatchObject({ shape: [3] });
});

test.concurrent("a stream whose scan has disappeared is an error for those who wait", async () => {
  const { reader, scan } = await startStream(store, { dtype: "<u4" });
  const waiting = [codeOf(reader.at(0, { wait: true })), codeOf(reader.values().next())];
  for (const key of scan.keys) await store.redis.commands.call(["DEL", key]);
  expect(await Promise.all(waiting)).toEqual(["ERR_SCAN_NOT_FOUND", "ERR_SCAN_NOT_FOUND"]);
});

import { describe, expect, test } from "vitest";
import { Deadline, sleep, withTimeout } from "../src/waiting.js";

/** Timers run in the order of their ends: one that ended at once would have come before this. */
const shortest = () => sleep(1);

describe.each([Number.POSITIVE_INFINITY, 2 ** 31, 365 * 24 * 3600 * 1000])("%d milliseconds", (long) => {
  test("are no timeout that has passed already", async () => {
    const run = async (signal: AbortSignal | undefined) => {
      await shortest();
      signal?.throwIfAborted();
      return "done";
    };
    expect(await withTimeout(long, undefined, () => "it", run)).toBe("done");
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(withTimeout(long, aborted, () => "it", run)).rejects.toThrow("enough");
  });

  test("are slept, until the signal aborts", async () => {
    const stop = new AbortController();
    const sleeping = sleep(long, stop.signal).then(() => "woke up");
    expect(await Promise.race([sleeping, shortest()])).toBeUndefined();
    stop.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
  });
});

test("a time to wait of NaN is refused, and not sent to Redis", () => {
  expect(() => new Deadline(Number.NaN)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
});

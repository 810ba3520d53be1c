import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import * as commands from "../../src/redis/commands.js";
import type { DataStore } from "../../src/scan/store.js";
import { resources, until } from "./abort.js";
import type { TcpProxy } from "./proxy.js";

type Calls<Things> = Readonly<
  Record<string, (things: Things, options: { signal: AbortSignal }) => Promise<unknown>>
>;

/**
 * The tests of what every asking and every waiting call owes an aborted signal, one per call. `things` makes, per test,
 * what the calls work on, with a store that is connected through the proxy.
 */
export function testAbortedCalls<Things extends { readonly store: DataStore }>(
  asking: Calls<Things>,
  waiting: Calls<Things>,
  things: () => Promise<Things>,
  proxy: TcpProxy,
): void {
  test.each(Object.entries({ ...asking, ...waiting }))("of %s does not even begin", async (_, call) => {
    const all = await things();
    const reason = new Error("enough");
    await expect(call(all, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await all.store.close();
  });

  // Sooner than a connection that stays silent is given up, which would end the call, too.
  const options = { timeout: 10_000 };
  test.each(Object.entries(asking))("of %s rejects while Redis does not answer", options, async (_, call) => {
    const all = await things();
    const controller = new AbortController();
    proxy.freeze();
    const calling = call(all, { signal: controller.signal });
    const reason = new Error("enough");
    setImmediate(() => controller.abort(reason));
    await expect(calling).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await all.store.close();
    proxy.cut();
  });

  test.each(Object.entries(waiting))("of %s stops waiting and leaves nothing behind", async (_, call) => {
    const all = await things();
    const before = resources();
    const controller = new AbortController();
    const outcome = expect(call(all, { signal: controller.signal })).rejects.toThrow("enough");
    // Another connection means that Redis is being waited for.
    while (proxy.connections < 3) await all.store.redis.do(commands.get("anything"));
    controller.abort(new Error("enough"));
    await outcome;
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await until(() => resources().length <= before.length);
    await all.store.close();
    await until(() => proxy.connections === 0);
  });
}

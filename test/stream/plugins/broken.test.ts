import { describe, expect, test } from "vitest";
import { registerStreamPlugin } from "../../../src/stream/plugin.js";
import { startTestStore } from "../../support/store.js";
import { errorOf } from "./support.js";

const { store } = await startTestStore();

/** A closed scan with a stream for the plugin `odd`, and a plain one with a point. */
async function scanOfBoth() {
  const scan = await store.createScan({ name: "odd", number: 1, data_policy: "no_policy" });
  scan.createStream("bad", { dtype: "json", info: { plugin: "odd" } });
  await scan.createStream("good", { dtype: "<f8" }).send(1);
  await scan.prepare();
  await scan.close();
  return store.loadScan(scan.key);
}

describe("a plugin whose factory gives", () => {
  test.each([
    ["nothing", () => undefined, "no events, length"],
    ["a promise", async () => ({}), "no promise"],
    ["half a stream", () => ({ length: async () => 1 }), "no events, isSealed"],
    ["a text", () => "stream", "no events"],
  ])("%s breaks its own stream only", async (_, factory, message) => {
    registerStreamPlugin("odd", factory as never);
    const { streams } = await scanOfBoth();
    const bad = streams.get("bad");
    if (!bad) throw new Error("The scan has the stream.");
    const broken = { code: "ERR_PLUGIN_BROKEN", message: expect.stringContaining(message) };
    expect(await errorOf(bad.length())).toMatchObject(broken);
    const seen: Record<string, unknown> = {};
    for await (const views of store.cursorGroup(streams.values())) {
      for (const [stream, view] of views) seen[stream.name] = view.error ?? view.length;
    }
    expect(seen).toMatchObject({ bad: broken, good: 1 });
  });
});

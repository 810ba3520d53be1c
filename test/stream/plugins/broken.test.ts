import { describe, expect, test } from "vitest";
import { StreamSource } from "../../../src/h5api/data/stream-source.js";
import { Waits } from "../../../src/h5api/waits.js";
import type { FollowableStream } from "../../../src/stream/followable.js";
import { type PluginContext, registerStreamPlugin } from "../../../src/stream/plugin.js";
import { DerivedStream } from "../../../src/stream/plugins/derived.js";
import type { RawPoints } from "../../../src/stream/points.js";
import { startTestStore } from "../../support/store.js";
import { isWaiting } from "../support.js";
import { collect, errorOf } from "./support.js";

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

/** A stream of three pairs of numbers, of which a plugin reads what it likes. */
class Pairs extends DerivedStream {
  readonly plugin = "odd";
  readonly dtype = "<u2";
  readonly shape = [2];
  protected readonly mayBecomeReadable = true;
  readonly #points: RawPoints;

  constructor(context: PluginContext, points: RawPoints) {
    super(context);
    this.#points = points;
  }

  protected understand() {
    return { length: 3, readable: 3 };
  }
  protected async read() {
    return this.#points;
  }
  protected unreadable(index: number) {
    return new Error(`${index}`);
  }
  protected async count() {
    return 3;
  }
}

/** The stream `bad` of a scan, as the plugin's change of it. */
async function changed(change: (stream: Pairs) => Partial<FollowableStream>): Promise<FollowableStream> {
  const points = { dtype: "<u2", shape: [3, 2], data: new Uint8Array(12) };
  registerStreamPlugin("odd", (context) => {
    const stream = new Pairs(context, points);
    return Object.assign(stream, change(stream));
  });
  const stream = (await scanOfBoth()).streams.get("bad");
  if (!stream) throw new Error("The scan has the stream.");
  return stream;
}

describe("a plugin that", () => {
  test.each([
    ["too few points", [2, 2], 8],
    ["too many points", [4, 2], 16],
    ["less than it says", [3, 2], 10],
  ])("reads %s is an error, no other points", async (_, shape, bytes) => {
    registerStreamPlugin(
      "odd",
      (context) => new Pairs(context, { dtype: "<u2", shape, data: new Uint8Array(bytes) }),
    );
    const bad = (await scanOfBoth()).streams.get("bad");
    if (!bad) throw new Error("The scan has the stream.");
    const odd = { code: "ERR_STREAM_FORMAT", message: expect.stringContaining("for 3 points") };
    expect(await errorOf(bad.slice())).toMatchObject(odd);
    expect(await errorOf(collect(bad.values()))).toMatchObject(odd);
  });

  test("gives points of another shape than announced is an error in the virtual file", async () => {
    const whole = (count: number) => ({ start: 0, step: 1, count, drop: false });
    for (const [shape, bytes] of [
      [[3, 3], 18],
      [[3, 1], 6],
      [[3], 6],
    ] as const) {
      registerStreamPlugin(
        "odd",
        (context) => new Pairs(context, { dtype: "<u2", shape, data: new Uint8Array(bytes) }),
      );
      const bad = (await scanOfBoth()).streams.get("bad");
      if (!bad) throw new Error("The scan has the stream.");
      const support = { onDisk: async () => undefined, checkScan: async () => {}, waits: new Waits() };
      const source = new StreamSource(bad, support);
      expect(await errorOf(source.read([whole(3), whole(2)]))).toMatchObject({
        code: "ERR_STREAM_FORMAT",
        message: expect.stringContaining("whose shape is [2]"),
      });
    }
  });

  test("gives the same points again and again fails, and ends", async () => {
    const bad = await changed((stream) => ({
      interpret: (events, _, options) => Pairs.prototype.interpret.call(stream, events, 0, options),
    }));
    const seen: number[] = [];
    const reading = async () => {
      for await (const view of bad.cursor()) seen.push(view.length);
    };
    expect(await errorOf(reading())).toMatchObject({ code: "ERR_STREAM_FORMAT", stream: "bad" });
    expect(seen).toEqual([3]);
  });

  test("never ends does not keep the other streams of a group waiting", async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    registerStreamPlugin("odd", (context) => {
      const stream = new Pairs(context, { dtype: "<u2", shape: [3, 2], data: new Uint8Array(12) });
      const interpret = async (...args: Parameters<Pairs["interpret"]>) => {
        await answered;
        return Pairs.prototype.interpret.apply(stream, args);
      };
      return Object.assign(stream, { interpret });
    });
    const scan = await store.createScan({ name: "odd", number: 1, data_policy: "no_policy" });
    const events = scan.createStream("bad", { dtype: "json", info: { plugin: "odd" } });
    const plain = scan.createStream("good", { dtype: "<f8" });
    await scan.prepare();
    await events.send({});
    await events.flush();
    const group = store.cursorGroup((await store.loadScan(scan.key)).streams.values());
    const names = async () => {
      const views = await group.read();
      return views && [...views].map(([{ name }, view]) => [name, view.index, view.length]);
    };
    for (let index = 0; index < 3; index++) {
      const next = names();
      await plain.send(index);
      expect(await next).toEqual([["good", index, 1]]);
    }
    const late = names();
    expect(await isWaiting(store, late)).toBe(true);
    answer();
    expect(await late).toEqual([["bad", 0, 3]]);
    await scan.close();
    expect(await names()).toBe(null);
  });

  test("never ends does not keep a reader from giving up", async () => {
    const bad = await changed(() => ({ interpret: () => new Promise(() => {}) }));
    const stop = new AbortController();
    const reading = errorOf(store.cursorGroup([bad]).read({ signal: stop.signal }));
    const group = store.cursorGroup([bad]);
    const closing = errorOf(group.read());
    expect(await isWaiting(store, Promise.race([reading, closing]))).toBe(true);
    stop.abort(new Error("enough"));
    expect(await reading).toMatchObject({ message: "enough" });
    group.close();
    expect(await closing).toMatchObject({ code: "ERR_CLOSED" });
  });
});

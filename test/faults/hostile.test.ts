import { describe, expect, test } from "vitest";
import type { PublishedScan } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { codeOf, startStream } from "../stream/support.js";
import { startTestStore } from "../support/store.js";

const { store } = await startTestStore();

/** A prepared scan with one stream, whose document is then replaced. */
async function replaceDocument(
  change: (document: Record<string, unknown>) => unknown,
): Promise<PublishedScan> {
  const scan = await store.createScan({ name: "hostile", number: 1, data_policy: "no_policy" });
  scan.createStream("x", { dtype: "<f8" });
  await scan.prepare();
  const text = await store.redis.do(commands.jsonGet(scan.key));
  const document: Record<string, unknown> = JSON.parse(text ?? "{}");
  await store.redis.do(commands.jsonSet(scan.key, JSON.stringify(change(document))));
  return scan;
}

describe("a document", () => {
  test.each([
    ["that is a list", () => []],
    ["that is a text", () => "scan"],
    ["without an id", (document: object) => ({ ...document, id: undefined })],
    [
      "whose number is a text",
      (document: { id?: object }) => ({ ...document, id: { ...document.id, number: "1" } }),
    ],
    [
      "whose name is null",
      (document: { id?: object }) => ({ ...document, id: { ...document.id, name: null } }),
    ],
    ["whose info is a list", (document: object) => ({ ...document, info: [] })],
    ["without a state stream", (document: object) => ({ ...document, state_stream: undefined })],
    ["whose streams are a text", (document: object) => ({ ...document, data_streams: "x" })],
  ])("%s is a typed error, and other scans stay readable", async (_, change) => {
    const good = await startStream(store);
    const scan = await replaceDocument(change);
    expect(await codeOf(store.loadScan(scan.key))).toBe("ERR_SCAN_FORMAT");
    expect((await store.loadScan(good.scan.key)).state).toBe("STARTED");
    expect((await store.states([scan.key, good.scan.key])).get(good.scan.key)).toBe("STARTED");
    expect((await store.search({ name: "test" })).keys).toContain(good.scan.key);
    await store.redis.commands.call(["DEL", scan.key]);
  });

  test("of a scan whose states are missing or unknown is a typed error", async () => {
    const scan = await store.createScan({ name: "hostile", number: 1, data_policy: "no_policy" });
    const stateKey = scan.keys[1] ?? "";
    await store.redis.do(commands.xadd(stateKey, "*", ["state", "9"]));
    expect(await codeOf(store.loadScan(scan.key))).toBe("ERR_SCAN_FORMAT");
    await store.redis.commands.call(["DEL", stateKey]);
    expect(await codeOf(store.loadScan(scan.key))).toBe("ERR_SCAN_FORMAT");
  });

  test("with unknown fields, and streams of every wrong kind, is read as far as it can be", async () => {
    const scan = await replaceDocument((document) => ({
      ...document,
      extra: { anything: 1 },
      data_streams: {
        ...(document.data_streams as object),
        "no object": 1,
        "no key": { encoding: { type: "json" }, info: {} },
        "no encoding": { pk: "01", encoding: "", info: "" },
        "unknown encoding": { pk: "02", encoding: { type: "parquet" }, info: {} },
        "unknown dtype": { pk: "03", encoding: { type: "numeric", dtype_str: "<U5", shape: [] }, info: {} },
        "bad shape": { pk: "04", encoding: { type: "numeric", dtype_str: "<f8", shape: [-5] }, info: {} },
        "unknown plugin": { pk: "05", encoding: { type: "json" }, info: { plugin: "nope" } },
        "broken plugin": { pk: "06", encoding: { type: "json" }, info: { plugin: "lima" } },
      },
    }));
    const loaded = await store.loadScan(scan.key);
    const codes: Record<string, unknown> = {};
    for (const [name, stream] of loaded.streams) codes[name] = (await codeOf(stream.length())) ?? "fine";
    expect(codes).toEqual({
      x: "fine",
      "no object": "ERR_STREAM_FORMAT",
      "no key": "ERR_STREAM_FORMAT",
      "no encoding": "ERR_STREAM_FORMAT",
      "unknown encoding": "ERR_STREAM_FORMAT",
      "unknown dtype": "ERR_STREAM_FORMAT",
      "bad shape": "ERR_STREAM_FORMAT",
      "unknown plugin": "ERR_PLUGIN_MISSING",
      "broken plugin": "ERR_PLUGIN_BROKEN",
    });
    const broken = loaded.streams.get("unknown plugin");
    expect(await codeOf(broken?.at(0) ?? Promise.resolve())).toBe("ERR_PLUGIN_MISSING");
    expect(await codeOf(broken?.values().next() ?? Promise.resolve())).toBe("ERR_PLUGIN_MISSING");
  });
});

describe("a stream's key", () => {
  test("that is no stream fails alone, in a group with others", async () => {
    const [bad, good] = [await startStream(store), await startStream(store)];
    await store.redis.do(commands.set(bad.publisher.key, "text"));
    await good.publisher.send(1);
    await good.publisher.seal();
    const seen: unknown[] = [];
    for await (const views of store.cursorGroup([bad.reader, good.reader])) {
      for (const [stream, view] of views) {
        seen.push([stream === good.reader ? "good" : "bad", view.length, view.error !== undefined]);
      }
    }
    expect(seen).toContainEqual(["bad", 0, true]);
    expect(seen).toContainEqual(["good", 1, false]);
  });
});

describe("a stream that somebody else has spoilt", () => {
  test.each<[string, (key: string) => commands.Command<unknown>]>([
    ["with an entry that is none", (key) => commands.xadd(key, "0-1", ["data", "x"])],
    ["with another kind of key", (key) => commands.set(key, "text")],
  ])("%s makes its own publisher fail, and no other", async (_, spoil) => {
    const [bad, good] = [await startStream(store), await startStream(store)];
    await store.redis.do(spoil(bad.publisher.key));
    void bad.publisher.send(1);
    void good.publisher.send(1);
    expect(await codeOf(bad.publisher.flush())).toMatch(/^ERR_(STREAM_FORMAT|REDIS_COMMAND)$/);
    await good.publisher.flush();
    expect(await good.publisher.seal()).toBe(1);
  });
});

describe("an entry", () => {
  const entries: [string, string, (string | number | Buffer)[]][] = [
    ["without a payload", "0-1", ["data", "x"]],
    ["that is too short", "0-1", ["payload", Buffer.alloc(7)]],
    ["whose length lies", "0-1", ["payload", Buffer.alloc(8), "len", 2]],
    ["whose length is none", "0-1", ["payload", Buffer.alloc(8), "len", "many"]],
    ["with an index beyond 2^53", "9007199254740993-1", ["payload", Buffer.alloc(8)]],
  ];

  test.each(entries)("%s is a typed error of its own stream only", async (_, id, fields) => {
    const bad = await startStream(store);
    const good = await startStream(store);
    await good.publisher.send(1);
    await good.publisher.seal();
    await store.redis.do(commands.xadd(bad.publisher.key, id, fields));
    expect(await codeOf(bad.reader.slice())).toBe("ERR_STREAM_FORMAT");
    const seen: unknown[] = [];
    for await (const views of store.cursorGroup([bad.reader, good.reader])) {
      const view = views.get(good.reader);
      if (view) seen.push((await view.data()).toNested());
      const failed = views.get(bad.reader);
      if (failed)
        expect(failed.error ?? (await failed.data().catch((error: unknown) => error))).toMatchObject({
          code: "ERR_STREAM_FORMAT",
        });
      if (seen.length > 0 && failed) break;
    }
    expect(seen).toEqual([[1]]);
  });

  test("of varying shape that is no MessagePack of shape and bytes is a typed error", async () => {
    for (const payload of [Buffer.of(0xc1), Buffer.of(0x01), Buffer.of(0x92, 0x91, 0xff, 0xc4, 0x00)]) {
      const { publisher, reader } = await startStream(store, { dtype: "<f8", shape: [-1] });
      await store.redis.do(commands.xadd(publisher.key, "0-1", ["payload", payload]));
      expect(await codeOf(reader.at(0))).toBe("ERR_STREAM_FORMAT");
    }
  });

  test("that is no JSON is a typed error, and the next ones are read", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "json" });
    await store.redis.do(commands.xadd(publisher.key, "0-1", ["payload", "{"]));
    await store.redis.do(commands.xadd(publisher.key, "1-1", ["payload", '{"a":1}']));
    expect(await codeOf(reader.at(0))).toBe("ERR_STREAM_FORMAT");
    expect(await reader.at(1)).toEqual({ a: 1 });
  });
});

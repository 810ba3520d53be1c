import { describe, expect, test } from "vitest";
import { DataStore, File, type ScanIdentityInput } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { KEYS } from "../../src/redis/keys.js";
import { codeOf } from "../stream/support.js";
import { startTestRedis } from "../support/redis.js";
import { startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore();

const identity: ScanIdentityInput = { name: "ascan", number: 1, data_policy: "no_policy" };

test("a time to wait that is no number is none: connecting to a server that is away went on for ever", async () => {
  const connecting = DataStore.connect("redis://127.0.0.1:1", { timeout: Number.NaN });
  expect(await codeOf(connecting)).toBe("ERR_REDIS_UNREACHABLE");
});

describe("a new scan", () => {
  test.each([
    ["without a name", { number: 1, data_policy: "x" }],
    ["with a number that is none", { ...identity, number: "1" }],
    ["with a fractional number", { ...identity, number: 1.5 }],
    ["with an unknown field", { ...identity, sample: "x" }],
    ["with a relative path", { ...identity, path: "data.h5" }],
  ])("%s is refused before anything is written", async (_, input) => {
    const before = await store.redis.do(commands.dbsize());
    expect(await codeOf(store.createScan(input as ScanIdentityInput))).toBe("ERR_SCAN_IDENTITY");
    expect(await store.redis.do(commands.dbsize())).toBe(before);
  });

  test("takes an info of 1 MiB and refuses one character more", async () => {
    const before = await store.redis.do(commands.dbsize());
    const text = "x".repeat(2 ** 20 - '{"text": ""}'.length);
    expect(await codeOf(store.createScan(identity, { text: `${text}x` }))).toBe("ERR_SCAN_INFO");
    expect(await store.redis.do(commands.dbsize())).toBe(before);
    const scan = await store.createScan(identity, { text });
    expect((await store.loadScan(scan.key)).info).toEqual({ text });
  });

  test("takes an info of 126 levels and refuses a deeper one, also when the scan has begun", async () => {
    const nested = (levels: number) => {
      let value: unknown = '"}[{\\';
      for (let level = 1; level < levels; level++) value = level % 2 ? [value] : { a: value };
      return { value };
    };
    expect(await codeOf(store.createScan(identity, nested(127)))).toBe("ERR_SCAN_INFO");
    const scan = await store.createScan(identity, nested(126));
    expect((await store.loadScan(scan.key)).info).toEqual(nested(126));
    Object.assign(scan.info, nested(127));
    expect(await codeOf(scan.prepare())).toBe("ERR_SCAN_INFO");
    expect((await store.loadScan(scan.key)).state).toBe("CREATED");
    Object.assign(scan.info, nested(126));
    await scan.prepare();
    expect((await store.loadScan(scan.key)).state).toBe("PREPARED");
  });

  test("refuses an info that is no JSON", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(await codeOf(store.createScan(identity, circular))).toBe("ERR_SCAN_INFO");
  });

  test("writes NaN and infinities as null, and keeps integers of any size", async () => {
    const info = {
      nan: Number.NaN,
      deep: [{ inf: -Infinity }],
      big: 2n ** 63n - 1n,
      list: Int16Array.of(1, 2),
    };
    const scan = await store.createScan(identity, info);
    expect((await store.loadScan(scan.key)).info).toEqual({
      nan: null,
      deep: [{ inf: null }],
      big: 2n ** 63n - 1n,
      list: [1, 2],
    });
  });
});

describe("the states of a scan", () => {
  test("follow each other in order only", async () => {
    const scan = await store.createScan(identity);
    expect(await codeOf(scan.start())).toBe("ERR_SCAN_STATE");
    expect(await codeOf(scan.stop())).toBe("ERR_SCAN_STATE");
    await scan.prepare();
    expect(await codeOf(scan.prepare())).toBe("ERR_SCAN_STATE");
    await scan.start();
    await scan.stop();
    await scan.close();
    expect(scan.state).toBe("CLOSED");
    await scan.close();
    expect(await codeOf(scan.prepare())).toBe("ERR_SCAN_STATE");
  });

  test("may end at once with close, which seals the streams", async () => {
    const scan = await store.createScan(identity);
    const stream = scan.createStream("x", { dtype: "<f8" });
    await scan.prepare();
    await stream.send([1, 2]);
    await scan.close();
    const loaded = await store.loadScan(scan.key);
    expect(loaded.state).toBe("CLOSED");
    expect(await loaded.streams.get("x")?.isSealed()).toBe(true);
    expect(await loaded.streams.get("x")?.length()).toBe(2);
  });

  test("allow a changed info before prepare and close only", async () => {
    const scan = await store.createScan(identity, { a: 1 });
    scan.info.b = 2;
    await scan.prepare();
    scan.info.c = 3;
    expect(await codeOf(scan.start())).toBe("ERR_SCAN_STATE");
    delete scan.info.c;
    await scan.start();
    scan.info.end_reason = "SUCCESS";
    await scan.close();
    expect((await store.loadScan(scan.key)).info).toEqual({ a: 1, b: 2, end_reason: "SUCCESS" });
  });

  test("called without waiting happen in the order of the calls", async () => {
    const scan = await store.createScan(identity);
    await Promise.all([scan.prepare(), scan.start(), scan.stop(), scan.close()]);
    const seen: string[] = [];
    const entries = await store.redis.do(commands.xrange(scan.keys[1] ?? "", "-", "+"));
    for (const { fields } of entries) seen.push(String(fields.get("state")));
    expect(seen).toEqual(["0", "1", "2", "3", "4"]);
  });
});

describe("streams of a scan", () => {
  test("are declared before prepare, each name once", async () => {
    const scan = await store.createScan(identity);
    scan.createStream("x", { dtype: "<f8" });
    expect(() => scan.createStream("x", { dtype: "<f8" })).toThrow(/already has a stream/);
    expect(() => scan.createStream("", { dtype: "<f8" })).toThrow(/needs a name/);
    expect(() => scan.createStream("y", { dtype: "float" })).toThrow(/dtype/);
    expect(() => scan.createStream("y", { dtype: "<f8", shape: [0] })).toThrow(/shape/);
    expect(() => scan.createStream("y", { dtype: "json", shape: [1] })).toThrow(/no shape/);
    await scan.prepare();
    expect(() => scan.createStream("z", { dtype: "<f8" })).toThrow(/too late/);
  });

  test("describe their points, or what a plugin makes of them", async () => {
    const scan = await store.createScan(identity);
    expect(scan.createStream("a", { dtype: ">u2", shape: [2], info: { unit: "V" } }).info).toEqual({
      unit: "V",
      dtype: "uint16",
      shape: [2],
    });
    const info = { plugin: "lima2", dtype: "uint16", shape: [512, 512] };
    expect(scan.createStream("b", { dtype: "<u4", info }).info).toEqual(info);
  });
});

describe("a stream opened for writing by another process", () => {
  test("goes on where it ends, and takes nothing once it is sealed", async () => {
    const scan = await store.createScan(identity);
    const first = scan.createStream("x", { dtype: "<i4" });
    await scan.prepare();
    await first.send([1, 2]);
    await first.flush();
    await using elsewhere = await DataStore.connect(redis.url);
    const opened = await elsewhere.openScan(scan.key);
    const stream = await opened.openStream("x");
    expect(stream.position).toBe(2);
    await stream.send(3);
    await stream.flush();
    expect((await (await store.loadScan(scan.key)).streams.get("x")?.slice())?.toNested()).toEqual([1, 2, 3]);
    expect(await codeOf(first.send(9).then(() => first.flush()))).toBe("ERR_SECOND_PUBLISHER");
    expect(await stream.seal()).toBe(3);
    expect(await codeOf(stream.send(4))).toBe("ERR_STREAM_SEALED");
    expect(await codeOf((await elsewhere.openScan(scan.key)).openStream("x"))).toBe("ERR_STREAM_SEALED");
    expect(await codeOf(opened.openStream("y"))).toBe("ERR_INVALID_ARGUMENT");
  });

  test("that was sealed by someone else refuses what is sent", async () => {
    const scan = await store.createScan(identity);
    const stream = scan.createStream("x", { dtype: "<i4" });
    await scan.prepare();
    await stream.send(1);
    await stream.flush();
    await (await store.openScan(scan.key)).sealAll();
    expect(await codeOf(stream.send(2).then(() => stream.flush()))).toBe("ERR_STREAM_SEALED");
    expect(await codeOf(stream.seal())).toBe("ERR_STREAM_SEALED");
    await scan.close();
    expect(scan.state).toBe("CLOSED");
  });
});

describe("deleting", () => {
  test("needs a closed scan or force, and lets readers go", async () => {
    const scan = await store.createScan(identity, { kind: 1 });
    const stream = scan.createStream("x", { dtype: "<f8" });
    await scan.prepare();
    await stream.send(1);
    await stream.flush();
    const reading = (await store.loadScan(scan.key)).streams.get("x")?.events.waitSeal();
    expect(await codeOf(store.deleteScan(scan.key))).toBe("ERR_SCAN_STATE");
    const states = (await store.loadScan(scan.key)).waitFor("CLOSED");
    await store.deleteScan(scan.key, { force: true });
    expect(await states).toBe("CLOSED");
    expect(await reading).toBe(1);
    expect(await codeOf(store.loadScan(scan.key))).toBe("ERR_SCAN_NOT_FOUND");
    await store.deleteScan(scan.key);
    for (const key of scan.keys) expect(await store.redis.do(commands.ttl(key))).toBeLessThanOrEqual(10);
  });

  test("by force keeps the kinds of numbers in the info", async () => {
    const scan = await store.createScan(identity);
    const text = '{"whole":1,"decimal":1.0}';
    const document = await store.redis.do(commands.jsonGet(scan.key));
    await store.redis.do(commands.jsonSet(scan.key, String(document).replace('"info":{}', `"info":${text}`)));
    await store.deleteScan(scan.key, { force: true });
    expect(await store.redis.do(commands.jsonGet(scan.key))).toContain(
      '"whole":1,"decimal":1.0,"end_reason":"DELETION"',
    );
  });
});

describe("the database", () => {
  test("is refused when it is not initialised and holds other things", async () => {
    await using other = await startTestRedis({ initialised: false });
    const empty = await DataStore.connect(other.url);
    expect(await codeOf(empty.lastScan())).toBe("ERR_NOT_INITIALISED");
    await empty.redis.do(commands.set("other", "x"));
    expect(await codeOf(DataStore.connect(other.url))).toBe("ERR_NOT_INITIALISED");
    expect(await codeOf(empty.initialise())).toBe("ERR_DATABASE_NOT_EMPTY");
    await empty.redis.do(commands.set(KEYS.protocolVersion, "2"));
    expect(await codeOf(DataStore.connect(other.url))).toBe("ERR_PROTOCOL_VERSION");
    await empty.redis.commands.call(["DEL", "other"]);
    await empty.redis.commands.call(["DEL", KEYS.protocolVersion]);
    await empty.initialise();
    expect(await codeOf(empty.lastScan())).toBe("ERR_NO_SCAN");
    await empty.close();
  });

  test("that was emptied meanwhile is not initialised any more", async () => {
    await using other = await startTestRedis();
    await using store = await DataStore.connect(other.url);
    await store.search();
    await store.redis.commands.call(["FLUSHALL"]);
    expect(await codeOf(store.search())).toBe("ERR_NOT_INITIALISED");
    expect(await codeOf(File.open("/data/gone.h5", { store }))).toBe("ERR_NOT_INITIALISED");
    await store.initialise();
    expect((await store.search()).keys).toEqual([]);
  });

  test("is refused when nothing answers there", async () => {
    expect(await codeOf(DataStore.connect("redis://127.0.0.1:1"))).toBe("ERR_REDIS_UNREACHABLE");
    expect(await codeOf(DataStore.connect("http://localhost"))).toBe("ERR_INVALID_ARGUMENT");
    expect(await codeOf(DataStore.connect("redis://localhost/x"))).toBe("ERR_INVALID_ARGUMENT");
  });
});

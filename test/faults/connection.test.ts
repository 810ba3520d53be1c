import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataStore } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { codeOf, startStream } from "../stream/support.js";
import { startProxy, type TcpProxy } from "../support/proxy.js";
import { startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;
let proxy: TcpProxy;
/** Over the proxy, whose connections break, and around it. */
let store: DataStore;
let direct: DataStore;

beforeAll(async () => {
  redis = await startTestRedis();
  proxy = await startProxy(redis.port);
  store = await DataStore.connect(proxy.url);
  direct = await DataStore.connect(redis.url);
});

afterAll(async () => {
  await store.close();
  await direct.close();
  await proxy.close();
  await redis.stop();
});

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("a connection that breaks while publishing", () => {
  test("loses and doubles nothing, wherever it breaks", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "<u4" });
    for (let i = 0; i < 3_000; i++) {
      const sent = publisher.send(i);
      if (i % 250 === 100) proxy.cut();
      if (i % 250 === 200) proxy.loseAnswers();
      if (i % 50 === 0) await sent;
    }
    expect(await publisher.seal()).toBe(3_000);
    expect((await reader.slice()).toNested()).toEqual(range(3_000));
  });

  test("keeps the order of megabytes under way, in streams that share it", async () => {
    const one = await startStream(store, { dtype: "<f8", shape: [2_048] });
    const other = await startStream(store, { dtype: "<u4" });
    const spectrum = new Float64Array(2_048);
    for (let i = 0; i < 2_000; i++) {
      const sent = [one.publisher.send(spectrum.fill(i)), other.publisher.send(i)];
      if (i % 400 === 150) proxy.cut();
      if (i % 400 === 350) proxy.loseAnswers();
      await Promise.all(sent);
    }
    expect([await one.publisher.seal(), await other.publisher.seal()]).toEqual([2_000, 2_000]);
    expect((await other.reader.slice()).toNested()).toEqual(range(2_000));
    let point = 0;
    for await (const view of one.reader.cursor()) {
      const { data, shape } = await view.data();
      for (let i = 0; i < (shape[0] ?? 0); i++, point++) {
        const values = new Set(data.slice(i * 2_048, (i + 1) * 2_048));
        expect([...values]).toEqual([point]);
      }
    }
    expect(point).toBe(2_000);
  });

  test("does not send over a new socket what follows something lost with the old one", async () => {
    const { publishing, commands: others } = direct.redis;
    await publishing.connect();
    const { generation } = publishing;
    publishing.drop();
    const late = publishing.pipeline([["SET", "late", "1"]], { generation });
    expect(await codeOf(late)).toBe("ERR_REDIS_CONNECTION_LOST");
    expect(await others.call(["EXISTS", "late"])).toBe(0);
  });

  test("sends a batch whose acknowledgement got lost only once", async () => {
    const { publisher } = await startStream(store, { dtype: "<u4" });
    await publisher.send([0, 1]);
    await publisher.flush();
    proxy.loseAnswers();
    await publisher.send([2, 3]);
    await publisher.flush();
    expect(await publisher.seal()).toBe(4);
    expect(await direct.redis.do(commands.xlen(publisher.key))).toBe(3);
  });

  test("still tells a second publisher from an acknowledgement that got lost", async () => {
    const { publisher, scan } = await startStream(store, { dtype: "<u4" });
    await publisher.send([0, 1]);
    await publisher.flush();
    const second = await (await direct.openScan(scan.key)).openStream("x");
    await second.send([7, 8, 9]);
    await second.flush();
    proxy.cut();
    void publisher.send([2, 3]);
    expect(await codeOf(publisher.flush())).toBe("ERR_SECOND_PUBLISHER");
  });

  test("enters each state of a scan exactly once", async () => {
    const scan = await store.createScan({ name: "cut", number: 1, data_policy: "no_policy" });
    for (const change of [() => scan.prepare(), () => scan.start(), () => scan.stop(), () => scan.close()]) {
      proxy.loseAnswers();
      await change();
    }
    const entries = await direct.redis.do(commands.xrange(scan.keys[1] ?? "", "-", "+"));
    expect(entries.map(({ fields }) => fields.get("state")?.toString())).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("creates a scan exactly once", async () => {
    const before = await direct.timetag();
    proxy.loseAnswers();
    const scan = await store.createScan({ name: "once", number: 1, data_policy: "no_policy" });
    const scans = direct.scans({ since: before });
    expect((await scans.next()).value?.key).toBe(scan.key);
    expect((await direct.lastScan()).key).toBe(scan.key);
    await scans.return(undefined);
  });

  test("seals a stream although the answer got lost", async () => {
    const { publisher } = await startStream(store);
    await publisher.send(1);
    await publisher.flush();
    proxy.loseAnswers();
    expect(await publisher.seal()).toBe(1);
  });
});

describe("a stream that cannot be sealed at once", () => {
  test("is sealed for those who wait, whoever of them leaves", async () => {
    const { publisher } = await startStream(store);
    await publisher.send(1);
    proxy.refuse(true);
    const [one, two] = [new AbortController(), new AbortController()];
    const first = publisher.seal({ signal: one.signal });
    const second = publisher.seal({ signal: two.signal });
    const third = publisher.seal();
    one.abort(new Error("the first one leaves"));
    await expect(first).rejects.toThrow("the first one leaves");
    two.abort(new Error("the second one leaves"));
    await expect(second).rejects.toThrow("the second one leaves");
    proxy.refuse(false);
    expect(await third).toBe(1);
  });

  test("takes points again when nobody waits any more", async () => {
    const { publisher } = await startStream(store);
    await publisher.send(1);
    proxy.refuse(true);
    await expect(publisher.seal({ timeout: 1 })).rejects.toMatchObject({ code: "ERR_TIMEOUT" });
    await publisher.send(2);
    proxy.refuse(false);
    expect(await publisher.seal()).toBe(2);
  });
});

describe("a connection that breaks while reading", () => {
  test("is opened anew by a cursor, without loss or repeat", async () => {
    const { publisher, scan } = await startStream(direct, { dtype: "<u4" });
    const reader = (await store.loadScan(scan.key)).streams.get("x");
    const seen: number[] = [];
    const reading = (async () => {
      for await (const view of reader?.cursor() ?? []) {
        seen.push(...((await view.data()).data as Uint32Array));
        if (seen.length % 3 === 0) proxy.cut();
        else if (seen.length % 5 === 0) proxy.loseAnswers();
      }
    })();
    for (let i = 0; i < 200; i++) {
      await publisher.send(i);
      await publisher.flush();
    }
    await publisher.seal();
    await reading;
    expect(seen).toEqual(range(200));
  });

  test("is opened anew while waiting for a point, a seal, a state and a scan", async () => {
    const { publisher, scan } = await startStream(direct);
    const loaded = await store.loadScan(scan.key);
    const reader = loaded.streams.get("x")?.events;
    const waiting = [
      reader?.at(0, { wait: true }),
      reader?.waitSeal(),
      loaded.waitFor("CLOSED"),
      store.nextScan({ since: await direct.timetag() }).then((next) => next.id.name),
    ];
    await store.redis.do(commands.dbsize());
    proxy.cut();
    await publisher.send(5);
    await scan.close();
    await direct.createScan({ name: "next", number: 2, data_policy: "no_policy" });
    expect(await Promise.all(waiting)).toEqual([5, 1, "CLOSED", "next"]);
  });

  test("without a word is found dead by a cursor, and opened anew", async () => {
    const { publisher, scan } = await startStream(direct);
    const reader = (await store.loadScan(scan.key)).streams.get("x");
    const cursor = reader?.cursor();
    await publisher.send(1);
    expect((await cursor?.next())?.value?.index).toBe(0);
    const next = cursor?.next();
    await store.redis.do(commands.dbsize());
    proxy.freeze();
    await publisher.send(2);
    expect((await next)?.value?.index).toBe(1);
    await cursor?.return?.();
    proxy.cut();
  });

  test("is opened anew by clients that Redis kills", async () => {
    const { publisher, reader } = await startStream(store, { dtype: "<u4" });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of reader.values()) seen.push(value);
    })();
    for (let i = 0; i < 20; i++) {
      await publisher.send(i);
      if (i % 4 === 0)
        await direct.redis.commands.call(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }
    await publisher.seal();
    await reading;
    expect(seen).toEqual(range(20));
  });
});

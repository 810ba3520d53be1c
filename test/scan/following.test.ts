import { describe, expect, test } from "vitest";
import type { PublishedScan, Scan, ScanIdentityInput } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { KEYS } from "../../src/redis/keys.js";
import { codeOf } from "../stream/support.js";
import { startTestStore } from "../support/store.js";

const { store } = await startTestStore({ fresh: true });

function create(fields: Partial<ScanIdentityInput> = {}): Promise<PublishedScan> {
  return store.createScan({ name: "ascan", number: 1, data_policy: "no_policy", ...fields });
}

async function take<T>(iterator: AsyncIterator<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  while (items.length < count) {
    const next = await iterator.next();
    if (next.done) break;
    items.push(next.value);
  }
  return items;
}

test("what is no place in the history, and no state, is refused at once", async () => {
  const since = "yesterday";
  expect(await codeOf(store.scans({ since }).next())).toBe("ERR_INVALID_ARGUMENT");
  expect(await codeOf(store.nextScan({ since, timeout: 1 }))).toBe("ERR_INVALID_ARGUMENT");
  const reader = await store.loadScan((await create()).key);
  expect(await codeOf(reader.waitFor(JSON.parse('"DONE"')))).toBe("ERR_INVALID_ARGUMENT");
});

describe("the states of a scan", () => {
  test("are followed from the present one to the end", async () => {
    const scan = await create();
    const reader = await store.loadScan(scan.key);
    const seen: string[] = [];
    const following = (async () => {
      for await (const state of reader.states()) seen.push(state);
    })();
    await scan.prepare();
    await scan.start();
    await scan.stop();
    await scan.close();
    await following;
    expect(seen).toEqual(["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"]);
  });

  test("bring the info and the streams along", async () => {
    const scan = await create();
    scan.createStream("x", { dtype: "<f8" });
    const reader = await store.loadScan(scan.key);
    expect(reader.streams.size).toBe(0);
    scan.info.title = "now";
    await scan.prepare();
    await reader.waitFor("PREPARED");
    expect(reader.info).toEqual({ title: "now" });
    const stream = reader.streams.get("x");
    await scan.close();
    expect(await reader.waitFor("STARTED")).toBe("CLOSED");
    expect(reader.streams.get("x")).toBe(stream);
  });

  test("are waited for no longer than the timeout", async () => {
    const scan = await create();
    expect(await codeOf((await store.loadScan(scan.key)).waitFor("CLOSED", { timeout: 20 }))).toBe(
      "ERR_TIMEOUT",
    );
  });

  test("of many scans are read together, without those that are gone", async () => {
    const [one, two] = [await create(), await create()];
    await two.prepare();
    const states = await store.states([one.key, "esrf:scan:gone", two.key]);
    expect(Object.fromEntries(states)).toEqual({ [one.key]: "CREATED", [two.key]: "PREPARED" });
  });
});

describe("new scans", () => {
  test("are followed from a search on, none missed and none repeated", async () => {
    const first = await create({ number: 1 });
    const found = await store.search({ name: "ascan" });
    expect(found.keys).toEqual([first.key]);
    for (let number = 2; number <= 150; number++) await create({ number });
    const scans = store.scans({ since: found.timetag });
    const seen = await take(scans, 149);
    const later = scans.next();
    await create({ number: 151 });
    seen.push((await later).value as Scan);
    expect(seen.map((scan) => scan.id.number)).toEqual(Array.from({ length: 150 }, (_, i) => i + 2));
    await scans.return(undefined);
  });

  test("that the history has dropped meanwhile are followed all the same", async () => {
    await create({ number: 1 });
    const since = await store.timetag();
    for (let number = 2; number <= 9; number++) await create({ number });
    // As if more scans had been created than the history holds.
    const [, , , , last] = await store.redis.do(commands.xrange(KEYS.history, "-", "+"));
    await store.redis.do(commands.xtrim(KEYS.history, last?.id ?? ""));
    const seen = await take(store.scans({ since }), 8);
    expect(seen.map((scan) => scan.id.number)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const later = await take(store.scans({ since: seen[1]?.timetag ?? "" }), 6);
    expect(later.map((scan) => scan.id.number)).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test("are seen from the call on when nothing else is said", async () => {
    await create({ number: 1 });
    const scans = store.scans();
    await store.timetag(); // the call's own look has been answered before this one
    await create({ number: 2 });
    expect((await take(scans, 1)).map((scan) => scan.id.number)).toEqual([2]);
  });

  test("are chosen by session and path", async () => {
    await create({ number: 1, session: "other" });
    await create({ number: 2, session: "demo", path: "/a.h5" });
    await create({ number: 3, session: "demo", path: "/b.h5" });
    const numbers = async (options: object) =>
      (await take(store.scans({ since: "0-0", ...options }), 1)).map((scan) => scan.id.number);
    expect(await numbers({ session: "demo" })).toEqual([2]);
    expect(await numbers({ path: "/b.h5" })).toEqual([3]);
  });

  test("that were deleted are left out, and those that cannot be read are reported", async () => {
    const deleted = await create({ number: 1 });
    await store.deleteScan(deleted.key, { force: true });
    const bad = await create({ number: 2 });
    await store.redis.do(commands.jsonSet(bad.key, '{"id": 1}'));
    const good = await create({ number: 3 });
    const errors: string[] = [];
    const scans = store.scans({ since: "0-0", onError: (key) => errors.push(key) });
    expect((await take(scans, 1)).map((scan) => scan.key)).toEqual([good.key]);
    expect(errors).toEqual([bad.key]);
  });

  test("can be awaited one at a time", async () => {
    const next = store.nextScan({ timeout: 10_000 });
    await store.timetag();
    const scan = await create();
    expect((await next).key).toBe(scan.key);
    expect(await codeOf(store.nextScan({ timeout: 20 }))).toBe("ERR_TIMEOUT");
  });

  test("the last one is the newest that is not deleted", async () => {
    expect(await codeOf(store.lastScan())).toBe("ERR_NO_SCAN");
    const scan = await create();
    for (let i = 0; i < 3; i++) await store.deleteScan((await create()).key, { force: true });
    expect((await store.lastScan()).key).toBe(scan.key);
  });
});

describe("searching", () => {
  const search = async (criteria: object) => (await store.search(criteria)).keys.length;

  test("finds by every field of the identity", async () => {
    const full = {
      name: "ascan",
      number: 5,
      data_policy: "ESRF",
      session: "s",
      proposal: "p",
      collection: "c",
      dataset: "d",
      path: "/data/a-b_c.h5",
    };
    await create({ number: 4 });
    const scan = await create(full);
    for (const [field, value] of Object.entries({ ...full, name: undefined })) {
      if (value !== undefined) expect((await store.search({ [field]: value })).keys).toEqual([scan.key]);
    }
    expect((await store.search({ ...full })).keys).toEqual([scan.key]);
    expect(await search({})).toBe(2);
    expect(await search({ ...full, number: 6 })).toBe(0);
  });

  test("finds every special character as itself", async () => {
    const characters =
      " ,.<>{}[]\"':;!@#$%^&()-+=~?/\\|_é`\t\n\v\f\r\u0001\u001f\u007f\u0085\u00a0\u2028\u3000\ufeff";
    const names = [...characters].flatMap((character) => [`a${character}b`, `${character}a${character}`]);
    for (const name of names) await create({ name });
    for (const name of names) {
      expect([name, await search({ name })]).toEqual([name, 1]);
      expect([name, await search({ name: `${name}*` })]).toEqual([name, 1]);
      expect([name, await search({ name: `*${name}` })]).toEqual([name, 1]);
    }
  });

  test("takes * at the start, at the end, at both, in the middle and alone", async () => {
    for (const name of ["ascan", "a2scan", "dscan", "loopscan", "a|b scan"]) await create({ name });
    expect(await search({ name: "as*" })).toBe(1);
    expect(await search({ name: "a*" })).toBe(3);
    expect(await search({ name: "*scan" })).toBe(5);
    expect(await search({ name: "*op*" })).toBe(1);
    expect(await search({ name: "a*scan" })).toBe(3);
    expect(await search({ name: "*" })).toBe(5);
    expect(await search({ name: "a|*" })).toBe(1);
  });

  test("finds more than a thousand scans", async () => {
    for (let number = 0; number < 1_050; number += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => create({ number: number + i, session: "many" })),
      );
    }
    expect(await search({ session: "many" })).toBe(1_050);
    expect(await search({ session: "ma*" })).toBe(1_050);
  });

  test("refuses unknown fields and values of the wrong kind", async () => {
    expect(await codeOf(search({ sample: "x" }))).toBe("ERR_INVALID_ARGUMENT");
    expect(await codeOf(search({ number: "1" }))).toBe("ERR_INVALID_ARGUMENT");
    expect(await codeOf(search({ name: 1 }))).toBe("ERR_INVALID_ARGUMENT");
  });

  test("gives the history's newest entry as the timetag", async () => {
    expect((await store.search()).timetag).toBe("0-0");
    await create();
    const last = await store.redis.do(commands.lastEntry(KEYS.history));
    expect((await store.search()).timetag).toBe(last?.id);
  });
});

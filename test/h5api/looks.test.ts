import { afterEach, expect, test, vi } from "vitest";
import { File } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { sent } from "../support/sent.js";
import { startTestStore } from "../support/store.js";
import { FILE, finish, startScan } from "./demo-scan.js";

const { store } = await startTestStore({ fresh: true });

afterEach(() => vi.restoreAllMocks());

/** Counts what is asked of Redis from now on. */
function requests(): () => number {
  const { commands } = store.redis;
  const spies = [
    vi.spyOn(commands, "call"),
    vi.spyOn(commands, "pipeline"),
    vi.spyOn(commands, "transaction"),
  ];
  return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

async function firstValue(): Promise<unknown> {
  await using file = await File.open(FILE, { store });
  const keys = await file.keys();
  return [keys, await file.get("/12.1/instrument/diode/data").at(0)];
}

test("a first value takes two looks at Redis: one at the file, one at the point", async () => {
  const one = await startScan(store);
  await sent(one.diode, 7);
  const asked = requests();
  expect(await firstValue()).toEqual([["12.1"], 7]);
  expect(asked()).toBe(2);
  await finish(one);
});

test("what one look has told is not asked for again in the same turn, but in the next one", async () => {
  const one = await startScan(store);
  await using file = await File.open(FILE, { store });
  await new Promise(setImmediate);
  const asked = requests();
  await file.keys();
  const first = asked();
  expect(first).toBeGreaterThan(0);
  await new Promise(setImmediate);
  await file.keys();
  expect(asked()).toBeGreaterThan(first);
  await finish(one);
});

test("what came with a look, but was asked for after it, is not missed", async () => {
  await startScan(store);
  await using file = await File.open(FILE, { store });
  for (let hops = 0; hops < 60; hops++) {
    const { scan } = await startScan(store, 100 + hops);
    expect(await file.has(`/${100 + hops}.1`)).toBe(true);
    const looking = Array.from({ length: 1 + (hops % 3) }, () => file.keys());
    await store.redis.do(commands.expire(scan.key, 5)); // as a scan is deleted: its reply often comes in one piece with the look's
    for (let hop = 0; hop < hops; hop++) await null;
    expect(await file.has(`/${100 + hops}.1`)).toBe(false);
    await Promise.all(looking);
  }
});

test("who asks again and again in one turn sees what comes meanwhile", async () => {
  const one = await startScan(store);
  await using file = await File.open(FILE, { store });
  const coming = startScan(store, 13);
  while (!(await file.has("/13.1/title")));
  expect(await file.keys()).toEqual(["12.1", "13.1"]);
  await finish(one);
  await finish(await coming);
});

test("closed scans are not read again by files opened later, until they are deleted", async () => {
  for (const number of [11, 12]) {
    const one = await startScan(store, number);
    await sent(one.diode, number);
    await finish(one);
  }
  expect(await firstValue()).toEqual([["11.1", "12.1"], 12]);
  const read = vi.spyOn(store, "loadScan");
  const again = await File.open(FILE, { store });
  expect(await again.get("/11.1/title").value()).toBe("ascan 11");
  expect(await again.get("/12.1/title").value()).toBe("ascan 12");
  expect(read).not.toHaveBeenCalled();
  await again.close();

  const { keys } = await store.search({ number: 12 });
  await store.deleteScan(keys[0] ?? "");
  await using later = await File.open(FILE, { store });
  expect(await later.keys()).toEqual(["11.1"]);
  await expect(later.get("/12.1")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
});

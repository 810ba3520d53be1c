import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Dataset, File, isNxliveError, mapping, type NdArray } from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";
import { sent } from "../support/sent.js";
import { makeTestFolder, startTestStore } from "../support/store.js";
import { FILE, finish, startScan } from "./demo-scan.js";

const { store } = await startTestStore({ fresh: true });
const folder = await makeTestFolder("h5api");

const nested = (array: NdArray) => array.toNested();

describe("a live file", () => {
  test("is read by the motto of the project, in the newest entry and its default signal", async () => {
    const one = await startScan(store);
    await sent(
      one.diode,
      Float64Array.from({ length: 20 }, (_, i) => i / 2),
    );
    await using file = await File.open(FILE, { store });
    expect(nested(await file.get("/instrument/diode").slice(0, 4))).toEqual([0, 0.5, 1, 1.5]);
    expect(nested(await file.get("/12.1/measurement/diode").slice(2, 10, 3))).toEqual([1, 2.5, 4]);
    const data = (await file.get("/12.1/instrument/diode/data")) as Dataset;
    expect(data.dtype).toBe("<f8");
    expect(await data.shape()).toEqual([20]);
    expect(await data.attrs.get("units")).toBe("V");
    expect(await file.keys()).toEqual(["12.1"]);
    expect(await file.get("/12.1").keys()).toEqual(["title", "instrument", "measurement"]);
    expect(await file.has("/12.1/end_time")).toBe(false);
    await finish(one);
  });

  test("a slice beyond the present waits for the points, or for the seal", async () => {
    const one = await startScan(store);
    await using file = await File.open(FILE, { store });
    const waiting = file.get("/12.1/instrument/diode/data").slice(0, 5);
    await sent(one.diode, Float64Array.of(1, 2, 3));
    await sent(one.diode, Float64Array.of(4, 5));
    expect(nested(await waiting)).toEqual([1, 2, 3, 4, 5]);
    const tail = file.get("/12.1/instrument/diode/data").slice(3, 100);
    const last = file.get("/12.1/instrument/diode/data").at(-1);
    await finish(one);
    expect(nested(await tail)).toEqual([4, 5]);
    expect(await last).toBe(5);
  });

  test("without waiting, a slice has what is there; the end is the present", async () => {
    const one = await startScan(store);
    await sent(one.diode, Float64Array.of(1, 2, 3));
    await using file = await File.open(FILE, { store });
    const data = file.get("/12.1/instrument/diode/data");
    expect(nested(await data.slice(1, 10, { wait: false }))).toEqual([2, 3]);
    expect(nested(await data.slice(-2, null, { wait: false }))).toEqual([2, 3]);
    await expect(data.at(7, { wait: false })).rejects.toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE" });
    await expect(data.slice(0, 10, { timeout: 30 })).rejects.toMatchObject({ code: "ERR_TIMEOUT" });
    await finish(one);
    await expect(data.at(7)).rejects.toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
  });

  test("a group whose default is not there has no signal, and says why", async () => {
    const scan = await store.createScan({ name: "a", number: 4, data_policy: "no_policy", path: FILE });
    scan.info.h5maps = { [FILE]: mapping.root({ "4.1": mapping.entry({}, { default: "plot" }) }) };
    await scan.prepare();
    await using file = await File.ofScan(await store.loadScan(scan.key));
    await expect(file.get("/4.1").slice(0, 1)).rejects.toMatchObject({
      code: "ERR_WRONG_KIND",
      message: expect.stringContaining('its default "plot" is not there'),
    });
    await scan.close();
  });

  test("of a scan that is not prepared yet is empty, and fills when it is", async () => {
    const scan = await store.createScan({ name: "a", number: 3, data_policy: "no_policy", path: FILE });
    await using file = await File.ofScan(await store.loadScan(scan.key));
    expect(await file.keys()).toEqual([]);
    await expect(file.get("/3.1")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
    scan.info.h5maps = { [FILE]: mapping.root({ "3.1": mapping.entry({ title: "late" }) }) };
    await scan.prepare();
    expect(await file.get("/3.1/title").value()).toBe("late");
    await scan.close();
  });

  test("a mode of h5py's is refused: it was taken for another way of reading", async () => {
    await expect(File.open(FILE, { store, ...JSON.parse('{"mode":"r"}') })).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: 'mode is live, disk or auto, not "r".',
    });
  });

  test("a selection of more axes than there are is refused at once, and says how many there are", async () => {
    const one = await startScan(store);
    await using file = await File.open(FILE, { store });
    const data = file.get("/12.1/instrument/diode/data");
    await expect(data.slice([0, 10], null, 3)).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: expect.stringMatching(/data has only 1 axes, a selection was given for 3\.$/),
    });
    await finish(one);
  });

  test("iterating a dataset follows it to the seal", async () => {
    const one = await startScan(store);
    await sent(one.diode, Float64Array.of(1, 2));
    await using file = await File.open(FILE, { store });
    const seen: unknown[] = [];
    for await (const value of file.get("/12.1/instrument/diode/data")) {
      seen.push(value);
      if (seen.length === 2) {
        await sent(one.diode, 3);
        await one.diode.seal();
      }
    }
    expect(seen).toEqual([1, 2, 3]);
    await finish(one);
  });

  test("parts of images are taken with one selection per axis", async () => {
    const one = await startScan(store);
    const frames = Uint16Array.from({ length: 24 }, (_, i) => i);
    await sent(one.image, frames);
    await finish(one);
    await using file = await File.open(FILE, { store });
    const image = file.get("/12.1/instrument/camera/image");
    expect((await image.slice()).shape).toEqual([2, 3, 4]);
    expect(nested(await image.slice([0, 2], 1, [3, null, -2]))).toEqual([
      [7, 5],
      [19, 17],
    ]);
    expect(await image.at(1, 2, 3)).toBe(23);
    expect((await image.slice([1, 2], null, [0, 2])).shape).toEqual([1, 3, 2]);
  });

  test("iterating the root gives the entries that are there, then each new one", async () => {
    const one = await startScan(store, 1);
    await using file = await File.open(FILE, { store });
    const names: unknown[] = [];
    for await (const name of file) {
      names.push(name);
      if (name === "1.1") await finish(await startScan(store, 2));
      if (name === "2.1") break;
    }
    expect(names).toEqual(["1.1", "2.1"]);
    await finish(one);
  });

  test("two scans of one number are an error for their entry only", async () => {
    await finish(await startScan(store, 1));
    await finish(await startScan(store, 1));
    await finish(await startScan(store, 2));
    await using file = await File.open(FILE, { store });
    expect(await file.keys()).toEqual(["1.1", "2.1"]);
    await expect(file.get("/1.1")).rejects.toMatchObject({ code: "ERR_DUPLICATE_ENTRY" });
    expect(await file.get("/2.1/title").value()).toBe("ascan 2");
  });

  test("a new scan, and a deleted one, are seen on the next access", async () => {
    const one = await startScan(store, 1);
    await using file = await File.open(FILE, { store });
    expect(await file.keys()).toEqual(["1.1"]);
    const two = await startScan(store, 2);
    expect(await file.keys()).toEqual(["1.1", "2.1"]);
    await finish(one);
    await store.deleteScan(one.scan.key);
    expect(await file.keys()).toEqual(["2.1"]);
    await expect(file.get("/1.1")).rejects.toSatisfy((error) => isNxliveError(error, "ERR_PATH_NOT_FOUND"));
    await finish(two);
  });

  test("says why an item of the mapping is not there", async () => {
    const scan = await store.createScan(
      { name: "ascan", number: 7, data_policy: "no_policy", session: "demo", path: FILE },
      {
        h5maps: {
          [FILE]: {
            type: "group",
            children: { "7.1": { type: "group", children: { gain: null, title: "a" } } },
          },
        },
      },
    );
    await scan.prepare();
    await using file = await File.open(FILE, { store });
    await expect(file.get("/7.1/gain")).rejects.toThrow(/item cannot be read: null is no value/);
    await expect(file.get("/7.1/offset")).rejects.toThrow(/there is nothing of that name/);
    expect(await file.has("/7.1/gain")).toBe(false);
    expect(await file.get("/7.1").keys()).toEqual(["title"]);
    await scan.close();
  });

  test("scans that cannot be read are errors for their entries only", async () => {
    const [one, two, three] = [
      await startScan(store, 1),
      await startScan(store, 2),
      await startScan(store, 3),
    ];
    const id = { name: "ascan", number: 3, data_policy: "no_policy", session: "demo", path: FILE };
    await store.redis.do(commands.jsonSet(three.scan.key, JSON.stringify({ id, state_stream: 5 })));
    for (const file of [await File.open(FILE, { store }), await File.open(FILE, { store, mode: "live" })]) {
      expect(await file.keys()).toEqual(["1.1", "2.1"]);
      expect(await file.get("/title").value()).toBe("ascan 2");
      await expect(file.get("/3.1")).rejects.toMatchObject({ code: "ERR_SCAN_FORMAT" });
      await expect(file.get("/4.1")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
      await file.close();
    }
    // One that goes bad while the file is open.
    await using file = await File.open(FILE, { store });
    expect(await file.keys()).toEqual(["1.1", "2.1"]);
    await store.redis.do(commands.xadd(two.scan.keys[1] ?? "", "*", ["state", "9"]));
    expect(await file.keys()).toEqual(["1.1"]);
    await expect(file.get("/2.1")).rejects.toMatchObject({ code: "ERR_SCAN_FORMAT" });
    expect(await file.get("/title").value()).toBe("ascan 1");
    await finish(one);
  });

  test("scans that have expired, and are not cleared away yet, are left out", async () => {
    // Redis looks for expired keys once a second then, or when one of them is asked for.
    await store.redis.commands.call(["CONFIG", "SET", "hz", 1]);
    const [one, two, three] = [
      await startScan(store, 1),
      await startScan(store, 2),
      await startScan(store, 3),
    ];
    for (const { scan } of [one, three]) await store.redis.commands.call(["PEXPIRE", scan.key, 1]);
    for (const end = Date.now() + 5; Date.now() < end; ) await store.redis.commands.call(["PING"]);
    await using file = await File.open(FILE, { store });
    expect(await file.keys()).toEqual(["2.1"]);
    await store.redis.commands.call(["CONFIG", "SET", "hz", 10]);
    await finish(two);
  });

  test("a number may be used again after its scan was deleted", async () => {
    const one = await startScan(store, 1);
    await sent(one.diode, 1);
    await finish(one);
    await using file = await File.open(FILE, { store });
    const held = await file.get("/1.1/instrument/diode").dataset();
    expect(nested(await held.slice())).toEqual([1]);
    await store.deleteScan(one.scan.key);
    for (const key of [...one.scan.keys, one.diode.key]) await store.redis.commands.call(["DEL", key]); // as after a while
    await expect(held.slice(0, 1)).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
    const again = await startScan(store, 1);
    await sent(again.diode, 2);
    expect(nested(await file.get("/1.1/instrument/diode").slice(0, 1))).toEqual([2]);
    expect(nested(await held.slice(0, 1))).toEqual([2]);
    await finish(again);
  });

  test("more scans than are kept in memory are read as ever", async () => {
    for (let number = 1; number <= 70; number++) await finish(await startScan(store, number));
    await using file = await File.open(FILE, { store });
    expect(await file.keys()).toHaveLength(70);
    for (const number of [1, 70, 2, 1]) {
      expect(await file.get(`/${number}.1/title`).value()).toBe(`ascan ${number}`);
    }
    expect(await file.get("/title").value()).toBe("ascan 70");
  });

  test("aborting ends waiting slices and iterations at once", async () => {
    const one = await startScan(store);
    await using file = await File.open(FILE, { store });
    const stop = new AbortController();
    const { signal } = stop;
    const data = file.get("/12.1/instrument/diode/data");
    const slice = data.slice(0, 5, { signal });
    const points = data.points({ signal }).next();
    const names = file.names({ signal });
    expect(await names.next()).toEqual({ done: false, value: "12.1" });
    const more = names.next();
    const ends = [slice, points, more].map((waiting) => expect(waiting).rejects.toThrow("enough"));
    stop.abort(new Error("enough"));
    await Promise.all(ends);
    await finish(one);
  });

  test("closing the file ends what waits in it, and nothing else", async () => {
    const one = await startScan(store);
    await sent(one.diode, 1);
    const file = await File.open(FILE, { store });
    const diode = await file.get("/12.1/instrument/diode").dataset();
    const all = async (values: AsyncIterable<unknown>) => {
      for await (const _ of values);
    };
    const waiting = [diode.slice(0, 10), diode.slice(), diode.at(5), all(diode), all(file)];
    await using other = await File.open(FILE, { store });
    const elsewhere = other.get("/12.1/instrument/diode").at(1);
    const under = () =>
      store.redis.commands.call(["CLIENT", "LIST"]).then((list) => String(list).match(/cmd=xread/g));
    while (((await under())?.length ?? 0) < 6);
    await file.close();
    for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await sent(one.diode, 2);
    expect(await elsewhere).toBe(2);
    await finish(one);
  });

  test("a slice over what is there and what is to come is one array, cut to the seal", async () => {
    const one = await startScan(store);
    await sent(one.image, new Uint16Array(24).fill(1));
    await using file = await File.open(FILE, { store });
    const image = file.get("/12.1/instrument/camera/image");
    const corner = image.slice([1, 4], [0, 2], 3);
    await sent(one.image, new Uint16Array(12).fill(2));
    await one.image.seal();
    expect(nested(await corner)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await expect(image.slice([0, 9], 7)).rejects.toThrow(/out of bounds/);
    await finish(one);
  });

  test("a file that does not exist is refused with what was looked for", async () => {
    await expect(File.open(join(folder, "none.h5"), { store })).rejects.toThrow(
      /no scan at .* and there is no such file/,
    );
  });
});

test("a file whose name looks like a pattern opens beside scans whose identity is none", async () => {
  const path = "/data/scan *.h5";
  const one = await startScan(store, 1, path);
  for (const [i, id] of ['"a text"', '"{"', "5", "[1]", "null"].entries()) {
    const document = `{"pk": "01BROKEN${i}", "id": ${id}}`;
    await store.redis.commands.call(["JSON.SET", `esrf:scan:01BROKEN${i}`, ".", document]);
  }
  await using file = await File.open(path, { store });
  expect(await file.keys()).toEqual(["1.1"]);
  await finish(one);
});

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { mapping } from "../../src/index.js";
import { FILE, finish, startScan } from "../h5api/demo-scan.js";
import { temporaryFolder } from "../hdf5/support/files.js";
import { firstLine, resultOf, runCli, spawnCli } from "../support/cli.js";
import { sent } from "../support/sent.js";
import { startTestStore } from "../support/store.js";

const DISK = fileURLToPath(new URL("../../fixtures/h5api/tables.h5", import.meta.url));

const { redis, store } = await startTestStore({ fresh: true });

const folder = temporaryFolder();
const nxlive = (...args: string[]) => runCli(args, { REDIS_URL: redis.url });

describe("get", () => {
  test("prints what a live dataset has now, one line for each point", async () => {
    const one = await startScan(store);
    await sent(one.diode, Float64Array.of(0.5, Number.NaN, 2));
    const all = await nxlive("get", `${FILE}::/instrument/diode`);
    expect([all.code, all.stdout]).toEqual([0, "0.5\nnan\n2\n"]);
    const part = await nxlive("get", `${FILE}::/12.1/measurement/diode`, "--slice", "1:", "--json");
    expect(JSON.parse(part.stdout)).toEqual({ dtype: "<f8", shape: [2], data: ["nan", 2] });
    const last = await nxlive("get", `${FILE}::/instrument/diode`, "--slice", "-1");
    expect([last.code, last.stdout]).toEqual([0, "2\n"]);
    await finish(one);
  });

  test("follows a live dataset to its seal", async () => {
    const one = await startScan(store);
    await sent(one.diode, Float64Array.of(1, 2, 3));
    const child = spawnCli(["get", `${FILE}::/instrument/diode`, "--follow", "--slice", "1:"], {
      REDIS_URL: redis.url,
    });
    expect(await firstLine(child)).toBe("2");
    await sent(one.diode, 4);
    await finish(one);
    expect((await resultOf(child)).code).toBe(0);
  });

  test("reads files on disk, in every kind of value, without a database", async () => {
    const get = async (path: string, ...more: string[]) => {
      const args = ["get", `${DISK}::${path}`, "--mode", "disk", "--json", ...more];
      return JSON.parse((await runCli(args)).stdout) as { data: unknown };
    };
    expect((await get("/2.1/long")).data).toEqual(["9007199254740993", "-4611686018427387904", 3]);
    expect((await get("/2.1/complex", "--slice", "0:2")).data).toEqual([
      [1, 2],
      [0, -3.5],
    ]);
    expect((await get("/2.1/image", "--slice", "1, 2, ::2")).data).toEqual([30, 32, 34]);
    expect((await get("/2.1/image", "--slice", "..., 4")).data).toEqual(
      (await get("/2.1/image", "--slice", ":, :, 4")).data,
    );
    expect(await get("/2.1/empty")).toEqual({ dtype: "<f4", shape: null, data: null });
  });

  test("finds names that hold :: themselves, of files and in them, live and on disk", async () => {
    const path = "/data/a::b.h5";
    const scan = await store.createScan({ name: "ascan", number: 7, data_policy: "no_policy", path });
    scan.info.h5maps = { [path]: mapping.root({ "7.1": mapping.entry({ "x::y": 3 }) }) };
    await scan.prepare();
    const live = await nxlive("get", `${path}::/7.1/x::y`);
    expect([live.code, live.stdout]).toEqual([0, "3\n"]);
    expect((await nxlive("tree", path)).stdout).toContain("x::y  3");
    const disk = folder("c::d.h5");
    await using file = await openHdf5(disk);
    await file.createDataset("/x::y", { dtype: "<i4", shape: [], data: Uint8Array.of(5, 0, 0, 0) });
    await file.commit();
    const there = await runCli(["get", `${disk}::/x::y`], { REDIS_URL: "redis://127.0.0.1:1" });
    expect([there.code, there.stdout]).toEqual([0, "5\n"]);
    const missing = await nxlive("get", "/data/none.h5::/x");
    expect(missing.stderr).toContain("/data/none.h5 does not exist");
    await scan.close();
  });

  test("says what is wrong: a missing path, a group without signal, a slice that is none", async () => {
    const missing = await nxlive("get", `${DISK}::/2.1/nothing`);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("ERR_PATH_NOT_FOUND")]);
    const group = await nxlive("get", `${DISK}::/2.1/instrument`);
    expect([group.code, group.stderr]).toEqual([1, expect.stringContaining("without a default signal")]);
    const slice = await nxlive("get", `${DISK}::/2.1/vector`, "--slice", "a:b");
    expect([slice.code, slice.stderr]).toEqual([2, expect.stringContaining('Cannot read the slice "a:b"')]);
    expect((await nxlive("get")).code).toBe(2);
  });
});

describe("tree", () => {
  test("shows groups, datasets with their units, and links of a live file", async () => {
    const one = await startScan(store);
    await sent(one.diode, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
    const { code, stdout } = await nxlive("tree", FILE);
    expect(code).toBe(0);
    expect(stdout).toContain("└─ 12.1  NXentry");
    expect(stdout).toContain("data  (9) <f8 V, growing");
    expect(stdout).toContain("diode  → /12.1/instrument/diode/data");
    await finish(one);
  });

  test("names and texts of others cannot begin lines of their own, nor steer the terminal", async () => {
    const path = folder("names.h5");
    await using file = await openHdf5(path);
    const texts = { dtype: "str", shape: [2], data: ["two\nlines", "\u001b[31mred"] };
    await file.createDataset("/two\nlines \u001b[31m", texts);
    await file.createDataset("/one", { dtype: "str", shape: [], data: ["two\nlines"] });
    await file.commit();
    const tree = await runCli(["tree", path, "--mode", "disk"]);
    const shown = '["two\\nlines","\\u001b[31mred"]';
    expect(tree.stdout.split("\n").slice(1)).toEqual([
      `├─ two lines  [31m  ${shown}`,
      "└─ one  two⏎lines",
      "",
    ]);
    const points = await runCli(["get", `${path}::/two\nlines \u001b[31m`, "--mode", "disk"]);
    expect(points.stdout).toBe('"two\\nlines"\n"\\u001b[31mred"\n');
    const text = await runCli(["get", `${path}::/one`, "--mode", "disk"]); // a text alone is given as it is
    expect(text.stdout).toBe("two\nlines\n");
  });

  test("gives machines the whole tree below a path", async () => {
    const { stdout } = await nxlive("tree", `${DISK}::/2.1/instrument`, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "group",
      children: {
        detector: {
          kind: "group",
          attributes: { NX_class: "NXdetector", units: "mm", list: ["a", "b"], flag: true, empty: null },
          children: { data: { kind: "dataset", dtype: "<i2", shape: [5] } },
        },
      },
    });
    const links = JSON.parse((await nxlive("tree", DISK, "--json")).stdout).children["2.1"].children;
    expect(links.dangling).toEqual({ kind: "soft_link", target: "/nowhere" });
    expect(links.lost).toMatchObject({ kind: "external_link", target: "missing.h5::/data" });
  });
});

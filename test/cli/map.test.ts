import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mapping } from "../../src/index.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { DataStore } from "../../src/scan/store.js";
import { runCli } from "../support/cli.js";
import { replayFixture } from "../support/fixtures.js";
import { resetTestRedis, startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;
let folder: string;

beforeAll(async () => {
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), "nxlive-map-"));
});

beforeEach(async () => {
  await resetTestRedis(redis);
});

afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true });
});

const map = async (...args: string[]) => await runCli(["map", ...args], { REDIS_URL: redis.url });

/** Publishes a scan up to PREPARED, with streams `diode` and `image`. */
async function publish(
  info: Record<string, unknown>,
  path: string | null = "/data/demo.h5",
): Promise<string> {
  await using store = await DataStore.connect(redis.url);
  const scan = await store.createScan(
    { name: "ascan", number: 12, data_policy: "no_policy", session: "demo", path },
    info,
  );
  scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
  scan.createStream("image", { dtype: "<u2", shape: [4, 5] });
  await scan.prepare();
  return scan.key;
}

describe("map", () => {
  test("prints the tree that will be written", async () => {
    const key = await publish({
      h5maps: {
        "/data/demo.h5": mapping.root({
          "12.1": mapping.entry({
            title: "ascan roby 0 9 10",
            instrument: mapping.group("NXinstrument", {
              diode: mapping.group("NXdetector", {
                data: mapping.stream("diode", { units: "V" }),
                gain: mapping.dataset(2.5, { units: "A/V" }),
              }),
              camera: mapping.group("NXdetector", { data: mapping.stream("image") }),
            }),
            measurement: mapping.group("NXcollection", {
              diode: mapping.softLink("/12.1/instrument/diode/data"),
            }),
            raw: mapping.externalLink("raw/cam.h5", "/entry_0000"),
            nowhere: mapping.softLink("/13.1"),
            around: mapping.softLink("around"),
          }),
        }),
      },
    });
    const { code, stdout, stderr } = await map("last");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${key} ascan 12 (PREPARED), from its h5maps

/data/demo.h5
└─ 12.1  NXentry
   ├─ title  ascan roby 0 9 10
   ├─ instrument  NXinstrument
   │  ├─ diode  NXdetector
   │  │  ├─ data  ← diode (n) <f8 V
   │  │  └─ gain  2.5 A/V
   │  └─ camera  NXdetector
   │     └─ data  ← image (n, 4, 5) <u2
   ├─ measurement  NXcollection
   │  └─ diode  → /12.1/instrument/diode/data
   ├─ raw  → raw/cam.h5::/entry_0000
   ├─ nowhere  → /13.1 (dangling)
   └─ around  → around (a cycle)
`);
  });

  test("shows the mapping of the design slides as an entry", async () => {
    await publish({
      mapping: [
        { NX_class: "NXentry" },
        {
          instrument: [
            { NX_class: "NXinstrument" },
            {
              name: [{ short_name: "id00" }, "RAW", "esrf-id00a"],
              diode: [{ NX_class: "NXdetector" }, { data: [{}, "STREAM", "diode"] }],
            },
          ],
        },
      ],
    });
    const { code, stdout } = await map("last");
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, -1)).toEqual([
      expect.stringMatching(/from its mapping-tuples$/),
      "",
      "/data/demo.h5",
      "└─ 12.1  NXentry",
      "   └─ instrument  NXinstrument",
      "      ├─ name  esrf-id00a",
      "      └─ diode  NXdetector",
      "         └─ data  ← diode (n) <f8",
    ]);
  });

  test("lists every item that was left out, and fails then", async () => {
    await publish({
      h5maps: {
        "/data/demo.h5": {
          type: "group",
          children: { bad: null, ghost: { type: "stream", stream: "ghost" }, good: 1 },
        },
      },
    });
    const { code, stdout } = await map("last");
    expect(code).toBe(1);
    expect(stdout).toContain("└─ good  1\n");
    expect(stdout).toContain("left out  /data/demo.h5::/bad: null is no value");
    expect(stdout).toContain('left out  /data/demo.h5::/ghost: the scan has no stream "ghost"');
  });

  test("says that a scan is not to be saved", async () => {
    await publish({ h5maps: {} }, null);
    expect((await map("last")).stdout).toContain("not to be saved");
  });

  test("says that a scan is not prepared yet", async () => {
    await using store = await DataStore.connect(redis.url);
    await store.createScan({ name: "ct", number: 1, data_policy: "no_policy", path: "/data/demo.h5" }, {});
    expect((await map("last")).stdout).toContain("not prepared yet");
  });

  test("gives the same to machines", async () => {
    const key = await publish({
      h5maps: {
        "/data/demo.h5": mapping.root({
          d: mapping.stream("diode", { units: "V" }),
          big: mapping.inline("int64", 2n ** 63n - 1n),
          l: mapping.softLink("d"),
          bad: [],
        }),
      },
    });
    const { code, stdout } = await map(key, "--json");
    expect(code).toBe(0);
    const units = { dtype: "str", shape: [], value: "V" };
    expect(JSON.parse(stdout)).toEqual({
      scan: key,
      state: "PREPARED",
      dialect: "h5maps",
      unsaved: null,
      files: {
        "/data/demo.h5": {
          kind: "group",
          attributes: { NX_class: { dtype: "str", shape: [], value: "NXroot" } },
          children: {
            d: { kind: "dataset", attributes: { units }, stream: "diode" },
            big: { kind: "dataset", attributes: {}, dtype: "<i8", shape: [], value: "9223372036854775807" },
            l: { kind: "soft_link", target: "d", state: "resolves" },
            bad: { kind: "dataset", attributes: {}, dtype: "<f8", shape: [0], value: [] },
          },
        },
      },
      warnings: [],
    });
  });

  test("derives the layout of a scan without a mapping", async () => {
    await replayFixture(redis.url, "scan-info/14_lima", folder);
    const { stdout, stderr } = await map("last");
    expect(stderr).toBe("");
    expect(stdout).toContain("from its scan_info");
    expect(stdout).toMatch(/instrument {2}NXinstrument/);
    expect(stdout).toMatch(/image {2}\(\d+, \d+, \d+\) <u\d from .*\.h5/);
  });

  test("names a scan that is not there", async () => {
    const { code, stderr } = await map("01M7YGZYR01VKF8VJX0VAJ222K");
    expect(code).toBe(1);
    expect(stderr).toContain("[ERR_SCAN_NOT_FOUND]");
  });
});

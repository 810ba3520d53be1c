import { afterAll, beforeAll, expect, test } from "vitest";
import { DataStore, File } from "../../src/index.js";
import type { PrivateRedis } from "../../src/redis/server.js";
import { startTestRedis } from "../support/redis.js";

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(async () => {
  await redis.stop();
});

test("the example of blissdata's design slides works as they show it", async () => {
  await using store = await DataStore.connect(redis.url);
  const diode = "simulation_diode_sampling_controller:diode";
  const scan = await store.createScan(
    {
      name: "ascan",
      number: 12,
      data_policy: "no_policy",
      session: "test_session",
      path: "/tmp/scans/test_session/data.h5",
    },
    {},
  );
  const stream = scan.createStream(diode, { dtype: "<f8" });
  scan.createStream("timer:elapsed_time", { dtype: "<f8" });
  scan.info.mapping = [
    { NX_class: "NXentry" },
    {
      instrument: [
        { NX_class: "NXinstrument" },
        {
          name: [{ short_name: "id00" }, "RAW", "esrf-id00a"],
          diode: [{ NX_class: "NXdetector" }, { data: [{}, "STREAM", diode] }],
          elapsed_time: [
            { NX_class: "NXpositioner" },
            { value: [{ units: "s" }, "STREAM", "timer:elapsed_time"] },
          ],
        },
      ],
      measurement: [
        {},
        { diode: [{}, "STREAM", diode], elapsed_time: [{ units: "s" }, "STREAM", "timer:elapsed_time"] },
      ],
    },
  ];
  await scan.prepare();
  await scan.start();

  await using file = await File.open("/tmp/scans/test_session/data.h5", { store });
  await stream.send(Float64Array.from({ length: 12 }, (_, i) => i / 2));
  expect((await file.get("/instrument/diode").slice(0, 10)).data).toEqual(
    Float64Array.of(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5),
  );
  expect(await (await file.get("/12.1/instrument/name")).attrs.get("short_name")).toBe("id00");

  await stream.seal();
  const values: unknown[] = [];
  const dataset = await file.get("/12.1/measurement/diode");
  if (dataset.kind !== "dataset") throw new Error("the diode is no dataset");
  for await (const value of dataset) values.push(value);
  expect(values).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5]);
  await scan.stop();
  await scan.close();
});

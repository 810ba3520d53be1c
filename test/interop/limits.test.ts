import { join } from "node:path";
import { expect, test } from "vitest";
import { Writer } from "../../src/writer/index.js";
import { runPython } from "../support/python.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

/** What one side lets through, the other must be able to live with. */
const { redis, store } = await startTestStore();
const folder = await makeTestFolder("limits");
const identity = { name: "limits", number: 1, data_policy: "no_policy" };

const DELETE = `
import sys
from blissdata.redis_engine.store import DataStore
store = DataStore(sys.argv[1])
for key in sys.argv[2:]:
    store.delete_scan(key, force=True)  # writes the info anew
`;

test("an info that nxlive publishes is never too large for blissdata, which counts blanks and escapes", async () => {
  const room = 2 ** 20 - '{"x": , "end_reason": "DELETION"}'.length;
  const fill = (piece: string, length: number) => piece.repeat(Math.floor((room - 4) / length));
  const infos = [
    fill("é", "\\u00e9".length),
    fill("\u007f\n\\", "\\u007f\\n\\\\".length),
    Array.from({ length: Math.floor(room / "1, ".length) }, () => 1),
    Array.from({ length: Math.floor(room / "1e-07, ".length) }, () => 1e-7),
  ];
  const keys: string[] = [];
  for (const x of infos) {
    await expect(store.createScan(identity, { x: [x, x] })).rejects.toMatchObject({ code: "ERR_SCAN_INFO" });
    const scan = await store.createScan(identity, { x });
    await scan.prepare();
    keys.push(scan.key);
  }
  await runPython(DELETE, [redis.url, ...keys]);
  for (const key of keys) {
    await expect(store.loadScan(key)).rejects.toMatchObject({ code: "ERR_SCAN_NOT_FOUND" });
  }
});

const NO_REGIONS = `
import sys
import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream
url, path = sys.argv[1:]
store = DataStore(url)
scan = store.create_scan({"name": "regions", "number": 1, "data_policy": "no_policy", "path": path})
diode = scan.create_stream(Stream.make_definition("diode", "float64"))
scan.create_stream(Stream.make_definition("regions", "int32", (0,)))
scan.create_stream(Stream.make_definition("profiles", "int32", (-1, 0)))
streams = {name: {"type": "stream", "stream": name} for name in ("diode", "regions", "profiles")}
scan.info["h5maps"] = {path: {"type": "group", "children": {"1.1": {"type": "group", "children": streams}}}}
scan.prepare()
scan.start()
diode.send(0.5)
scan.stop()
scan.close()
print(scan.key)
`;

test("streams of points without elements are read and written as streams without points", async () => {
  const path = join(folder, "regions.h5");
  const scan = await store.loadScan((await runPython(NO_REGIONS, [redis.url, path])).trim());
  for (const [name, shape] of Object.entries({ regions: [0, 0], profiles: [0, 0, 0] })) {
    const stream = scan.streams.get(name);
    expect(await stream?.length()).toBe(0);
    expect((await stream?.slice())?.shape).toEqual(shape);
    for await (const value of stream?.values() ?? []) expect(value).toBeUndefined();
  }
  await using writer = await Writer.start(store, { leastFree: 0 });
  for await (const { name, state, message } of writer.statuses()) {
    if (name !== "regions" || state === "INIT" || state === "RUNNING") continue;
    expect([state, message]).toEqual(["COMPLETE", "Written."]);
    break;
  }
  await writer.drain();
  const program = "import h5py, sys; print(list(h5py.File(sys.argv[1])['1.1']))";
  expect((await runPython(program, [path])).trim()).toBe("['diode']");
});

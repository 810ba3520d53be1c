import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { Writer } from "../../src/writer/index.js";
import { runPython, spawnPython } from "../support/python.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore();
const folder = await makeTestFolder("following");

const STREAMS = 3;
const POINTS = 3_000;

const PUBLISH = `
import sys
import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream
url, path, streams, points = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
scan = DataStore(url).create_scan({"name": "ended", "number": 1, "data_policy": "no_policy", "path": path})
outputs = {f"d{i}": scan.create_stream(Stream.make_definition(f"d{i}", "float64", (64,))) for i in range(streams)}
entry = {name: {"type": "stream", "stream": name} for name in outputs}
def publish(**more):
    group = {"type": "group", "attributes": {"NX_class": "NXentry"}, "children": {**entry, **more}}
    scan.info["h5maps"] = {path: {"type": "group", "children": {"1.1": group}}}
publish()
scan.prepare()
scan.start()
data = np.repeat(np.arange(points, dtype=float), 64).reshape(points, 64)
for output in outputs.values():
    for part in np.split(data, 10):
        output.send(part)
scan.stop()
publish(end_time="2025-01-01T00:00:00+01:00")
scan.close()
`;

const FOLLOW = `
import sys
from blissdata.h5api import dynamic_hdf5
with dynamic_hdf5.File(sys.argv[1], retry_timeout=20, retry_period=0.01) as file:
    print("ready", flush=True)
    for name in sys.argv[2:]:
        print(name, [row[0] for row in file[f"1.1/{name}"]] == list(range(${POINTS})), flush=True)
    print(file["1.1/end_time"][()].decode(), flush=True)
`;

test("blissdata's reader of growing files gets all points of a scan that had ended before it was written", async () => {
  const path = join(folder, "ended.h5");
  await runPython(PUBLISH, [redis.url, path, String(STREAMS), String(POINTS)]);
  const names = Array.from({ length: STREAMS }, (_, i) => `d${i}`);
  const readers = names.map((name) => spawnPython(["-c", FOLLOW, path, name]));
  const lines = readers.map((reader) => createInterface(reader.stdout)[Symbol.asyncIterator]());
  for (const line of lines) expect((await line.next()).value).toBe("ready");
  await using writer = await Writer.start(store, { leastFree: 0 });
  for (const [i, line] of lines.entries()) {
    expect((await line.next()).value).toBe(`d${i} True`);
    expect((await line.next()).value).toBe("2025-01-01T00:00:00+01:00");
  }
  for (const reader of readers) if (reader.exitCode === null) await once(reader, "exit");
  await writer.drain();
});

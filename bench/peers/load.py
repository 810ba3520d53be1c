"""load URL KIND SESSION FILE [PART]: publishes a writer load with h5maps, then prints the monotonic time of its last command.
PART is the part of the load that is published: 0.1 for a warm-up."""

import math
import sys
import time

import numpy as np
from bench_common import connect, make_stream

KINDS = {
    # scans, streams, points, batch, dtype, shape
    "scalars": (1, 20, 50_000, 500, "float64", ()),
    "stream": (1, 20, 50_000, 10, "float64", ()),
    "images": (1, 1, 2000, 1, "uint16", (512, 512)),
    "spectra": (1, 50, 2000, 20, "float32", (1024,)),
    "scans": (100, 3, 20, 1, "float64", ()),
}
kind, session, path = sys.argv[2:5]
part = float(sys.argv[5]) if len(sys.argv) > 5 else 1
scans, streams, points, batch, dtype, shape = KINDS[kind]
scans, points = (math.ceil(scans * part), points) if scans > 1 else (1, math.ceil(points * part))
store = connect()
random = np.random.default_rng(1)
data = (random.normal(500, 20, size=(batch, *shape))).astype(dtype)
for number in range(1, scans + 1):
    identity = {"name": kind, "number": number, "data_policy": "no_policy", "session": session, "path": path}
    scan = store.create_scan(identity, info={"name": kind})
    names = [f"s{i}" for i in range(streams)]
    outputs = [make_stream(scan, name, dtype, shape) for name in names]
    detectors = {
        name: {"type": "group", "attributes": {"NX_class": "NXdetector"},
               "children": {"data": {"type": "dataset", "attributes": {"units": "counts"}, "value": {"type": "stream", "stream": name}}}}
        for name in names
    }
    instrument = {"type": "group", "attributes": {"NX_class": "NXinstrument"}, "children": detectors}
    entry = {"type": "group", "attributes": {"NX_class": "NXentry"}, "children": {"title": kind, "instrument": instrument}}
    scan.info["h5maps"] = {path: {"type": "group", "attributes": {"NX_class": "NXroot"}, "children": {f"{number}.1": entry}}}
    # blisswriter misses scans that are prepared within 1-2 ms of their creation, and is slower at its first scan
    time.sleep(0.2 if number == 1 else 0.02)
    scan.prepare()
    scan.start()
    for start in range(0, points, batch):
        for output in outputs:
            output.send(data if batch > 1 or shape == () else data[0])
    scan.stop()
    scan.close()
print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)

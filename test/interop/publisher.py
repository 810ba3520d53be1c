"""Publishes scans with blissdata: publisher.py URL init|static|live [FILE]

With FILE, the scan is mapped into that file.

`live` sends one point for each line that it reads, so that the reader decides about the time.
"""

import sys

import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream

url, mode, *file = sys.argv[1:]
store = DataStore(url, init_db=mode == "init")
if mode == "init":
    sys.exit()

identity = {"name": "pyscan", "number": 7, "data_policy": "no_policy", "session": "python", "path": (file or ["/data/py.h5"])[0]}
scan = store.create_scan(identity, info={"title": "from Python", "start_time": "2026-11-21T10:00:00+01:00"})
if mode == "live":
    diode = scan.create_stream(Stream.make_definition("diode", "float64", info={"unit": "V"}))
    scan.prepare()
    scan.start()
    print(scan.key, flush=True)
    for line in sys.stdin:
        diode.send(float(line))
    scan.stop()
    scan.close()
    sys.exit()

definitions = [
    Stream.make_definition("diode", "float64", info={"unit": "V"}),
    Stream.make_definition("count", "int64"),
    Stream.make_definition("big", ">u2", (2, 3)),
    Stream.make_definition("mca", "uint32", (-1,)),
    Stream.make_definition("log", "json"),
]
streams = {definition.name: scan.create_stream(definition) for definition in definitions}
scan.info["answer"] = 42
if file:
    detectors = {name: {"type": "stream", "stream": name} for name in ("diode", "count", "big", "mca")}
    entry = {"type": "group", "attributes": {"NX_class": "NXentry"}, "children": {"title": "from Python", **detectors}}
    scan.info["h5maps"] = {file[0]: {"type": "group", "attributes": {"NX_class": "NXroot"}, "children": {"7.1": entry}}}
scan.prepare()
scan.start()
streams["diode"].send(0.5)
streams["diode"].send(np.array([1.5, np.nan, -np.inf]))
streams["count"].send(np.array([2**63 - 1, -(2**63), 0]))
streams["big"].send(np.arange(12, dtype=">u2").reshape(2, 2, 3))
streams["mca"].send(np.array([1, 2, 3], dtype="uint32"))
streams["mca"].send(np.array([4], dtype="uint32"))
streams["log"].send({"message": "réglé", "level": 3})
scan.stop()
scan.info["end_reason"] = "SUCCESS"
scan.close()
print(scan.key)

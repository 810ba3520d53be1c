"""open URL SCANS: opens a virtual file of so many scans and reads a first value from it. With `again` for the second time,
with `often` for the 1,001st to 1,500th, with `start` from the start of the program."""

import sys
import time

from bench_common import Measured, connect
from blissdata.h5api.redis_hdf5 import File

count, how = [*sys.argv[2:], ""][:2]
store = connect()


def first_value():
    file = File(f"/bench/open_{count}.h5", data_store=store)
    return [len(file.keys()), float(file[f"/{count}.1/instrument/s/data"][3])]


for _ in range({"again": 1, "often": 1000}.get(how, 0)):
    first_value()
latencies = [] if how == "often" else None
with Measured(since_start=how == "start") as m:
    for _ in range(500 if how == "often" else 0):
        begun = time.perf_counter()
        first_value()
        latencies.append(time.perf_counter() - begun)
    result = first_value()
m.report(result, latencies)

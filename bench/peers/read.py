"""read DATA HOW: reads a stream that is in Redis already (see prepare.py). DATA: batches, singles, spectra, images; HOW: whole, sliced, iterated.

Once to check the values, then for a second to warm up, then five times to measure."""

import sys
import time

from blissdata.streams import CursorGroup
from bench_common import Measured, checksum, connect

PASSES = 5
data, how = sys.argv[2:4]
store = connect()
_, keys = store.search_existing_scans(session=f"bench_{data}")
stream = store.load_scan(keys[0]).streams["s"]
total = len(stream)
step = {"batches": 100_000, "singles": 10_000, "spectra": 1000, "images": 10}[data]


def parts():
    if how == "whole":
        yield stream[:]
    elif how == "sliced":
        for start in range(0, total, step):
            yield stream[start : start + step]
    else:
        cursor = CursorGroup([stream])
        read = 0
        while read < total:
            for view in cursor.read().values():
                array = view.get_data()
                read += len(array)
                yield array


total_sum = sum(map(checksum, parts()))
end = time.perf_counter() + 1
while time.perf_counter() < end:
    sum(part.size for part in parts())
with Measured() as m:
    values = 0
    for _ in range(PASSES):
        values += sum(part.size for part in parts())
m.report({"sum": total_sum, "values": values})

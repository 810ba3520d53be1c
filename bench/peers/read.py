"""read DATA HOW: reads a stream that is in Redis already (see prepare.py). DATA: batches, singles, spectra, images; HOW: whole, sliced, iterated."""

import sys

from blissdata.streams import CursorGroup
from bench_common import connect, measure_reading

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


measure_reading(parts)

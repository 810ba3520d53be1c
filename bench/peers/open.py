"""open URL SCANS: opens a virtual file of so many scans and reads a first value from it; with `again` for the second time."""

import sys

from bench_common import Measured, connect
from blissdata.h5api.redis_hdf5 import File

count = sys.argv[2]
store = connect()


def first_value():
    file = File(f"/bench/open_{count}.h5", data_store=store)
    return [len(file.keys()), float(file[f"/{count}.1/instrument/s/data"][3])]


if len(sys.argv) > 3:
    first_value()
with Measured() as m:
    result = first_value()
m.report(result)

"""open URL SCANS: opens a virtual file of so many scans and reads a first value from it."""

import sys

from bench_common import Measured, connect
from blissdata.h5api.redis_hdf5 import File

count = sys.argv[2]
store = connect()
with Measured() as m:
    file = File(f"/bench/open_{count}.h5", data_store=store)
    result = [len(file.keys()), float(file[f"/{count}.1/instrument/s/data"][3])]
m.report(result)

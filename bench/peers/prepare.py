"""prepare: fills Redis with the sealed streams that the reading works read: integers as float64, so that sums are exact."""

import numpy as np
from bench_common import connect, create_scan, make_stream

SIZES = {"batches": 1_000_000, "singles": 100_000, "spectra": 10_000, "images": 200}

store = connect()
for data, total in SIZES.items():
    scan = create_scan(store, session=f"bench_{data}")
    shape = {"spectra": (1024,), "images": (512, 1024)}.get(data, ())
    stream = make_stream(scan, "s", "uint16" if data == "images" else "float64", shape)
    scan.prepare()
    scan.start()
    if data == "batches":
        for start in range(0, total, 1000):
            stream.send(np.arange(start, start + 1000, dtype="float64"))
    elif data == "singles":
        for i in range(total):
            stream.send(float(i))
    else:
        point = np.arange(np.prod(shape), dtype=stream.dtype).reshape(shape)
        for _ in range(total):
            stream.send(point)
    scan.stop()
    scan.close()

"""prepare URL GROUP: what the works of a group need: sealed streams in Redis, files on disk. Integers, so that sums are exact."""

import os
import sys
import time

import h5py
import numpy as np
from bench_common import FILE, connect, create_scan, entry_map, make_stream

SIZES = {"batches": 10_000_000, "singles": 100_000, "spectra": 10_000, "images": 200}


def reading(store):
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


def opening(store):
    for count in (1, 100, 1000):
        path = f"/bench/open_{count}.h5"
        for number in range(1, count + 1):
            info = {"name": "bench", "h5maps": {path: entry_map(number, ["s"])}}
            scan = create_scan(store, number, session="bench_open", path=path, info=info)
            stream = make_stream(scan, "s")
            scan.prepare()
            scan.start()
            stream.send(np.arange(10, dtype="float64"))
            scan.stop()
            scan.close()


def files(_):
    spectra = (np.arange(2**24, dtype="uint32") * 2654435761 % 1000).astype("float32").reshape(-1, 1024)
    images = spectra.astype("uint16")[:, :].reshape(-1, 512, 1024)
    with h5py.File(FILE, "w") as file:
        file["whole"] = spectra
        file.create_dataset("compressed", data=spectra, chunks=(256, 1024), shuffle=True, compression="gzip")
        file.create_dataset("images", data=np.repeat(images, 2, axis=0), chunks=(1, 512, 1024))
        file["small"] = np.arange(1_000_000, dtype="float64")
    yesterday = time.time() - 86400  # a file that changed a moment ago is looked at anew each time
    os.utime(FILE, (yesterday, yesterday))


GROUPS = {"reading": reading, "opening": opening, "files": files}
group = sys.argv[2]
os.makedirs(os.path.dirname(FILE), exist_ok=True)
if group in GROUPS:
    GROUPS[group](connect())

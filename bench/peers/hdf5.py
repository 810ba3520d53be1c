"""hdf5 URL HOW: writes an HDF5 file with h5py. HOW: gzip, raw, points."""

import os
import sys
import time

import h5py
import numpy as np
from bench_common import FILE, Measured

how = sys.argv[2]
path = FILE + ".peer"
CHUNK = 131072
index = np.arange(64 * CHUNK)
wave = np.floor(1000 * np.sin(index / 1000)) + (index * 7919) % 97


def chunks(count, **options):
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (0,), "f8", maxshape=(None,), chunks=(CHUNK,), **options)
        for i in range(count):
            dataset.resize(((i + 1) * CHUNK,))
            dataset[i * CHUNK :] = wave[(i % 64) * CHUNK : (i % 64 + 1) * CHUNK]
        return len(dataset)


def points(count):
    with h5py.File(path, "w") as file:
        datasets = [file.create_dataset(f"x{i}", (0,), "f8", maxshape=(None,), chunks=(8192,)) for i in range(20)]
        flushed = time.monotonic()
        for i in range(count):
            for dataset in datasets:
                dataset.resize((i + 1,))
                dataset[i] = i
            if time.monotonic() - flushed > 0.5:
                file.flush()
                flushed = time.monotonic()
        return sum(map(len, datasets))


with Measured() as m:
    if how == "gzip":
        result = chunks(512, compression="gzip", compression_opts=4, shuffle=True)
    elif how == "raw":
        result = chunks(512)
    else:
        result = points(100_000)
m.report(result)
os.unlink(path)

"""disk URL HOW: reads a file on disk with h5py. HOW: small, whole, compressed, images."""

import sys

import h5py
from bench_common import FILE, Measured, checksum

how = sys.argv[2]
with Measured() as m:
    result = 0.0
    with h5py.File(FILE, "r") as file:
        dataset = file[how]
        if how == "small":
            slices = [dataset[i * 1000 : i * 1000 + 10] for i in range(1000)]
            result = sum(map(checksum, slices))
        elif how == "images":
            for i in range(64):
                result += checksum(dataset[i])
        else:
            result = checksum(dataset[:])
m.report(result)

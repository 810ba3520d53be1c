"""disk URL HOW: opens and reads a file on disk with h5py. HOW: small, whole, compressed, images."""

import sys

import h5py
from bench_common import FILE, measure_reading

how = sys.argv[2]


def parts():
    with h5py.File(FILE, "r") as file:
        dataset = file[how]
        if how == "small":
            for i in range(1000):
                yield dataset[i * 1000 : i * 1000 + 10]
        elif how == "images":
            for i in range(64):
                yield dataset[i]
        else:
            yield dataset[:]


measure_reading(parts)

"""disk URL HOW: opens and reads a file on disk with h5py. HOW: small, whole, compressed, images.

Once to check the values, then for a second to warm up, then five times to measure."""

import sys
import time

import h5py
from bench_common import FILE, Measured, checksum

PASSES = 5
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


total_sum = sum(map(checksum, parts()))
end = time.perf_counter() + 1
while time.perf_counter() < end:
    sum(part.size for part in parts())
with Measured() as m:
    values = 0
    for _ in range(PASSES):
        values += sum(part.size for part in parts())
m.report({"sum": total_sum, "values": values})

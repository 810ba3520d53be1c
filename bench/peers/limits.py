"""limits URL HOW: what Python and NumPy alone need for the reading that `disk` does. HOW: new, used, short."""

import os
import sys

import numpy as np
from bench_common import FILE, measure_passes

BYTES = 64 * 2**20
how = sys.argv[2]
used = np.ones(BYTES if how == "used" else 0, "u1")


def one_pass(file):
    if how == "short":
        for i in range(1000):
            os.preadv(file.fileno(), [np.empty(80, "u1")], 8000 * i)
    else:
        file.seek(0)
        file.readinto(np.empty(BYTES, "u1") if how == "new" else used)


with open(FILE, "rb", buffering=0) as file:
    m, _ = measure_passes(lambda: one_pass(file))
m.report(how)

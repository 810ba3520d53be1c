"""limits URL HOW: what Python and NumPy alone need for the reading that `disk` does. HOW: new, used, short."""

import os
import sys

import numpy as np
from bench_common import FILE, Measured

BYTES = 64 * 2**20
how = sys.argv[2]
used = np.ones(BYTES if how == "used" else 0, "u1")
with open(FILE, "rb", buffering=0) as file, Measured() as m:
    if how == "short":
        for i in range(1000):
            os.preadv(file.fileno(), [np.empty(80, "u1")], 8000 * i)
    else:
        file.readinto(np.empty(BYTES, "u1") if how == "new" else used)
m.report(how)

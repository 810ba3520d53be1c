"""fill: what writing the values of 20 streams of 50,000 scalars cannot do without: 8 MB into a new file, 64 KiB at a time, after
another one."""

import os
import tempfile

from bench_common import Measured


def fill(path):
    piece = bytes([1]) * (64 * 2**10)
    written = 0
    with open(path, "wb", buffering=0) as file:
        while written < 8_000_000:
            written += file.write(piece)
    return written


with tempfile.TemporaryDirectory(prefix="nxlive-bench-fill-") as folder:
    fill(os.path.join(folder, "before"))
    with Measured() as m:
        result = fill(os.path.join(folder, "new"))
m.report(result)

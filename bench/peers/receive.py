"""receive URL WHAT: asks Redis for the parts of `read WHAT sliced` over a plain socket, each into new memory of its size,
and looks at nothing."""

import sys

import numpy as np
from bench_common import connect, measure_passes
from plain import PlainSocket

what = sys.argv[2]
total, step, point = {
    "batches": (10_000_000, 100_000, 8),
    "spectra": (10_000, 1000, 8 * 2**10),
    "images": (200, 10, 2**20),
}[what]
store = connect()
_, keys = store.search_existing_scans(session=f"bench_{what}")
pk = store.load_scan(keys[0])._model.data_streams["s"].pk
socket = PlainSocket(sys.argv[1])


def one_pass():
    received = 0
    for start in range(0, total, step):
        memory = memoryview(np.empty(step * point, "u1"))
        received += socket.fill(memory, ["XRANGE", f"esrf:stream:{pk}", start, start + step - 1])
    return received


m, received = measure_passes(one_pass)
m.report(sum(received))

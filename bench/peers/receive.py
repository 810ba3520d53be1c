"""receive URL WHAT: asks Redis for the parts of `read WHAT sliced` over a plain socket, and looks at nothing."""

import sys

from bench_common import connect, measure_passes
from plain import PlainSocket

what = sys.argv[2]
total, step = {"batches": (10_000_000, 100_000), "spectra": (10_000, 1000), "images": (200, 10)}[what]
store = connect()
_, keys = store.search_existing_scans(session=f"bench_{what}")
pk = store.load_scan(keys[0])._model.data_streams["s"].pk
socket = PlainSocket(sys.argv[1])


def one_pass():
    return sum(
        socket.ask(["XRANGE", f"esrf:stream:{pk}", start, start + step - 1]) for start in range(0, total, step)
    )


m, received = measure_passes(one_pass)
m.report(sum(received))

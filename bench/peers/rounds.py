"""rounds URL [again]: the two round trips of nxlive's `open 1` over a plain socket, whose replies nobody looks at."""

import sys

from bench_common import Measured, connect
from plain import PlainSocket

store = connect()
_, keys = store.search_existing_scans(path="/bench/open_1.h5")
scan = keys[0]
data = f"esrf:stream:{store.load_scan(scan)._model.data_streams['s'].pk}"
socket = PlainSocket(sys.argv[1])
FIND = ["FT.SEARCH", "esrf:scan:index", r"@id_path:{\/bench\/open_1\.h5}"]
NEWEST = ["+", "-", "COUNT", 1]


def rounds():
    received = socket.ask(
        ["MULTI"],
        ["XREVRANGE", "_SCAN_HISTORY_", *NEWEST],
        [*FIND, "RETURN", 2, "$.id", "$.state_stream.pk", "DIALECT", 2],
        ["TTL", scan],
        ["JSON.GET", scan, "."],
        ["XREVRANGE", data, *NEWEST],
        ["EXEC"],
    )
    return received + socket.ask(["XREVRANGE", data, 3, "-", "COUNT", 1])


if len(sys.argv) > 2:
    rounds()
with Measured() as m:
    result = rounds()
m.report(result)

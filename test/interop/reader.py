"""Reads a scan with blissdata: reader.py URL values|bytes|live [KEY]; the result is one JSON text. Without KEY: the last scan.

`values` gives the points as lists, `bytes` as their dtype, shape and bytes; `live` waits for every point of the stream
"diode", and writes each as it comes."""

import json
import sys

import numpy as np
from blissdata.exceptions import EndOfStream
from blissdata.redis_engine.scan import ScanState
from blissdata.redis_engine.store import DataStore
from blissdata.streams import CursorGroup

url, mode, *key = sys.argv[1:]
store = DataStore(url)
scan = store.load_scan(key[0] if key else store.get_last_scan()[1])
if mode == "live":
    while scan.state < ScanState.PREPARED:
        scan.update()
    print("ready", flush=True)
    cursor = CursorGroup([scan.streams["diode"]])
    while True:
        try:
            views = cursor.read()
        except EndOfStream:
            break
        for view in views.values():
            for value in view.get_data():
                print(value, flush=True)
    while scan.state < ScanState.CLOSED:
        scan.update()
    print(scan.state.name, flush=True)
    sys.exit()


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist() if mode == "values" else {"dtype": value.dtype.str, "shape": value.shape, "bytes": value.tobytes().hex()}
    return [plain(item) for item in value] if isinstance(value, list) else value


result = {
    "key": scan.key,
    "state": scan.state.name,
    "info": {name: value for name, value in scan.info.items() if name != "h5maps"},
    "identity": [scan.name, scan.number, scan.session, scan.path],
    "found": store.search_existing_scans(session="typescript", name="ts*")[1],
    "streams": {
        name: {
            "dtype": "json" if stream.kind == "json" else np.dtype(stream.dtype).str,
            "shape": list(stream.shape),
            "length": len(stream),
            "sealed": stream.is_sealed(),
            "info": stream.info,
            "data": plain(stream[:]),
        }
        for name, stream in scan.streams.items()
    },
}
print(json.dumps(result))

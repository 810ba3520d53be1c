"""read.py URL KEY: reads a scan with blissdata; prints its identity, info, state and all streams as JSON."""

import json
import sys

import numpy as np
from blissdata.redis_engine.store import DataStore

store = DataStore(sys.argv[1])
scan = store.load_scan(sys.argv[2])


def plain(data):
    if isinstance(data, np.ndarray):
        return {"dtype": data.dtype.str, "shape": data.shape, "bytes": data.tobytes().hex()}
    return [plain(item) if isinstance(item, np.ndarray) else item for item in data]


print(
    json.dumps(
        {
            "name": scan.name,
            "number": scan.number,
            "session": scan.session,
            "path": scan.path,
            "info": scan.info,
            "state": scan.state.name,
            "streams": {
                name: {"length": len(stream), "sealed": stream.is_sealed(), "info": stream.info, "data": plain(stream[:])}
                for name, stream in scan.streams.items()
            },
        }
    )
)

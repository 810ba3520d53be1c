"""ticker URL POINTS INTERVAL PATH: publishes the monotonic time itself, as float64, point by point, straight to Redis.

Prints the scan's key and begins at a line on standard input. The same publisher for both readers."""

import struct
import sys
import time

from bench_common import connect, create_scan, entry_map, make_stream

points, interval, path = int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
store = connect()
info = {"name": "bench", "h5maps": {path: entry_map(1, ["s"])}}
scan = create_scan(store, session="bench_latency", path=path, info=info)
make_stream(scan, "s")
scan.prepare()
scan.start()
key = f"esrf:stream:{scan._model.data_streams['s'].pk}"
print(scan.key, flush=True)
sys.stdin.readline()
time.sleep(0.2)  # the reader is waiting by then
start = time.monotonic()
for i in range(points):
    time.sleep(max(0, start + i * interval - time.monotonic()))
    store._redis.xadd(key, {"payload": struct.pack("<d", time.monotonic())}, id=f"{i}-1")
scan.stop()
scan.close()

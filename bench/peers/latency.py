"""latency URL HOW: from XADD to the value in the reader's hands. HOW: cursor, dataset (iteration), slice (waiting).

The first points of the quick ones are not measured."""

import subprocess
import sys
import time
import uuid

from bench_common import Measured, connect
from blissdata.exceptions import EndOfStream
from blissdata.h5api.redis_hdf5 import File

url, how = sys.argv[1:3]
unmeasured, points, interval = (0, 100, 0.02) if how == "slice" else (3000, 4000, 0.002)
path = f"/bench/latency-{uuid.uuid4()}.h5"
command = [sys.executable, "bench/peers/ticker.py", url, str(points), str(interval), path]
ticker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
key = ticker.stdout.readline().strip()
store = connect()
latencies = []


def go():
    ticker.stdin.write("go\n")
    ticker.stdin.flush()


def arrived(value):
    latencies.append(time.monotonic() - float(value))


with Measured() as m:
    if how == "cursor":
        cursor = store.load_scan(key).streams["s"].cursor()
        go()
        while len(latencies) < points:
            try:
                view = cursor.read()
            except EndOfStream:
                break
            for value in view.get_data():
                arrived(value)
    else:
        dataset = File(path, data_store=store)["/1.1/instrument/s/data"]
        go()
        if how == "dataset":
            for value in dataset:
                arrived(value)
        else:
            for i in range(points):
                arrived(dataset[i : i + 1][0])
m.report({"points": len(latencies)}, latencies[unmeasured:])
ticker.wait()

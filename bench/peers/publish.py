"""publish KIND COUNT [server]: publishes as a scan does, until everything is in Redis. Kinds: single1, single20, batches, images.

For a second before, tenths of it go into scans of their own, unmeasured. With "server", the seconds are the CPU time that
Redis took for it."""

import sys
import time

import numpy as np
from bench_common import Measured, connect, create_scan, make_stream

kind, count = sys.argv[2], int(sys.argv[3])
store = connect()
names = [f"s{i}" for i in range(20 if kind == "single20" else 1)]
dtype, shape = ("uint16", (512, 1024)) if kind == "images" else ("float64", ())
image = np.arange(512 * 1024, dtype="uint16").reshape(512, 1024)
batch = np.arange(1000, dtype="float64")


def server_seconds():
    """CPU time of Redis' main thread so far."""
    return sum(value for name, value in store._redis.info("cpu").items() if name.endswith("_main_thread"))


def publish(times, measured):
    scan = create_scan(store)
    streams = [make_stream(scan, name, dtype, shape) for name in names]
    scan.prepare()
    scan.start()
    before = server_seconds()
    with Measured() as m:
        if kind == "images":
            for _ in range(times):
                streams[0].send(image)
        elif kind == "batches":
            for _ in range(times):
                streams[0].send(batch)
        else:
            for i in range(times):
                for stream in streams:
                    stream.send(float(i))
        for stream in streams:
            stream.seal()
    if measured:
        seconds = server_seconds() - before if sys.argv[4:] == ["server"] else None
        m.report([len(stream) for stream in streams], seconds=seconds)
    scan.stop()
    scan.close()
    store.delete_scan(scan.key)
    store._redis.unlink(*[f"esrf:stream:{model.pk}" for model in scan._model.data_streams.values()])


end = time.perf_counter() + 1
while time.perf_counter() < end:
    publish(count // 10, False)
publish(count, True)

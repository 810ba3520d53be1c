"""What the Python peers share: measuring, and blissdata objects to measure with."""

import json
import os
import resource
import sys
import tempfile
import threading
import time
import traceback

import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream

FILE = os.path.join(tempfile.gettempdir(), f"nxlive-bench-{os.getuid()}", "data.h5")


def end(kind, error, trace):
    """An error anywhere ends the program: when Redis goes away, it ends only the thread with which blissdata sends, and the
    publisher would wait for that one for ever."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(1)


sys.excepthook = end
threading.excepthook = lambda details: end(*details[:3])


def connect():
    return DataStore(sys.argv[1])


def create_scan(store, number=1, session="bench", path=None, info=None):
    identity = {"name": "bench", "number": number, "data_policy": "no_policy", "session": session, "path": path}
    return store.create_scan(identity, info=info or {"name": "bench"})


def make_stream(scan, name, dtype="float64", shape=()):
    return scan.create_stream(Stream.make_definition(name, dtype, shape))


def entry_map(number, streams):
    """The future file of a scan: one detector per stream."""

    def group(nx_class, children):
        return {"type": "group", "attributes": {"NX_class": nx_class}, "children": children}

    def data(name):
        return {"type": "dataset", "attributes": {"units": "counts"}, "value": {"type": "stream", "stream": name}}

    detectors = {name: group("NXdetector", {"data": data(name)}) for name in streams}
    entry = group("NXentry", {"title": "bench", "instrument": group("NXinstrument", detectors)})
    return group("NXroot", {f"{number}.1": entry})


checking = {"seconds": 0.0, "cpu": 0.0}


def checksum(array):
    """A number that both languages compute alike: the sum, as float64, of what was read. Takes no measured time."""
    cpu, t = time.process_time(), time.perf_counter()
    result = float(np.asarray(array).sum(dtype=np.float64))
    checking["seconds"] += time.perf_counter() - t
    checking["cpu"] += time.process_time() - cpu
    return result


class Measured:
    """`with Measured() as m: …; m.report(result)` prints the sample line; `since_start`: of the program."""

    def __init__(self, since_start=False):
        self.since_start = since_start

    def __enter__(self):
        checking.update(seconds=0.0, cpu=0.0)
        self.cpu0 = 0 if self.since_start else time.process_time()
        self.t0 = float(os.environ["BENCH_SPAWNED"]) if self.since_start else time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.t0 - checking["seconds"]
        self.cpu = time.process_time() - self.cpu0 - checking["cpu"]

    def report(self, result, latencies=None, seconds=None):
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sample = {"seconds": self.seconds if seconds is None else seconds, "cpu": self.cpu, "rss": rss, "result": result}
        if latencies is not None:
            sample["seconds"] = float(np.median(latencies))
            sample["p99"] = float(np.quantile(latencies, 0.99))
        print(json.dumps(sample))


def measure_passes(one_pass):
    """For a second to warm up, then five times to measure: the clock, and what the passes gave."""
    end_of_warm_up = time.perf_counter() + 1
    while time.perf_counter() < end_of_warm_up:
        one_pass()
    with Measured() as m:
        results = [one_pass() for _ in range(5)]
    return m, results


def measure_reading(parts):
    """Everything once to check the values, then the passes."""
    total_sum = sum(map(checksum, parts()))
    m, values = measure_passes(lambda: sum(part.size for part in parts()))
    m.report({"sum": total_sum, "values": sum(values)})

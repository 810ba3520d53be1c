"""What the Python peers share: measuring, and blissdata objects to measure with."""

import json
import resource
import sys
import time

import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream


def connect():
    return DataStore(sys.argv[1])


def create_scan(store, number=1, session="bench", path=None, info=None):
    identity = {"name": "bench", "number": number, "data_policy": "no_policy", "session": session, "path": path}
    return store.create_scan(identity, info=info or {"name": "bench"})


def make_stream(scan, name, dtype="float64", shape=()):
    return scan.create_stream(Stream.make_definition(name, dtype, shape))


def checksum(array):
    """A number that both languages compute alike: the sum, as float64, of what was read."""
    return float(np.asarray(array).sum(dtype=np.float64))


class Measured:
    """`with Measured() as m: …; m.report(result)` prints the sample line."""

    def __enter__(self):
        self.cpu0 = time.process_time()
        self.t0 = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.t0
        self.cpu = time.process_time() - self.cpu0

    def report(self, result, seconds=None):
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds or self.seconds, "cpu": self.cpu, "rss": rss, "result": result}))

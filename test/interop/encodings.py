"""encodings.py URL: publishes one scan with every encoding; prints what a reader must find, as JSON."""

import json
import sys

import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream

DTYPES = "|b1 |i1 |u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8 <f16 <c8 >c8 <c16 >c16".split()


def points(dtype, count):
    kind = np.dtype(dtype).kind
    values = np.arange(count)
    if kind == "b":
        return (values % 2).astype(dtype)
    if kind == "i":
        info = np.iinfo(dtype)
        return np.concatenate(([info.min, info.max], values[2:] - 3)).astype(dtype)
    if kind == "u":
        return np.concatenate(([0, np.iinfo(dtype).max], values[2:])).astype(dtype)
    if kind == "f":
        return np.concatenate(([np.nan, np.inf, -0.0], values[3:] / 4)).astype(dtype)
    return (values + 1j * (values - 2)).astype(dtype)


store = DataStore(sys.argv[1])
scan = store.create_scan(
    {"name": "python", "number": 7, "data_policy": "ESRF", "session": "s-1", "path": "/data/x.h5"},
    info={"big": 2**63 - 1, "decimal": 1.0, "nan": float("nan"), "text": "é"},
)
streams = {}
expected = {}
for dtype in DTYPES:
    for shape in ((), (2, 3), (-1,)):
        name = f"{dtype} {list(shape)}"
        streams[name] = scan.create_stream(Stream.make_definition(name, np.dtype(dtype), shape, {"unit": "mm"}))
streams["json"] = scan.create_stream(Stream.make_definition("json", "json"))
scan.prepare()
scan.start()
for dtype in DTYPES:
    data = points(dtype, 12)
    for batch in (data[:1], data[1:8], data[8:]):
        streams[f"{dtype} []"].send(batch)
    expected[f"{dtype} []"] = data.tobytes().hex()
    # (a NumPy scalar has no byte order of its own: single points are sent as batches of one)
    images = data.reshape(2, 2, 3)
    streams[f"{dtype} [2, 3]"].send(images[0])
    streams[f"{dtype} [2, 3]"].send(images[1:])
    expected[f"{dtype} [2, 3]"] = images.tobytes().hex()
    varying = streams[f"{dtype} [-1]"]
    varying.send(data[:3])
    varying.send(data[3:11].reshape(2, 4))
    expected[f"{dtype} [-1]"] = [data[:3].tobytes().hex(), data[3:11].tobytes().hex()]
for value in ({"a": [1, 2.5, None]}, "text", 2**60, float("nan"), [], True):
    streams["json"].send(value)
scan.stop()
scan.info["end_reason"] = "SUCCESS"
scan.close()
print(json.dumps({"key": scan.key, "data": expected}))

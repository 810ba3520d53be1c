"""random_scans URL FOLDER SEED COUNT: publishes scans with random h5maps trees, values, attributes, links and streams."""

import random
import sys
import time

import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream

url, folder, seed, count = sys.argv[1:5]
pick = random.Random(int(seed))
store = DataStore(url)

WORDS = ["diode", "a b", "é", "µm", "x.y", "with'quote", "%", "long_" * 20, "Ω/s".replace("/", "_"), "0"]
DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
SHAPES = [(), (), (1,), (5,), (2, 3), (2, 1, 2), (-1,), (2, -1)]


def name(taken):
    return next(text for text in iter(lambda: pick.choice(WORDS) + str(pick.randrange(100)), None) if text not in taken)


def raw(depth=0):
    kind = pick.randrange(8 if depth == 0 else 5)
    if kind == 0:
        return pick.choice([True, False])
    if kind == 1:
        return pick.choice([0, -1, 2**63 - 1, -(2**63), pick.randrange(1000)])
    if kind == 2:
        return pick.choice([0.0, 1.0, -2.5, 1e300, 5e-324])
    if kind in (3, 4):
        return pick.choice(["", "text", "é\nü", "x" * 300])
    shape = [pick.randrange(1, 4) for _ in range(pick.randrange(1, 4))]
    return nested(shape, type(raw(1)))


def nested(shape, kind):
    if not shape:
        return next(value for value in iter(lambda: raw(1), None) if type(value) is kind)
    return [nested(shape[1:], kind) for _ in range(shape[0])]


def inline():
    dtype = pick.choice(DTYPES[1:])
    return {"type": "inline", "dtype": dtype, "value": [pick.randrange(100) for _ in range(pick.randrange(4))]}


def value():
    choice = pick.randrange(6)
    if choice == 0:
        columns = [["first", [1, 2]], ["second", ["a", "bc"]], ["third", {"type": "inline", "dtype": "float32", "value": [0.5, 1]}]]
        return {"type": "compound", "columns": columns}
    return inline() if choice == 1 else raw()


def attributes(nx_class=None):
    found = {} if nx_class is None else {"NX_class": nx_class}
    while pick.random() < 0.4:
        found[name(found)] = value()
    return found


def link():
    if pick.random() < 0.3:
        return {"type": "external_link", "target_file": "other.h5", "target_path": "/entry/x"}
    return {"type": "soft_link", "target_path": pick.choice(["/nowhere", "title", "/1.1/title", "sub/title"])}


def group(streams, depth):
    children = {}
    for _ in range(pick.randrange(1, 7)):
        kind = pick.randrange(8 if depth < 3 else 6)
        if kind < 3:
            item = {"type": "dataset", "attributes": attributes(), "value": value()}
        elif kind == 3:
            item = link()
        elif kind < 6 and streams:
            item = {"type": "dataset", "attributes": attributes(), "value": {"type": "stream", "stream": pick.choice(streams)}}
        else:
            item = group(streams, depth + 1) if depth < 3 else value()
        children[name(children)] = item
    return {"type": "group", "attributes": attributes("NXcollection"), "children": children}


def points(dtype, shape):
    """Rows of one stream: of lengths of their own where a dimension is -1."""
    for number in range(pick.choice([0, 1, 3, 40])):
        fixed = [pick.randrange(1, 5) if length < 0 else length for length in shape]
        yield (np.arange(int(np.prod(fixed))).reshape(fixed) * 3 + number).astype(dtype)


for number in range(1, int(count) + 1):
    path = f"{folder}/data{number % 2}.h5"
    identity = {"name": "random", "number": number, "data_policy": "no_policy", "session": "random", "path": path}
    scan = store.create_scan(identity, info={"name": "random"})
    kinds = {f"s{i}": (pick.choice(DTYPES), pick.choice(SHAPES)) for i in range(pick.randrange(6))}
    outputs = {key: scan.create_stream(Stream.make_definition(key, *kind)) for key, kind in kinds.items()}
    entry = group(list(kinds), 0)
    entry["children"]["title"] = "random"
    scan.info["h5maps"] = {path: {"type": "group", "attributes": {"NX_class": "NXroot"}, "children": {f"{number}.1": entry}}}
    # blisswriter misses scans that are prepared right after their creation, and is slower at its first one
    time.sleep(0.3 if number == 1 else 0.05)
    scan.prepare()
    scan.start()
    for key, (dtype, shape) in kinds.items():
        for row in points(dtype, shape):
            outputs[key].send(row)
    scan.stop()
    scan.close()

"""What blissdata's own h5api sees of live scans: one JSON object, path by path. Usage: peer_view.py REDIS_URL FILE"""

import json
import sys

from blissdata.h5api import redis_hdf5
from blissdata.redis_engine.store import DataStore
from plain import plain

url, name = sys.argv[1:]


def walk(group, nodes):
    for key in list(group.keys()) if group.name == "/" else list(group):
        path = f"{group.name.rstrip('/')}/{key}"
        item = group[key]
        attrs = {attr: plain(item.attrs[attr]) for attr in item.attrs}
        if hasattr(item, "dtype"):
            nodes[path] = {"attrs": attrs, "shape": list(item.shape), "value": plain(item[()] if item.ndim == 0 else item[:])}
            if item.ndim > 0:
                nodes[path]["part"] = plain(item[1:9:3])
                nodes[path]["last"] = plain(item[len(item) - 1]) if len(item) else None
        else:
            nodes[path] = {"attrs": attrs}
            walk(item, nodes)


nodes = {}
walk(redis_hdf5.File(name, data_store=DataStore(url)), nodes)
print(json.dumps(nodes))

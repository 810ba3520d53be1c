"""digest FILE: what a written file holds: entries, datasets, points and their sum, as JSON."""

import json
import sys

import h5py
import numpy as np

total = {"entries": 0, "datasets": 0, "points": 0, "sum": 0.0}


def visit(_, item):
    if isinstance(item, h5py.Dataset) and item.name.endswith("/data"):
        total["datasets"] += 1
        total["points"] += item.shape[0]
        for start in range(0, item.shape[0], 1000):
            total["sum"] += float(item[start : start + 1000].sum(dtype=np.float64))


with h5py.File(sys.argv[1], "r", locking=False) as file:
    total["entries"] = len(file)
    file.visititems(visit)
total["sum"] = float(f"{total['sum']:.9e}")
print(json.dumps(total))

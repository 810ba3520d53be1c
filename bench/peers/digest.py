"""digest FOLDER: what the written files hold: files, entries, numeric datasets, points and the sum of those below 1e12, as JSON."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

total = {"files": 0, "entries": 0, "datasets": 0, "points": 0, "sum": 0.0}


def visit(_, item):
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iuf":
        return
    total["datasets"] += 1
    total["points"] += item.size
    rows = item[()][np.newaxis] if item.shape == () else item
    for start in range(0, len(rows), 1000):
        page = rows[start : start + 1000].astype(np.float64)
        total["sum"] += float(page[np.abs(page) < 1e12].sum())


for path in sorted(Path(sys.argv[1]).rglob("*.h5")):
    with h5py.File(path, "r", locking=False) as file:
        total["files"] += 1
        total["entries"] += len(file)
        file.visititems(visit)
total["sum"] = float(f"{total['sum']:.9e}")
print(json.dumps(total))

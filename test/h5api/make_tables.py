"""Makes fixtures/h5api/tables.h5 and the results of h5py expressions on it, fixtures/h5api/tables.json.

Run with the tests' Python: python test/h5api/make_tables.py
Each row: path, the slice in NumPy's notation ("" for ...), dtype, shape and values as h5py gives them; or "error": true.
"""

import json
import math
import pathlib

import h5py
import numpy
from plain import plain

FOLDER = pathlib.Path(__file__).parents[2] / "fixtures" / "h5api"
numpy.random.seed(7)


def fill(file):
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = "2.1"
    for entry in ("1.1", "2.1"):
        group = file.create_group(entry, track_order=True)
        group.attrs["NX_class"] = "NXentry"
        group["title"] = f"scan {entry}"
    group = file["2.1"]
    group["vector"] = numpy.arange(10, dtype="<f8") * 1.5
    group["big"] = numpy.arange(10, dtype=">i4")
    group["half"] = numpy.linspace(-2, 2, 9).astype("<f2")
    group["long"] = numpy.array([2**53 + 1, -(2**62), 3], dtype="<i8")
    group["ulong"] = numpy.array([2**64 - 1, 0], dtype="<u8")
    group["float128"] = numpy.array([1.5, -2.25, math.inf], dtype="<f16")
    group["nan"] = numpy.array([math.nan, math.inf, -math.inf, -0.0], dtype="<f4")
    group["bool"] = numpy.array([[True, False], [False, True]])
    group["complex"] = numpy.array([1 + 2j, -3.5j, 4], dtype="<c16")
    group["image"] = numpy.arange(60, dtype="<u2").reshape(3, 4, 5)
    group.create_dataset(
        "chunked", data=numpy.arange(4000, dtype="<i4").reshape(50, 80), chunks=(7, 9), compression="gzip", shuffle=True,
        maxshape=(None, 80),
    )
    group["scalar"] = 42.5
    group["text"] = "hello wörld"
    group["texts"] = ["a", "", "ünï", "long " * 50]
    group["fixed"] = numpy.array([b"ab", b"", b"abcd"], dtype="S4")
    group["compound"] = numpy.array(
        [(1, 2.5, b"x", [1, 2, 3]), (3, -1.5, b"yz", [4, 5, 6])],
        dtype=[("a", "<i4"), ("b", ">f8"), ("c", "S3"), ("d", "<i2", (3,))],
    )
    group.create_dataset("enum", data=numpy.array([0, 2, 1], "i1"), dtype=h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 2}, basetype="i1"))
    group["empty"] = h5py.Empty("<f4")
    group["none"] = numpy.zeros((0, 3), "<f4")
    group["soft"] = h5py.SoftLink("/1.1/title")
    group["relative"] = h5py.SoftLink("image")
    group["dangling"] = h5py.SoftLink("/nowhere")
    group["loop"] = h5py.SoftLink("loop2")
    group["loop2"] = h5py.SoftLink("loop")
    group["outside"] = h5py.ExternalLink("tables-other.h5", "/data")
    group["lost"] = h5py.ExternalLink("missing.h5", "/data")
    layout = h5py.VirtualLayout((4, 4), "<i4")
    layout[0:2] = h5py.VirtualSource("tables-other.h5", "data", (3, 4))[0:2]
    layout[2:3] = h5py.VirtualSource("missing.h5", "data", (1, 4))
    group.create_virtual_dataset("virtual", layout, fillvalue=-1)
    detector = group.create_group("instrument/detector")
    detector.attrs.update({"NX_class": "NXdetector", "units": "mm", "list": ["a", "b"], "flag": True, "vector": [1.5, 2.5]})
    detector.attrs["empty"] = h5py.Empty("<i4")
    detector["data"] = numpy.arange(5, dtype="<i2")


SLICES = {
    1: ["", ":", "0", "-1", "9", "10", "-11", "2:5", "5:2", ":3", "7:", "-3:", ":-3", "::3", "1:9:4", "-7:-2", "3:100", "20:30", "..., -1", "2:4, ...", "1,", "...,"],
    2: ["", "0", "-1", "1, 2", ":, 1", "0:1", "-2:, ::7", "10:40:9, 5:70:13", "49, 79", "50", ":, 80", "1:1", "3, :10", "..., 0", "-1, ...", "1:3, ..., ::30", "..., ..."],
    3: ["", "1", "1, 2", "1, 2, 3", "-1, -1, -1", ":, 1:3, ::2", "0, :, 1", "::2, ::3, ::4", "1:, 0", ":, :, 4", "3", "0:2, 4", "..., 0", "1, ..., ::2", "..., 1:3, -1", "0, 1, 2, ...", "0, 0, ..., 0, 0"],
}
# What h5py refuses and NumPy does: negative steps. The expected values are NumPy's, on the array that h5py reads.
NEGATIVE = {1: ["::-1", "8:2:-3", "-1:-5:-2", "2:8:-1"], 2: ["::-1, 0:3", "5, ::-20"], 3: ["::-1, 1, ::-2", "2, ::-1, 3"]}


def evaluate(array, text):
    return eval(f"array[{text or '...'}]", {"array": array})  # noqa: S307  (our own expressions)


def row(dataset, text, array=None):
    try:
        value = evaluate(dataset if array is None else array, text)
    except (IndexError, ValueError):
        return {"path": dataset.name, "slice": text, "error": True}
    shape = list(numpy.shape(value)) if dataset.dtype.names is None or numpy.ndim(value) else []
    return {"path": dataset.name, "slice": text, "shape": shape, "values": plain(value)}


def tables(file):
    slices, facts, attributes, links = [], [], [], []
    group = file["2.1"]
    for name in group:
        link = group.get(name, getlink=True)
        kind = {"HardLink": "hard", "SoftLink": "soft", "ExternalLink": "external"}[type(link).__name__]
        links.append({"path": f"/2.1/{name}", "kind": kind, "target": getattr(link, "path", None), "there": name in group})
        try:
            item = group[name]
        except (KeyError, RuntimeError):  # dangling, or in a circle
            continue
        if not isinstance(item, h5py.Dataset):
            continue
        # The name by which it is asked for here; h5py's own name follows soft links.
        fact = {"path": f"/2.1/{name}", "shape": item.shape, "maxshape": item.maxshape, "ndim": item.ndim, "size": item.size, "chunks": item.chunks}
        facts.append(fact)
        if item.shape is None:
            continue
        item_rows = [row(item, text) for text in SLICES.get(item.ndim, [""])]
        item_rows += [row(item, text, item[()]) for text in NEGATIVE.get(item.ndim, [])]
        slices += [{**found, "path": f"/2.1/{name}"} for found in item_rows]
    for path in ("/", "/2.1", "/2.1/instrument/detector"):
        for name, value in file[path].attrs.items():
            shape = None if isinstance(value, h5py.Empty) else list(numpy.shape(value))
            attributes.append({"path": path, "name": name, "shape": shape, "value": None if shape is None else plain(value)})
    visited = []
    group.visit(visited.append)
    return {"slices": slices, "facts": facts, "attributes": attributes, "links": links, "keys": {"/": list(file), "/2.1": list(group)}, "visit": visited}


FOLDER.mkdir(exist_ok=True)
with h5py.File(FOLDER / "tables-other.h5", "w") as other:
    other["data"] = numpy.arange(12, dtype="<i4").reshape(3, 4)
with h5py.File(FOLDER / "tables.h5", "w", track_order=True) as file:
    fill(file)
with h5py.File(FOLDER / "tables.h5", "r") as file:
    (FOLDER / "tables.json").write_text(json.dumps(tables(file), indent=None, separators=(",", ":")) + "\n")

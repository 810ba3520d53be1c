"""What h5py sees in files, and what it does to them: surgery.py describe|operate FILE…; prints JSON by file name.

`operate` does in mode r+ what users do to their files (add, delete, rename, resize, attributes), and describes the result.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def value_of(dataset):
    return plain(dataset.asstr()[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()])


def links_of(group, contents):
    """Links as [name, kind, …]: with the contents of what lies there, or only its address."""
    links = []
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            links.append([name, "soft", link.path])
        elif isinstance(link, h5py.ExternalLink):
            links.append([name, "external", link.filename, link.path])
        elif name in ("ours", "by h5py"):
            links.append([name, "group", links_of(group[name], True)])
        elif contents:
            links.append([name, "dataset", value_of(group[name])])
        else:
            links.append([name, "hard", h5py.h5o.get_info(group.id, name.encode()).addr])
    return links


def describe(path):
    with h5py.File(path, "r") as file:
        groups = {"root": file["/"], "zz": file["zz"]}
        return {n: {"links": links_of(g, False), "attributes": {k: plain(v) for k, v in g.attrs.items()}} for n, g in groups.items()}


def operate(path):
    with h5py.File(path, "r+") as file:
        for group in (file["/"], file["zz"]):
            group.create_group("by h5py")["values"] = np.arange(4.0)
            group["ours"].attrs["seen"] = "by h5py"
            group["ours/grown"].resize((14,))
            group["ours/grown"][10:] = [-1, -2, -3, -4]
            group.move("ours/text", "ours/renamed")
            del group["ours/gone"]
            group.attrs["count"] = len(group)
            for i in range(20):
                group[f"ours/many{i:02d}"] = i
    return describe(path)


act = {"describe": describe, "operate": operate}[sys.argv[1]]
json.dump({Path(path).name: act(path) for path in sys.argv[2:]}, sys.stdout)

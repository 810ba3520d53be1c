"""Dumps what h5py sees in HDF5 files: one JSON text a line. Usage: dump.py FILE..."""

import hashlib
import json
import math
import os
import sys

import h5py
import hdf5plugin  # noqa: F401  (filters)
import numpy
from plain import plain

VOLATILE = {"HDF5_Version", "h5py_version", "file_time", "file_update_time", "nxlive_version"}


def dtype_text(dtype):
    string = h5py.check_string_dtype(dtype)
    if string is not None:
        return "str" if string.length is None else f"|S{string.length}"
    if dtype.names:
        fields = []
        for name in dtype.names:
            field = dtype[name]
            fields.append([name, dtype_text(field.base), list(field.shape)])
        return fields
    return dtype.base.str


def value_of(value):
    return short(plain(value))


def short(value):
    """Numbers as JSON.stringify writes them: 1.0 as 1."""
    if isinstance(value, list):
        return [short(item) for item in value]
    if isinstance(value, dict):
        return {name: short(item) for name, item in value.items()}
    if not isinstance(value, float) or (value == 0 and math.copysign(1, value) < 0):
        return value
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def array_dump(value, dtype, shape):
    described = {"dtype": dtype_text(dtype), "shape": None if shape is None else list(shape)}
    if shape is None:
        return described
    if math.prod(shape) <= 1000:
        return {**described, "value": value_of(value)}
    flat = value_of(numpy.asarray(value).reshape(-1))
    text = json.dumps(flat, separators=(",", ":"))
    return {**described, "digest": hashlib.sha256(text.encode()).hexdigest()}


def attributes(item):
    found = {}
    for name in sorted(item.attrs):
        if name in VOLATILE:
            continue
        attribute = item.attrs.get_id(name)
        shape = None if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL else attribute.shape
        value = None if shape is None else item.attrs[name]
        found[name] = array_dump(value, attribute.dtype, shape)
    return found


def dump(group, nodes):
    for name in group:
        path = f"{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            nodes[path] = {"kind": "soft_link", "target": link.path}
            continue
        if isinstance(link, h5py.ExternalLink):
            nodes[path] = {"kind": "external_link", "file": link.filename, "target": link.path}
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            nodes[path] = {"kind": "group", "attrs": attributes(item)}
            dump(item, nodes)
            continue
        try:
            value = None if item.shape is None else item[()]
            nodes[path] = {"kind": "dataset", "attrs": attributes(item), **array_dump(value, item.dtype, item.shape)}
        except OSError as error:
            nodes[path] = {"kind": "dataset", "error": str(error)}


for name in sys.argv[1:]:
    os.chdir(os.path.dirname(name))  # raw data files with relative names
    with h5py.File(name, "r", locking=False) as file:
        nodes = {"/": {"kind": "group", "attrs": attributes(file)}}
        dump(file, nodes)
    print(json.dumps(nodes), flush=True)

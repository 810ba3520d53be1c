"""The content of an HDF5 file as h5py sees it, as JSON: {path: item}. Numbers as hexadecimal bytes, texts as texts."""

import h5py
import numpy as np


def descr(dtype):
    if h5py.check_string_dtype(dtype) is not None and dtype.kind == "O":
        return "str"
    if dtype.names is not None:
        fields = []
        for name in dtype.names:
            field = dtype.fields[name][0]
            fields.append([name, descr(field.base), list(field.shape)] if field.shape else [name, descr(field)])
        return fields
    return dtype.str


def columns(value, dtype):
    """Values without padding bytes of long doubles, column by column for compounds."""
    value = np.asarray(value, dtype=dtype)
    if dtype.names is not None:
        return {name: columns(value[name], value[name].dtype) for name in dtype.names}
    if dtype.kind in "OS":
        return [x.decode() if isinstance(x, bytes) else x for x in value.ravel().tolist()]
    return np.ascontiguousarray(value).tobytes().hex()


def array(value, dtype, shape):
    if shape is None:
        return {"dtype": descr(dtype), "shape": None, "value": None}
    return {"dtype": descr(dtype), "shape": list(shape), "value": columns(value, dtype)}


def attributes(item):
    found = {}
    for name in item.attrs:
        low = h5py.h5a.open(item.id, name.encode())
        shape = None if low.get_space().get_simple_extent_type() == h5py.h5s.NULL else low.shape
        found[name] = array(None if shape is None else item.attrs[name], low.dtype, shape)
    return found


def describe(group, name):
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.SoftLink):
        return {"kind": "soft_link", "target": link.path}
    if isinstance(link, h5py.ExternalLink):
        return {"kind": "external_link", "file": link.filename, "path": link.path}
    item = group[name]
    if isinstance(item, h5py.Group):
        return {"kind": "group", "attributes": attributes(item), "children": list(item)}
    return {
        "kind": "dataset",
        "attributes": attributes(item),
        **array(None if item.shape is None else item[()], item.dtype, item.shape),
        "maxshape": None if item.shape is None else [None if n is None else int(n) for n in item.maxshape],
        "chunks": None if item.chunks is None else list(item.chunks),
        "gzip": item.compression_opts if item.compression == "gzip" else None,
        "shuffle": item.shuffle,
        "virtual": item.is_virtual,
    }


def walk(group, path, found):
    for name in group:
        found[f"{path}/{name}"] = item = describe(group, name)
        if item["kind"] == "group":
            walk(group[name], f"{path}/{name}", found)


def dump(path):
    with h5py.File(path, "r") as file:
        items = {"/": {"kind": "group", "attributes": attributes(file), "children": list(file)}}
        walk(file, "", items)
    return items

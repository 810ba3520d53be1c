"""Reads an HDF5 item with blissdata and prints what it sees, path by path. Run: python read_builder.py ITEM_JSON"""

import json
import sys

from blissdata.h5map import Group, HDF5Item, Stream


def value_of(item):
    if isinstance(item, Stream):
        return {"stream": item.stream}
    array = item.decode()
    if array.dtype.names:
        return {"dtype": [[name, array.dtype[name].str] for name in array.dtype.names], "shape": list(array.shape)}
    if array.dtype.kind == "O":
        return {"dtype": "str", "shape": list(array.shape), "texts": [text.decode() for text in array.ravel()]}
    return {"dtype": array.dtype.str, "shape": list(array.shape), "hex": array.tobytes().hex()}


def walk(item, path, seen):
    described = {"type": item.type}
    described["attributes"] = {name: value_of(value) for name, value in getattr(item, "attributes", {}).items()}
    if item.type == "dataset":
        described["value"] = value_of(item.value)
    elif item.type != "group":
        described["fields"] = item.model_dump(mode="json", exclude={"type", "attributes"})
    seen[path] = described
    if isinstance(item, Group):
        for name, child in item.children.items():
            walk(child, f"{path}/{name}", seen)
    return seen


print(json.dumps(walk(HDF5Item.validate_json(sys.argv[1]), "", {})))

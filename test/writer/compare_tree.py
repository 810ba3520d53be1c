"""Compares written files with the trees that the real writers left (tree.json), through h5py.

Arguments: one JSON text {"cases": [{"name", "tree", "recorded", "folder"}, ...]}: `tree` is the path of tree.json, whose
paths begin with `recorded`; the files lie in `folder`. Prints a JSON list of {"case", "path", "what", "expected", "found"}.
"""

import hashlib
import json
import math
import os
import sys

import h5py
import numpy as np

NO_VALUE = "(nothing)"
# What this writer tells of itself.
OWN_ATTRIBUTES = {"HDF5_Version", "nxlive_version", "file_time", "file_update_time"}


def plain(value):
    """A value as tree.json writes it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (np.void,)) and value.dtype.names:
        return [plain(value[name]) for name in value.dtype.names]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value) if abs(int(value)) <= 2**53 else str(int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, np.longdouble):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value))
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value] if value.ndim else plain(value[()])
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def same(a, b):
    if isinstance(a, dict) and isinstance(b, list):
        return same(list(a.values()), b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return bool(a) == bool(b) if isinstance(a, (bool, int)) and isinstance(b, (bool, int)) else a == b
    if isinstance(a, float) and isinstance(b, (int, float)) or isinstance(b, float) and isinstance(a, int):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)
    try:
        return np.longdouble(a) == np.longdouble(b) or str(a) == str(b)
    except (TypeError, ValueError):
        return a == b


def type_text(item_id):
    kind = item_id.get_type()
    dtype = kind.dtype
    string = h5py.check_string_dtype(dtype)
    if string is not None and string.length is None:
        return f"string[vlen,{string.encoding}]"
    if string is not None:
        return f"string[{string.length},{string.encoding}]"
    if dtype.names:
        return "compound"
    if h5py.check_enum_dtype(dtype) is not None or dtype == bool:
        return "bool" if dtype == bool else "enum"
    return dtype.str


def expected_type(node):
    text = node.get("dtype")
    if isinstance(text, str) and text.startswith("string["):
        return text
    if node.get("type", {}).get("class") == "compound" and not str(text).strip("<>|=").startswith("c"):
        return "compound"
    return {"|b1": "bool"}.get(text, text)


class Comparison:
    def __init__(self, case):
        self.case = case
        self.found = []

    def differ(self, path, what, expected, found):
        self.found.append(
            {"case": self.case, "path": path, "what": what, "expected": expected, "found": found}
        )

    def attributes(self, path, item, expected):
        wanted = {attr["name"]: attr for attr in expected.get("attrs", [])}
        present = set(item.attrs.keys())
        for name, attr in wanted.items():
            at = f"{path}@{name}"
            if attr.get("volatile"):
                continue
            if name not in present:
                self.differ(at, "missing", attr.get("value"), NO_VALUE)
                continue
            attribute = item.attrs.get_id(name)
            if type_text(attribute) != expected_type(attr):
                self.differ(at, "dtype", expected_type(attr), type_text(attribute))
            if list(attribute.shape or ()) != attr["shape"]:
                self.differ(at, "shape", attr["shape"], list(attribute.shape or ()))
            elif "value" in attr and not same(attr["value"], plain(item.attrs[name])):
                self.differ(at, "value", attr["value"], plain(item.attrs[name]))
        for name in sorted(present - set(wanted) - OWN_ATTRIBUTES):
            self.differ(f"{path}@{name}", "extra", NO_VALUE, plain(item.attrs[name]))

    def group(self, path, group, expected):
        self.attributes(path, group, expected)
        children = expected.get("children", {})
        for name, node in children.items():
            at = f"{path.rstrip('/')}/{name}" if "::" not in path or not path.endswith("::/") else f"{path}{name}"
            link = group.get(name, getlink=True)
            if link is None:
                self.differ(at, "missing", node["kind"], NO_VALUE)
            elif node["kind"] == "soft_link":
                self.link(at, link, h5py.SoftLink, [node["target"]])
            elif node["kind"] == "external_link":
                self.link(at, link, h5py.ExternalLink, [node["file"], node["path"]])
            elif not isinstance(link, h5py.HardLink):
                self.differ(at, "kind", node["kind"], type(link).__name__)
            elif node["kind"] == "group":
                if isinstance(group[name], h5py.Group):
                    self.group(at, group[name], node)
                else:
                    self.differ(at, "kind", "group", "dataset")
            elif not isinstance(group[name], h5py.Dataset):
                self.differ(at, "kind", "dataset", "group")
            else:
                self.dataset(at, group[name], node)
        for name in group:
            if name not in children:
                link = group.get(name, getlink=True)
                kind = type(group[name]).__name__.lower() if isinstance(link, h5py.HardLink) else type(link).__name__
                self.differ(f"{path.rstrip('/') if path.endswith('/') else path}/{name}", "extra", NO_VALUE, kind)
        real = list(group)
        wanted = [name for name in children if name in real]
        if expected.get("order") == "creation" and wanted != [name for name in real if name in children]:
            self.differ(path, "order", wanted, real)

    def link(self, path, link, kind, expected):
        if not isinstance(link, kind):
            self.differ(path, "kind", kind.__name__, type(link).__name__)
            return
        found = [link.path] if kind is h5py.SoftLink else [link.filename, link.path]
        if found != expected:
            self.differ(path, "link", expected, found)

    def dataset(self, path, dataset, node):
        self.attributes(path, dataset, node)
        if node.get("volatile"):
            return
        if type_text(dataset.id) != expected_type(node):
            self.differ(path, "dtype", expected_type(node), type_text(dataset.id))
        shape = None if dataset.shape is None else list(dataset.shape)
        if shape != node.get("shape"):
            self.differ(path, "shape", node.get("shape"), shape)
            return
        if "virtual" in node:
            self.virtual(path, dataset, node["virtual"])
        elif dataset.is_virtual:
            self.differ(path, "virtual", NO_VALUE, [s.file_name for s in dataset.virtual_sources()])
        if "external" in node and node["external"]:
            found = [list(item) for item in dataset.external or []]
            wanted = [list(item.values()) if isinstance(item, dict) else list(item) for item in node["external"]]
            if found != wanted:
                self.differ(path, "external", wanted, found)
        self.values(path, dataset, node)

    def virtual(self, path, dataset, expected):
        def bounds(space):
            return None if space is None or space.get("sel") == "all" else [list(b) for b in space["bounds"]]

        def found_bounds(space):
            if space.get_select_type() == h5py.h5s.SEL_ALL:
                return None
            low, high = space.get_select_bounds()
            return [list(low), list(high)]

        if not dataset.is_virtual:
            self.differ(path, "virtual", [s["file"] for s in expected], NO_VALUE)
            return
        found = sorted(
            ([s.file_name, s.dset_name, found_bounds(s.vspace), found_bounds(s.src_space)] for s in dataset.virtual_sources()),
            key=str,
        )
        wanted = sorted(
            ([s["file"], s["dataset"], bounds(s["vspace"]), bounds(s["src_space"])] for s in expected), key=str
        )
        for one, other in zip(found, wanted):
            for part in (2, 3):  # "all": ours are explicit
                if other[part] is None:
                    one[part] = None
        if found != wanted:
            self.differ(path, "virtual", wanted, found)

    def values(self, path, dataset, node):
        try:
            data = dataset[()]
        except OSError as error:
            if "read_error" not in node:
                self.differ(path, "value", node.get("value", "readable"), f"unreadable: {error}")
            return
        if "value" in node:
            found = plain(data)
            if not same(node["value"], found):
                self.differ(path, "value", node["value"], found)
        elif "sha256" in node:
            array = np.asarray(data)
            if array.dtype.kind in "OSV":
                text = json.dumps(plain(array), ensure_ascii=False)
                digests = {hashlib.sha256(text.encode()).hexdigest()}
                digests.add(hashlib.sha256(json.dumps(plain(array)).encode()).hexdigest())
            else:
                little = array.astype(array.dtype.newbyteorder("<"))
                digests = {hashlib.sha256(np.ascontiguousarray(little).tobytes()).hexdigest()}
            if node["sha256"] not in digests:
                self.differ(path, "value", node["sha256"][:12], f"{array.ravel()[:4]}…")


def main():
    differences = []
    for case in json.loads(sys.argv[1])["cases"]:
        with open(case["tree"], encoding="utf-8") as file:
            tree = json.loads(file.read().replace(case["recorded"], case["folder"]))
        comparison = Comparison(case["name"])
        present = set()
        for folder, _, names in os.walk(case["folder"]):
            present.update(os.path.relpath(os.path.join(folder, name), case["folder"]) for name in names)
        inputs = set(case.get("inputs", []))
        for name, node in tree.items():
            path = os.path.join(case["folder"], name)
            if not os.path.exists(path):
                comparison.differ(name, "missing", "file", NO_VALUE)
                continue
            try:
                with h5py.File(path, "r") as file:
                    comparison.group(f"{name}::", file, node)
            except OSError as error:
                comparison.differ(name, "unreadable", "file", str(error))
        for name in sorted(present - set(tree) - inputs):
            comparison.differ(name, "extra", NO_VALUE, "file")
        differences += comparison.found
    print(json.dumps(differences))


main()

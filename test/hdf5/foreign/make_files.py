"""Makes groups of every kind that HDF5 stores, for the tests of foreign groups. Run: python make_files.py OUTDIR [CHILDREN…]; prints what h5py sees, as JSON."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np


def fill(group, children, external):
    for i in range(children):
        name = f"n{(i * 7) % children:05d}é"
        if i % 4 == 0:
            group.create_group(name)
        elif i % 4 == 1:
            group[name] = h5py.SoftLink(f"/n{i}/x")
        elif i % 4 == 2 and external:
            group[name] = h5py.ExternalLink(f"other{i}.h5", f"/entry/{i}")
        else:
            group[name] = np.arange(3)
    attributes = min(children, 200)
    for i in range(attributes):
        group.attrs[f"a{(i * 3) % attributes:05d}"] = "x" * (i % 50) if i % 2 else i
    if children > 100:
        group.attrs["large"] = np.arange(2000.0)


def describe(group):
    links = []
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            links.append([name, "soft", link.path])
        elif isinstance(link, h5py.ExternalLink):
            links.append([name, "external", link.filename, link.path])
        else:
            links.append([name, "hard", h5py.h5o.get_info(group.id, name.encode()).addr])
    return {"links": links, "attributes": list(group.attrs), "address": h5py.h5o.get_info(group.id).addr}


def main(out, counts):
    result = {}
    # External links turn an old-style group (symbol table) into a new one: have both.
    for libver, external in (("earliest", False), ("earliest", True), ("v110", True), ("latest", True)):
        for track in (False, True):
            for children in counts:
                name = f"{libver}-{'tracked' if track else 'plain'}-{children}-{'external' if external else 'local'}.h5"
                with h5py.File(out / name, "w", libver=(libver, "latest"), track_order=track) as file:
                    fill(file, children, external)
                    fill(file.create_group("zz", track_order=track), min(children, 500), external)
                with h5py.File(out / name, "r") as file:
                    result[name] = {"root": describe(file), "zz": describe(file["zz"])}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(count) for count in sys.argv[2:]] or [0, 5, 500, 3000])

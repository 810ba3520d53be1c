"""Checks files written by worker.mjs with h5py.

    check.py FILE ACKNOWLEDGED [extend]   one look: all values right, nothing acknowledged is missing; with `extend` h5py then
                                          appends to every dataset of a copy and adds groups, and reads all of that back
    check.py --loop FILE SECONDS LOCKING  opens and reads in a loop (LOCKING: default or off), one line of counts at the end
    check.py --hold FILE SECONDS          one handle for the whole time, rereading what it saw and refreshing datasets
"""

import json
import os
import subprocess
import sys
import time

if "off" in sys.argv:
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import h5py
import numpy as np

IMAGE = np.arange(320, dtype="u2").reshape(16, 20)


def expected(name, start, stop):
    index = np.arange(start, stop)
    if name == "plain":
        return index.astype("f8")
    if name == "gzip":
        return (3 * index).astype("i4")
    if name == "small":
        return index / 2
    if name == "images":
        return (index.astype("u2")[:, None, None] + IMAGE).astype("u2")
    return np.array([f"text {i}" + "é" * (i % 40) for i in index], dtype=object)


def read(dataset, name, start, stop):
    data = dataset.asstr()[start:stop] if name == "texts" else dataset[start:stop]
    want = expected(name, start, stop)
    if data.shape != want.shape or not (data == want).all():
        bad = np.nonzero(~(data == want).reshape(len(want), -1).all(axis=1))[0] if data.shape == want.shape else data.shape
        raise AssertionError(f"{name}[{start}:{stop}] is wrong at {bad[:10]}")


def check_scan(group, number):
    assert group.attrs["NX_class"] == "NXentry" and group.attrs["number"] == number, group.name
    assert group["title"][()].decode() == f"scan {number}" and group["title"].attrs["n"] == number
    want = [number, number + 1, number + 2]
    assert group["data"].attrs["signal"] == "é" * (1 + number % 60)
    assert list(group["data/values"][:]) == want and list(group["data/soft"][:]) == want
    assert number % 11 == 5 or list(group["hard"][:]) == want
    few = group["data/few"]
    assert few.shape == (number % 150,) and (few[:] == number + np.arange(number % 150)).all()
    if number % 7 == 3:
        assert group.attrs["late"] == "x" * (number % 300)


def check(file, acknowledged, everything=True):
    for name, dataset in file["run"].items():
        rows = len(dataset)
        assert rows >= acknowledged.get(name, 0), (name, rows, acknowledged)
        step = 100000
        starts = range(0, rows, step) if everything else [max(0, rows - 2000), 0]
        for start in starts:
            read(dataset, name, start, min(rows, start + step if everything else start + 2000))
    scans = sum(1 for name in file if name.startswith("scan"))
    assert scans >= acknowledged.get("scans", 0), (scans, acknowledged)
    assert file.attrs["progress"] >= acknowledged.get("progress", 0)
    numbers = range(scans) if everything else range(max(0, scans - 5), scans - 1)
    for number in numbers:
        # A group is complete when its commit was acknowledged; the last one may be on its way.
        if number < acknowledged.get("scans", scans if not everything else 0):
            check_scan(file[f"scan{number:05d}"], number)
    return rows


def extend(path):
    copy = path + ".copy"
    # A live file is gigabytes long and mostly holes: a plain copy would write them all.
    subprocess.run(["cp", "--sparse=always", path, copy], check=True)
    with h5py.File(copy, "r+") as file:
        before = {}
        for name, dataset in file["run"].items():
            before[name] = len(dataset)
            if dataset.maxshape[0] is not None:
                continue
            dataset.resize(len(dataset) + 777, axis=0)
            dataset[before[name] :] = expected(name, before[name], before[name] + 777)
        for i in range(20):
            group = file.create_group(f"added{i}")
            group.attrs["n"] = i
            group["values"] = np.arange(100)
        file.attrs["one more"] = "é"
        for name in list(file):
            if name.startswith("scan") and name.endswith("3"):
                del file[name]
        if "scan00001" in file:
            file.move("scan00001", "renamed")
    with h5py.File(copy, "r") as file:
        for name, rows in before.items():
            dataset = file["run"][name]
            assert len(dataset) == (rows if dataset.maxshape[0] is not None else rows + 777), name
            read(dataset, name, 0, len(dataset))
        for i in range(20):
            assert (file[f"added{i}/values"][:] == np.arange(100)).all()
    os.unlink(copy)


def loop(path, seconds):
    counts = {"opens": 0, "errors": 0, "wrong": 0}
    end = time.time() + seconds
    while time.time() < end:
        try:
            with h5py.File(path, "r") as file:
                check(file, {}, everything=counts["opens"] % 20 == 19)
        except AssertionError as error:
            counts["wrong"] += 1
            counts.setdefault("first wrong", str(error)[:300])
        except Exception as error:
            counts["errors"] += 1
            counts.setdefault("first error", f"{type(error).__name__}: {error}"[:300])
        counts["opens"] += 1
    return counts


def hold(path, seconds):
    counts = {"reads": 0, "errors": 0, "wrong": 0}
    end = time.time() + seconds
    with h5py.File(path, "r") as file:
        check(file, {}, everything=True)
        while time.time() < end:
            try:
                for name, dataset in file["run"].items():
                    dataset.refresh()
                    rows = len(dataset)
                    read(dataset, name, max(0, rows - 3000), rows)
                    read(dataset, name, 0, min(rows, 3000))
                counts["reads"] += 1
            except AssertionError as error:
                counts["wrong"] += 1
                counts.setdefault("first wrong", str(error)[:300])
            except Exception as error:
                counts["errors"] += 1
                counts.setdefault("first error", f"{type(error).__name__}: {error}"[:300])
    return counts


if __name__ == "__main__":
    if sys.argv[1] == "--loop":
        print(json.dumps(loop(sys.argv[2], float(sys.argv[3]))))
    elif sys.argv[1] == "--hold":
        print(json.dumps(hold(sys.argv[2], float(sys.argv[3]))))
    else:
        acknowledged = json.loads(sys.argv[2])
        with h5py.File(sys.argv[1], "r") as opened:
            check(opened, acknowledged)
        if "extend" in sys.argv[3:]:
            extend(sys.argv[1])
        print("right")

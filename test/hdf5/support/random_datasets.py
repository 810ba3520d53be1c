"""Files of random datasets. `/via` leads to the root: what is reached through a link is read by the HDF5 library."""

import json

import h5py
import numpy as np

NUMBERS = ["|i1", "|u1", "<i2", ">u2", "<i4", ">i4", "<u8", ">i8", "<f2", "<f4", ">f4", "<f8", ">f8", "|b1", "<c8", ">c16"]
OTHERS = ["|S3", h5py.enum_dtype({"a": 1, "b": 7}, "u1"), [("x", "<f4"), ("y", "<i2")]]
FILTERS = [
    {},
    {"compression": "gzip"},
    {"compression": "gzip", "shuffle": True},
    {"shuffle": True},
    {"compression": "lzf"},
    {"fletcher32": True},
]


def values(rng, dtype, shape):
    array = np.zeros(shape, dtype)
    raw = rng.integers(0, 8, array.nbytes, "u1").tobytes()
    if array.dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    return np.frombuffer(raw, array.dtype).reshape(shape) if array.dtype.kind != "S" else array


def make(path, seed, libver, count=40):
    """Prints the names of the datasets that can be read without the library."""
    rng = np.random.default_rng(seed)
    plain = []
    with h5py.File(path, "w", libver=libver) as file:
        file["via"] = h5py.SoftLink("/")
        for i in range(count):
            name = f"d{i}"
            is_number = rng.random() < 0.85
            dtype = np.dtype(NUMBERS[rng.integers(len(NUMBERS))] if is_number else OTHERS[rng.integers(len(OTHERS))])
            shape = tuple(int(n) for n in rng.integers(0 if rng.random() < 0.1 else 1, 12, rng.integers(0, 5)))
            options = {}
            if is_number and dtype.kind not in "bc" and rng.random() < 0.4:
                options["fillvalue"] = np.array(5, dtype)
            filters = FILTERS[0]
            chunked = len(shape) > 0 and 0 not in shape and rng.random() < 0.7
            if chunked:
                filters = FILTERS[rng.integers(len(FILTERS))]
                options |= filters
                options["chunks"] = tuple(int(rng.integers(1, n + 1)) for n in shape)
                options["maxshape"] = (None, *shape[1:])
            dataset = file.create_dataset(name, shape, dtype, **options)
            how = rng.integers(4)
            if how == 0 or len(shape) == 0:
                dataset[...] = values(rng, dtype, shape)
            elif how == 1:
                half = (slice(0, (shape[0] + 1) // 2), *(slice(int(rng.integers(n + 1)), n) for n in shape[1:]))
                dataset[half] = values(rng, dtype, dataset[half].shape)
            elif how == 2 and chunked:
                dataset[...] = values(rng, dtype, shape)
                dataset.resize(shape[0] + 3, 0)
            indexed = chunked and libver in ("v110", "latest")
            if is_number and not indexed and "fletcher32" not in filters and filters.get("compression") != "lzf":
                plain.append(name)
    print(json.dumps(plain))

"""Makes fixtures/hdf5/compressed.h5: one image stack under every filter that detectors use.

Run with the tests' Python: python test/hdf5/make_compressed.py
"""

import pathlib

import h5py
import hdf5plugin
import numpy

FOLDER = pathlib.Path(__file__).parents[2] / "fixtures" / "hdf5"
FILTERS = {
    "gzip": {"compression": "gzip"},
    "gzip_shuffle": {"compression": "gzip", "shuffle": True},
    "lzf": {"compression": "lzf"},
    "lz4": hdf5plugin.LZ4(),
    "bitshuffle_lz4": hdf5plugin.Bitshuffle(),
    "bitshuffle_zstd": hdf5plugin.Bitshuffle(cname="zstd"),
    "blosc": hdf5plugin.Blosc(),
    "blosc2": hdf5plugin.Blosc2(),
    "zstd": hdf5plugin.Zstd(),
    "fletcher32": {"fletcher32": True},
    "none": {},
}

FOLDER.mkdir(exist_ok=True)
with h5py.File(FOLDER / "compressed.h5", "w") as file:
    stack = (numpy.arange(4 * 40 * 50) % 997).astype("<u2").reshape(4, 40, 50)
    for name, options in FILTERS.items():
        file.create_dataset(name, data=stack, chunks=(1, 40, 50), **options)

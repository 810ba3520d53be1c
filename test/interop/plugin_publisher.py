"""Publishes a scan with a stream of each plugin: plugin_publisher.py URL FOLDER CONDUCTOR_PORT

Detector files are written as detectors do. Prints the keys of the scan and of its sub-scan.
"""

import sys
from pathlib import Path

import fabio
import h5py
import numpy as np
from blissdata.redis_engine.store import DataStore
from blissdata.streams.hdf5_fallback import stream_cls as Hdf5BackedStream
from blissdata.streams.lima import stream_cls as LimaStream
from blissdata.streams.scan_sequence import stream_cls as ScanStream
from blissdata_lima2 import stream_cls as Lima2Stream

url, folder, port = sys.argv[1:]
folder = Path(folder)
images = np.arange(9 * 2 * 3, dtype="uint16").reshape(9, 2, 3)
store = DataStore(url)

for number in range(3):  # 4 images per file, as a Lima detector saves them
    with h5py.File(folder / f"py_{number:04d}.h5", "w") as f:
        f["entry_0000/detector/data"] = images[4 * number : 4 * number + 4]
        f["entry_0000/measurement/data"] = h5py.SoftLink("/entry_0000/detector/data")
for number in range(5):  # and 2 per file
    part = images[2 * number : 2 * number + 2]
    edf = fabio.edfimage.EdfImage(data=part[0], header={"detector": "py"})
    for image in part[1:]:
        edf.append_frame(data=image, header={"detector": "py"})
    edf.write(folder / f"py_{number:04d}.edf")
with h5py.File(folder / "data.h5", "w") as f:
    f["1.1/diode"] = np.arange(20, dtype="float64")
layout = h5py.VirtualLayout((9, 2, 3), "uint16")
for number in range(3):
    count = min(4, 9 - 4 * number)
    source = h5py.VirtualSource(f"py_{number:04d}.h5", "entry_0000/detector/data", (count, 2, 3))
    layout[4 * number : 4 * number + count] = source
with h5py.File(folder / "master.h5", "w") as f:
    f.create_virtual_dataset("frames", layout)


def identity(number):
    return {"name": "plugins", "number": number, "data_policy": "no_policy", "session": "python", "path": None}


def lima(name, suffix, file_format, data_path, frames_per_file):
    saving = {
        "file_path": str(folder / f"py_%04d.{suffix}"),
        "data_path": data_path,
        "file_format": file_format,
        "file_offset": 0,
        "frames_per_file": frames_per_file,
    }
    return LimaStream.make_definition(name, "uint16", (2, 3), "id00/lima/py", 16, 9, 0, saving)


child = store.create_scan(identity(2), info={"title": "child"})
child.prepare()
child.close()
scan = store.create_scan(identity(1))
definitions = [
    lima("hdf5", "h5", "HDF5", "/entry_0000/measurement/data", 4),
    lima("edf", "edf", "EDF", None, 2),
    LimaStream.make_definition("unsaved", "uint16", (2, 3), "id00/lima/py", 16, 9, 0),
    Lima2Stream.make_definition("lima2", "frame", "127.0.0.1", int(port), "uuid", (str(folder / "master.h5"), "/frames"), "uint16", (2, 3)),
    Hdf5BackedStream.make_definition("diode", str(folder / "data.h5"), "/1.1/diode", "float64"),
    ScanStream.make_definition("scans"),
]
streams = {definition.name: scan.create_stream(definition) for definition in definitions}
scan.prepare()
scan.start()
for last, saved in [(-1, -1), (4, 2), (8, 8)]:
    for name in ("hdf5", "edf", "unsaved"):
        streams[name].send({"last_index": last, "last_index_saved": saved if name != "unsaved" else -1})
streams["lima2"].send(np.uint32(5))
streams["lima2"].send(np.uint32(9))
for i in range(20):
    streams["diode"].send(float(i))
streams["scans"].send({"key": child.key})
scan.stop()
scan.close()
store._redis.xtrim(streams["diode"].key, maxlen=6, approximate=False)
print(scan.key)
print(child.key)

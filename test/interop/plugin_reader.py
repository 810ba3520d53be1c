"""Reads each stream of a scan with blissdata, through its plugin: plugin_reader.py URL KEY; prints one JSON text."""

import json
import sys

from blissdata.redis_engine.store import DataStore

url, key = sys.argv[1:]
scan = DataStore(url).load_scan(key)
streams = scan.streams
cam = streams["cam"]
references = cam.get_references(slice(3, 6))
print(
    json.dumps(
        {
            "plugins": {name: stream.plugin for name, stream in streams.items()},
            "cam": {
                "length": len(cam),
                "dtype": cam.dtype.str,
                "shape": cam.shape,
                "images": cam[2:7].tolist(),
                "references": [[r.format, r.file_path, r.data_path, r.index] for r in references],
            },
            "one_file": [
                [reference.file_path, reference.index]
                for name in ("whole", "endless")
                for reference in streams[name].get_references(slice(7, 9))
            ],
            "unsaved": len(streams["unsaved"]),
            "lima2": {"length": len(streams["lima2"]), "image": streams["lima2"][8].tolist()},
            "diode": streams["diode"][0:20].tolist(),
            "scans": [sub.key for sub in streams["scans"][:]],
        }
    )
)

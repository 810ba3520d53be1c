"""Runs Python statements sent as JSON lines ({"path", "statements"}) and answers what they print, line by line."""

import contextlib
import io
import json
import os
import sys
import traceback

sys.path.insert(0, os.path.dirname(__file__))
import h5py
import numpy as np
from dump import dump

for line in sys.stdin:
    request = json.loads(line)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(request["statements"], {"h5py": h5py, "np": np, "os": os, "json": json, "dump": dump, "path": request["path"]})
        answer = {"out": printed.getvalue()}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)

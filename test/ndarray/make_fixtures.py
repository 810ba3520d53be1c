"""Writes fixtures/ndarray/*.json: what NumPy makes of numbers, slices and half floats. Run: python make_fixtures.py OUTDIR"""

import json
import sys
from pathlib import Path

import numpy as np

FLOATS = [0.0, -0.0, 1.0, -1.5, 1 / 3, 65504.0, 65519.9, 65520.0, 6e-8, 5.96e-8, 2.98e-8, 6.1e-5, 2047.5, 2048.5, 1e300, -1e-300, 5e-324,
          float("inf"), float("-inf"), float("nan")]
INTEGERS = {"i1": [-128, 127, 0], "i2": [-32768, 32767], "i4": [-(2**31), 2**31 - 1], "i8": [-(2**63), 2**63 - 1, 2**53 + 1],
            "u1": [0, 255], "u2": [0, 65535], "u4": [0, 2**32 - 1], "u8": [0, 2**64 - 1]}
SELECTIONS = [(a, b, c) for a in (None, -12, -3, 0, 2, 7, 12) for b in (None, -12, -3, 0, 2, 7, 12) for c in (None, 1, 2, -1, -3)]


def number(value):
    value = float(value)
    return value if np.isfinite(value) else str(value)


def hex_bytes(array):
    raw = array.tobytes()
    if array.dtype.itemsize in (16, 32) and array.dtype.kind in "fc" and array.dtype.char in "gG":
        # the six padding bytes of x87 long doubles are undefined: NumPy leaves garbage there
        parts = bytearray(raw)
        for start in range(0, len(parts), 16):
            parts[start + 10 : start + 16] = bytes(6)
        raw = bytes(parts)
    return raw.hex()


def main(out):
    numbers = []
    with np.errstate(over="ignore"):
        for dtype in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<f16"):
            array = np.array(FLOATS).astype(dtype)
            numbers.append({"dtype": dtype, "values": [number(v) for v in FLOATS], "hex": hex_bytes(array),
                            "back": [number(v) for v in array.astype("f8")]})
    for name, values in INTEGERS.items():
        for order in ("|",) if name.endswith("1") else ("<", ">"):
            numbers.append({"dtype": order + name, "values": [str(v) for v in values], "hex": hex_bytes(np.array(values, dtype=order + name)),
                            "back": [str(v) for v in values]})
    slices = [{"length": n, "slice": s, "indices": list(range(n))[slice(*s)]} for n in (0, 1, 9) for s in SELECTIONS]
    (out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
    (out / "slices.json").write_text(json.dumps(slices) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

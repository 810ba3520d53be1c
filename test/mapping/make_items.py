"""Writes items.json: what blissdata makes of data items, as the measure for src/mapping/items. Run: python make_items.py OUTFILE

Needs blissdata 2.4 with its numpy. Each case is the JSON text of an item and either the array (dtype, shape, bytes in hex or
texts) or nothing when blissdata refuses the item.
"""

import json
import random
import sys
import warnings

import numpy as np
from blissdata.h5map import DataItem

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
FLOATS = ["float16", "float32", "float64", "float128"]
COMPLEX = ["complex64", "complex128", "complex256"]

INTEGER_VALUES = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1,
                  2**63, 2**64 - 1, -(2**63), 7.0, 1.5, -2.9, True, "12", " -7 ", "+5", "1_000", "1.5", "nan", "", "x", "0x10"]
FLOAT_VALUES = [0, 1, -1, 0.1, 1e-8, 65504, 65519.9, 65520, 1e38, 3.5e38, 1e300, 5e-324, 2**53 + 1, 2**64 + 1, -0.0, True, "nan", "inf",
                "-inf", "Infinity", "1e400", "0.1", "-.5", "5.", "1E3", " 2.5 ", "1_0.5", "9007199254740993", "1e-4940", "(1+2j)", "j",
                "1,5", "", "nano"]
COMPLEX_VALUES = [0, 1.5, "1j", "j", "-j", "+1j", "(1+2j)", "1-2j", "(nan+infj)", "nan-infj", "1e-3+2.5E+2j", "( 1+2j )", "-0-0j", "3", "inf",
                  "-infj", "1+j", "1 + 2j", "2j+1", "1+2", "(1+2j", "", "jj", "1i"]
RAW_VALUES = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 1.0, 1.5, -0.0, 1e300, 1e16, 1e15, 123456789.125, 1e-4, 1e-5, 5e-324, True, False, "", "a", "é",
              "12"]


def described(array):
    if array.dtype.kind == "O":
        return {"dtype": "str", "shape": list(array.shape), "texts": [text.decode() for text in array.ravel()]}
    raw = bytearray(array.tobytes())
    if array.dtype.char in "gG":  # the padding of long doubles is whatever was in memory
        for start in range(0, len(raw), 16):
            raw[start + 10 : start + 16] = bytes(6)
    return {"dtype": array.dtype.str, "shape": list(array.shape), "hex": bytes(raw).hex()}


def case(item):
    text = json.dumps(item)
    try:
        return {"item": text, **described(DataItem.validate_json(text).decode())}
    except (ValueError, TypeError, OverflowError, AttributeError):  # the last: objects that slipped through its validation
        return {"item": text}


def nested(rng, values):
    """A regular array of one to three axes."""
    shape = [rng.randint(0 if rng.random() < 0.1 else 1, 3) for _ in range(rng.randint(1, 3))]
    make = lambda lengths: [make(lengths[1:]) for _ in range(lengths[0])] if lengths else rng.choice(values)
    return make(shape)


def main(out):
    rng = random.Random(20250608)
    cases = []
    for names, values in ((INTEGERS, INTEGER_VALUES), (FLOATS, FLOAT_VALUES), (COMPLEX, COMPLEX_VALUES), (["bool"], [0, 1, 2, 0.0, 0.5, True, False])):
        for name in names:
            cases += [case({"type": "inline", "dtype": name, "value": value}) for value in values]
            good = [value for value, made in zip(values, cases[-len(values) :]) if "dtype" in made]
            cases += [case({"type": "inline", "dtype": name, "value": nested(rng, good)}) for _ in range(8)]
    cases += [case(value) for value in RAW_VALUES]
    for _ in range(300):
        cases.append(case(nested(rng, rng.sample(RAW_VALUES, rng.randint(1, 6)))))
    cases += [case(value) for value in ([], [[], []], [[1], []], [1, [2]], [[1, 2], [3]], ["a", None], None, [[], [[]]])]
    with open(out, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]\n")


warnings.simplefilter("ignore")
main(sys.argv[1])

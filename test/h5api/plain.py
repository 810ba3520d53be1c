"""Values of NumPy and h5py as JSON has them, for the scripts beside it."""

import math

import numpy


def plain(value):
    """Integers beyond 2^53 as texts, complex numbers as pairs, what is no number as "nan", "inf" and "-inf"."""
    if isinstance(value, numpy.ndarray):
        return [plain(item) for item in value] if value.ndim else plain(value[()])
    if isinstance(value, numpy.void) and value.dtype.names:
        return {name: plain(value[name]) for name in value.dtype.names}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, numpy.bool_)):
        return bool(value)
    if isinstance(value, (int, numpy.integer)):
        return int(value) if abs(int(value)) < 2**53 else str(int(value))
    if isinstance(value, (complex, numpy.complexfloating)):
        return [plain(value.real), plain(value.imag)]
    if not isinstance(value, (float, numpy.floating)):
        raise TypeError(type(value))
    number = float(value)
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return number

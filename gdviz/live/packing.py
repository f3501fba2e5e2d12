"""A scene's numbers made small for a page: twenty times smaller than they are.

What no eye can see is rounded away: of pixels what is less than a 32nd, of numbers in a text the
digits that it does not show. What is left are whole numbers that change little from one iteration
to the next, and not at all where a descent has come to rest: their steps deflate well.
`unpack` in canvas.js is the way back.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 7
"""Of deflating: the last two levels take thrice the time for the last four percent."""
PARTS = 32
"""Of a pixel."""
MISSING = -(2**31)
"""The whole number for NaN."""
FIRST_EXPONENT = -324
"""The least exponent of ten that a float has."""
INFINITY = 309
"""The first exponent that is beyond floats."""
MOST_DIGITS = 6
"""Of which, with their exponent, one whole number can tell."""


def pack(array: NDArray[Any], specification: str = "") -> tuple[bytes, dict[str, Any]]:
    """Return an array's bytes, packed, and what the browser needs to know to unpack them.

    Parameters
    ----------
    array : ndarray
        Of pixels (float32), of whole numbers, or of numbers in a text (float64).
    specification : str
        How the latter are shown, such as ".3g".
    """
    kind, digits = specification[-1:], int(specification[1:-1] or 0)
    if array.dtype == np.float32:
        codes, meaning = _parts(array, PARTS), {"scale": PARTS}
    elif array.dtype != np.float64:
        codes, meaning = array.astype(np.int32), {"scale": 1}
    elif kind == "f" and np.nanmax(np.abs(array), initial=0) < -MISSING / 10**digits:
        codes, meaning = _parts(array, 10**digits), {"scale": 10**digits}
    elif kind in ("g", "e") and (digits := max(1, digits + (kind == "e"))) <= MOST_DIGITS:
        codes, meaning = _decimals(array, digits), {"digits": digits}
    else:
        return zlib.compress(array.tobytes(), LEVEL), {}
    strides = np.cumprod([1, *array.shape[:0:-1]])
    steps = {stride: _steps(codes.ravel(), stride) for stride in map(int, strides)}
    stride = min(steps, key=lambda each: np.log2(1 + np.abs(steps[each].astype(float))).sum())
    rows = np.ascontiguousarray(steps[stride].reshape(-1, stride).T)  # like numbers together
    planes = rows.astype("<i4").view(np.uint8).reshape(-1, 4).T  # and like bytes
    return zlib.compress(planes.tobytes(), LEVEL), {**meaning, "stride": stride}


def _parts(array: NDArray[Any], parts: int) -> NDArray[np.int32]:
    """Return numbers as so many parts of one; too large ones become the largest there is."""
    whole = np.round(array.astype(float) * parts).clip(MISSING + 1, -MISSING - 1)
    return np.where(np.isnan(whole), MISSING, whole).astype(np.int32)


def _decimals(array: NDArray[np.float64], digits: int) -> NDArray[np.int32]:
    """Count decimals of so many digits, from 1 to infinity; negative ones the other way."""
    size = np.abs(array)
    least = 10 ** (digits - 1)
    with np.errstate(all="ignore"):
        shift = np.where(size < 1e-280, 40, 0)  # to where floats have all their digits
        exponent = np.floor(np.log10(size * 10.0**shift))
        power = digits - 1 - exponent + shift
        scaled = np.where(
            power > 0, size * 10.0**shift * 10.0 ** (power - shift), size / 10.0**-power
        )
        mantissa = np.round(scaled)
        exponent += mantissa == 10 * least
        mantissa = np.where(mantissa == 10 * least, least, mantissa)
        place = 1 + (exponent - shift - FIRST_EXPONENT) * 9 * least + mantissa - least
    place = np.where(np.isinf(size), 1 + (INFINITY - FIRST_EXPONENT) * 9 * least, place)
    place = np.where(size == 0, 0, np.sign(array) * place)
    return np.where(np.isnan(array), MISSING, place).astype(np.int32)


def _steps(codes: NDArray[np.int32], stride: int) -> NDArray[np.int32]:
    """Return how much each number differs from the one ``stride`` before it; it may wrap."""
    steps = codes.copy()
    steps[stride:] -= codes[:-stride]
    return steps

"""What comes in from outside: taken as what it should be, or refused by name, with advice."""

import math
import operator
import reprlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_BYTES = 4 * 2**30
"""The largest array that one call may ask for."""
MOST_AXES = 32
"""NumPy stops at 64; what is worked out on the way has more axes than what came in."""

Seed = int | np.random.Generator

_short = reprlib.Repr()
_short.maxother = _short.maxstring = 100
_short.maxtuple = MOST_AXES
LONGEST = 200
"""Characters of a value, or of another library's message, in a message of ours."""


def shown(value: object) -> str:
    """Return ``value`` as it stands in a message: shortened, and whatever it is."""
    try:
        text = _short.repr(value)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    except Exception:  # an integer of more digits than Python prints
        return f"a {type(value).__name__}"


def counted(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_floats(
    name: str, values: ArrayLike | None, kind: str = "an array of real numbers"
) -> NDArray[np.float64]:
    """Return ``values`` as a new float64 array, or say which argument is no such thing."""
    if values is None:
        raise ValueError(f"{name} is None: does the function that makes it end with return?")
    try:
        if isinstance(values, np.ma.MaskedArray):  # what is masked is missing
            values = np.ma.filled(values.astype(np.float64), np.nan)
        array = np.asarray(values)
    except Exception as error:  # whatever a foreign object does when it is read
        reason = str(error)[:LONGEST]
        if "inhomogeneous" in reason:
            reason = "its rows differ in length (inhomogeneous)"
        raise ValueError(f"{name} must be {kind}: {reason}") from None
    if array.dtype == object and any(entry is ... for entry in array.flat):
        raise ValueError(f"{name} is still ...: write your own value there")
    if array.dtype.kind in "cmMV":
        raise ValueError(f"{name} must be {kind}: {array.dtype} is none")
    check_size(name, array.shape)
    try:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    except Exception as error:
        raise ValueError(f"{name} must be {kind}: {str(error)[:LONGEST]}") from None


def as_number(name: str, value: Any) -> float:
    """Return ``value`` as a finite float, or say which argument is no such thing."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise ValueError(f"{name} must be a number, got {shown(value)}")
    number = as_floats(name, value, f"a number, got {shown(value)}")
    if number.ndim:
        raise ValueError(f"{name} must be a number, got an array of shape {number.shape}")
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {shown(value)}")
    return float(number)


def as_rates(name: str, rates: ArrayLike) -> NDArray[np.float64]:
    """Return learning rates, positive and finite, or say which argument holds others."""
    values = as_floats(name, rates)
    if np.asarray(rates).dtype.kind in "bUS":
        raise ValueError(f"{name} must be numbers, got {shown(rates)}")
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        raise ValueError(
            f"{name} must be positive and finite, got {values[bad][0]}: try "
            "task.max_stable_learning_rate(theta) / 4"
        )
    return values


def as_whole(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """Return ``value`` as an int between ``least`` and ``most``, or say what it is instead."""
    if value is ...:
        raise ValueError(f"{name} is still ...: write your own value there")
    try:
        if isinstance(value, (bool, np.bool_)) or np.ma.is_masked(value):
            raise TypeError
        whole = operator.index(value)
    except Exception:  # whatever a foreign object does when it is read
        raise ValueError(f"{name} must be a whole number, got {shown(value)}") from None
    if whole < least or (most is not None and whole > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number, {bounds}, got {shown(value)}")
    return whole


def check_kinds(**given: tuple[object, type]) -> None:
    """Refuse arguments that are not of their type; for each name its value and the type."""
    for name, (value, kind) in given.items():
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be of type {kind.__name__}, got {shown(value)}")


def as_generator(name: str, rng: Any) -> np.random.Generator:
    """Return the generator ``rng``, or a new one of this seed."""
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(as_whole(name, rng))
    except ValueError:
        raise ValueError(
            f"{name} must be a seed, a whole number that is not negative, or a numpy Generator, "
            f"got {shown(rng)}: try {name}=0"
        ) from None


def check_size(what: str, shape: tuple[int, ...], advice: str = "take fewer at once") -> None:
    """Refuse arrays of float64 that memory may not hold, before one is made."""
    if len(shape) > MOST_AXES:
        raise ValueError(f"{what} has {len(shape)} axes: there is room for {MOST_AXES}")
    size = 8 * math.prod(max(1, length) for length in shape)  # NumPy counts so, too
    if size > MAX_BYTES:
        gibibytes = size // 2**30  # Python's own whole numbers do not overflow, floats do
        needed = f"{size / 2**30:.1f}" if gibibytes < 10**12 else shown(gibibytes)
        raise ValueError(f"{what}, shape {shown(shape)}, would take {needed} GiB: {advice}")

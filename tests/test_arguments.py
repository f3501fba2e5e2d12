"""Arguments: taken as what they should be, or refused by name."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from gdviz.arguments import (
    MAX_BYTES,
    as_floats,
    as_generator,
    as_number,
    as_rates,
    as_whole,
    check_size,
    shown,
)


def test_floats_are_a_copy():
    values = np.array([1.0, 2.0])
    as_floats("x", values)[0] = 5
    assert values[0] == 1


def test_what_is_masked_is_missing():
    np.testing.assert_array_equal(
        as_floats("x", np.ma.masked_array([1, 2], mask=[True, False])), [np.nan, 2]
    )


def test_beyond_float64_is_infinite_without_a_warning():
    assert as_floats("x", np.longdouble("1e4000")) == np.inf


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not here")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "x is None: does the function that makes it end with return?"),
        (..., r"x is still \.\.\.: write your own value there"),
        ([1, [2, ...]], "x must be an array of real numbers: .*inhomogeneous"),
        ([[1, ...]], r"x is still \.\.\.: write your own value there"),
        (Unreadable(), "x must be an array of real numbers: not here"),
        (np.array(["2020-01-01"], dtype="M8[D]"), r"real numbers: datetime64\[D\] is none"),
        (np.timedelta64(3, "D"), r"real numbers: timedelta64\[D\] is none"),
        (np.zeros(2, dtype="f8,i4"), "real numbers: .* is none"),
        (np.zeros((1,) * 40), "x has 40 axes: there is room for 32"),
        (np.broadcast_to(np.int8(0), (2**20, 2**20)), r"x, shape .* would take 8192\.0 GiB: take"),
    ],
)
def test_what_is_no_array_of_floats(value, message):
    with pytest.raises(ValueError, match=message):
        as_floats("x", value)


@pytest.mark.parametrize("value", [2, 0.5, np.float16(0.5), np.array(3), Fraction(1, 2), 10**300])
def test_numbers(value):
    assert as_number("x", value) == float(value)
    assert type(as_number("x", value)) is float


@pytest.mark.parametrize("value", [True, np.False_, "1", b"1", 1j, [1], 10**400, Decimal("inf")])
def test_what_is_no_number(value):
    with pytest.raises(ValueError, match=r"^x must be (a number|finite), got"):
        as_number("x", value)


def test_rates_say_which_of_many_is_wrong():
    with pytest.raises(ValueError, match=r"rates must be positive and finite, got -3\.0: try"):
        as_rates("rates", [*range(1, 1000), -3])


@pytest.mark.parametrize("rates", [True, np.True_, [True, False], "0.1", [b"1"]])
def test_rates_that_are_no_numbers(rates):
    with pytest.raises(ValueError, match=r"^rates must be numbers, got "):
        as_rates("rates", rates)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_whole_numbers(value):
    assert type(as_whole("n", value, 3, 3)) is int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3.0, r"n must be a whole number, got 3\.0"),
        (np.ma.array(3, mask=True), "n must be a whole number, got masked_array"),
        (True, "n must be a whole number, got True"),
        ("3", "n must be a whole number, got '3'"),
        (0, "n must be a whole number, from 1 to 9, got 0"),
        (10**400, "n must be a whole number, from 1 to 9, got 10"),
        (..., r"n is still \.\.\.: write your own value there"),
    ],
)
def test_what_is_no_whole_number(value, message):
    with pytest.raises(ValueError, match=message):
        as_whole("n", value, 1, 9)


def test_seeds():
    rng = np.random.default_rng(1)
    assert as_generator("rng", rng) is rng
    assert as_generator("rng", 3).random() == np.random.default_rng(3).random()
    for value in (None, -1, 0.5, "a", [1, 2]):
        with pytest.raises(ValueError, match=r"rng must be a seed, a whole number .*: try rng=0"):
            as_generator("rng", value)


def test_sizes_beyond_floats_are_refused_as_well():
    check_size("it", (MAX_BYTES // 8,))
    with pytest.raises(ValueError, match=r"^it, shape \(536870913,\), would take 4.0 GiB: less$"):
        check_size("it", (MAX_BYTES // 8 + 1,), "less")
    with pytest.raises(ValueError, match=r"it, shape .* GiB"):
        check_size("it", (10**400, 2))
    with pytest.raises(ValueError, match=r"it, shape .* GiB"):
        check_size("it", (0, 2**62))  # NumPy refuses it too


def test_whatever_it_is_can_be_shown():
    class Nameless:
        def __repr__(self):
            raise RuntimeError

    assert "Nameless" in shown(Nameless())
    assert len(shown("x" * 10_000)) <= 100
    assert len(shown(np.zeros((50, 50)))) <= 100
    assert len(shown([["x" * 50] * 9] * 9)) <= 200
    assert shown(10**5000)

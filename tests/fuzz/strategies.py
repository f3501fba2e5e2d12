"""What the tests of bad input share: nasty values, odd tasks, and what a call may make of them."""

import re
import traceback
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gdviz as gd

PACKAGE = Path(gd.__file__).parent
THOROUGH = 50
"""So many times as many examples where the profile is called thorough."""

REFUSED = object()
"""What `answers` returns where a call was refused in the right way."""


def fuzz(examples, **options):
    """Return settings: the same examples in every run, or many new ones if told to be thorough."""
    thorough = settings.get_current_profile_name() == "thorough"
    return settings(
        max_examples=examples * (THOROUGH if thorough else 1),
        derandomize=not thorough,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=thorough,
        # To shrink an example of an explorer means to make figures for minutes.
        phases=list(Phase) if thorough else [Phase.explicit, Phase.generate],
        **options,
    )


def answers(call, *names):
    """Return what ``call`` returns, or `REFUSED` if it says which argument is wrong.

    It may raise ValueError or TypeError from a line of gdviz, not of NumPy, in a message that has
    one of the arguments' ``names`` as a word of its own and can be read at a glance.
    """
    try:
        return call()
    except (ValueError, TypeError) as error:
        refused = error
    last = traceback.extract_tb(refused.__traceback__)[-1]
    message = str(refused)
    assert Path(last.filename).is_relative_to(PACKAGE), f"raised in {last.filename}: {message}"
    assert set(names) & set(re.findall(r"\w+", message)), f"names none of {names}: {message}"
    assert len(message) < 1500, f"too long to be read: {message[:1500]}"
    return REFUSED


class Unreadable:
    """Raises whatever it is asked."""

    def _refuse(self, *_, **__):
        raise RuntimeError("this object cannot be read")

    __array__ = __float__ = __index__ = __len__ = __iter__ = _refuse


class TableLike:
    """Turns into an array when asked, as a table of another library does."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


NUMBERS = [0, 1, 2, -1, 3, 0.1, -0.0, 0.5, -2.5, 1e-320, 1e-300, 1e308, -1e308, 10**6, 10**400]
NUMPY_NUMBERS = [
    *(np.float16(0.1), np.float32(0.1), np.float64(0.1), np.longdouble("1e4000")),
    *(np.int8(3), np.uint64(2**64 - 1), np.array(0.25), np.array(2), np.array([3])),
]
NOT_FINITE = [np.nan, np.inf, -np.inf, np.float32("nan")]
NO_NUMBERS = [
    *(None, ..., "", "fast", "0.1", "nan", b"1", True, False, np.True_, 1j, np.complex128(2)),
    *(Fraction(1, 3), Decimal("0.1"), Decimal("NaN"), object(), Unreadable(), int, len),
    *(np.datetime64("2020-01-01"), np.datetime64("NaT"), np.timedelta64(3, "D"), np.ma.masked),
    *([], (), {}, {1}, {"a": 1}, [[]], [...], [[...]], [None], [[1], [1, 2]], ["a", 1], range(3)),
    *(np.random.default_rng(0), [Unreadable()], "x" * 10_000, list(range(5000))),
]
FLOATS = st.floats(width=64) | st.floats(-10, 10) | st.sampled_from(NOT_FINITE)


def scalars():
    """Return numbers of all kinds, and what is none."""
    return st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(NUMPY_NUMBERS),
        st.sampled_from(NOT_FINITE),
        st.sampled_from(NO_NUMBERS),
        FLOATS,
        st.integers(),
        st.integers(-3, 5),
    )


DTYPES = (
    st.sampled_from(["f2", "f4", "f8", ">f8", "g", "i1", "i8", "u8", "?", "c16"])
    | st.sampled_from(["U2", "S2", "M8[D]", "m8[s]", "O", "V3"])
).map(np.dtype)
RECORD = np.array([(1.0, 2)], dtype=[("a", "f8"), ("b", "i4")])


@st.composite
def arrays(draw, shapes=None):
    """Return arrays of all shapes, types and kinds of memory."""
    dtype = draw(DTYPES)
    any_shape = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
    shape = draw(any_shape if shapes is None else shapes | any_shape)
    if dtype.kind == "O":
        elements = st.sampled_from([*NUMBERS, *NOT_FINITE, *NO_NUMBERS[:20]])
        array = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            array[index] = draw(elements)
    elif dtype.kind == "V":
        array = np.zeros(shape, dtype)
    else:
        array = draw(hnp.arrays(dtype, shape))
    match draw(st.sampled_from(["plain", "plain", "strided", "frozen", "masked", "list", "table"])):
        case "strided":
            return np.repeat(array, 2, axis=-1)[..., ::2][..., ::-1] if array.ndim else array
        case "frozen":
            array.flags.writeable = False
        case "masked" if dtype.kind != "V":
            return np.ma.masked_array(array, mask=draw(st.booleans()))
        case "list":
            return array.tolist()
        case "table":
            return TableLike(array)
    return array


SPECIAL_ARRAYS = [
    RECORD,
    np.array([[1.0, 2.0]]).view(np.matrix),
    np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]]),
    np.zeros((1,) * 40),
    np.zeros((1,) * 62 + (1, 2)),
    np.broadcast_to(np.zeros((1, 2)), (10**6, 10**6, 1, 2)),
    np.broadcast_to(np.float32(0), (10**6, 10**6, 1, 2)),
    np.broadcast_to(0.1, (10**7, 10**7)),
]


def anything(shapes=None):
    """Return everything that may come in the place of an argument."""
    return st.one_of(scalars(), arrays(shapes), arrays(shapes), st.sampled_from(SPECIAL_ARRAYS))


def finite(shape, size=10.0):
    """Return float64 arrays of this shape, no entry larger than ``size``; with inf, any."""
    elements = st.floats(-size, size) if np.isfinite(size) else FLOATS
    return hnp.arrays(np.float64, shape, elements=elements)


# --- what explorers and figures are given ---------------------------------------------------------

NEVER_NUMBERS = [None, ..., "", "fast", b"one", 1j, [], {}, object(), [[1, 2], [3]], len]
NEVER_NUMBERS += [np.array([])]
BAD_RATES = [*NEVER_NUMBERS, *NOT_FINITE, 0, -1, -1e-300, True]
BAD_COUNTS = [*NEVER_NUMBERS, *NOT_FINITE, -1, 2.5, True, 10**6, 10**30]
BAD_STARTS = [*(bad for bad in NEVER_NUMBERS if bad is not None), np.nan, [[np.inf, 0]], [[1e300]]]
BAD_STARTS += [[[1, 2, 3, 4, 5]], np.zeros((2, 1, 2)), np.zeros(2), [["a", "b"]]]


def odd_features(rng, draw, n_features):
    """Draw samples: few or many, constant, copied, tiny, huge or far from 0."""
    X = rng.normal(size=(draw(st.sampled_from([1, 2, 3, 5, 20, 120])), n_features))
    if draw(st.integers(0, 4)) == 0:
        X[:, draw(st.integers(0, n_features - 1))] = draw(st.sampled_from([0.0, 1.0, 1e9]))
    if draw(st.integers(0, 6)) == 0:
        X[:] = X[:1]
    X *= draw(st.sampled_from([1, 1, 1, 1e-12, 1e-3, 1e3, 1e12, 1e100, 1e-200]))
    return X + draw(st.sampled_from([0, 0, 0, 1e3, -1e6, 1e9]))


def _line(draw, rng, n_features=1):
    X = odd_features(rng, draw, n_features)
    noise = draw(st.sampled_from([0, 1e-12, 1, 1e3]))
    y = draw(st.sampled_from([0, 1, -3])) * X[:, 0] + noise * rng.normal(size=len(X))
    return gd.LinearRegression(X, y, reduction=draw(st.sampled_from(["mean", "sum"])))


def _classes(draw, rng, n_features):
    X = odd_features(rng, draw, n_features)
    l2 = draw(st.sampled_from([0, 0, 1e-9, 0.01, 1, 1e6]))
    kinds = draw(st.sampled_from([2, 2, 3, 7]))
    y = np.resize(np.arange(kinds), len(X))
    if draw(st.booleans()):
        y = (X[:, 0] > np.median(X[:, 0])).astype(int)  # separable
    names = np.array(["no", "{$_", "c", "d", "e", "f", "g"])[y]
    if len(np.unique(y)) < 2:
        return _line(draw, rng, n_features)
    if draw(st.booleans()) and len(np.unique(y)) == 2:
        return gd.LogisticRegression(X, names, l2=l2)
    task = gd.SoftmaxRegression(X, names, l2=l2)
    return task.subset(range(0, len(X), 2)) if draw(st.booleans()) else task


def _surface(draw, _):
    dims = draw(st.sampled_from([1, 2]))
    size = draw(st.sampled_from([1e-150, 1e-12, 1e-3, 1, 1e12, 1e200]))
    if dims == 1:
        own = [
            (lambda x: 0 * x + 3, lambda x: 0 * x, (-1, 1)),
            (lambda x: size * x, lambda x: size + 0 * x, (-1, 1)),
            (lambda x: x**4 - 1e9, lambda x: 4 * x**3, (-1, 1)),
            (lambda x: np.log(x), lambda x: 1 / x, (-1, 1)),
            (lambda x: np.cos(x), lambda x: -np.sin(x), (-40, 40)),
        ]
    else:
        own = [
            (lambda x, y: np.nan * x, lambda x, y: (x, y), [(-1, 1)] * 2),
            (lambda x, y: np.exp(x * y), lambda x, y: (x, y), [(-40, 40)] * 2),
            (lambda x, y: size * (x * x + y), lambda x, y: (2 * size * x, size), [(-4, 4)] * 2),
            (lambda x, y: x * x + y * y, lambda x, y: (2 * x, 2 * y), [(1e9, 1e9 + 1)] * 2),
            (lambda x, y: abs(x) + abs(y), lambda x, y: (np.sign(x), np.sign(y)), [(-1, 1)] * 2),
        ]
    known = [gd.surfaces.bowl(dims, size), gd.surfaces.bumpy(dims), gd.surfaces.double_well(dims)]
    if dims == 2:
        known += [gd.surfaces.saddle(), gd.surfaces.rosenbrock(), gd.surfaces.himmelblau()]
        known += [gd.surfaces.ravine(1e6, angle=30)]
    function, gradient, window = draw(st.sampled_from(own))
    odd = gd.Surface(function, gradient, window=window)
    return odd if draw(st.integers(0, 2)) == 0 else draw(st.sampled_from(known))


@st.composite
def tasks(draw, *kinds):
    """Return tasks: "surface", "line", "lines" of several features, "classes" of 1 to 3."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    kind = draw(st.sampled_from(kinds or ("surface", "line", "lines", "classes")))
    with np.errstate(all="ignore"):
        match kind:
            case "surface":
                return _surface(draw, rng)
            case "line":
                return _line(draw, rng)
            case "lines":
                return _line(draw, rng, draw(st.sampled_from([2, 3])))
            case "two features":
                return _classes(draw, rng, 2)
            case "classes":
                return _classes(draw, rng, draw(st.sampled_from([1, 1, 2, 3])))

"""Odd tasks for the explorers, and what may become of a call with bad input."""

import re
import traceback
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

import gdviz as gd

PACKAGE = Path(gd.__file__).parent
THOROUGH = 40
"""So many times as many examples where the profile is called thorough."""
REFUSED = object()
"""What `answers` returns where a call was refused in the right way."""

NO_NUMBERS = [None, ..., "", "fast", b"1", 1j, [], {}, object(), [[1, 2], [3]], len, np.array([])]
NOT_FINITE = [np.nan, np.inf, -np.inf]
BAD_RATES = [*NO_NUMBERS, *NOT_FINITE, 0, -1, -1e-300, True]
BAD_COUNTS = [*NO_NUMBERS, *NOT_FINITE, -1, 2.5, True, 10**6, 10**30]
BAD_STARTS = [*(bad for bad in NO_NUMBERS if bad is not None), np.nan, [[np.inf, 0]], [[1e300]]]
BAD_STARTS += [[[1, 2, 3, 4, 5]], np.zeros((2, 1, 2)), np.zeros(2), [["a", "b"]]]


def fuzz(examples, **options):
    """Return settings: the same examples in every run, or many new ones if told to be thorough."""
    thorough = settings.get_current_profile_name() == "thorough"
    return settings(
        max_examples=examples * (THOROUGH if thorough else 1),
        derandomize=not thorough,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        # To shrink an example means to make figures for minutes.
        phases=list(Phase) if thorough else [Phase.explicit, Phase.generate],
        **options,
    )


def answers(call, *names):
    """Return what ``call`` returns, or `REFUSED` if gdviz itself says which argument is wrong."""
    try:
        return call()
    except (ValueError, TypeError) as error:
        refused = error
    last = traceback.extract_tb(refused.__traceback__)[-1]
    message = str(refused)
    assert Path(last.filename).is_relative_to(PACKAGE), f"raised in {last.filename}: {message}"
    assert set(names) & set(re.findall(r"\w+", message)), f"names none of {names}: {message}"
    return REFUSED


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

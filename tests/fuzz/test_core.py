"""Bad input to everything below the figures: a right answer, or an error that names the argument.

Never a traceback from inside NumPy, a warning (pytest makes them errors), a hang, or numbers that
are silently wrong: what is accepted is compared with an independent computation.
"""

import inspect
import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    NO_NUMBERS,
    REFUSED,
    SPECIAL_ARRAYS,
    Unreadable,
    answers,
    anything,
    arrays,
    finite,
    fuzz,
    scalars,
)

import gdviz as gd
from gdviz import basins, landscape, surfaces
from gdviz.graph import Operation, entrywise, variable

RNG = np.random.default_rng(0)
X2 = RNG.normal(size=(7, 2))
LINE = gd.LinearRegression(X2[:, 0], X2[:, 1])
TWO_OUTPUTS = gd.LinearRegression(X2, RNG.normal(size=(7, 2)))
LOGISTIC = gd.LogisticRegression(X2[:, 0], [0, 1, 0, 1, 1, 0, 1])
SOFTMAX = gd.SoftmaxRegression(X2, ["a", "b", "c", "a", "b", "c", "b"], l2=0.1)
BUMPY, RAVINE = surfaces.bumpy(1), surfaces.ravine(9, angle=30)
SCALAR_FORMULA = gd.Surface(
    lambda x: math.exp(x) + math.exp(-x), lambda x: math.exp(x) - math.exp(-x), window=(-3, 3)
)
TASKS = [LINE, TWO_OUTPUTS, LOGISTIC, SOFTMAX, BUMPY, RAVINE, SCALAR_FORMULA]
MODELS = [LINE, TWO_OUTPUTS, LOGISTIC, SOFTMAX]

COVERED = set()


def covers(*names):
    """Note which public names a test calls: `test_nothing_public_is_forgotten` counts them."""
    COVERED.update(names)
    return lambda test: test


def plain(values):
    """Return what was accepted as float64, by NumPy alone."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(float).filled(np.nan)
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(np.float64)


def same(one, other, rtol=1e-9, atol=0.0):
    np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, equal_nan=True)


# --- theta ----------------------------------------------------------------------------------------


def loss_of(task, theta):
    """Return the loss of one theta by the textbook, sample by sample."""
    if task in (LINE, TWO_OUTPUTS):
        rows = task.dataset.X @ theta[:, :-1].T + theta[:, -1]
        return np.mean(np.sum((rows - task.dataset.y.reshape(rows.shape)) ** 2, axis=1))
    if task in (LOGISTIC, SOFTMAX):
        z = task.dataset.X @ theta[:, :-1].T + theta[:, -1]
        z = np.hstack([0 * z, z]) if task is LOGISTIC else z
        own = z[np.arange(len(z)), task.labels]
        return np.mean(np.log(np.sum(np.exp(z - own[:, None]), axis=1))) + task.l2 * np.sum(
            theta[:, :-1] ** 2
        )
    x, y = theta[0, 0], theta[0, -1]
    if task is BUMPY:
        return 1 + 0.3 * x**2 + np.sin(3 * x)
    if task is SCALAR_FORMULA:
        return 2 * np.cosh(x)
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    return ((c * x + s * y) ** 2 + 9 * (c * y - s * x) ** 2) / 2


THETA_METHODS = ("loss", "jacobian", "loss_and_jacobian", "operations", "hessian", "predict")
THETA_METHODS += ("max_stable_learning_rate", "as_theta", "probabilities", "separates")


def asked(task, method, theta):
    """Return one array of what a method says of theta."""
    result = getattr(task, method)(theta)
    if method == "loss_and_jacobian":
        assert result[1].shape == result[0].shape + task.shape[::-1]
        return result[0]
    return result["loss"] if method == "operations" else result


@covers(*(f"{kind}.{name}" for kind in ("LinearRegression", "Surface") for name in THETA_METHODS))
@covers(*(f"{kind}Regression.{m}" for kind in ("Logistic", "Softmax") for m in THETA_METHODS))
@given(data=st.data())
@fuzz(80)
def test_any_theta(data):
    task = data.draw(st.sampled_from(TASKS))
    method = data.draw(st.sampled_from([m for m in THETA_METHODS if hasattr(task, m)]))
    entry = st.sampled_from([(*batch, *task.shape) for batch in [(), (2,), (0,), (2, 3)]])
    theta = data.draw(anything(entry) | entry.flatmap(lambda shape: finite(shape, np.inf)))
    result = answers(lambda: asked(task, method, theta), "theta", "hessian", "prediction")
    if result is REFUSED:
        return
    array = np.zeros(task.shape) if theta is None else plain(theta)
    batch = array.shape[:-2]
    assert array.shape[-2:] == task.shape
    if method in ("loss", "loss_and_jacobian", "operations"):
        assert result.shape == batch
        if array.size and np.abs(array).max() < 100:
            same(result.reshape(-1), [loss_of(task, one) for one in array.reshape(-1, *task.shape)])
    elif method == "jacobian":
        assert result.shape == batch + task.shape[::-1]
        if np.isfinite(array).all() and not np.isfinite(result).all():
            assert np.abs(array).max() > 1e3  # only what is far out may overflow
    elif method == "as_theta":
        np.testing.assert_array_equal(result, array)
    elif method == "hessian":
        assert result.shape == (*batch, *2 * (math.prod(task.shape),))
    elif method in ("max_stable_learning_rate", "separates"):
        assert result.shape == batch
        assert method == "separates" or (np.isnan(result) | (result > 0)).all()
    else:
        assert result.shape[: len(batch)] == batch
        assert result.shape[len(batch)] == task.n_samples
    if method == "probabilities":
        assert (np.isnan(result) | (result >= 0) & (result <= 1)).all()
    if method == "predict" and isinstance(task, gd.LinearRegression) is False:
        assert not np.isnan(task.probabilities(array)).any(), "a class without a probability"


# --- samples --------------------------------------------------------------------------------------


@st.composite
def samples(draw):
    """Return X and y of which either may be anything, and a model."""
    n = draw(st.integers(1, 6))
    features = draw(st.integers(1, 3))
    X = draw(anything(st.just((n, features))) | finite((n, features), 1e308) | finite((n,)))
    labels = st.lists(st.integers(0, 2) | st.sampled_from(["a", "b"]), min_size=n, max_size=n)
    y = draw(anything(st.just((n,))) | finite((n,)) | finite((n, 2), 1e308) | labels)
    return X, y


def check_model(task):
    """Ask a task of any data for everything; numbers may be infinite, nothing may fail."""
    zeros = np.zeros(task.shape)
    loss, jacobian = task.loss_and_jacobian(zeros)
    size = np.abs(task.X_tilde).max()
    if isinstance(task, gd.LinearRegression):
        size = max(size, np.abs(task.y).max())
        expected = np.mean(np.sum(task.y**2, axis=0)) if size < 1e150 else np.inf
        if task.reduction == "sum":
            expected = expected * task.n_samples
        assert np.isclose(loss, expected) or size > 1e100
    else:
        assert np.isclose(loss, np.log(len(task.classes)))
    assert jacobian.shape == task.shape[::-1]
    assert not np.isnan(loss)
    assert size > 1e150 or np.isfinite(jacobian).all()
    limit = task.max_stable_learning_rate()
    assert limit > 0 or size > 1e100
    best = answers(task.minimizer, "loss", "X")
    least = answers(lambda: task.least_loss, "loss", "X")
    assert least is REFUSED or not least > loss * (1 + 1e-9) + 1e-9 * size, (least, loss)
    if best is not REFUSED:
        assert best.shape == task.shape
        assert np.isfinite(best).all()
        at_best = task.loss(best)
        if size < 1e100:
            assert at_best <= loss * (1 + 1e-9) + 1e-9, (at_best, loss)
    assert task.predict(zeros).shape[0] == task.n_samples
    assert repr(task)


@covers("LinearRegression", "LogisticRegression", "SoftmaxRegression", "Task.minimizer")
@covers("LinearRegression.minimizer", "LogisticRegression.minimizer", "SoftmaxRegression.minimizer")
@given(samples=samples(), data=st.data())
@fuzz(120)
def test_models_of_any_samples(samples, data):
    X, y = samples
    model = data.draw(
        st.sampled_from([gd.LinearRegression, gd.LogisticRegression, gd.SoftmaxRegression])
    )
    names = ("X", "y")
    option = {}
    if data.draw(st.integers(0, 3)) == 0:
        name = "reduction" if model is gd.LinearRegression else "l2"
        words = st.sampled_from(["mean", "sum", "Mean"])
        option = {name: data.draw(anything() | words if name == "reduction" else anything())}
        names += (name,)
    task = answers(lambda: model(X, y, **option), *names)
    if task is not REFUSED:
        check_model(task)


@covers("LinearRegression.as_columns", "LogisticRegression.as_columns")
@covers("SoftmaxRegression.as_columns")
@given(data=st.data())
@fuzz(40)
def test_predictions_for_any_samples(data):
    task = data.draw(st.sampled_from(MODELS))
    X = data.draw(anything(st.just((3, task.n_features))))
    theta = np.ones(task.shape)
    result = answers(lambda: task.predict(theta, X), "X", "prediction")
    if result is REFUSED:
        return
    if X is None:
        assert len(result) == task.n_samples
        return
    X = plain(X)
    assert np.isfinite(X).all()
    assert len(result) == len(X)
    if isinstance(task, gd.LinearRegression):
        same(result[:, 0], X.sum(axis=tuple(range(1, X.ndim))) + 1, rtol=1e-9, atol=1e-9)


@covers("LinearRegression.subset", "LogisticRegression.subset", "SoftmaxRegression.subset")
@given(data=st.data())
@fuzz(40)
def test_any_subset(data):
    task = data.draw(st.sampled_from(MODELS))
    indices = data.draw(
        anything(st.just((7,)))
        | st.lists(st.integers(-8, 8))
        | st.lists(st.booleans(), min_size=6, max_size=8)
        | st.tuples(st.integers(0, 6), st.integers(0, 6))
        | st.sampled_from([range(10**12), range(-(10**30), 0), range(0, 7, 2), range(0), slice(2)])
    )
    part = answers(lambda: task.subset(indices), "indices")
    if part is not REFUSED:
        chosen = np.asarray(indices)
        np.testing.assert_array_equal(part.dataset.X, task.dataset.X[chosen])
        np.testing.assert_array_equal(part.y, task.y[:, chosen])
        assert part.shape == task.shape
        assert np.isfinite(part.loss(np.ones(part.shape)))


# --- descent --------------------------------------------------------------------------------------


def descended(task, theta, rate, iterations):
    """Return where the lecture's loop ends."""
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            theta = theta - rate * task.jacobian(theta).mT
    return theta


@covers("gradient_descent")
@given(data=st.data())
@fuzz(100)
def test_descents_of_anything(data):
    task = data.draw(st.sampled_from(TASKS))
    arguments = {
        "task": task,
        "theta": data.draw(finite((*data.draw(st.sampled_from([(), (2,)])), *task.shape), 3)),
        "learning_rate": data.draw(st.sampled_from([0.1, [0.1, 0.2], 1e308])),
        "iterations": data.draw(st.integers(0, 5)),
    }
    wrong = data.draw(st.sampled_from([*arguments, "optimizer", "minibatches"]))
    shapes = {"theta": st.just((2, *task.shape)), "learning_rate": st.just((2,))}
    arguments[wrong] = data.draw(anything(shapes.get(wrong)))
    if wrong == "iterations" and isinstance(arguments[wrong], (int, np.integer)):
        arguments[wrong] = min(arguments[wrong], 50) if arguments[wrong] < 10**9 else 10**12
    descent = answers(lambda: gd.gradient_descent(**arguments), wrong)
    if descent is REFUSED:
        return
    theta = arguments["theta"]
    theta = np.zeros(task.shape) if theta is None else plain(theta)
    rate = plain(arguments["learning_rate"])
    iterations = int(arguments["iterations"])
    ended = descended(task, theta, rate[..., None, None], iterations)
    np.testing.assert_array_equal(descent.theta[..., -1, :, :], ended)
    np.testing.assert_array_equal(descent.theta[..., 0, :, :], np.broadcast_to(theta, ended.shape))
    same(descent.loss[..., -1], task.loss(ended))
    assert repr(descent)
    status = np.asarray(descent.status)
    lost = np.isnan(ended).any(axis=(-2, -1))
    assert all(one == gd.Status.NAN for one in status[lost].ravel())
    assert np.asarray(descent.reason).shape == status.shape
    assert np.asarray(descent.first_bad_iteration).shape == status.shape


@covers("gradient_descent")
@pytest.mark.parametrize("minibatches", [None, gd.Minibatches(3)])
@given(data=st.data())
@fuzz(20)
def test_optimizers_at_the_ends_of_their_ranges(minibatches, data):
    kind = data.draw(st.sampled_from(OPTIMIZERS))
    names = [name for name in inspect.signature(kind).parameters]
    values = {
        name: data.draw(
            st.floats(1e-320, 1e308) if name == "stabilizer" else st.floats(0, 1, exclude_max=True)
        )
        for name in names
    }
    optimizer = answers(lambda: kind(**values), *names)
    assert optimizer is not REFUSED
    rate = data.draw(st.floats(1e-300, 1e300))
    descent = gd.gradient_descent(
        LINE, [[1.0, 1.0]], rate, 5, optimizer=optimizer, minibatches=minibatches
    )
    assert descent.reason
    np.testing.assert_array_equal(descent.theta[0], [[1, 1]])


@covers("Descent.until", "Descent.run", "Descent.status_codes")
@given(index=scalars() | arrays() | st.tuples(scalars()) | st.sampled_from([(0, 0), slice(1)]))
@fuzz(40)
def test_any_run_and_iteration(index):
    batch = gd.gradient_descent(LINE, np.zeros((3, 1, 2)), 0.1, 4)
    run = answers(lambda: batch.run(index), "index")
    if run is not REFUSED and not (isinstance(index, tuple) and not index):
        (k,) = index if isinstance(index, tuple) else (index,)
        np.testing.assert_array_equal(run.theta, batch.theta[int(k)])
        assert run.loss.shape == (5,)
        assert answers(lambda: run.run(index), "index") is REFUSED
    part = answers(lambda: batch.until(index), "iteration")
    if part is not REFUSED:
        assert part.iterations == int(index) >= 0
        np.testing.assert_array_equal(part.theta, batch.theta[:, : int(index) + 1])
        assert part.status_codes().shape == part.loss.shape


# --- starts and steps -----------------------------------------------------------------------------

OPTIMIZERS = [gd.Momentum, gd.Nesterov, gd.AdaGrad, gd.RMSProp, gd.Adam]


@covers("Gaussian", "Uniform")
@given(kind=st.sampled_from([gd.Gaussian, gd.Uniform]), one=anything(), other=anything())
@fuzz(60)
def test_any_distribution(kind, one, other):
    names = list(inspect.signature(kind).parameters)
    distribution = answers(lambda: kind(one, other), *names)
    if distribution is not REFUSED:
        assert distribution.label
        theta = distribution.sample((1000,), 0)
        assert not np.isnan(theta).any()
        if kind is gd.Uniform:
            assert ((plain(one) <= theta) & (theta <= plain(other))).all()
        else:
            assert plain(other) > 0 or (theta == plain(one)).all()


@covers("Gaussian.sample", "Uniform.sample")
@given(
    kind=st.sampled_from([gd.Gaussian, gd.Uniform]),
    shape=anything()
    | st.lists(scalars(), max_size=3)
    | st.lists(st.sampled_from([0, 1, 2, 3, 10**10, 2**62, 2**63]), max_size=4),
    rng=anything(),
    wrong=st.sampled_from(["shape", "rng"]),
)
@fuzz(60)
def test_any_shape_and_seed(kind, shape, rng, wrong):
    shape, rng = (shape, 0) if wrong == "shape" else ((2, 3), rng)
    theta = answers(lambda: kind().sample(shape, rng), wrong, "theta")
    if theta is not REFUSED:
        assert theta.shape == (shape if isinstance(shape, tuple) else tuple(np.ravel(shape)))
        if not isinstance(rng, np.random.Generator):
            np.testing.assert_array_equal(theta, kind().sample(shape, int(rng)))


@covers(*(kind.__name__ for kind in OPTIMIZERS))
@given(kind=st.sampled_from(OPTIMIZERS), data=st.data())
@fuzz(40)
def test_any_hyperparameter(kind, data):
    name = data.draw(st.sampled_from(list(inspect.signature(kind).parameters)))
    value = data.draw(anything())
    optimizer = answers(lambda: kind(**{name: value}), name)
    if optimizer is not REFUSED:
        assert plain(value) >= 0
        assert getattr(optimizer, name) == plain(value)


@covers("Minibatches", "Minibatches.per_epoch", "Minibatches.indices", "Minibatches.subsets")
@given(value=anything(), wrong=st.sampled_from(["batch_size", "seed", "n_samples", "task"]))
@fuzz(60)
def test_any_minibatches(value, wrong):
    if wrong in ("batch_size", "seed"):
        batches = answers(lambda: gd.Minibatches(**{"batch_size": 2, wrong: value}), wrong)
        if batches is REFUSED:
            return
        drawn = answers(lambda: list(islice(batches.indices(5), batches.per_epoch(5))), wrong)
        if drawn is not REFUSED:
            assert len(drawn[0]) == batches.batch_size
            assert sorted(np.concatenate(drawn)) == list(range(5))
    elif wrong == "n_samples":
        batches = gd.Minibatches(2)
        steps = answers(lambda: batches.per_epoch(value), wrong, "samples")
        if steps is not REFUSED:
            assert steps == -(-int(value) // 2)
        first = answers(lambda: next(batches.indices(value)), wrong, "samples")
        assert (first is REFUSED) == (steps is REFUSED)
    else:
        assert answers(lambda: next(gd.Minibatches(2).subsets(value)), "task") is REFUSED


# --- surfaces -------------------------------------------------------------------------------------

MADE = {
    surfaces.bowl: ("dims", "curvature"),
    surfaces.ravine: ("condition", "angle"),
    surfaces.bumpy: ("dims",),
    surfaces.double_well: ("dims", "tilt"),
    surfaces.rosenbrock: ("a", "b"),
}


def check_surface(surface):
    """Ask a surface for everything; its minima must be places without slope."""
    minima = surface.minima()
    assert minima.shape[1:] == surface.shape
    low, high = surface.window.T
    assert ((low <= minima[:, 0]) & (minima[:, 0] <= high)).all()
    slopes = np.abs(surface.jacobian(minima))
    edge = [np.linspace(*pair, 50) for pair in surface.window]
    grid = np.stack(np.meshgrid(*edge), axis=-1)[..., None, :]
    assert (slopes <= 1e-6 * np.abs(surface.jacobian(grid)).max()).all()
    best = answers(surface.minimizer, "window")
    assert (best is REFUSED) == (len(minima) == 0)
    limit = surface.max_stable_learning_rate(surface.window.mean(axis=1)[None])
    assert np.isnan(limit) or limit >= 0
    assert repr(surface)
    assert np.isnan(surface.least_loss) == (len(minima) == 0) or len(minima)


@covers(*(f"surfaces.{make.__name__}" for make in MADE))
@covers("surfaces.saddle", "surfaces.himmelblau", "Surface.minima", "Surface.minimizer")
@given(make=st.sampled_from(list(MADE)), data=st.data())
@fuzz(24)
def test_ready_surfaces_of_any_numbers(make, data):
    name = data.draw(st.sampled_from(MADE[make]))
    value = data.draw(anything() | st.floats(1e-300, 1e300))
    surface = answers(lambda: make(**{name: value}), name)
    if surface is not REFUSED:
        check_surface(surface)


FORMULAS = {
    "right": (lambda x: x**2, lambda x: 2 * x),
    "for one point": (lambda x: math.log(x), lambda x: 1 / x),
    "overflows": (lambda x: math.exp(x), lambda x: math.exp(x)),
    "root": (lambda x: x**0.5, lambda x: 0.5 * x**-0.5),
    "of integers": (lambda x: int(x), lambda x: 0),
    "steps": (lambda x: 1.0 if x > 0 else 0.0, lambda x: 0.0),
    "nothing": (lambda x: None, lambda x: 2 * x),
    "dots": (lambda x: ..., lambda x: 2 * x),
    "dots in the gradient": (lambda x: x**2, lambda x: ...),
    "complex": (lambda x: 1j * x, lambda x: 2 * x),
    "text": (lambda x: "x", lambda x: 2 * x),
    "two numbers": (lambda x: (x, x), lambda x: 2 * x),
    "two parameters": (lambda x, y: x + y, lambda x, y: (1, 1)),
    "no function": (3, lambda x: 2 * x),
    "raises": (lambda x: {}[x], lambda x: 2 * x),
    "not a number": (lambda x: np.nan, lambda x: np.nan),
    "infinite": (lambda x: np.inf * x, lambda x: np.inf),
    "unreadable": (lambda x: Unreadable(), lambda x: 2 * x),
    "forbidden": (lambda x: np.log(x) + np.sqrt(x - 1), lambda x: 1 / x),
    "huge": (lambda x: 1e308 * x**2, lambda x: 1e308 * 2 * x),
    "tiny": (lambda x: 1e-308 * x**2, lambda x: 1e-308 * 2 * x),
}


@covers("Surface")
@given(
    formulas=st.sampled_from(list(FORMULAS.values())),
    window=anything(st.sampled_from([(2,), (1, 2), (2, 2)]))
    | finite((2,), 1.7e308)
    | finite((1, 2), 3)
    | st.sampled_from([(-1, 1), (0, 5e-324), (1, 1 + 1e-15), (1e300, 2e300), (-1.7e308, 1.7e308)]),
    hessian=st.none() | st.sampled_from([lambda x: 2.0, lambda x: np.nan, 3, lambda x: ...]),
    name=st.just("mine") | anything(),
)
@fuzz(48)
def test_surfaces_of_any_formula_and_window(formulas, window, hessian, name):
    function, gradient = formulas
    surface = answers(
        lambda: gd.Surface(function, gradient, window=window, hessian=hessian, name=name),
        *("function", "gradient", "window", "hessian", "name"),
    )
    if surface is REFUSED:
        return
    assert surface.loss(surface.window.mean(axis=1)[None]).shape == ()
    minima = surface.minima()
    assert np.isfinite(minima).all()
    low, high = surface.window.T
    assert ((low <= minima[:, 0]) & (minima[:, 0] <= high)).all()
    answers(surface.minimizer, "window")
    with np.errstate(all="ignore"):
        assert surface.max_stable_learning_rate([[0.5]]).shape == ()


# --- landscapes and basins ------------------------------------------------------------------------

PLANE = landscape.parameter_plane(LINE)


@covers("landscape.parameter_plane", "landscape.minimizer_of", "landscape.minimizers_of")
@covers(
    "landscape.window_around",
    "landscape.landscape",
    "landscape.Plane.point",
    "landscape.Plane.coordinates",
)
@covers("landscape.Plane.coordinates", "landscape.Plane.kept", "landscape.path_plane")
@given(value=anything(), data=st.data())
@fuzz(80)
def test_landscapes_of_anything(value, data):
    one = data.draw(st.integers(0, 9))
    match one:
        case 0:
            assert answers(lambda: landscape.parameter_plane(value), "task") is REFUSED
        case 1:
            for known in (landscape.minimizer_of, landscape.minimizers_of):
                assert answers(lambda: known(value), "task") is REFUSED  # noqa: B023
        case 2:
            starts = data.draw(anything(st.just((3, 1, 2))))
            window = answers(
                lambda: landscape.window_around(LINE, PLANE, starts), "starts", "theta"
            )
            if window is not REFUSED:
                points = plain(np.zeros(2) if starts is None else starts).reshape(-1, 2)
                assert (window[:, 0] <= points).all()
                assert (points <= window[:, 1]).all()
        case 3:
            window = data.draw(anything(st.just((2, 2))))
            picture = answers(
                lambda: landscape.landscape(LINE, PLANE, window, resolution=5), "window"
            )
            if picture is not REFUSED:
                assert picture.loss.shape == (5, 5)
                low = plain(window)[:, 0]
                same(picture.loss[0, 0], LINE.loss(low[None]))
        case 4:
            window = [(-1, 1), (-1, 1)]
            value = value if not isinstance(value, int) or value > 10**4 else value % 10
            picture = answers(
                lambda: landscape.landscape(LINE, PLANE, window, value), "resolution", "landscape"
            )
            assert picture is REFUSED or picture.loss.shape == (int(value), int(value))
        case 5:
            theta = answers(lambda: PLANE.point(value, 1.0), "u", "v", "coordinates", "theta")
            if theta is not REFUSED:
                np.testing.assert_array_equal(theta[..., 0, 0], plain(value))
        case 6:
            count = data.draw(st.integers(0, 4))
            answers(lambda: PLANE.point(*[1.0] * count), "coordinates")
        case 7:
            theta = data.draw(anything(st.just((3, 1, 2))))
            found = answers(lambda: PLANE.coordinates(theta), "theta")
            if found is not REFUSED and np.isfinite(plain(theta)).all():
                np.testing.assert_array_equal(found, plain(theta)[..., 0, :])
        case 8:
            path = data.draw(anything(st.just((3, 1, 2))) | finite((4, 1, 2), 1e308))
            share = answers(lambda: PLANE.kept(path), "path")
            if share is not REFUSED and np.abs(plain(path)).max(initial=0) < 1e100:
                same(share, np.ones_like(share))
        case 9:
            path = data.draw(anything(st.just((3, 2, 3))) | finite((4, 2, 3), 1e308))
            found = answers(lambda: landscape.path_plane(path), "path")
            if found is not REFUSED:
                plane, kept = found
                flat = plane.directions.reshape(2, -1)
                same(flat @ flat.T, np.eye(2), atol=1e-9)
                assert 0 <= kept <= 1 + 1e-9


@covers("basins.destinations", "basins.Destinations.basins")
@given(value=anything(), data=st.data())
@fuzz(32)
def test_basins_of_anything(value, data):
    places = basins.destinations(BUMPY, BUMPY.window)
    match data.draw(st.integers(0, 4)):
        case 0:
            assert answers(lambda: basins.destinations(value, BUMPY.window), "task") is REFUSED
        case 1:
            window = data.draw(anything(st.just((1, 2))))
            answers(lambda: basins.destinations(BUMPY, window), "window")
        case 2:
            starts = data.draw(anything(st.just((3, 1, 1))))
            codes = answers(lambda: places.basins(starts, [0.01], 20), "starts", "theta")
            assert codes is REFUSED or codes.shape == (1, len(plain(starts)))
        case 3:
            rates = data.draw(anything(st.just((2,))))
            codes = answers(lambda: places.basins(np.zeros((1, 1, 1)), rates, 20), "learning_rates")
            assert codes is REFUSED or codes.shape == (len(plain(rates)), 1)
        case 4:
            value = value if not isinstance(value, int) else value % 100
            codes = answers(lambda: places.basins(np.zeros((1, 1, 1)), [0.01], value), "iterations")
            assert codes is REFUSED or codes.shape == (1, 1)


# --- graphs ---------------------------------------------------------------------------------------

OPERATIONS = {operation.name: operation for operation in gd.graph.OPERATIONS}


@covers(*(f"graph.{name}" for name in OPERATIONS))
@covers("graph.variable", "graph.gradients", "graph.steps", "graph.brief", "graph.as_expression")
@given(operation=st.sampled_from(gd.graph.OPERATIONS), data=st.data())
@fuzz(80)
def test_operations_on_anything(operation, data):
    n_operands = len(operation.derivatives)
    small = st.sampled_from([(), (1,), (3,), (2, 3), (3, 2), (1, 3)])
    values = [data.draw(anything(small) | finite(data.draw(small))) for _ in range(n_operands)]
    expression = answers(lambda: operation(*values), operation.name, "operand")
    if expression is REFUSED:
        return
    assert np.asarray(plain(expression.value)).size
    assert len(str(expression)) < 3000
    assert repr(expression)
    named = [
        answers(lambda name=name, value=value: variable(name, value), name)
        for name, value in zip("uv", values)
    ]
    assert REFUSED not in named
    result = operation(*named)
    np.testing.assert_array_equal(result.value, expression.value)
    passes = answers(lambda: gd.graph.steps(result), "shape")
    assert (passes is REFUSED) == (result.value.size != 1)
    if passes is not REFUSED:
        assert all(str(step) for step in passes)
        found = gd.graph.gradients(result)
        assert all(
            found[node.name].shape == node.value.shape for node in named if node.name in found
        )
        compare_with_differences(operation, named, found)


def compare_with_differences(operation, nodes, found):
    """Hold the gradients against central differences, where numbers are moderate."""
    values = [node.value for node in nodes]
    if any(np.abs(value).max() > 5 or (np.abs(value) < 0.1).any() for value in values):
        return
    for k, node in enumerate(nodes):
        if node.name not in found or not np.isfinite(found[node.name]).all():
            continue
        direction = np.ones_like(node.value)
        ends = []
        for side in (1e-5, -1e-5):
            moved = [
                value + side * direction if j == k else value for j, value in enumerate(values)
            ]
            ends.append(float(np.squeeze(operation(*moved).value)))
        slope = (ends[0] - ends[1]) / 2e-5
        same(np.sum(found[node.name]), slope, rtol=1e-5, atol=1e-5 * max(1, *map(abs, ends)))


@covers("graph.variable", "graph.gradients", "graph.steps", "graph.brief", "graph.as_expression")
@given(value=anything(), call=st.integers(0, 5))
@fuzz(48)
def test_graphs_of_anything(value, call):
    match call:
        case 0:
            named = answers(lambda: variable(value, 1.0), "name")
            assert named is REFUSED or isinstance(value, str)
        case 1:
            assert answers(lambda: gd.graph.gradients(value), "loss") is REFUSED
        case 2:
            assert answers(lambda: gd.graph.steps(value), "loss") is REFUSED
        case 3:
            text = answers(lambda: gd.graph.brief(value), "array")
            assert text is REFUSED or len(text) < 300
        case 4:
            text = answers(lambda: gd.graph.brief([1, 2, 3], value), "most")
            assert text is REFUSED or text.startswith("[")
        case 5:
            assert answers(lambda: gd.graph.as_expression("loss", value), "loss") is REFUSED


RULE = entrywise("2u", lambda u: 2 * u)


@covers("graph.Operation", "graph.Operation.__call__", "graph.Derivative", "graph.entrywise")
@given(
    value=scalars() | st.just(RULE) | st.sampled_from([(RULE, 3), [RULE], "", "uu", (RULE,) * 9]),
    wrong=st.sampled_from(["name", "forward", "derivatives", "operands", "formula", "local"]),
)
@fuzz(48)
def test_operations_of_ones_own(value, wrong):
    if wrong in ("formula", "local"):
        arguments = {"formula": "2u", "local": lambda u: 2 * u, wrong: value}
        derivative = answers(lambda: entrywise(**arguments), wrong)
        assert derivative is REFUSED or wrong == "formula" or callable(value)
        return
    right = {"name": "square", "forward": lambda u: u**2, "derivatives": (RULE,), "operands": "u"}
    operation = answers(lambda: Operation(**{**right, wrong: value}), wrong)
    if operation is not REFUSED:
        assert repr(operation)
        u = answers(lambda: operation(variable("x", 3.0)), operation.name, "operand")
        assert u is REFUSED or u.operation is operation


@pytest.mark.parametrize("returned", NO_NUMBERS + SPECIAL_ARRAYS, ids=lambda _: "")
@covers("graph.Operation.__call__")
def test_an_operation_of_ones_own_may_return_anything(returned):
    own = Operation("own", lambda u: returned, (RULE,))
    result = answers(lambda: own(variable("x", 3.0)), "own")
    assert result is REFUSED or result.value.dtype == np.float64


# --- a student's functions ------------------------------------------------------------------------


def returning(value):
    return lambda theta: value


@covers("check_gradient", "graph.check_derivative")
@given(value=anything(st.sampled_from([(1, 2), (2, 1)])))
@fuzz(40)
def test_a_student_may_return_anything(value):
    report = gd.check_gradient(returning(value), LINE)
    assert not report
    assert report.diagnosis
    assert len(repr(report)) < 5000
    report = gd.graph.check_derivative(gd.graph.sigmoid, returning(value))
    assert not report
    assert len(repr(report)) < 5000


@covers("check_gradient", "graph.check_derivative")
@given(
    value=anything(),
    wrong=st.sampled_from(
        ["student_function", "task", "seconds", "rng", "operation", "derivative", "time"]
    ),
)
@fuzz(48)
def test_checks_of_anything(value, wrong):
    right = {"student_function": lambda theta: LINE.jacobian(theta), "task": LINE}
    own = {"operation": gd.graph.sq, "derivative": lambda u: 2 * u}
    if wrong == "time":
        call, wrong = (lambda: gd.graph.check_derivative(**own, seconds=value)), "seconds"
    elif wrong in own:
        call = lambda: gd.graph.check_derivative(**{**own, wrong: value})  # noqa: E731
    else:
        call = lambda: gd.check_gradient(**{**right, wrong: value})  # noqa: E731
    report = answers(call, wrong)
    if report is not REFUSED:
        short = wrong == "seconds" and float(plain(value)) < 1
        assert bool(report) == (wrong in ("seconds", "rng")) or short


# --- the three dots of an exercise ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: LINE.loss(...), "theta"),
        (lambda: LINE.loss([[..., 1]]), "theta"),
        (lambda: SOFTMAX.jacobian(...), "theta"),
        (lambda: LOGISTIC.predict(np.zeros((1, 2)), ...), "X"),
        (lambda: BUMPY.loss(...), "theta"),
        (lambda: gd.LinearRegression(..., [1, 2]), "X"),
        (lambda: gd.LinearRegression([1, 2], ...), "y"),
        (lambda: gd.LogisticRegression([1, 2], [0, 1], l2=...), "l2"),
        (lambda: gd.gradient_descent(LINE, ..., 0.1, 10), "theta"),
        (lambda: gd.gradient_descent(LINE, [[0, 0]], ..., 10), "learning_rate"),
        (lambda: gd.gradient_descent(LINE, [[0, 0]], 0.1, ...), "iterations"),
        (lambda: gd.Gaussian(..., 1), "mu"),
        (lambda: gd.Uniform(0, ...), "b"),
        (lambda: gd.Gaussian().sample(..., 0), "shape"),
        (lambda: gd.Momentum(...), "momentum"),
        (lambda: gd.Minibatches(...), "batch_size"),
        (lambda: surfaces.ravine(...), "condition"),
        (lambda: gd.Surface(lambda x: x, lambda x: 1, window=...), "window"),
        (lambda: variable("x", ...), "x"),
        (lambda: gd.check_gradient(lambda theta: 1, LINE, seconds=...), "seconds"),
    ],
)
def test_dots_that_are_still_there(call, name):
    with pytest.raises(ValueError, match=rf"^{name} is still \.\.\.: write your own value there$"):
        call()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gd.gradient_descent(..., [[0, 0]], 0.1, 10), "task"),
        (lambda: gd.check_gradient(..., LINE), "student_function"),
        (lambda: gd.check_gradient(lambda theta: theta, ...), "task"),
        (lambda: gd.graph.check_derivative(..., lambda u: u), "operation"),
        (lambda: gd.graph.check_derivative(gd.graph.sq, ...), "derivative"),
        (lambda: gd.Surface(..., lambda x: 1, window=(0, 1)), "function"),
        (lambda: gd.Surface(lambda x: ..., lambda x: 1, window=(0, 1)), "function"),
        (lambda: gd.graph.sq(...), "operand"),
    ],
)
def test_dots_where_a_value_is_no_number(call, name):
    with pytest.raises(ValueError, match=rf"\b{name}\b.*(\.\.\.|Ellipsis|ellipsis)"):
        call()


# --- what memory cannot hold ----------------------------------------------------------------------

MANY = np.broadcast_to(np.zeros((1, 2)), (10**6, 10**6, 1, 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda: gd.gradient_descent(LINE, [[0, 0]], 0.1, 10**12),
        lambda: gd.gradient_descent(LINE, [[0, 0]], 0.1, 10**400),
        lambda: gd.gradient_descent(LINE, MANY[0, :, :], np.full((10**6, 1), 0.1), 1),
        lambda: gd.gradient_descent(LINE, MANY, 0.1, 1),
        lambda: LINE.loss(MANY),
        lambda: LOGISTIC.loss(MANY),
        lambda: LINE.predict(MANY[0], np.broadcast_to(0.0, (10**5,))),
        lambda: LOGISTIC.predict(MANY[0], np.broadcast_to(0.0, (10**5,))),
        lambda: gd.Gaussian().sample((10**6, 10**6, 1, 2), 0),
        lambda: gd.Uniform().sample((2**62, 2**62), 0),
        lambda: gd.LinearRegression(np.broadcast_to(0.0, (10**6, 10**6)), np.zeros(10**6)),
        lambda: gd.LinearRegression(np.ones((1, 50_000)), [1.0]).hessian(),
        lambda: gd.SoftmaxRegression(np.zeros(10**5), np.arange(10**5)),
        lambda: SOFTMAX.hessian(np.zeros((10**7, *SOFTMAX.shape))),
        lambda: gd.Minibatches(2).per_epoch(10**12),
        lambda: landscape.landscape(LINE, PLANE, [(0, 1), (0, 1)], 10**6),
        lambda: PLANE.point(np.zeros((10**6, 1)), np.zeros(10**6)),
        lambda: gd.graph.mul(np.zeros((10**6, 1)), np.zeros((1, 10**6))),
        lambda: gd.graph.matmul(np.zeros((10**6, 1)), np.zeros((1, 10**6))),
    ],
)
def test_what_memory_cannot_hold_is_refused_before(call):
    with pytest.raises(ValueError, match=r"would take [\d.]+ GiB: (take|choose) .*"):
        call()


# --- many iterations ------------------------------------------------------------------------------

LONG = 10**6 if settings.get_current_profile_name() == "thorough" else 5_000


@pytest.mark.parametrize("task", [LINE, RAVINE], ids=repr)
def test_very_many_iterations(task):
    start = np.array([[3.0, -2.0]])
    rate = 1e-5 * task.max_stable_learning_rate()
    descent = gd.gradient_descent(task, start, rate, LONG)
    best, H = task.minimizer(), task.hessian()
    curvatures, axes = np.linalg.eigh(H)
    for k in (1, LONG // 2, LONG):  # θ_k - θ* = (1 - εH)^k (θ_0 - θ*)
        left = axes @ np.diag((1 - rate * curvatures) ** k) @ axes.T @ (start - best).ravel()
        same(descent.theta[k].ravel(), best.ravel() + left, rtol=1e-9)
    assert descent.iterations == LONG
    assert descent.status in (gd.Status.SLOW, gd.Status.CONVERGED)
    assert (np.diff(descent.loss) <= 1e-15).all()


# --- nothing is forgotten -------------------------------------------------------------------------

REASONS = {
    "Descent": "made by gradient_descent, not by hand",
    "GradientReport": "made by check_gradient, not by hand",
    "Status": "an enumeration: Python's own refusal names the value",
    "graph.DerivativeReport": "made by check_derivative, not by hand",
    "graph.Expression": "made by variable and operations, not by hand",
    "graph.Forward": "made by steps, not by hand",
    "graph.Backward": "made by steps, not by hand",
    "surfaces.as_window": "itself a check, which the others call",
    "landscape.Landscape": "made by landscape, not by hand",
    "landscape.Plane": "made by parameter_plane and path_plane, not by hand",
    "basins.Destinations": "made by destinations, not by hand",
    "basins.Destinations.reached": "called by explorers with their own descents",
    **{
        f"{kind.__name__}.update": "called by the loop with what the loop made, at every step"
        for kind in OPTIMIZERS
    },
}
"""Public, but not fuzzed."""
ELSEWHERE = {
    "gdviz.explorers": "test_explorers",
    "gdviz.live": "test_live",
    "gdviz.figures": "test_figures",
    "gdviz.datasets": "test_datasets",
}
"""Modules that other tests of this folder try."""


def public_callables(prefix, names, room):
    """Yield the full names of functions, classes and their public methods."""
    for name in names:
        value = getattr(room, name)
        if inspect.ismodule(value) or not callable(value):
            continue
        home = getattr(value, "__module__", "")
        if any(home.startswith(module) for module in ELSEWHERE):
            continue
        yield f"{prefix}{name}"
        if inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if not method.startswith("_") and function.__module__.startswith("gdviz"):
                    yield f"{prefix}{name}.{method}"


def test_nothing_public_is_forgotten():
    names = set(public_callables("", gd.__all__, gd))
    names |= set(public_callables("graph.", gd.graph.__all__, gd.graph))
    for module in (surfaces, landscape, basins):
        own = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and getattr(value, "__module__", "") == module.__name__
            and name not in gd.__all__
        ]
        names |= set(public_callables(f"{module.__name__.split('.')[-1]}.", own, module))
    assert names - COVERED - set(REASONS) == set()
    assert not COVERED & set(REASONS)

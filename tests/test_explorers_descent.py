"""DescentExplorer under every control, against a plain descent mapped by matplotlib."""

import re
from functools import cache

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.controls import FIRST_SEED, learning_rate_stops
from gdviz.live.scene import FAR

DATA = gd.datasets.penguins().standardized()
TASK = gd.LinearRegression(DATA)
LIMIT = float(TASK.max_stable_learning_rate())
ITERATIONS = 500
STOPS = learning_rate_stops(LIMIT)


@cache
def plain_descent(W, b, learning_rate, iterations):
    """Descend by the lecture's formulas on the samples as they are: theta, loss, gradient norm.

    Means are sums of n-ths, which do not overflow before the mean itself does.
    """
    x, y, n = DATA.X[:, 0], DATA.y, len(DATA.y)
    record = []
    with np.errstate(all="ignore"):
        for _ in range(iterations + 1):
            residual = W * x + b - y
            dW, db = 2 * np.sum(residual / n * x), 2 * np.sum(residual / n)
            record.append((W, b, np.sum((residual / np.sqrt(n)) ** 2), np.hypot(dW, db)))
            W, b = W - learning_rate * dW, b - learning_rate * db
    record = np.array(record)
    return record[:, :2], record[:, 2], record[:, 3]


def mapped(axes, x, y):
    """Have matplotlib map data to figure pixels, as painted at 200 dots per inch."""
    with np.errstate(all="ignore"):
        points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]])


def assert_same_points(marks, position, x, y):
    """Compare to a hundredth of a pixel; what lies far outside only by where it leaves to."""
    actual, expected = np.array(marks.at(position), dtype=float), mapped(marks.axes, x, y)
    assert actual.shape == expected.shape
    # Rounding grows as a diverging descent does, and float64 may end one step apart.
    near = np.abs(expected) < 1e4
    np.testing.assert_allclose(actual[near], expected[near], rtol=0, atol=0.01)
    finite = np.isfinite(actual).all(axis=0) & (np.hypot(*expected) < FAR)
    np.testing.assert_allclose(actual[:, finite], expected[:, finite], rtol=1e-4, atol=0.01)
    gone = np.isnan(expected).any(axis=0)
    assert np.isfinite(actual).all(axis=0)[gone].sum() <= 1


@pytest.mark.parametrize("target", [0.0, 5000.0])
def test_a_diverged_fit_is_seen_until_it_is_nan(target):
    penguins = gd.datasets.penguins().standardized()
    task = gd.LinearRegression(penguins.X[:, 0], penguins.y + target)
    explorer = gd.DescentExplorer(task, start=[[-1.0, 1.6]])
    explorer.learning_rate.value = explorer.learning_rate.stops[-1]
    fit, axes = explorer.scene.marks[6], explorer._axes[2]
    left, _ = axes.get_xlim()
    seen = 0
    for k in range(12, explorer.iteration.max, 7):
        explorer.iteration.value = k
        W, b = explorer.descent.theta[-1, 0]
        x, y = np.array(fit.at(explorer.position), dtype=float)
        if not np.isfinite([W, b]).all():
            assert np.isnan(y).all()
            continue
        seen += 1
        # It is upright, and zero where it should be.
        (foot, _), (ground, _) = mapped(axes, [-b / W, left], [0, 0])
        assert x[0] + (ground - y[0]) * np.diff(x) / np.diff(y) == pytest.approx(
            foot, rel=1e-4, abs=0.01
        )
        assert np.abs(np.diff(y) / np.diff(x)) > 1e6
    assert 50 < seen < len(range(12, explorer.iteration.max, 7))


def number(text):
    return float(re.search(r"-?(inf|nan|[\d.]+(e[+-]?\d+)?)$", text)[0])


def assert_shows(explorer, start, learning_rate, iteration):
    """Everything drawn and said is that of the plain descent."""
    k = explorer.iteration.value
    assert k == iteration
    theta, loss, norm = plain_descent(*np.ravel(start), learning_rate, explorer.iteration.max)
    position, marks = explorer.position, explorer.scene.marks
    on_landscape, on_loss, on_fit = explorer._axes
    path, first, now, on_edge, losses, loss_now, fit = marks[:7]
    assert [mark.axes for mark in marks[:7]] == 4 * [on_landscape] + 2 * [on_loss] + [on_fit]
    assert_same_points(path, position, *theta[: k + 1].T)
    assert_same_points(first, position, *theta[:1].T)
    assert_same_points(now, position, *theta[k : k + 1].T)
    edges = np.array([on_landscape.get_xlim(), on_landscape.get_ylim()])
    towards = theta[k] - edges.mean(axis=1)
    outside = bool(((theta[k] < edges[:, 0]) | (theta[k] > edges[:, 1])).any())
    to_edge = np.min(np.diff(edges)[:, 0] / 2 / np.abs(towards)) if outside else np.nan
    assert_same_points(on_edge, position, *(edges.mean(axis=1) + to_edge * towards)[:, None])
    assert outside or np.isnan(on_edge.at(position)).all()
    assert_same_points(losses, position, np.arange(k + 1), loss[: k + 1])
    assert_same_points(loss_now, position, [k], loss[k : k + 1])
    ends = np.array(on_fit.get_xlim())
    with np.errstate(all="ignore"):
        assert_same_points(fit, position, ends, theta[k, 0] * ends + theta[k, 1])

    rate, step, loss_text, norm_text, status = (mark.at(position) for mark in marks[7:])
    assert rate == f"ε = {learning_rate:.3g}"
    assert step == f"iteration {k}"
    np.testing.assert_allclose(number(loss_text), loss[k], rtol=6e-4)
    converged = norm[k] < 1e-9  # what is left of the gradient is rounding
    np.testing.assert_allclose(number(norm_text), norm[k], rtol=6e-3, atol=1e-9 * converged)
    shown = explorer.descent
    assert shown.iterations == k
    assert status == shown.status.meaning
    assert explorer.description.startswith(
        f"learning rate {learning_rate:.3g}, iteration {k} of {explorer.iteration.max}: loss "
    )
    place = ", outside the landscape shown" if outside else ""
    assert explorer.description.endswith(f", {shown.status}{place}")
    np.testing.assert_allclose(shown.learning_rate, learning_rate, rtol=1e-12)
    with np.errstate(all="ignore"):
        same = np.abs(theta[: k + 1]) < 1e140  # below, no square has left float64's range
    np.testing.assert_allclose(shown.theta[:, 0][same], theta[: k + 1][same], rtol=1e-6, atol=1e-12)


@pytest.fixture(scope="module")
def shared():
    """An explorer for tests that leave it at the start."""
    return gd.DescentExplorer(TASK, iterations=ITERATIONS)


@pytest.fixture
def explorer():
    return gd.DescentExplorer(TASK, iterations=40)


FIRST_START = gd.Gaussian().sample((1, 2), rng=FIRST_SEED)

# --- sliders ------------------------------------------------------------------------------------


def test_it_starts_with_a_good_rate_at_a_drawn_start(shared):
    np.testing.assert_array_equal(shared.start, FIRST_START)
    assert 0.2 * LIMIT < shared.learning_rate.value < 0.3 * LIMIT
    assert shared.iteration.value == 20
    assert_shows(shared, FIRST_START, shared.learning_rate.value, 20)


@pytest.mark.parametrize("stop", range(0, len(STOPS), 4))
def test_every_learning_rate_at_many_iterations(shared, stop):
    for rate in STOPS[stop : stop + 4]:
        shared.learning_rate.value = rate
        for iteration in (0, 1, 2, 19, 137, ITERATIONS):
            shared.iteration.value = iteration
            assert_shows(shared, FIRST_START, rate, iteration)


def test_every_iteration_of_a_learning_rate(shared):
    shared.learning_rate.value = STOPS[-3]
    for iteration in range(0, ITERATIONS + 1, 7):
        shared.iteration.value = iteration
        assert_shows(shared, FIRST_START, STOPS[-3], iteration)


def test_iterations_stay_within_their_range(shared):
    shared.iteration.value = 10_000
    assert shared.iteration.value == ITERATIONS
    shared.iteration.value = -3
    assert shared.iteration.value == 0


def test_the_fastest_rate_ends_in_nan(shared):
    shared.learning_rate.value = STOPS[-1]
    shared.iteration.value = ITERATIONS
    assert shared.descent.status == gd.Status.NAN
    assert shared.description.endswith("loss nan, nan")
    path, _, now = (mark.at(shared.position) for mark in shared.scene.marks[:3])
    assert np.isnan(now).all()
    drawn = np.isfinite(path).all(axis=0)
    assert drawn[0]
    assert not drawn[-1]
    assert not np.isinf(path).any()
    assert len(shared.still()) > 10_000


@pytest.mark.parametrize("values", [[0.37], [0.37, 0.38, 0.251, 0.2499], [1.05e-4, 2.6]])
def test_learning_rates_between_the_stops(explorer, sent, values):
    messages = sent(explorer.canvas)
    for count, rate in enumerate(values, start=1):
        explorer.learning_rate.value = rate
        assert explorer.learning_rate.value == rate
        assert len(messages) == count  # one message each, without a painting
        assert ("painting",) not in messages[-1]
        assert messages[-1]["scene"]["dimensions"]["learning_rate"] == list(
            explorer.learning_rate.values
        )
        for iteration in (3, 40):
            explorer.iteration.value = iteration
            assert_shows(explorer, FIRST_START, rate, iteration)
    stop = explorer.learning_rate.stops[30]
    explorer.learning_rate.value = stop
    assert len(messages) == len(values)  # a stop needs no new descents
    assert_shows(explorer, FIRST_START, stop, 40)


def test_moving_over_stops_and_iterations_sends_no_scene(explorer, sent):
    messages = sent(explorer.canvas)
    for stop in STOPS[::9]:
        explorer.learning_rate.value = stop
        explorer.iteration.value += 1
    assert messages == []


def test_a_page_that_moves_a_slider_moves_the_explorer(explorer):
    explorer.learning_rate.set_state({"index": 12})
    explorer.iteration.set_state({"value": 33})
    assert_shows(explorer, FIRST_START, STOPS[12], 33)


# --- initialization -----------------------------------------------------------------------------


def test_the_start_is_drawn_from_the_chosen_distribution(explorer):
    control = explorer.initialization
    rate, iteration = explorer.learning_rate.value, explorer.iteration.value

    def check(distribution, seed=FIRST_SEED):
        assert control.value == distribution
        start = distribution.sample((1, 2), rng=seed)
        np.testing.assert_array_equal(explorer.start, start)
        assert_shows(explorer, start, rate, iteration)

    first, second = control.parameters
    first.value = -2.5
    check(gd.Gaussian(-2.5, 1))
    second.value = 0
    check(gd.Gaussian(-2.5, 0))
    control.kind.value = "Uniform"
    check(gd.Uniform(-1, 1))
    first.value = -10
    check(gd.Uniform(-10, 1))
    second.value = 10
    check(gd.Uniform(-10, 10))
    control.new_sample.click()
    check(gd.Uniform(-10, 10), FIRST_SEED + 1)
    control.new_sample.click()
    check(gd.Uniform(-10, 10), FIRST_SEED + 2)
    control.value = gd.Gaussian(1, 0.5)
    check(gd.Gaussian(1, 0.5), FIRST_SEED + 2)


def test_an_initialization_may_be_given():
    explorer = gd.DescentExplorer(TASK, initialization=gd.Uniform(2, 3), iterations=3)
    start = gd.Uniform(2, 3).sample((1, 2), rng=FIRST_SEED)
    assert explorer.initialization.value == gd.Uniform(2, 3)
    assert_shows(explorer, start, explorer.learning_rate.value, 3)


# --- the start ----------------------------------------------------------------------------------


def test_a_start_from_code(explorer):
    explorer.start = [[1.5, -2.0]]
    np.testing.assert_array_equal(explorer.start, [[1.5, -2.0]])
    assert_shows(explorer, [[1.5, -2.0]], explorer.learning_rate.value, 20)
    explorer.learning_rate.value = 0.37
    explorer.start = [[0, 0.5]]
    assert_shows(explorer, [[0, 0.5]], 0.37, 20)


def test_a_start_is_a_copy(explorer):
    theta = np.array([[1.5, -2.0]])
    explorer.start = theta
    theta[:] = 9
    np.testing.assert_array_equal(explorer.start, [[1.5, -2.0]])
    given = np.array([[0.5, 1.0]])
    made_with_it = gd.DescentExplorer(TASK, start=given, iterations=3)
    given[:] = 9
    np.testing.assert_array_equal(made_with_it.start, [[0.5, 1.0]])


def test_a_click_starts_the_descent_there(explorer):
    on_landscape = explorer._axes[0]
    for u, v in ((0.5, -0.25), (-1.9, 1.0)):
        x, y = on_landscape.transData.transform((u, v)) / 2
        message = {"type": "click", "axes": 0, "x": x, "y": 430 - y}
        explorer.canvas._handle_custom_msg(message, [])
        np.testing.assert_allclose(explorer.start, [[u, v]], rtol=0, atol=1e-9)
        assert_shows(explorer, explorer.start, explorer.learning_rate.value, 20)


def inside(axes, start):
    (u, v), (left, right), (low, high) = np.ravel(start), axes.get_xlim(), axes.get_ylim()
    return left < u < right and low < v < high


def test_it_repaints_only_for_a_start_that_leaves_the_window(explorer, sent):
    on_landscape, on_loss, _ = explorer._axes
    messages = sent(explorer.canvas)
    window = on_landscape.get_xlim(), on_landscape.get_ylim()
    for start in ([[0.1, 0.1]], [[-1, 1]], [[2, -0.5]]):
        assert inside(on_landscape, start)
        explorer.start = start
        assert ("painting",) not in messages[-1]
    assert (on_landscape.get_xlim(), on_landscape.get_ylim()) == window
    far = [[30.0, -8.0]]
    assert not inside(on_landscape, far)
    explorer.start = far
    assert messages[-1]["painting",] == explorer.canvas.painting  # the first time, all of it
    assert inside(on_landscape, far)
    assert on_loss.get_ylim()[1] > TASK.loss(far)
    assert_shows(explorer, far, explorer.learning_rate.value, 20)
    explorer.start = [[31.0, -8.0]]
    assert ("painting",) not in messages[-1]
    assert len(messages) == 9  # what is seen at once, and all; where it repaints, in one
    explorer.start = [[0, 0]]  # back to a closer look
    assert ("patches", 0, "png") in messages[-1]
    assert (on_landscape.get_xlim(), on_landscape.get_ylim()) == window


PREDICTOR = np.linspace(-2, 3, 40)


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        gd.surfaces.bowl(1),
        gd.LogisticRegression(PREDICTOR, np.where(PREDICTOR > 0.3, "b", "a"), l2=0.1),
    ],
    ids=["line", "curve", "probability"],
)
def test_what_is_seen_of_a_start_is_sent_before_the_rest(task, scenes, same_picture):
    explorer = gd.DescentExplorer(task, start=np.full(task.shape, -1.0), iterations=300)
    shown = scenes(explorer)
    explorer.start = np.full(task.shape, 0.7)
    seen, whole = shown
    assert explorer.scene is whole
    assert seen.n_bytes < whole.n_bytes / 20
    assert seen.payload["dimensions"] == whole.payload["dimensions"]
    for iteration in range(0, 41, 4):  # later on rounding decides on a gradient of 4e-16
        same_picture(seen, whole, {**explorer.position, "iteration": iteration})


def test_a_plane_that_follows_from_all_descents_waits_for_them(scenes):
    task = gd.LinearRegression(np.random.default_rng(3).normal(size=(20, 3)), np.arange(20.0))
    explorer = gd.DescentExplorer(task, iterations=50)
    shown = scenes(explorer)
    explorer.start = np.ones(task.shape)
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ([[np.nan, 0]], r"start must be one finite theta of shape \(1, 2\)"),
        ([[0, np.inf]], r"start must be one finite theta of shape \(1, 2\)"),
        ([[[0, 0]], [[1, 1]]], r"start must be one finite theta of shape \(1, 2\)"),
        ([1, 2, 3], r"theta has shape \(3,\)"),
        ([[1]], r"theta has shape \(1, 1\)"),
        ("here", "theta"),
        ([[1e200, 0]], "the loss around theta, up to 1e.200 in size, is too large"),
    ],
)
def test_starts_that_make_no_sense_change_nothing(shared, sent, start, words):
    before, scene = shared.start, shared.scene
    messages = sent(shared.canvas)
    with pytest.raises(ValueError, match=words):
        shared.start = start
    assert shared.start is before
    assert shared.scene is scene
    assert messages == []


# --- what it is made of -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.DescentExplorer("penguins"), "task must be one such as"),
        (lambda: gd.DescentExplorer(TASK, start=[1, 2, 3]), r"theta has shape \(3,\)"),
        (
            lambda: gd.DescentExplorer(TASK, iterations=0),
            "must be a whole number, from 1",
        ),
        (
            lambda: gd.DescentExplorer(TASK, iterations=-5),
            "must be a whole number, from 1",
        ),
        (lambda: gd.DescentExplorer(TASK, iterations=2.5), "iterations must be a whole number"),
        (lambda: gd.DescentExplorer(TASK, iterations="9"), "iterations must be a whole number"),
        (lambda: gd.DescentExplorer(TASK, iterations=True), "iterations must be a whole number"),
        (lambda: gd.DescentExplorer(TASK, initialization="N"), r"must be gd\.Gaussian"),
        (lambda: gd.DescentExplorer(TASK, iterations=3000), "thin out 'iteration', which has 3001"),
        (
            lambda: gd.DescentExplorer(gd.LinearRegression([1e200, 2e200], [1, 2])),
            "task: the largest stable learning rate is nan, .*: rescale the data",
        ),
        (
            lambda: gd.DescentExplorer(gd.Surface(np.ones_like, np.zeros_like, window=(-1, 1))),
            "task: the largest stable learning rate is inf, .*: rescale the data",
        ),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("iterations", [1, 7, np.int64(3)])
def test_short_descents(iterations):
    explorer = gd.DescentExplorer(TASK, iterations=iterations)
    assert explorer.iteration.max == explorer.iteration.value == iterations
    assert_shows(explorer, FIRST_START, explorer.learning_rate.value, iterations)


@pytest.mark.parametrize(
    "task",
    [
        gd.LinearRegression(gd.datasets.penguins()),
        gd.LinearRegression(gd.datasets.penguins(), reduction="sum"),
        gd.LinearRegression([1, 2, 3], [2, 4, 6]),
        gd.LinearRegression([1, 2, 3], [0, 0, 0]),
        gd.LinearRegression([0, 0, 0], [1, 2, 3]),
        gd.LinearRegression([5], [7]),
        gd.LinearRegression([1e10, 2e10], [1, 2]),
        gd.LinearRegression([1e-200, 2e-200], [1, 2]),
    ],
    ids=["raw", "sum", "perfect", "flat", "no feature", "one sample", "large", "tiny"],
)
def test_awkward_data_have_explorers_too(task):
    explorer = gd.DescentExplorer(task, iterations=20)
    assert inside(explorer._axes[0], explorer.start)
    assert inside(explorer._axes[0], task.minimizer())
    for rate in explorer.learning_rate.stops[::20]:
        explorer.learning_rate.value = rate
        assert explorer.still()


def test_presets_are_positions_of_the_sliders(shared):
    [presets] = [
        child
        for row in shared.children
        for child in getattr(row, "children", ())
        if type(child).__name__ == "Presets"
    ]
    assert list(presets.positions) == ["too small", "good", "too large", "NaN"]
    ends = {}
    for label, position in presets.positions.items():
        assert set(position) == {"learning_rate", "iteration"}
        index = shared.learning_rate.get_state()["_options_labels"].index(position["learning_rate"])
        shared.learning_rate.set_state({"index": index})
        shared.iteration.value = position["iteration"]
        assert shared.iteration.value == 0
        shared.iteration.value = ITERATIONS
        ends[label] = str(shared.descent.status)
    assert ends == {"too small": "slow", "good": "converged", "too large": "diverged", "NaN": "nan"}


def test_the_mime_bundle_speaks_of_the_explorer(shared):
    data, metadata = shared._repr_mimebundle_()
    assert data["text/plain"] == f"DescentExplorer({TASK!r})"
    assert metadata["image/png"]["alt"] == shared.description
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == (1100, 430)


def test_the_look_is_gdviz_own(shared):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "font.family": "serif"}):
        explorer = gd.DescentExplorer(TASK, iterations=ITERATIONS)
        assert explorer.canvas.painting == shared.canvas.painting
        explorer.start = [[30.0, -8.0]]
        explorer.start = FIRST_START
        np.testing.assert_array_equal(explorer._painting.pixels, shared._painting.pixels)

"""MinibatchExplorer under every control, against stochastic descent by the formulas."""

import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.minibatch import DIGITS, N_SEEDS

DATA = gd.datasets.penguins().standardized()
X, Y = DATA.X[:, 0], DATA.y
TASK = gd.LinearRegression(DATA)
START = (-1.0, 1.0)
ITERATIONS = 90
SIZES = [1, 2, 5, 10, 30, 100, 342]
RATES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
HEIGHT = 440
LEAST = np.mean((np.polyval(np.polyfit(X, Y, 1), X) - Y) ** 2)


def plain_run(batch_size, rate, seed, iterations=ITERATIONS):
    """Descend on batches dealt out from a shuffled deck, by the formulas: (iterations + 1, 2)."""
    rng, deck = np.random.default_rng(seed), []
    W, b = START
    path = [(W, b)]
    for _ in range(iterations):
        if not len(deck):
            deck = rng.permutation(342)
        batch, deck = deck[:batch_size], deck[batch_size:]
        residual = W * X[batch] + b - Y[batch]
        W, b = W - rate * 2 * np.mean(residual * X[batch]), b - rate * 2 * np.mean(residual)
        path.append((W, b))
    return np.array(path)


def excess(path):
    return np.mean((path[:, :1] * X + path[:, 1:] - Y) ** 2, axis=1) - LEAST


def mapped(axes, x, y):
    """Have matplotlib map data to figure pixels, as painted at 200 dots per inch."""
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[..., 0], HEIGHT - points[..., 1]])


def assert_same_points(mark, position, x, y):
    """Compare what is not below the picture; what is has left it."""
    actual = np.array(mark.at(position), dtype=float)
    expected = mapped(mark.axes, np.atleast_1d(x), y)
    assert actual.shape == expected.shape
    bottom = HEIGHT - mark.axes.bbox.y0 / 2
    below = expected[1] > bottom + 0.02
    assert (actual[1, below] > bottom).all()
    near = (np.abs(expected) < 3000).all(axis=0) & ~below
    np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.02)


@pytest.fixture(scope="module")
def explorer():
    return gd.MinibatchExplorer(TASK, start=[START], iterations=ITERATIONS)


def assert_shows(explorer):
    """Everything drawn and said is that of the plain descent."""
    size, rate = int(explorer.batch_size.value), explorer.learning_rate.value
    seed, k = explorer.seed.value, explorer.iteration.value
    position, marks = explorer.position, explorer.scene.marks
    on_landscape, on_steps, on_samples = explorer._axes
    path = plain_run(size, rate, seed)
    loss = excess(path)
    above = np.maximum(loss, 1e-300)
    white, others, rest = marks[0], marks[1:8], marks[8:]
    trail, by_step, by_sample, mean, start, here, _, at_step, at_sample = rest[:9]
    assert [mark.axes for mark in rest[:3]] == [on_landscape, on_steps, on_samples]

    assert_same_points(white, position, *plain_run(342, rate, 0).T)
    assert_same_points(trail, position, *path[: k + 1].T)
    assert_same_points(start, position, *START)
    assert_same_points(here, position, *path[k])
    steps = np.arange(k + 1)
    assert_same_points(by_step, position, steps, above[: k + 1])
    assert_same_points(at_step, position, k, above[k])
    assert_same_points(by_sample, position, steps * size, above[: k + 1])
    assert_same_points(at_sample, position, k * size, above[k])
    other = SIZES[(SIZES.index(size) + 3) % len(SIZES)]
    line = np.maximum(excess(plain_run(other, rate, seed)), 1e-300)
    assert_same_points(
        others[SIZES.index(other)], position, np.arange(ITERATIONS + 1) * other, line
    )
    half = loss[ITERATIONS // 2 :].mean()
    assert_same_points(mean, position, [ITERATIONS // 2, ITERATIONS], max(half, 1e-300))

    texts = [mark.at(position) for mark in rest[9:]]
    assert texts[0] == f"batch size {size} of 342"
    assert texts[1] == f"ε = {rate:.3g}"
    assert texts[2] == f"step {k}, epoch {k * size / 342:.3g}"
    rounding = 1e-14  # of losses of about 10
    np.testing.assert_allclose(number(texts[3]), above[k], rtol=0.06, atol=rounding)
    assert texts[4].startswith("mean of steps 45 to 90: ")
    np.testing.assert_allclose(number(texts[4]), half, rtol=0.06, atol=1e-12)
    assert explorer.description.startswith(
        f"batch size {size}, learning rate {rate:.3g}, draw {seed}, step {k} of 90, epoch "
    )
    floors = explorer.noise_floor[SIZES.index(size), RATES.index(rate), seed]
    np.testing.assert_allclose(floors, half, rtol=1e-6, atol=1e-12)


def number(text):
    return float(re.search(r"-?[\d.]+(e[+-]?\d+)?$", text)[0])


# --- sliders ------------------------------------------------------------------------------------


def test_it_starts_with_ten_samples_a_step_and_a_tenth_of_the_limit(explorer):
    assert (explorer.batch_size.value, explorer.learning_rate.value) == (10, 0.1)
    assert (explorer.seed.value, explorer.iteration.value) == (0, 20)
    assert_shows(explorer)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", RATES)
def test_every_batch_size_with_every_rate(explorer, size, rate):
    explorer.batch_size.value, explorer.learning_rate.value = size, rate
    for seed, iteration in ((0, 0), (1, 1), (2, 37), (0, ITERATIONS)):
        explorer.seed.value, explorer.iteration.value = seed, iteration
        assert_shows(explorer)


def test_every_step_of_one_run(explorer):
    explorer.batch_size.value, explorer.learning_rate.value, explorer.seed.value = 5, 0.2, 1
    for iteration in range(0, ITERATIONS + 1, 3):
        explorer.iteration.value = iteration
        assert_shows(explorer)


def test_the_sliders_reach_all_stops_and_no_further(explorer):
    np.testing.assert_array_equal(explorer.batch_size.stops, SIZES)
    np.testing.assert_allclose(explorer.learning_rate.stops, RATES)
    assert (explorer.seed.min, explorer.seed.max) == (0, N_SEEDS - 1)
    assert explorer.iteration.max == ITERATIONS


def test_no_slider_asks_the_kernel(explorer, sent):
    messages = sent(explorer.canvas)
    explorer.batch_size.value, explorer.learning_rate.value = 2, 0.05
    explorer.seed.value, explorer.iteration.value = 2, 11
    assert messages == []


def test_a_page_that_moves_the_sliders_moves_the_explorer(explorer):
    explorer.batch_size.set_state({"index": 1})
    explorer.learning_rate.set_state({"index": 4})
    explorer.seed.set_state({"value": 1})
    explorer.iteration.set_state({"value": 33})
    assert (explorer.batch_size.value, explorer.learning_rate.value) == (2, 0.2)
    assert_shows(explorer)


# --- what is to be seen -------------------------------------------------------------------------


def test_a_logistic_task_too():
    task = gd.LogisticRegression(
        DATA.X, np.where(gd.datasets.penguins().y > 4200, "heavy", "light")
    )
    explorer = gd.MinibatchExplorer(task, iterations=20)
    x, labels = DATA.X[:, 0], task.labels
    W, b = explorer.start[0]
    rng = np.random.default_rng(2)
    deck = rng.permutation(342)
    explorer.batch_size.value, explorer.seed.value, explorer.iteration.value = 5, 2, 3
    rate = explorer.learning_rate.value
    for step in range(3):
        batch = deck[5 * step : 5 * step + 5]
        residual = 1 / (1 + np.exp(-(W * x[batch] + b))) - labels[batch]
        W, b = W - rate * np.mean(residual * x[batch]), b - rate * np.mean(residual)
    here = explorer.scene.marks[8 + 5]
    assert_same_points(here, explorer.position, W, b)


# --- what it is made of -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.MinibatchExplorer(gd.surfaces.ravine()), "task must learn from samples"),
        (lambda: gd.MinibatchExplorer(7), "task must learn from samples"),
        (lambda: gd.MinibatchExplorer(gd.LinearRegression(np.eye(3), [1, 2, 3])), "4 parameters"),
        (
            lambda: gd.MinibatchExplorer(TASK, iterations=1),
            "must be a whole number, from 2",
        ),
        (lambda: gd.MinibatchExplorer(TASK, iterations=9.5), "iterations must be a whole number"),
        (lambda: gd.MinibatchExplorer(TASK, iterations=True), "iterations must be a whole number"),
        (lambda: gd.MinibatchExplorer(TASK, start=[[90, 0]]), r"start \[90\.0, 0\.0\] is outside"),
        (lambda: gd.MinibatchExplorer(TASK, start=[[np.inf, 0]]), "start must be one finite theta"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    "task",
    [
        gd.LinearRegression([1, 2, 3], [2, 4, 6]),
        gd.LinearRegression([0, 0, 0], [1, 2, 3]),
        gd.LinearRegression([5], [7]),
        gd.LinearRegression(gd.datasets.penguins()),
        gd.LinearRegression(gd.datasets.penguins(), reduction="sum"),
        gd.LogisticRegression([[0.0], [1.0]], ["a", "b"]),
    ],
    ids=["perfect", "no feature", "one sample", "raw", "sum", "separable"],
)
def test_awkward_data_have_explorers_too(task):
    explorer = gd.MinibatchExplorer(task, iterations=4)
    assert explorer.batch_size.stops[-1] == task.n_samples
    explorer.iteration.value = 4
    for rate in explorer.learning_rate.stops[::5]:
        explorer.learning_rate.value = rate
        assert len(explorer.still()) > 10_000


def test_representations_size_and_noise_floor():
    explorer = gd.MinibatchExplorer(TASK, start=TASK.minimizer())
    assert sum(len(buffer) for buffer in explorer.scene.payload["buffers"]) < 1_000_000
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == f"MinibatchExplorer({TASK!r})"
    assert metadata["image/png"]["alt"] == explorer.description
    low, high = explorer._axes[1].get_ylim()
    assert high / low == pytest.approx(4 * 10**DIGITS)
    floor = explorer.noise_floor[:4, 1:5].mean(axis=-1)  # B to 10, ε from 0.02 to 0.2
    assert (np.diff(floor, axis=0) < 0).all()
    assert (np.diff(floor, axis=1) > 0).all()

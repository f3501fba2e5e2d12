"""CompareLandscapesExplorer under every control, against plain descents mapped by matplotlib."""

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.controls import COARSE, learning_rate_stops

RNG = np.random.default_rng(5)
X = np.concatenate([RNG.normal(-1, 1, 12), RNG.normal(1, 1, 12)])
Y = np.repeat([0.0, 1.0], 12)
TASK = gd.LogisticRegression(X, Y)
WINDOW = ((-6, 6), (-5, 5))
START = (-4.0, 3.0)
ITERATIONS = 60


def sigma(z):
    return 1 / (1 + np.exp(-z))


def square_gradient(W, b):
    p = sigma(X[:, None] * W + b)
    error = 2 * (p - Y[:, None]) * p * (1 - p)
    return np.mean(error * X[:, None], axis=0), np.mean(error, axis=0)


SQUARE = gd.Surface(
    lambda W, b: np.mean((sigma(X[:, None] * W + b) - Y[:, None]) ** 2, axis=0),
    square_gradient,
    window=WINDOW,
    name="square",
)


def likelihood(W, b):
    """Return the loss and its two derivatives, from the formula."""
    p = sigma(W * X + b)
    loss = -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))
    return loss, np.mean((p - Y) * X), np.mean(p - Y)


def square(W, b):
    p = sigma(W * X + b)
    error = 2 * (p - Y) * p * (1 - p)
    return np.mean((p - Y) ** 2), np.mean(error * X), np.mean(error)


def descend(formula, start, learning_rate, iterations):
    """Return one row for each iteration: W, b, loss, gradient norm."""
    W, b = start
    record = []
    for _ in range(iterations + 1):
        loss, dW, db = formula(W, b)
        record.append((W, b, loss, np.hypot(dW, db)))
        W, b = W - learning_rate * dW, b - learning_rate * db
    return np.array(record)


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]])


def make(**options):
    tasks = {"likelihood": TASK, "square": SQUARE}
    return gd.CompareLandscapesExplorer(
        tasks, **{"start": [START], "iterations": ITERATIONS, **options}
    )


@pytest.fixture(scope="module")
def shared():
    return make()


@pytest.fixture
def explorer():
    return make(iterations=20)


def assert_shows(explorer, start, learning_rate, iteration):
    """Everything drawn and said is that of two plain descents."""
    position, marks = explorer.position, explorer.scene.marks
    assert marks[0].at(position) == f"ε = {learning_rate:.3g}"
    assert marks[1].at(position) == f"iteration {iteration}"
    assert explorer.description.startswith(
        f"learning rate {learning_rate:.3g}, iteration {iteration} of {explorer.iteration.max}: "
    )
    on_loss = explorer._axes[2]
    for k, formula in enumerate((likelihood, square)):
        path, first, now, _, losses, loss_now, *texts = marks[2 + 9 * k : 11 + 9 * k]
        W, b, loss, norm = descend(formula, start, learning_rate, iteration).T
        assert {mark.axes for mark in (path, first, now)} == {explorer._axes[k]}
        steps = np.arange(iteration + 1)
        for mark, x, y in (
            (path, W, b),
            (first, W[:1], b[:1]),
            (now, W[-1:], b[-1:]),
            (losses, steps, loss),
            (loss_now, steps[-1:], loss[-1:]),
        ):
            axes = on_loss if mark in (losses, loss_now) else explorer._axes[k]
            np.testing.assert_allclose(mark.at(position), mapped(axes, x, y), rtol=0, atol=0.02)
        said = [text.at(position) for text in texts]
        assert float(said[0].removeprefix("loss ")) == pytest.approx(loss[-1], rel=6e-4)
        assert float(said[1].removeprefix("gradient norm ")) == pytest.approx(norm[-1], rel=6e-3)
        name = ("likelihood", "square")[k]
        descent = explorer.descents[name]
        assert said[2] == descent.status.meaning
        np.testing.assert_allclose(descent.theta[:, 0], np.stack([W, b], axis=1), atol=1e-9)
        assert f"{name}: {said[0]}, {descent.status}" in explorer.description


@pytest.mark.parametrize("iteration", [0, 1, 33, ITERATIONS])
def test_every_learning_rate(shared, iteration):
    shared.iteration.value = iteration
    for rate in shared.learning_rate.stops:
        shared.learning_rate.value = rate
        assert_shows(shared, START, rate, iteration)


def test_every_iteration(shared):
    shared.learning_rate.value = 2.0
    for iteration in range(ITERATIONS + 1):
        shared.iteration.value = iteration
        assert_shows(shared, START, shared.learning_rate.value, iteration)


def test_rates_reach_from_far_below_the_smaller_limit_to_three_times_it(shared):
    limit = float(min(TASK.max_stable_learning_rate(), SQUARE.max_stable_learning_rate()))
    np.testing.assert_array_equal(shared.learning_rate.stops, learning_rate_stops(limit, COARSE))
    fresh = make()
    assert 0.2 * limit < fresh.learning_rate.value < 0.3 * limit


def test_a_rate_between_the_stops(explorer, sent):
    messages = sent(explorer.canvas)
    explorer.learning_rate.value = 0.777
    assert len(messages) == 1
    assert ("painting",) not in messages[0]
    assert_shows(explorer, START, 0.777, 20)
    assert make(learning_rate=0.777, iterations=3).learning_rate.value == 0.777


@pytest.mark.parametrize("panel", [0, 1])
def test_a_click_starts_both(explorer, panel):
    x, y = explorer._axes[panel].transData.transform((1.5, -2.0)) / 2
    message = {"type": "click", "axes": panel, "x": x, "y": 430 - y}
    explorer.canvas._handle_custom_msg(message, [])
    np.testing.assert_allclose(explorer.start, [[1.5, -2.0]], atol=1e-9)
    assert_shows(explorer, explorer.start[0], explorer.learning_rate.value, 20)


def test_both_landscapes_show_the_surfaces_window(shared):
    for axes in shared._axes[:2]:
        assert (axes.get_xlim(), axes.get_ylim()) == WINDOW


def test_a_start_beyond_the_window_widens_it(explorer, sent):
    messages = sent(explorer.canvas)
    explorer.start = [[9.0, 0.0]]
    assert messages[-1]["painting",] == explorer.canvas.painting
    for axes in explorer._axes[:2]:
        assert axes.get_xlim()[1] > 9
    assert_shows(explorer, (9.0, 0.0), explorer.learning_rate.value, 20)
    explorer.start = [[0.0, 0.0]]
    assert explorer._axes[0].get_xlim() == WINDOW[0]


def test_two_models_share_a_window_that_shows_both():
    mean, total = gd.LinearRegression(X, Y), gd.LinearRegression(X, Y, reduction="sum")
    explorer = gd.CompareLandscapesExplorer({"mean": mean, "sum": total}, [[0.0, 0.0]])
    limits = [(axes.get_xlim(), axes.get_ylim()) for axes in explorer._axes[:2]]
    assert limits[0] == limits[1]
    (left, right), (low, high) = limits[0]
    W, b = mean.minimizer()[0]
    assert left < W < right
    assert low < b < high
    assert [axes.get_title("left").strip() for axes in explorer._axes[:2]] == ["mean", "sum"]
    assert repr(explorer) == "CompareLandscapesExplorer(mean | sum)"


def test_landscapes_without_a_minimum_are_shown_too():
    separable = gd.LogisticRegression([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    small = gd.Surface(lambda W, b: W + b, lambda W, b: (1.0, 1.0), window=WINDOW)
    explorer = gd.CompareLandscapesExplorer(
        {"separable": separable, "plane": small}, [[0.0, 0.0]], learning_rate=1.0, iterations=5
    )
    assert explorer.still()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([TASK, SQUARE], [START]), "tasks must name two tasks"),
        (({"one": TASK}, [START]), "tasks must name two tasks"),
        (({"a": TASK, "b": gd.surfaces.bowl(1)}, [START]), "tasks must have two parameters each"),
        (({"a": TASK, "b": SQUARE}, [1, 2, 3]), r"theta has shape \(3,\)"),
        (({"a": TASK, "b": SQUARE}, [[np.nan, 0]]), "start must be one finite theta"),
        (({"a": TASK, "b": SQUARE}, [[START]] * 2), "start must be one finite theta"),
    ],
)
def test_wrong_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        gd.CompareLandscapesExplorer(*arguments)


@pytest.mark.parametrize(
    ("iterations", "words"),
    [(2.5, "iterations must be a whole number"), (-1, "must be a whole number, from 1")],
)
def test_iterations_are_whole_and_not_negative(iterations, words):
    with pytest.raises(ValueError, match=words):
        make(iterations=iterations)


def test_a_learning_rate_beyond_the_slider_is_refused():
    with pytest.raises(ValueError, match="value must be between"):
        make(learning_rate=1e6)

"""RaceExplorer under every control, against the update rules as they stand in the papers."""

import re
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.race import FACTORS
from gdviz.explorers.terrain import Terrain
from gdviz.explorers.tuning import N_STARTS, tune
from gdviz.optimizers import Optimizer

RAVINE = gd.surfaces.ravine(100, angle=45)
HESSIAN = np.array([[50.5, -49.5], [-49.5, 50.5]])
NAMES = ["gradient descent", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam"]
ITERATIONS = 40
START = np.array([-3.36, -1.6])
HEIGHT = 470


def plain_run(name, gradient, theta, rate, iterations):
    """Descend from one start by a rule's own formulas, in float64: (iterations + 1, 2)."""
    theta, v, m, s = np.array(theta, dtype=float), 0.0, 0.0, 0.0
    path = [theta]
    ball = theta
    with np.errstate(all="ignore"):
        for t in range(1, iterations + 1):
            g = gradient(theta)
            if name == "gradient descent":
                theta = theta - rate * g
            elif name == "momentum":
                v = 0.9 * v + g
                theta = theta - rate * v
            elif name == "Nesterov":  # theta is the point ahead of the ball
                v = 0.9 * v + g
                ball = ball - rate * v
                theta = ball - rate * 0.9 * v
            elif name == "AdaGrad":
                s = s + g**2
                theta = theta - rate * g / (np.sqrt(s) + 1e-8)
            elif name == "RMSProp":
                s = 0.9 * s + 0.1 * g**2
                theta = theta - rate * g / (np.sqrt(s) + 1e-8)
            elif name == "Adam":
                m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
                theta = theta - rate * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
            path.append(theta)
    return np.array(path)


def ravine_gradient(theta):
    return HESSIAN @ theta


def ravine_loss(path):
    with np.errstate(all="ignore"):
        return 0.5 * np.einsum("...i,ij,...j", path, HESSIAN, path)


def mapped(axes, x, y):
    """Have matplotlib map data to figure pixels, as painted at 200 dots per inch."""
    with np.errstate(all="ignore"):
        points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[..., 0], HEIGHT - points[..., 1]])


def assert_same_points(mark, position, x, y):
    """Compare to a fiftieth of a pixel what is in or near the picture."""
    actual = np.array(mark.at(position), dtype=float)
    expected = mapped(mark.axes, np.atleast_1d(x), y)
    assert actual.shape == expected.shape
    # The rest of a diverging path is cut, and rounding grows with it.
    near = (np.abs(expected) < 3000).all(axis=0)
    np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.02)


def arrived(explorer):
    """Return what is left where a rate counts as arrived: 3 times the height of the lower edge."""
    return float(explorer._axes[1].get_ylim()[0]) * 3


def assert_shows(explorer, gradient=ravine_gradient, loss=ravine_loss):
    """Everything drawn and said is that of the rules; what is not shown is not there."""
    k, factor, shown = explorer.iteration.value, explorer.factor.value, explorer.show.value
    position, marks = explorer.position, explorer.scene.marks
    on_landscape, on_loss, on_tuning = explorer._axes
    names = list(explorer.optimizers)
    points = marks[3 * len(names) + 1 : 8 * len(names) + 1]
    texts = marks[8 * len(names) + 1 :]
    start = explorer.start[0]
    assert_same_points(marks[3 * len(names)], position, *start)
    above = {}
    for n, name in enumerate(names):
        rate = factor * explorer.learning_rates[name]
        path = plain_run(name, gradient, start, rate, explorer.iteration.max)
        above[name] = loss(path)
        trail, losses, tuning = marks[3 * n : 3 * n + 3]
        here, _, loss_now, ring, at_rate = points[5 * n : 5 * n + 5]
        assert [mark.axes for mark in (trail, losses, tuning)] == explorer._axes
        assert (here.axes, loss_now.axes, at_rate.axes) == (on_landscape, on_loss, on_tuning)
        if shown not in ("all", name):
            for mark in (trail, losses, tuning, here, loss_now, ring, at_rate):
                assert np.isnan(mark.at(position)[0]).all()
        else:
            assert_same_points(trail, position, *path[: k + 1].T)
            assert_same_points(here, position, *path[k : k + 1].T)
            assert_same_points(losses, position, np.arange(k + 1), above[name][: k + 1])
            assert_same_points(loss_now, position, k, above[name][k : k + 1])
            assert_same_points(ring, position, *best_of(explorer, name))
            assert np.isclose(at_rate.at(position)[0], mapped(on_tuning, rate, 1.0)[0], atol=0.01)
        rate_text, loss_text = (text.at(position) for text in texts[2 * n : 2 * n + 2])
        assert rate_text == f"ε = {rate:.2g}"
        said = float(loss_text.removeprefix("L - L* = "))
        if np.isfinite(above[name][k]):
            np.testing.assert_allclose(said, above[name][k], rtol=0.06)
        assert f"{name} {said:.2g}" in explorer.description
    standing = texts[-1].at(position)
    assert explorer.description.endswith(f"; {standing}")
    ranking = sorted(names, key=lambda name: above[name][k])
    best, second = (above[name][k] for name in ranking[:2])
    first = above[ranking[0]][0]
    if best > 1.01 * first:
        assert standing.startswith("all are above their start, at least by a factor of ")
        np.testing.assert_allclose(float(standing.split()[-1]), best / first, rtol=0.006)
    elif second > 1.01 * best:
        assert standing.startswith(f"{ranking[0]} leads, before {ranking[1]} by a factor of ")
        np.testing.assert_allclose(float(standing.split()[-1]), second / best, rtol=0.006)


def best_of(explorer, name):
    tuning = explorer._tunings[name]
    return tuning.rates[tuning.best], tuning.loss[tuning.best]


@pytest.fixture(scope="module")
def shared():
    return gd.RaceExplorer(RAVINE, start=[START], iterations=ITERATIONS)


@pytest.fixture(scope="module")
def short():
    return gd.RaceExplorer(RAVINE, start=[START], iterations=12)


@pytest.fixture
def explorer(short):
    """Return an explorer as it is when it is new."""
    short.start = [START]
    short.factor.value, short.iteration.value, short.show.value = 1.0, 5, "all"
    return short


# --- sliders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", range(len(FACTORS)))
def test_every_factor_at_many_iterations(shared, factor):
    shared.show.value = "all"
    shared.factor.value = FACTORS[factor]
    for iteration in (0, 1, 2, 3, 7, 19, ITERATIONS):
        shared.iteration.value = iteration
        assert_shows(shared)


@pytest.mark.parametrize("shown", ["all", *NAMES])
def test_one_alone_can_be_shown(shared, shown):
    shared.factor.value = 1.0
    shared.show.value = shown
    for iteration in (0, 11):
        shared.iteration.value = iteration
        assert_shows(shared)


def test_no_slider_asks_the_kernel(explorer, sent):
    messages = sent(explorer.canvas)
    for factor in FACTORS[::3]:
        explorer.factor.value = factor
        explorer.iteration.value += 1
        explorer.show.value = NAMES[2]
    assert messages == []


def test_factors_are_from_a_tenth_to_ten_with_one_in_the_middle(shared):
    np.testing.assert_allclose(FACTORS[[0, 5, 10]], [0.1, 1, 10])
    np.testing.assert_allclose(FACTORS[1:] / FACTORS[:-1], 10**0.2)
    labels = shared.factor.get_state()["_options_labels"]
    assert len(set(labels)) == 11
    assert labels[5] == "1"


def test_a_page_that_moves_the_controls_moves_the_explorer(explorer):
    explorer.factor.set_state({"index": 2})
    explorer.iteration.set_state({"value": 9})
    explorer.show.set_state({"index": 3})
    assert explorer.show.value == "Nesterov"
    assert_shows(explorer)


def test_descents_are_what_is_shown(explorer):
    explorer.factor.value, explorer.iteration.value = FACTORS[3], 7
    for name, descent in explorer.descents.items():
        rate = FACTORS[3] * explorer.learning_rates[name]
        assert descent.iterations == 7
        expected = plain_run(name, ravine_gradient, START, rate, 7)
        np.testing.assert_allclose(descent.theta[:, 0], expected, rtol=1e-9, atol=1e-12)


# --- the tuning ---------------------------------------------------------------------------------


def test_losses_near_the_end_of_float64(monkeypatch):
    """Their median is the mean of two, whose sum is beyond it."""
    rates = np.geomspace(1e-3, 1, 30)
    loss = np.full((len(rates), N_STARTS, 11), 1.5e308)
    loss[15] = 3.0
    batch = SimpleNamespace(loss=loss)
    monkeypatch.setattr("gdviz.explorers.tuning.gradient_descent", lambda *_, **__: batch)
    tuning = tune(Terrain(RAVINE), None, rates, 10, 0.0)
    assert tuning.best == 15
    assert np.isinf(np.delete(tuning.loss, 15)).all()


@pytest.mark.parametrize("name", NAMES)
def test_each_one_has_the_best_rate_of_the_grid(explorer, name):
    tuning = explorer._tunings[name]
    np.testing.assert_array_equal(tuning.rates, explorer._tunings["Adam"].rates)
    candidates = tuning.loss[10:-10]
    assert tuning.loss[tuning.best] == candidates.min()
    assert (tuning.loss[10 : tuning.best] > candidates.min()).all()  # the smallest of equals
    assert explorer.learning_rates[name] == tuning.rates[tuning.best]


def test_of_rates_that_arrive_the_smallest_is_taken_and_its_ring_is_in_the_picture():
    explorer = gd.RaceExplorer(gd.surfaces.ravine(condition=100))
    tuning = explorer._tunings["AdaGrad"]
    assert tuning.loss[tuning.best] <= arrived(explorer) < tuning.loss[tuning.best - 1]
    assert tuning.loss[tuning.best + 5] < 1e-3 * tuning.loss[tuning.best]
    on_tuning = explorer._axes[2]
    n = list(explorer.optimizers).index("AdaGrad")
    ring = explorer.scene.marks[3 * len(explorer.optimizers) + 1 + 5 * n + 3]
    rate = explorer.learning_rates["AdaGrad"]
    assert_same_points(ring, explorer.position, rate, arrived(explorer))
    # The curve goes on, out of the picture.
    curve = explorer.scene.marks[3 * n + 2].at(explorer.position)
    assert curve[1].max() > HEIGHT - on_tuning.bbox.y0 / 2


@pytest.mark.parametrize("name", NAMES)
def test_the_curve_is_the_median_over_starts_of_the_last_tenth(shared, name):
    tuning = shared._tunings[name]
    draws = -4 + 8 * np.random.default_rng(0).random((16, 2))
    last = ITERATIONS // 10
    for k in (tuning.best - 7, tuning.best, tuning.best + 4):
        runs = [
            plain_run(name, ravine_gradient, draw, tuning.rates[k], ITERATIONS) for draw in draws
        ]
        worst = np.array([ravine_loss(run)[-last:].max() for run in runs])
        expected = np.median(worst)
        np.testing.assert_allclose(tuning.loss[k], expected, rtol=1e-6)


def test_the_curve_is_drawn_for_all_rates(shared):
    shared.show.value = "all"
    for n, name in enumerate(NAMES):
        tuning = shared._tunings[name]
        line = shared.scene.marks[3 * n + 2]
        finite = np.isfinite(tuning.loss)
        actual = np.array(line.at(shared.position), dtype=float)[:, finite]
        expected = mapped(line.axes, tuning.rates, tuning.loss)[:, finite]
        near = (np.abs(expected) < 3000).all(axis=0)
        np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.02)
        assert near.sum() > 40


def test_the_grid_suits_rates_in_both_units(shared):
    rates = shared._tunings["Adam"].rates
    np.testing.assert_allclose(np.diff(np.log10(rates)), 0.1)
    limit = float(RAVINE.max_stable_learning_rate())
    assert rates[0] < 1e-4 * limit
    assert rates[-1] > 10 * 4  # the picture reaches to 4


def test_every_factor_of_the_best_rate_is_a_point_of_the_curve(shared):
    for name in NAMES:
        tuning = shared._tunings[name]
        for factor in FACTORS:
            nearest = np.abs(np.log(tuning.rates / (factor * shared.learning_rates[name]))).min()
            assert nearest < 1e-9


# --- the start ----------------------------------------------------------------------------------


def test_a_click_starts_all_of_them_there(explorer, sent):
    messages = sent(explorer.canvas)
    rates = explorer.learning_rates
    on_landscape = explorer._axes[0]
    for u, v in ((0.5, -0.25), (-1.9, 3.0)):
        x, y = on_landscape.transData.transform((u, v)) / 2
        message = {"type": "click", "axes": 0, "x": x, "y": HEIGHT - y}
        explorer.canvas._handle_custom_msg(message, [])
        np.testing.assert_allclose(explorer.start, [[u, v]], rtol=0, atol=1e-9)
        assert_shows(explorer)
    assert explorer.learning_rates == rates  # tuned for all starts
    assert len(messages) == 2
    assert all(("painting",) not in message for message in messages)


def test_a_start_is_a_copy(explorer):
    theta = np.array([[1.5, -2.0]])
    explorer.start = theta
    theta[:] = 9
    np.testing.assert_array_equal(explorer.start, [[1.5, -2.0]])


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ([[np.nan, 0]], r"start must be one finite theta of shape \(1, 2\)"),
        ([[[0, 0]], [[1, 1]]], r"start must be one finite theta of shape \(1, 2\)"),
        ([[5.0, 0]], r"start \[5\.0, 0\.0\] is outside the picture"),
        ([1, 2, 3], r"theta has shape \(3,\)"),
    ],
)
def test_starts_that_make_no_sense_change_nothing(shared, sent, start, words):
    before, scene, messages = shared.start, shared.scene, sent(shared.canvas)
    with pytest.raises(ValueError, match=words):
        shared.start = start
    assert shared.start is before
    assert shared.scene is scene
    assert messages == []


# --- tasks and racers ---------------------------------------------------------------------------


def test_penguins_race_too():
    data = gd.datasets.penguins()
    x, y = data.X[:, 0] / 100, data.y / 1000
    task = gd.LinearRegression(x, y)
    explorer = gd.RaceExplorer(task, iterations=10)
    W, b = np.polyfit(x, y, 1)
    least = np.mean((W * x + b - y) ** 2)

    def gradient(theta):
        residual = theta[0] * x + theta[1] - y
        return np.array([2 * np.mean(residual * x), 2 * np.mean(residual)])

    def above(path):
        return np.mean((path[:, :1] * x + path[:, 1:] - y) ** 2, axis=-1) - least

    assert explorer._axes[0].get_xlabel() == "W"
    for factor in FACTORS[::5]:
        explorer.factor.value = factor
        for iteration in (0, 4, 10):
            explorer.iteration.value = iteration
            assert_shows(explorer, gradient, above)


def test_on_the_crest_of_a_saddle_all_stay():
    explorer = gd.RaceExplorer(gd.surfaces.double_well(2, tilt=0.0), start=[[0.0, 1.5]])
    explorer.iteration.value = 100
    for factor in FACTORS:
        explorer.factor.value = factor
        for descent in explorer.descents.values():
            assert descent.theta[-1, 0, 0] == 0


def test_a_loss_without_a_minimum_is_measured_from_the_lowest_in_the_picture():
    explorer = gd.RaceExplorer(gd.surfaces.saddle(), start=[[-1.0, 0.5]], iterations=100)
    assert explorer._axes[0].get_title(loc="right") == "○ start"
    explorer.factor.value, explorer.iteration.value = 10.0, 0
    texts = explorer.scene.marks[8 * len(NAMES) + 1 : -1]
    assert {text.at(explorer.position) for text in texts[1::2]} == {"L - L* = 4.7"}  # 0.75 - (-4)
    explorer.iteration.value = 100
    for text in texts[1::2]:  # far below the picture
        assert float(text.at(explorer.position).split("= ")[1]) < 1.1 * arrived(explorer)


@dataclass(frozen=True)
class Sign(Optimizer):
    """A student's own: only the direction of each entry counts."""

    def update(self, state, gradient, iteration):
        return np.sign(gradient)


def test_an_optimizer_of_ones_own_races():
    explorer = gd.RaceExplorer(
        RAVINE, optimizers={"plain {θ}": None, "sign": Sign()}, start=[START], iterations=5
    )
    assert list(explorer.learning_rates) == ["plain {θ}", "sign"]
    explorer.iteration.value = 3
    rate = explorer.learning_rates["sign"]
    theta = START
    for _ in range(3):
        theta = theta - rate * np.sign(HESSIAN @ theta)
    np.testing.assert_allclose(explorer.descents["sign"].theta[-1, 0], theta)
    assert "plain {θ} " in explorer.description


def test_one_may_run_alone():
    explorer = gd.RaceExplorer(RAVINE, optimizers={"Adam": gd.Adam()}, iterations=5)
    loss = explorer.descents["Adam"].loss  # the least is 0
    fall = loss[0] / loss[-1]
    assert fall > 1
    assert explorer.scene.marks[-1].at(explorer.position) == (
        f"Adam is below its start by a factor of {fall:.3g}"
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.RaceExplorer("ravine"), "task must be one such as"),
        (lambda: gd.RaceExplorer(gd.surfaces.bowl(1)), "task has 1 parameters"),
        (lambda: gd.RaceExplorer(gd.LinearRegression(np.eye(3), [1, 2, 3])), "4 parameters"),
        (
            lambda: gd.RaceExplorer(RAVINE, iterations=0),
            "must be a whole number, from 1",
        ),
        (lambda: gd.RaceExplorer(RAVINE, iterations=2.5), "iterations must be a whole number"),
        (lambda: gd.RaceExplorer(RAVINE, iterations=True), "iterations must be a whole number"),
        (lambda: gd.RaceExplorer(RAVINE, optimizers={}), "optimizers must name 1 to 6"),
        (lambda: gd.RaceExplorer(RAVINE, optimizers=[gd.Adam()]), "optimizers must name 1 to 6"),
        (lambda: gd.RaceExplorer(RAVINE, optimizers={"all": None}), "has the name 'all'"),
        (
            lambda: gd.RaceExplorer(RAVINE, optimizers={"a": 0.1}),
            r"optimizers\['a'\] must be one such as gd.Adam\(\), got 0.1",
        ),
        (lambda: gd.RaceExplorer(RAVINE, start=[[9, 9]]), "outside the picture"),
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
        gd.LinearRegression(gd.datasets.penguins(), reduction="sum"),
        gd.LogisticRegression([[0.0], [1.0], [2.0], [3.0]], ["a", "b", "a", "b"]),
        gd.LogisticRegression([[0.0], [1.0]], ["a", "b"]),
        gd.Surface(lambda x, y: x, lambda x, y: (1, 0), window=((-1, 1), (-1, 1))),
        gd.Surface(lambda x, y: 1, lambda x, y: (0, 0), window=((-1, 1), (-1, 1))),
    ],
    ids=[
        "perfect",
        "no feature",
        "one sample",
        "raw sum",
        "logistic",
        "separable",
        "slope",
        "flat",
    ],
)
def test_awkward_tasks_have_races_too(task):
    explorer = gd.RaceExplorer(task, iterations=3)
    explorer.factor.value = 10.0
    explorer.iteration.value = 3
    assert len(explorer.still()) > 10_000
    low, high = explorer._axes[1].get_ylim()
    assert 0 < low < high < np.inf


def test_representations_and_size(shared):
    data, metadata = shared._repr_mimebundle_()
    assert data["text/plain"] == f"RaceExplorer({RAVINE!r}: {', '.join(NAMES)})"
    assert metadata["image/png"]["alt"] == shared.description
    assert re.match(
        r"all rates times \S+, iteration \d+ of 40, loss above the least: gradient",
        shared.description,
    )


def test_one_message_holds_all_that_moves():
    explorer = gd.RaceExplorer(RAVINE)
    assert sum(len(buffer) for buffer in explorer.scene.payload["buffers"]) < 1_000_000

"""LearningRatesExplorer at every iteration, against a formula and a plain loop."""

import numpy as np
import pytest

import gdviz as gd

RATES = {"creeps": 0.05, "one step": 0.5, "bounces": 1.0, "leaves": 1.2, "explodes": 9.0}


def mapped(axes, x, y):
    """Have matplotlib map data to figure pixels, as painted at 200 dots per inch."""
    with np.errstate(all="ignore"):
        points = axes.transData.transform(np.stack([x, y], axis=-1)) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]])


def axes_of(explorer):
    return [ground.axes for ground in explorer._grounds]


def assert_shows(explorer, paths, losses):
    """Compare every panel at the present iteration with the paths expected in them."""
    k = explorer.iteration.value
    position = explorer.position
    marks = [explorer.scene.marks[start : start + 7] for start in range(0, 7 * len(paths), 7)]
    assert len(explorer.scene.marks) == 7 * len(paths)
    for panel, axes, x, loss in zip(marks, axes_of(explorer), paths, losses, strict=True):
        trail, start, now, _, _, where, height = panel
        assert trail.axes is start.axes is now.axes is axes
        with np.errstate(all="ignore"):
            expected = mapped(axes, x[: k + 1], loss[: k + 1])
        actual = np.array(trail.at(position))
        near = (np.abs(expected) < 1e4).all(axis=0)
        np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.01)
        np.testing.assert_allclose(start.at(position), mapped(axes, x[:1], loss[:1]), atol=0.01)
        if near[-1]:
            np.testing.assert_allclose(now.at(position), expected[:, -1:], rtol=0, atol=0.01)
        assert where.at(position) == f"x = {x[k]:.3g}"
        assert height.at(position) == f"loss {loss[k]:.3g}"
    statuses = [str(explorer.descent.run(n).until(k).status) for n in range(len(paths))]
    shown = [panel[4].at(position) for panel in marks]
    assert shown == [gd.Status(status).meaning.split(":")[0] for status in statuses]
    assert explorer.description.startswith(f"iteration {k}: ")
    for part, status in zip(explorer.description.split("; "), statuses, strict=True):
        assert part.endswith(status)


def test_every_iteration_on_a_parabola():
    explorer = gd.LearningRatesExplorer(gd.surfaces.bowl(1), RATES, start=[[-2.0]], iterations=25)
    k = np.arange(26)
    paths = [-2.0 * (1 - 2 * rate) ** k + 0.0 for rate in RATES.values()]
    for iteration in k:
        explorer.iteration.value = iteration
        assert_shows(explorer, paths, [x**2 for x in paths])
    assert [axes.get_title(loc="left") for axes in axes_of(explorer)] == [
        f"{title}: ε = {rate:g}" for title, rate in RATES.items()
    ]


def test_a_students_own_function():
    own = gd.Surface(lambda x: x**4 - x, lambda x: 4 * x**3 - 1, window=(-1, 2), name="mine")
    explorer = gd.LearningRatesExplorer(own, {"a": 0.02, "b": 0.4}, start=[[1.8]], iterations=12)
    paths, losses = [], []
    for rate in (0.02, 0.4):
        x, path = 1.8, []
        for _ in range(13):
            path.append(x)
            with np.errstate(all="ignore"):
                x = np.float64(x) - rate * (4 * np.float64(x) ** 3 - 1)
        paths.append(np.array(path))
        with np.errstate(all="ignore"):
            losses.append(paths[-1] ** 4 - paths[-1])
    for iteration in range(4):
        explorer.iteration.value = iteration
        assert_shows(explorer, paths, losses)
    explorer.iteration.value = 12
    assert "b, loss nan, nan" in explorer.description
    assert explorer.still()


def test_the_defaults_are_too_small_ideal_and_too_large():
    for curvature in (0.1, 300.0):
        explorer = gd.LearningRatesExplorer(gd.surfaces.bowl(1, curvature))
        explorer.iteration.value = explorer.iteration.max
        rates = explorer.descent.learning_rate * curvature
        np.testing.assert_allclose(rates, [0.04, 1.0, 2.06])
        assert list(explorer.descent.status) == ["slow", "converged", "diverged"]
        # Bounces can be counted before they leave the picture.
        trail = explorer.scene.marks[14]
        x, _ = trail.at({"iteration": 12})
        left, right = trail.axes.bbox.intervalx
        assert (2 * x > left).all()
        assert (2 * x < right).all()


def test_a_start_beyond_the_window_is_in_the_picture():
    explorer = gd.LearningRatesExplorer(gd.surfaces.bowl(1), {"a": 0.1}, start=[[7.0]])
    [axes] = axes_of(explorer)
    left, right = axes.get_xlim()
    assert left < 7 < right
    assert axes.get_ylim()[1] > 49


@pytest.mark.parametrize(
    "task", [gd.surfaces.ravine(), gd.LinearRegression([1.0, 2.0, 3.0], [2.0, 1.0, 4.0])], ids=repr
)
def test_two_parameters(task):
    rates = {"a": 0.01, "b": 0.07}
    explorer = gd.LearningRatesExplorer(task, rates, start=[[1.5, -0.5]], iterations=9)
    for k, rate in enumerate(rates.values()):
        trail, first, now, _, status, loss = explorer.scene.marks[6 * k : 6 * k + 6]
        theta = np.array([[1.5, -0.5]])
        path = []
        for iteration in range(10):
            explorer.iteration.value = iteration
            path.append(theta[0])
            expected = mapped(trail.axes, *np.transpose(path))
            np.testing.assert_allclose(trail.at(explorer.position), expected, atol=0.01)
            np.testing.assert_allclose(now.at(explorer.position), expected[:, -1:], atol=0.01)
            np.testing.assert_allclose(first.at(explorer.position), expected[:, :1], atol=0.01)
            assert loss.at(explorer.position) == f"loss {float(task.loss(theta)):.3g}"
            run = explorer.descent.run(k).until(iteration)
            assert status.at(explorer.position) == run.status.meaning.split(":")[0]
            theta = theta - rate * task.jacobian(theta).mT
    assert explorer.still()


def test_its_picture_and_its_words():
    explorer = gd.LearningRatesExplorer(gd.surfaces.bumpy(1), {"{odd} $x$": 0.01, "b": 0.1})
    assert explorer.still(iteration=3)
    assert explorer.description.startswith("iteration 0: {odd} $x$, loss 1.18, slow; b, loss ")
    assert repr(explorer) == "LearningRatesExplorer(Surface(bumpy, 1 parameter), ε = 0.01, 0.1)"
    assert sum(len(buffer) for buffer in explorer.scene.payload["buffers"]) < 10_000


SLOPE = gd.Surface(lambda x: x, lambda x: 1.0, window=(-1, 1))
FLAT = gd.Surface(lambda x: x**4, lambda x: 4 * x**3, hessian=lambda x: 12 * x**2, window=(-1, 1))


def test_a_loss_with_a_pole_has_a_picture():
    pole = gd.Surface(lambda x: x + 1 / x, lambda x: 1 - 1 / x**2, window=(-1, 3))
    assert gd.LearningRatesExplorer(pole, {"a": 0.1}, start=[[2.0]]).still()


def test_a_surface_without_minimum_takes_given_rates():
    assert gd.LearningRatesExplorer(SLOPE, {"down": 0.01}).still()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: gd.LearningRatesExplorer(gd.LinearRegression(np.eye(3), [1, 2, 3])),
            "room for 2",
        ),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), {}), "learning_rates must name"),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), [0.1]), "learning_rates must name"),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), {"a": -1}), "must be positive"),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), {"a": "x"}), "learning_rates must"),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), start=[1, 2]), "theta has shape"),
        (
            lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), start=[[np.nan]]),
            "start must be one",
        ),
        (lambda: gd.LearningRatesExplorer(gd.surfaces.bowl(1), iterations=0.5), "whole number"),
        (lambda: gd.LearningRatesExplorer(SLOPE), "has no minimum, or is flat there"),
        (lambda: gd.LearningRatesExplorer(FLAT), "or is flat there"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()

"""FitExplorer at every place of its sliders, against the formulas and matplotlib's mapping."""

import numpy as np
import pytest

import gdviz as gd

DATA = gd.datasets.penguins().standardized()
TASK = gd.LinearRegression(DATA)


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return points[:, 0], 360 - points[:, 1]


def loss(W, b):
    return np.mean((W * DATA.X[:, 0] + b - DATA.y) ** 2)


@pytest.fixture(scope="module")
def explorer():
    return gd.FitExplorer(TASK)


def assert_shows(explorer, W, b):
    line, point, text = explorer.scene.marks
    position = explorer.position
    ends = np.array(line.axes.get_xlim())
    expected = mapped(line.axes, ends, W * ends + b)
    np.testing.assert_allclose(line.at(position), expected, rtol=0, atol=0.01)
    expected = mapped(point.axes, [0.5], [loss(W, b)])
    np.testing.assert_allclose(point.at(position), expected, rtol=0, atol=0.01)
    np.testing.assert_allclose(
        float(text.at(position).removeprefix("loss ")), loss(W, b), rtol=6e-4
    )
    assert explorer.description.startswith(f"line with W = {W:.3g} and b = {b:.3g}: loss ")


def test_it_starts_at_zero(explorer):
    assert explorer.controls["W"].value == explorer.controls["b"].value == 0
    assert_shows(explorer, 0, 0)


def test_every_place_of_the_sliders(explorer):
    W, b = explorer.controls.values()
    for first in W.stops:
        W.value = first
        for second in b.stops[::7]:
            b.value = second
            assert_shows(explorer, first, second)
    W.value = b.value = 0


def test_a_value_between_takes_the_nearest_stop(explorer):
    explorer.controls["W"].value = 0.5003
    assert explorer.controls["W"].value == pytest.approx(0.5)
    assert_shows(explorer, explorer.controls["W"].value, 0)
    explorer.controls["W"].value = 0


def test_stops_are_round_and_reach_beyond_the_best(explorer):
    best = TASK.minimizer()[0]
    for control, value in zip(explorer.controls.values(), best, strict=True):
        stops = control.stops
        assert 60 <= len(stops) <= 130
        assert 0 in stops
        assert stops[0] < value < stops[-1]
        np.testing.assert_allclose(np.diff(stops), stops[1] - stops[0])
        step = f"{stops[1] - stops[0]:.6e}"
        assert step[0] in "125"
        assert float(step) == float(step[0] + step[step.index("e") :])
        assert len(set(control.get_state()["_options_labels"])) == len(stops)


def test_the_scale_is_dark_and_low_where_the_loss_is(explorer):
    _, point, _ = explorer.scene.marks
    low, high = point.axes.get_ylim()
    losses = [
        loss(W, b) for W in explorer.controls["W"].stops for b in explorer.controls["b"].stops
    ]
    least, most = min(losses), max(losses)
    assert least - 0.01 * (most - least) < low < least
    assert most < high < most + 0.2 * (most - least)  # room for the marker at either end
    [image] = point.axes.images
    brightness = image.cmap(image.norm(np.linspace(least, most, 20)))[:, :3].sum(axis=1)
    assert (np.diff(brightness) > 0).all()


@pytest.mark.parametrize(
    "task",
    [
        gd.LinearRegression(gd.datasets.penguins()),
        gd.LinearRegression(gd.datasets.penguins(), reduction="sum"),
        gd.LinearRegression([1, 2, 3], [0, 0, 0]),
        gd.LinearRegression([0, 0, 0], [1, 2, 3]),
        gd.LinearRegression([5], [7]),
        gd.LinearRegression([1e-200, 2e-200], [1, 2]),
        gd.LinearRegression([1e8, 2e8], [1, 2]),
    ],
    ids=["raw", "sum", "flat", "no feature", "one sample", "tiny", "large"],
)
def test_awkward_data_have_explorers_too(task):
    explorer = gd.FitExplorer(task)
    for control in explorer.controls.values():
        assert 0 in control.stops
        control.value = control.stops[-1]
    assert explorer.still()
    for mark in explorer.scene.marks[:2]:
        assert np.isfinite(mark.at(explorer.position)).all()


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (gd.LinearRegression(np.eye(3), [1, 2, 3]), "task has 4 parameters"),
        (gd.LinearRegression([1e200, 2e200], [1, 2]), "is too large for a picture"),
    ],
)
def test_wrong_input_is_named(task, words):
    with pytest.raises(ValueError, match=words):
        gd.FitExplorer(task)


def test_representations(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == f"FitExplorer({TASK!r})"
    assert metadata["image/png"]["alt"] == explorer.description

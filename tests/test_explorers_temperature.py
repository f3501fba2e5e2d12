"""TemperatureExplorer under both sliders, against softmax worked out class by class."""

import math

import numpy as np
import pytest

import gdviz as gd

NAMES = ["Adelie", "{Chinstrap}", "Gentoo"]
LOGITS = [2.0, 1.0, -1.0]


def softmax(z, temperature):
    top = max(z)
    powers = [math.exp((value - top) / temperature) for value in z]
    return [power / sum(powers) for power in powers]


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 400 - points[:, 1]])


@pytest.fixture(scope="module")
def explorer():
    return gd.TemperatureExplorer(LOGITS, NAMES)


def assert_shows(explorer, temperature, c):
    position, (across, *marks, title) = explorer.position, explorer.scene.marks
    p = softmax(LOGITS, temperature)
    np.testing.assert_allclose(
        across.at(position), mapped(across.axes, temperature, [0, 1]), atol=0.01
    )
    for k in range(3):
        logit_bar, bar, point, logit_number, number = marks[5 * k : 5 * k + 5]
        for mark, height in ((logit_bar, LOGITS[k] + c), (bar, p[k])):
            x, y = mapped(mark.axes, k + 0.36 * np.array([-1, 1]), [0, height])
            drawn = np.array(mark.at(position), dtype=float)
            np.testing.assert_allclose([drawn[0].min(), drawn[0].max()], x, atol=0.01)
            np.testing.assert_allclose([drawn[1].min(), drawn[1].max()], sorted(y), atol=0.01)
        expected = mapped(point.axes, [temperature], [p[k]])
        np.testing.assert_allclose(point.at(position), expected, atol=0.01)
        assert float(logit_number.at(position)) == pytest.approx(LOGITS[k] + c, abs=1e-9)
        assert float(number.at(position)) == pytest.approx(p[k], abs=5.1e-4)
        assert f"{NAMES[k]} {p[k]:.4f}" in explorer.description
    assert title.at(position) == f"Probabilities at T = {temperature:.3g}"
    assert explorer.description.startswith(f"temperature {temperature:.3g}, {c:.1f} added")


def test_it_starts_as_plain_softmax(explorer):
    fresh = gd.TemperatureExplorer(LOGITS, NAMES)
    assert_shows(fresh, 1.0, 0.0)


def test_every_temperature(explorer):
    temperatures = explorer.scene.dimensions["temperature"]
    assert (temperatures[0], temperatures[-1]) == (0.05, 20)
    for temperature in temperatures:
        explorer.controls["temperature"].value = temperature
        assert_shows(explorer, temperature, explorer.controls["c"].value)


def test_every_shift_moves_the_logits_alone(explorer):
    explorer.controls["temperature"].value = 1.5
    for c in explorer.scene.dimensions["c"]:
        explorer.controls["c"].value = c
        assert_shows(explorer, 1.5, c)


def test_cold_is_argmax_and_hot_is_uniform(explorer):
    for index, expected in ((0, [1, 0, 0]), (-1, [1 / 3] * 3)):
        temperature = explorer.scene.dimensions["temperature"][index]
        np.testing.assert_allclose(softmax(LOGITS, temperature), expected, atol=0.04)
        explorer.controls["temperature"].value = temperature
        assert_shows(explorer, temperature, explorer.controls["c"].value)


def test_the_painted_curves_are_those_of_the_dots(explorer):
    axes = explorer.scene.marks[0].axes
    assert len(axes.lines) == 1 + len(LOGITS)
    for k, line in enumerate(axes.lines[1:]):
        expected = [softmax(LOGITS, temperature)[k] for temperature in line.get_xdata()]
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
    assert axes.lines[0].get_ydata()[0] == pytest.approx(1 / 3)


def test_bars_stay_within_their_axes(explorer):
    low, high = explorer.scene.marks[1].axes.get_ylim()
    assert low < min(LOGITS) - 3
    assert high > max(LOGITS) + 3


@pytest.mark.parametrize("logits", [[0, 0], [1000, -1000, 3], np.arange(6), [1, 1, 1, 1]])
def test_other_logits(logits):
    explorer = gd.TemperatureExplorer(logits)
    assert explorer.still()
    assert repr(explorer) == f"TemperatureExplorer({len(logits)} classes)"
    ticks = [tick.get_text() for tick in explorer.scene.marks[1].axes.get_xticklabels()]
    assert ticks == [str(k) for k in range(len(logits))]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0],), "logits must be 2 to 6 finite numbers"),
        ((range(7),), "logits must be 2 to 6 finite numbers"),
        (([[1, 2]],), "logits must be 2 to 6 finite numbers"),
        (([1, np.nan],), "logits must be 2 to 6 finite numbers"),
        ((["a", "b"],), "logits must be an array of real numbers"),
        (([1, 2], ["only one"]), "names has 1 names, but there are 2 logits"),
    ],
)
def test_wrong_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        gd.TemperatureExplorer(*arguments)

"""Half discs on the edges of pictures, where descents are that have left them."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import gdviz as gd
from gdviz.explorers.edge import on_edge

RAVINE = gd.surfaces.ravine()
PENGUINS = gd.datasets.penguins().standardized()


def half_discs(explorer):
    """Return the marks that are half discs: white, where all other points have another colour."""
    marks = [mark for mark in explorer.scene.marks if getattr(mark, "kind", "") == "points"]
    return [mark for mark in marks if [to_hex(color) for color in mark.colors] == ["#ffffff"]]


def assert_at(mark, position, expected):
    """Compare a mark with where matplotlib, at 200 dots per inch, draws the expected place."""
    x, y = mark.axes.transData.transform(expected) / 2
    height = mark.axes.figure.bbox.height / 2
    np.testing.assert_allclose(np.ravel(mark.at(position)), [x, height - y], rtol=0, atol=0.02)


def assert_on_edge(mark, position, place):
    """Compare a half disc with where the way from the middle leaves the axes; tell if it does."""
    edges = np.array([mark.axes.get_xlim(), mark.axes.get_ylim()])
    if ((edges[:, 0] <= place) & (place <= edges[:, 1])).all():
        assert np.isnan(mark.at(position)).all()
        return False
    centre = edges.mean(axis=1)
    towards = place - centre
    expected = centre + towards * np.min((edges[:, 1] - centre) / np.abs(towards))
    assert_at(mark, position, expected)
    return True


def test_of_each_racer_in_its_colour():
    explorer = gd.RaceExplorer(RAVINE, iterations=60)
    marks, left = half_discs(explorer), []
    assert len({mark.outline for mark in marks}) == 6
    for factor in (0.1, 1.0, 10.0):
        for k in (0, 3, 20, 60):
            explorer.factor.value, explorer.iteration.value = factor, k
            for mark, (name, descent) in zip(marks, explorer.descents.items(), strict=True):
                place = descent.theta[-1].ravel()
                if assert_on_edge(mark, explorer.position, place):
                    left.append((factor, k, name))
    factor, k, name = left[-1]
    explorer.factor.value, explorer.iteration.value, explorer.show.value = factor, k, name
    there = [not np.isnan(mark.at(explorer.position)).any() for mark in marks]
    assert there == [racer == name for racer in explorer.optimizers]


def test_of_a_descent_in_batches():
    task = gd.LinearRegression(PENGUINS)
    explorer = gd.MinibatchExplorer(task, start=[[-0.9, -0.9]], iterations=60)
    [mark] = half_discs(explorer)
    seen = set()
    explorer.learning_rate.value = explorer.learning_rate.stops[-1]
    for size in explorer.batch_size.stops:
        explorer.batch_size.value = size
        for k in range(61):
            explorer.iteration.value = k
            place = explorer._theta[tuple(explorer.position.values())].ravel()
            seen.add(assert_on_edge(mark, explorer.position, place))
    assert seen == {False, True}


def test_of_both_landscapes():
    tasks = {"long": RAVINE, "short": gd.surfaces.ravine(condition=10)}
    explorer = gd.CompareLandscapesExplorer(tasks, start=[[1.5, -1.0]], iterations=40)
    marks, seen = half_discs(explorer), set()
    assert [mark.axes for mark in marks] == explorer._axes[:2]
    assert len({mark.outline for mark in marks}) == 2
    for rate in explorer.learning_rate.stops[::-5]:
        for k in (0, 1, 2, 9, 40):
            explorer.learning_rate.value, explorer.iteration.value = rate, k
            for n, (mark, descent) in enumerate(zip(marks, explorer.descents.values())):
                place = descent.theta[-1].ravel()
                seen.add((n, assert_on_edge(mark, explorer.position, place)))
    assert seen == {(n, outside) for n in (0, 1) for outside in (False, True)}


@pytest.mark.parametrize("task", [RAVINE, gd.LinearRegression(PENGUINS)], ids=repr)
def test_of_each_learning_rate_on_a_map(task):
    rates = {"steady": 0.01, "leaves": 3.0}
    explorer = gd.LearningRatesExplorer(task, rates, start=[[0.6, -0.5]], iterations=15)
    seen = set()
    for k in range(16):
        explorer.iteration.value = k
        for n, mark in enumerate(half_discs(explorer)):
            place = explorer.descent.run(n).theta[k].ravel()
            seen.add((n, assert_on_edge(mark, explorer.position, place)))
    assert seen == {(0, False), (1, False), (1, True)}


def test_of_each_learning_rate_on_a_curve():
    task = gd.surfaces.bowl(1)
    rates = {"steady": 0.1, "leaves": 1.2}
    explorer = gd.LearningRatesExplorer(task, rates, start=[[-2.0]], iterations=12)
    steady, leaves = half_discs(explorer)
    left, right = leaves.axes.get_xlim()
    seen = set()
    for k in range(13):
        explorer.iteration.value = k
        position = explorer.position
        assert np.isnan(steady.at(position)).any()
        x = -2.0 * (1 - 2.4) ** k
        if left <= x <= right:
            assert np.isnan(leaves.at(position)).any()
            continue
        end = left if x < left else right
        assert_at(leaves, position, [end, end**2])
        seen.add(end)
    assert seen == {left, right}


def test_none_as_near_the_middle_as_floats_can_be():
    outside, edge = on_edge(np.array([[5e-324], [0.0], [3.0], [-4.0]]), np.array([[-3.0, 3.0]]))
    assert outside.tolist() == [False, False, False, True]
    np.testing.assert_array_equal(edge[:, 0], [np.nan, np.nan, np.nan, -3.0])


def test_none_where_the_loss_has_overflowed():
    explorer = gd.RaceExplorer(RAVINE, optimizers={"plain": None}, iterations=1000)
    explorer.factor.value, explorer.iteration.value = 10.0, 1000
    [mark] = half_discs(explorer)
    assert not np.isfinite(explorer.descents["plain"].theta[-1]).all()
    assert np.isnan(mark.at(explorer.position)).any()

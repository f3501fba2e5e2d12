"""GradientExplorer at every place of its sliders, against gradients worked out sample by sample."""

import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.gradient import BAR

DATA = gd.datasets.penguins().standardized()
TASK = gd.LinearRegression(DATA).subset(range(0, 342, 30))
X, Y = TASK.dataset.X[:, 0], TASK.dataset.y


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return points[:, 0], 450 - points[:, 1]


def back(mark, position):
    """Return the points of a mark in data coordinates, one per row, without gaps."""
    x, y = mark.at(position)
    points = np.stack([2 * x, 2 * (450 - y)], axis=-1)
    return mark.axes.transData.inverted().transform(points[~np.isnan(points).any(axis=-1)])


def pulls(W, b):
    """Return each sample's -∇l, by central differences of its own squared error."""
    h = 1e-4
    rows = []
    for x, y in zip(X, Y, strict=True):

        def loss(W, b, x=x, y=y):
            return (W * x + b - y) ** 2

        slope_W = (loss(W + h, b) - loss(W - h, b)) / (2 * h)
        slope_b = (loss(W, b + h) - loss(W, b - h)) / (2 * h)
        rows.append([-slope_W, -slope_b])
    return np.array(rows)


@pytest.fixture(scope="module")
def explorer():
    return gd.GradientExplorer(TASK)


def place(explorer, W, b, added):
    for name, value in {"W": W, "b": b, "samples_added": added}.items():
        explorer.controls[name].value = value
        assert explorer.controls[name].value == pytest.approx(value)


def numbers(text):
    return [float(number) for number in re.findall(r"\[ (\S+) \| (\S+) \]", text)[-1]]


def assert_shows(explorer, W, b, added):
    place(explorer, W, b, added)
    position = explorer.position
    marks = explorer.scene.marks
    each = pulls(W, b)
    assert_data_show(marks[:5], position, W, b, added)

    fan, chosen, step, now = marks[5:9]
    theta, epsilon = np.array([W, b]), explorer.learning_rate
    tips = back(fan, position).reshape(12, 5, 2)
    close(tips[:, 0], np.tile(theta, (12, 1)), fan)
    close(tips[:, 1], theta + epsilon * each, fan)
    close(back(chosen, position)[:2], [theta, theta + epsilon * each[added - 1]], fan)
    mean = each[:added].sum(axis=0) / 12
    close(back(step, position)[:2], [theta, theta + epsilon * mean], fan)
    close(back(now, position), [theta], fan)

    *chain, bar = marks[9:17]
    joints = np.cumsum([[0, 0], *each], axis=0)
    size = np.ptp(joints, axis=0).max()
    all_links, first, trail, total, last, share, origin = (back(m, position) for m in chain)
    start = origin[0]
    at = start + joints / size
    links = all_links.reshape(12, 5, 2)
    close(links[:, 0], at[:-1], chain[0])
    close(links[:, 1], at[1:], chain[0])
    close(first, at[:2], chain[0])
    close(trail, at[1 : added + 1], chain[0])
    close(total[:2], [start, at[added]], chain[0])
    close(last[:2], at[added - 1 : added + 1], chain[0])
    close(share[:2], [start, start + (at[added] - start) / 12], chain[0])
    assert np.abs(at).max() < 0.52  # the whole chain is in the picture
    assert float(bar.at(position)) == pytest.approx(BAR * size, rel=0.06)

    sample, pull, added_up, divided = (text.at(position) for text in marks[17:])
    residual = W * X[added - 1] + b - Y[added - 1]
    assert sample.startswith(f"sample {added} of 12:  residual ")
    assert float(sample.split()[-1]) == pytest.approx(residual, rel=6e-3)
    np.testing.assert_allclose(numbers(pull), each[added - 1], rtol=6e-3, atol=1e-6)
    np.testing.assert_allclose(numbers(added_up), 12 * mean, rtol=6e-3, atol=1e-6)
    np.testing.assert_allclose(numbers(divided), mean, rtol=6e-3, atol=1e-6)
    assert divided.startswith("-∇L = sum ÷ 12 = " if added == 12 else "sum ÷ 12 = ")
    assert explorer.description == (
        f"W = {W:.3g}, b = {b:.3g}; {sample}, -∇l = {pull.split(' = ')[-1]}; {added_up}; {divided}"
    )


def close(points, expected, mark):
    """Compare to a hundredth of a pixel or so: the panels are some 270 pixels wide."""
    pixel = np.ptp(mark.axes.get_xlim()) / 270
    np.testing.assert_allclose(points, expected, rtol=0, atol=0.02 * pixel)


def assert_data_show(marks, position, W, b, added):
    residuals, samples, line, chosen, point = marks
    sides = back(residuals, position).reshape(12, 2, 2)
    close(sides[:, 0], np.stack([X, Y], axis=-1), residuals)
    close(sides[:, 1], np.stack([X, W * X + b], axis=-1), residuals)
    close(back(samples, position), np.stack([X, Y], axis=-1), residuals)
    ends = np.array(line.axes.get_xlim())
    np.testing.assert_allclose(line.at(position), mapped(line.axes, ends, W * ends + b), atol=0.01)
    close(back(chosen, position), sides[added - 1], residuals)
    close(back(point, position), [[X[added - 1], Y[added - 1]]], residuals)


def test_every_place_of_the_sliders(explorer):
    W, b, added = explorer.controls.values()
    assert (added.min, added.max) == (1, 12)
    for k in range(1, 13):
        assert_shows(explorer, W.stops[2], b.stops[-3], k)
    for i, first in enumerate(W.stops):
        for second in b.stops[i % 3 :: 3]:
            assert_shows(explorer, first, second, 1 + (i + 5) % 12)


def test_the_end_of_the_chain_is_n_times_the_gradient(explorer):
    W, b, _ = explorer.controls.values()
    added_up, divided = explorer.scene.marks[-2:]
    for first in W.stops[::4]:
        for second in b.stops[::4]:
            place(explorer, first, second, 12)
            gradient = TASK.jacobian([[first, second]])[:, 0]
            np.testing.assert_allclose(
                numbers(added_up.at(explorer.position)), -12 * gradient, rtol=6e-3
            )
            np.testing.assert_allclose(numbers(divided.at(explorer.position)), -gradient, rtol=6e-3)


def test_at_the_minimum_the_chain_closes(explorer):
    place(explorer, *TASK.minimizer()[0], 12)
    total = back(explorer.scene.marks[12], explorer.position)
    np.testing.assert_allclose(total[1], total[0], atol=1e-4)
    texts = [text.at(explorer.position) for text in explorer.scene.marks[-2:]]
    assert texts == ["sum = [ 0 | 0 ]", "-∇L = sum ÷ 12 = [ 0 | 0 ]"]


def test_stops_are_round_but_for_the_minimum(explorer):
    for control, best in zip(list(explorer.controls.values())[:2], TASK.minimizer()[0]):
        stops = control.stops
        assert 14 <= len(stops) <= 23
        assert best in stops
        steps = np.diff(stops[stops != best])
        np.testing.assert_allclose(steps, steps[0])
        assert float(f"{steps[0]:.1g}") == pytest.approx(steps[0])
        assert len(set(control.get_state()["_options_labels"])) == len(stops)


def test_a_minimum_at_a_round_number_is_no_stop_of_its_own():
    explorer = gd.GradientExplorer(gd.LinearRegression([-1, 0, 1], [-1, 0.5, 1]))
    b = explorer.controls["b"]
    labels = b.get_state()["_options_labels"]
    assert len(set(labels)) == len(labels)
    assert np.diff(b.stops).min() > 0.01


def test_a_sum_is_not_divided():
    task = gd.LinearRegression(TASK.dataset, reduction="sum")
    explorer = gd.GradientExplorer(task)
    place(explorer, 0.4, -0.4, 12)
    added_up, divided = (text.at(explorer.position) for text in explorer.scene.marks[-2:])
    assert divided.startswith("-∇L = sum = [")
    assert numbers(divided) == numbers(added_up)
    np.testing.assert_allclose(numbers(divided), -task.jacobian([[0.4, -0.4]])[:, 0], rtol=6e-3)
    total, share = (back(explorer.scene.marks[k], explorer.position) for k in (12, 14))
    np.testing.assert_array_equal(share, total)


@pytest.mark.parametrize(
    "task",
    [
        gd.LinearRegression(gd.datasets.penguins()).subset(range(16)),
        gd.LinearRegression([1, 2, 3], [0, 0, 0]),
        gd.LinearRegression([0, 0, 0], [1, 2, 3]),
        gd.LinearRegression([1, 2, 3], [2, 4, 6]),
        gd.LinearRegression([5], [7]),
        gd.LinearRegression([1e8, 2e8], [1, 2]),
    ],
    ids=["raw", "flat", "no feature", "exact", "one sample", "large"],
)
def test_awkward_data_have_explorers_too(task):
    explorer = gd.GradientExplorer(task)
    for control in list(explorer.controls.values())[:2]:
        control.value = control.stops[-1]
    assert explorer.still()
    assert "nan" not in explorer.description
    explorer.controls["samples_added"].value = task.n_samples
    theta = [[explorer.controls["W"].value, explorer.controls["b"].value]]
    np.testing.assert_allclose(
        numbers(explorer.description), -task.jacobian(theta)[:, 0], rtol=6e-3, atol=1e-6
    )


def test_the_largest_that_is_allowed_can_be_sent():
    task = gd.LinearRegression(DATA).subset(range(0, 336, 21))
    assert task.n_samples == 16
    explorer = gd.GradientExplorer(task)
    assert sum(map(len, explorer.scene.payload["buffers"])) < 4e6


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (
            gd.LinearRegression(DATA),
            r"task has 342 samples, but .*: pass a subset, such as task.subset\(range\(0, 342, 22",
        ),
        (gd.LinearRegression(np.eye(3), [1, 2, 3]), "task has 4 parameters"),
        (gd.LogisticRegression([1, 2, 3], [0, 1, 1]), "task must be a gd.LinearRegression"),
        (gd.LinearRegression([1e200, 2e200], [1, 2]), "is too large for a picture"),
    ],
)
def test_wrong_input_is_named(task, words):
    with pytest.raises(ValueError, match=words):
        gd.GradientExplorer(task)


def test_the_subset_that_the_error_names_is_accepted():
    task = gd.LinearRegression(DATA)
    assert gd.GradientExplorer(task.subset(range(0, 342, 22))).still()


def test_representations(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == f"GradientExplorer({TASK!r})"
    assert metadata["image/png"]["alt"] == explorer.description
    assert explorer.still(samples_added=3) != explorer.still(samples_added=4)

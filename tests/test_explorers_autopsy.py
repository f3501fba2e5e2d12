"""AutopsyExplorer under every control, against a loop in plain Python floats."""

import math
import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.autopsy import INF, LARGEST, NAN

ITERATIONS = 120
PARABOLA = gd.surfaces.bowl(1)
PENGUINS = gd.LinearRegression(gd.datasets.penguins())


def plain_sizes(x, learning_rate, iterations=ITERATIONS):
    """Descend on L = x² in Python floats, which say inf and nan as the hardware does."""
    sizes = {"θ": [], "loss": [], "gradient": []}
    learning_rate = float(learning_rate)  # NumPy's would warn
    for _ in range(iterations + 1):
        loss, gradient = x * x, 2.0 * x
        for name, value in zip(sizes, (x, loss, gradient), strict=True):
            sizes[name].append(abs(value))
        x = x - learning_rate * gradient
    return sizes


def height(size):
    if math.isnan(size):
        return NAN
    if math.isinf(size):
        return INF
    return max(math.log10(size), -12) if size else -12


@pytest.fixture(scope="module")
def shared():
    return gd.AutopsyExplorer(PARABOLA, start=[[-2.0]], iterations=ITERATIONS)


def mapped(axes, x, y):
    points = axes.transData.transform(np.stack([x, y], axis=-1)) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]])


def assert_shows(explorer, sizes):
    position, k = explorer.position, explorer.iteration.value
    rate_text, reason, at, *rows = explorer.scene.marks
    assert rate_text.at(position) == f"ε = {explorer.learning_rate.value:.3g}"
    assert reason.at(position) == explorer.descent.reason
    assert at.at(position) == f"at iteration {k}"
    assert len(rows) == 4 * len(sizes)
    for n, (name, values) in enumerate(sizes.items()):
        place = 4 * (len(sizes) - 1 - n)  # the first is drawn last, above the others
        trail, now, label, number = rows[place : place + 4]
        aside = [0 if math.isfinite(value) else 1.5 * (n - 2) for value in values[: k + 1]]
        heights = np.array([height(value) for value in values[: k + 1]]) + aside
        expected = mapped(trail.axes, np.arange(k + 1.0), heights)
        np.testing.assert_allclose(trail.at(position), expected, rtol=0, atol=0.01)
        np.testing.assert_allclose(now.at(position), expected[:, -1:], rtol=0, atol=0.01)
        assert label.at(position) == name
        assert number.at(position) == f"{values[k]:.3g}"
        assert f"{name} {values[k]:.3g}" in explorer.description
    assert explorer.description.startswith(
        f"learning rate {explorer.learning_rate.value:.3g}, iteration {k}: θ "
    )


@pytest.mark.parametrize("part", range(4))
def test_every_learning_rate_at_many_iterations(shared, part):
    for rate in shared.learning_rate.stops[part::4]:
        shared.learning_rate.value = rate
        sizes = plain_sizes(-2.0, rate)
        for k in (0, 1, 40, 77, ITERATIONS):
            shared.iteration.value = k
            assert_shows(shared, sizes)


def test_every_iteration_to_nan(shared):
    rate = shared.learning_rate.stops[-20]
    shared.learning_rate.value = rate
    sizes = plain_sizes(-2.0, rate)
    assert math.isnan(sizes["θ"][-1])
    for k in range(ITERATIONS + 1):
        shared.iteration.value = k
        assert_shows(shared, sizes)


def test_a_page_that_moves_a_slider_moves_the_explorer(shared, sent):
    messages = sent(shared.canvas)
    shared.learning_rate.set_state({"index": 5})
    shared.iteration.set_state({"value": 33})
    assert_shows(shared, plain_sizes(-2.0, shared.learning_rate.stops[5]))
    assert messages == []


def test_it_opens_where_the_first_number_overflows():
    explorer = gd.AutopsyExplorer(PARABOLA, start=[[-2.0]])
    assert explorer.learning_rate.value == 10  # ten times the largest stable rate
    sizes = plain_sizes(-2.0, 10.0, 200)["loss"]
    assert explorer.iteration.value == next(k for k, size in enumerate(sizes) if math.isinf(size))
    assert explorer.iteration.value == explorer.descent.first_bad_iteration


@pytest.mark.parametrize("rate", [3.3, 0.4, 1e6])
def test_it_opens_at_a_given_rate(rate):
    explorer = gd.AutopsyExplorer(
        PARABOLA, start=[[-2.0]], learning_rate=rate, iterations=ITERATIONS
    )
    assert explorer.learning_rate.value == rate
    bad = explorer.descent.first_bad_iteration
    assert explorer.iteration.value == (ITERATIONS if bad < 0 else bad)
    assert_shows(explorer, plain_sizes(-2.0, rate))


def test_data_have_all_their_operations():
    explorer = gd.AutopsyExplorer(PENGUINS, start=[[0.0, 0.0]])
    names = [text.at(explorer.position) for text in explorer.scene.marks[5::4]]
    assert names == ["gradient", "loss", "squared residual", "residual", "θ"]
    # The squares overflow, and with them the loss; residual and gradient are still numbers.
    k = explorer.iteration.value
    tips = {
        name: trail.at({**explorer.position, "iteration": k})[1][-1]
        for name, trail in zip(names, explorer.scene.marks[3::4], strict=True)
    }
    top = mapped(explorer._axes, np.zeros(1), np.array([LARGEST]))[1, 0]
    assert {name for name, tip in tips.items() if tip < top} == {"squared residual", "loss"}
    assert "squared residual overflowed first" in explorer.description
    assert sum(len(buffer) for buffer in explorer.scene.payload["buffers"]) < 1_000_000


@pytest.mark.parametrize(
    "task",
    [
        gd.surfaces.ravine(),
        gd.surfaces.himmelblau(),
        gd.SoftmaxRegression(gd.datasets.blobs(30)),
        gd.LinearRegression(np.eye(3), [1, 2, 3], reduction="sum"),
    ],
    ids=repr,
)
def test_any_task(task):
    explorer = gd.AutopsyExplorer(task, iterations=30)
    assert re.match(r"learning rate \S+, iteration \d+: θ ", explorer.description)
    assert explorer.still()
    assert repr(explorer) == f"AutopsyExplorer({task!r})"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.AutopsyExplorer(gd.Surface(lambda x: x, lambda x: 1, window=(0, 1))), "is inf"),
        (lambda: gd.AutopsyExplorer(PARABOLA, start=[1, 2]), r"theta has shape \(2,\)"),
        (lambda: gd.AutopsyExplorer(PARABOLA, start=[[[1]], [[2]]]), "start must be one finite"),
        (lambda: gd.AutopsyExplorer(PARABOLA, start=[[np.inf]]), "start must be one finite"),
        (lambda: gd.AutopsyExplorer(PARABOLA, learning_rate=-1), "learning_rate must be positive"),
        (lambda: gd.AutopsyExplorer(PARABOLA, learning_rate="x"), "learning_rate must be"),
        (
            lambda: gd.AutopsyExplorer(PARABOLA, iterations=0),
            "must be a whole number, from 1",
        ),
        (lambda: gd.AutopsyExplorer(PARABOLA, iterations=9.5), "iterations must be a whole number"),
        (lambda: gd.AutopsyExplorer(PENGUINS, iterations=3000), "thin out 'iteration'"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()

"""RateCurveExplorer under every control, against closed formulas and a plain loop."""

import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.explorers.rate_curve import HIGHEST, LOWEST

KAPPA = 25.0
SURFACE = gd.surfaces.ravine(KAPPA)
START = np.array([[3.0, 1.0]])
ITERATIONS = 60
LIMIT, BEST = 2 / KAPPA, 2 / (1 + KAPPA)
PENGUINS = gd.LinearRegression(
    gd.datasets.penguins(["bill_length_mm", "flipper_length_mm"]).standardized()
)


def ravine_loss(learning_rate, n):
    """Return the loss after n iterations by the formula: each direction has its own factor."""
    with np.errstate(all="ignore"):
        x, y = 3 * (1 - learning_rate) ** n, (1 - learning_rate * KAPPA) ** n
        return (x**2 + KAPPA * y**2) / 2


def mapped(axes, x, y):
    """Have matplotlib map data to figure pixels, as painted at 200 dots per inch."""
    with np.errstate(all="ignore"):
        points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 430 - points[:, 1]])


def assert_same(marks, position, x, y):
    """Compare to a twentieth of a pixel what is in or near the picture."""
    actual = np.array(marks.at(position), dtype=float)
    expected = mapped(marks.axes, np.atleast_1d(x), np.atleast_1d(y))
    assert actual.shape == expected.shape
    near = (np.abs(expected) < 1e4).all(axis=0)
    np.testing.assert_allclose(actual[:, near], expected[:, near], rtol=0, atol=0.05)
    gone = ~np.isfinite(expected).all(axis=0)
    assert not np.isfinite(actual[:, gone]).all(axis=0).any()


@pytest.fixture(scope="module")
def shared():
    return gd.RateCurveExplorer(SURFACE, start=START, iterations=ITERATIONS)


def number(text):
    return float(re.search(r"-?(inf|nan|[\d.]+(e[+-]?\d+)?)$", text)[0])


def assert_shows(explorer, rate, n):
    """Everything drawn and said is that of the formula."""
    position = explorer.position
    curve, bar, lowest, now, losses, loss_now = explorer.scene.marks[:6]
    on_curve, on_loss = explorer._axes
    assert [mark.axes for mark in explorer.scene.marks[:6]] == 4 * [on_curve] + 2 * [on_loss]
    low, high = on_curve.get_xlim()
    rates = np.geomspace(low, high, curve.x.array.shape[-1])
    assert_same(curve, position, rates, ravine_loss(rates, n))
    assert_same(bar, position, [rate, rate], on_curve.get_ylim())
    assert_same(now, position, rate, ravine_loss(rate, n))
    steps = np.arange(n + 1)
    y = ravine_loss(rate, steps)
    actual, expected = np.array(losses.at(position)), mapped(on_loss, steps, y)
    inside = y < HIGHEST * ravine_loss(rate, 0)
    np.testing.assert_allclose(actual[:, inside], expected[:, inside], rtol=0, atol=0.05)
    assert_same(loss_now, position, n, ravine_loss(rate, n))
    # The lowest point, found on a finer grid of rates.
    fine = np.geomspace(low, high, 10_001)
    found = fine[np.argmin(ravine_loss(fine, n))]
    x, y = lowest.at(position)
    expected = mapped(on_curve, [found], [ravine_loss(found, n)])
    assert abs(x[0] - expected[0, 0]) < 2  # pixels
    assert abs(y[0] - expected[1, 0]) < 6  # on the flank of a steep valley
    count, best, here, loss, status = (mark.at(position) for mark in explorer.scene.marks[6:])
    assert count == f"n = {n}"
    assert number(best) == pytest.approx(found, rel=0.05)
    assert here == f"here ε = {rate:.3g}"
    assert number(loss) == pytest.approx(ravine_loss(rate, n), rel=1e-3, abs=1e-12)
    assert explorer.descent.iterations == n
    assert status == explorer.descent.status.meaning
    assert explorer.description.startswith(f"learning rate {rate:.3g} after {n} iterations: loss ")
    assert str(explorer.descent.status) in explorer.description


@pytest.mark.parametrize("third", [0, 1, 2])
def test_every_learning_rate_at_many_iterations(shared, third):
    for rate in shared.learning_rate.stops[third::3]:
        shared.learning_rate.value = rate
        for n in (1, 7, ITERATIONS):
            shared.iteration.value = n
            assert_shows(shared, rate, n)


def test_every_iteration(shared):
    rate = shared.learning_rate.stops[20]
    shared.learning_rate.value = rate
    for n in range(1, ITERATIONS + 1):
        shared.iteration.value = n
        assert_shows(shared, rate, n)


def test_a_rate_between_the_stops(sent):
    explorer = gd.RateCurveExplorer(SURFACE, start=START, iterations=30)
    messages = sent(explorer.canvas)
    explorer.learning_rate.value = BEST
    assert len(messages) == 1
    assert ("painting",) not in messages[0]
    assert_shows(explorer, BEST, 20)
    explorer.learning_rate.value = explorer.learning_rate.stops[3]
    explorer.iteration.value = 4
    assert len(messages) == 1  # what is there needs no kernel
    assert_shows(explorer, explorer.learning_rate.stops[3], 4)


def test_a_page_that_moves_a_slider_moves_the_explorer(shared):
    shared.learning_rate.set_state({"index": 12})
    shared.iteration.set_state({"value": 33})
    assert_shows(shared, shared.learning_rate.stops[12], 33)


def test_the_limit_and_the_best_rate_are_marked(shared):
    assert shared.limit == pytest.approx(LIMIT)
    assert shared.best == pytest.approx(BEST)
    on_curve, _ = shared._axes
    assert [line.get_xdata()[0] for line in on_curve.lines] == pytest.approx([LIMIT, BEST])
    assert [text.get_text().strip() for text in on_curve.texts] == ["2/λmax", "2/(λmin+λmax)"]


def test_the_lowest_point_goes_from_the_best_single_step_to_the_best_fixed_rate():
    explorer = gd.RateCurveExplorer(SURFACE, start=START, iterations=150)
    # One step along the gradient g is best with g·g / g·Hg.
    g = np.array([3.0, KAPPA])
    assert explorer._lowest[1] == pytest.approx(g @ g / (g @ (g * [1, KAPPA])), rel=0.012)
    # In the end both directions shrink alike, up to a factor between the two starts.
    assert explorer._lowest[150] == pytest.approx(BEST, rel=0.02)
    assert (np.diff(explorer._lowest[1:]) > -0.02 * BEST).all()


def test_rounding_has_no_lowest_point_of_its_own():
    explorer = gd.RateCurveExplorer(gd.surfaces.bowl(), start=[[1.0, 2.0]], iterations=300)
    assert explorer._lowest[[1, 10, 300]] == pytest.approx(3 * [0.5], rel=0.02)
    low, high = explorer._range
    assert (low, high) == pytest.approx((5 * LOWEST, 5 * HIGHEST))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_data_against_a_plain_loop(reduction):
    data = PENGUINS.dataset
    task = gd.LinearRegression(data, reduction=reduction)
    explorer = gd.RateCurveExplorer(task, start=[[0, 0, 0]], iterations=25)
    X = np.column_stack([data.X, np.ones(len(data.y))])
    weight = 1 / len(data.y) if reduction == "mean" else 1.0
    curvatures = 2 * weight * np.linalg.svd(X, compute_uv=False) ** 2
    assert explorer.limit == pytest.approx(2 / curvatures.max())
    assert explorer.best == pytest.approx(2 / (curvatures.max() + curvatures.min()))
    least = weight * np.linalg.lstsq(X, data.y, rcond=None)[1][0]
    for rate in explorer.learning_rate.stops[::6]:
        explorer.learning_rate.value = rate
        theta, losses = np.zeros(3), []
        for _ in range(26):
            residual = X @ theta - data.y
            losses.append(weight * np.sum(residual**2))
            theta = theta - rate * 2 * weight * X.T @ residual
        for n in (1, 2, 25):
            explorer.iteration.value = n
            assert explorer.descent.loss[-1] == pytest.approx(losses[n], rel=1e-9)
            above = losses[n] - least
            if above > 1e-8 * (losses[0] - least):
                assert_same(explorer.scene.marks[3], explorer.position, rate, above)


def test_two_tasks_over_the_same_rates():
    ends = (1e-5, 2.0)
    mean, total = (
        gd.RateCurveExplorer(
            gd.LinearRegression(PENGUINS.dataset, reduction=reduction),
            iterations=20,
            learning_rates=ends,
        )
        for reduction in ("mean", "sum")
    )
    assert mean.limit / total.limit == pytest.approx(PENGUINS.n_samples)
    for explorer in (mean, total):
        assert explorer._axes[0].get_xlim() == ends
        assert explorer.learning_rate.stops[[0, -1]].tolist() == [1e-5, 2.0]


def test_a_limit_beyond_the_slider_is_not_marked():
    explorer = gd.RateCurveExplorer(SURFACE, learning_rates=(1e-4, 1e-2), iterations=10)
    with_marks = explorer.children[1].children[1]
    assert "limit" not in with_marks.children[1].value
    assert explorer.learning_rate.value == 0.01
    assert explorer.still()


@pytest.mark.parametrize(
    ("task", "best"),
    [
        (gd.surfaces.bowl(1), 0.5),
        (gd.surfaces.himmelblau(), None),
        (gd.surfaces.bumpy(), None),
        (gd.Surface(lambda x: x**4 + x**2, lambda x: 4 * x**3 + 2 * x, window=(-1, 1)), None),
        (gd.LinearRegression(gd.datasets.penguins()), 2.465e-05),
        (gd.LogisticRegression(gd.datasets.blobs(60, n_classes=2, spread=2)), None),
        (gd.LogisticRegression(gd.datasets.blobs(60, n_classes=2, spread=0.1)), None),
        (gd.SoftmaxRegression(gd.datasets.blobs(60, spread=2)), None),
        (gd.LinearRegression([[1, 1], [2, 2], [4, 4]], [1, 3, 4]), 1 / 15),
    ],
    ids=repr,
)
def test_any_task(task, best):
    explorer = gd.RateCurveExplorer(task, iterations=20)
    assert explorer.best == (None if best is None else pytest.approx(best, rel=1e-3))
    for rate in explorer.learning_rate.stops[[0, 30, -1]]:
        explorer.learning_rate.value = rate
        assert explorer.still()
    assert repr(explorer) == f"RateCurveExplorer({task!r})"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.RateCurveExplorer(gd.surfaces.saddle()), "no minimum|least"),
        (lambda: gd.RateCurveExplorer(SURFACE, start=[[0, 0]]), "start must have a finite loss"),
        (lambda: gd.RateCurveExplorer(SURFACE, start=[[np.nan, 0]]), "start must be one finite"),
        (lambda: gd.RateCurveExplorer(SURFACE, start=[1, 2, 3]), r"theta has shape \(3,\)"),
        (
            lambda: gd.RateCurveExplorer(SURFACE, start=[START, START]),
            "start must be one finite theta",
        ),
        (lambda: gd.RateCurveExplorer(SURFACE, learning_rates=(1, 0.1)), "learning_rates must be"),
        (lambda: gd.RateCurveExplorer(SURFACE, learning_rates=(0, 0.1)), "learning_rates must be"),
        (lambda: gd.RateCurveExplorer(SURFACE, iterations=-1), "must be a whole number, from 1"),
        (
            lambda: gd.RateCurveExplorer(SURFACE, iterations=0),
            "must be a whole number, from 1",
        ),
        (
            lambda: gd.RateCurveExplorer(gd.LinearRegression([1e200, 2e200], [1, 2])),
            "the largest stable learning rate is nan: rescale the data",
        ),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_it_is_small_enough_to_send(shared):
    assert sum(len(buffer) for buffer in shared.scene.payload["buffers"]) < 500_000


def test_rounding_does_not_move_the_lowest_point():
    explorer = gd.RateCurveExplorer(PENGUINS, start=[[0, 0, 0]], iterations=200)
    assert (np.diff(explorer._lowest[1:]) >= 0).all()
    assert explorer._lowest[200] == pytest.approx(explorer.best, rel=0.03)

"""BasinsExplorer under every control, against loops in plain Python."""

import math

import numpy as np
import pytest

import gdviz as gd
from gdviz.live.scene import Picture

TRAP = gd.Surface(
    lambda x: 0.5 * x**2 - np.exp(-10 * (x - 2) ** 2),
    lambda x: x + 20 * (x - 2) * np.exp(-10 * (x - 2) ** 2),
    window=(-4, 4),
    name="trap",
)
MINIMA = (0.0, 1.8940465)
"""Of the trap: the bowl's own, and that of the narrow dent in its side."""
CURVATURES = (1.0, 14.8626)


def trap_loss(x):
    return x * x / 2 - math.exp(-10 * (x - 2) ** 2)


def trap_path(x, rate, iterations):
    path = [float(x)]
    for _ in range(iterations):
        x = float(x - rate * (x + 20 * (x - 2) * math.exp(-10 * (x - 2) ** 2)))
        path.append(x)
    return path


def trap_end(x, rate, iterations):
    """Return 0 or 1 for a minimum, 2 for none, 3 if diverged."""
    end = trap_path(x, rate, iterations)[-1]
    for number, (minimum, curvature) in enumerate(zip(MINIMA, CURVATURES, strict=True)):
        if abs(end - minimum) <= 0.08 and rate < 2 / curvature:
            return number
    return 3 if abs(end) > 4 and trap_loss(end) > trap_loss(x) else 2


def pixels_of(axes, x, y):
    points = axes.transData.transform(np.stack(np.broadcast_arrays(x, y), axis=-1)) / 2
    return np.stack([points[:, 0], 440 - points[:, 1]])


def parts(explorer):
    """Return the raster, the line at the present rate, path, start, present point, texts."""
    raster, line, path, start, now, *texts = explorer.scene.marks
    assert isinstance(raster, Picture)
    assert [mark.kind for mark in (line, path, start, now)] == ["line", "line", "points", "points"]
    return raster, line, path, start, now, [text.at(explorer.position) for text in texts]


@pytest.fixture(scope="module")
def shared():
    return gd.BasinsExplorer(TRAP)


@pytest.fixture(scope="module")
def flat():
    """An explorer of a landscape with two parameters."""
    return gd.BasinsExplorer(gd.surfaces.himmelblau(), iterations=60)


def assert_path(explorer, start):
    rate, k = explorer.learning_rate.value, explorer.iteration.value
    xs = np.array(trap_path(start, rate, k))
    ys = np.array([trap_loss(x) for x in xs])
    _, _, path, first, now, texts = parts(explorer)
    axes, position = explorer._on_landscape, explorer.position
    for mark, part in ((path, slice(None)), (first, slice(1)), (now, slice(-1, None))):
        expected = pixels_of(axes, xs[part], ys[part])
        near = (np.abs(expected) < 1e4).all(axis=0)  # trails are cut where they run far out
        drawn = np.array(mark.at(position))[:, near]
        np.testing.assert_allclose(drawn, expected[:, near], rtol=1e-5, atol=0.01)
    end = explorer._endings.names[trap_end(start, rate, explorer.iteration.max)]
    assert texts[-4:] == [
        f"ε = {rate:.3g}",
        f"iteration {k}",
        f"loss {ys[-1]:.3g}",
        f"○ ends: {end}",
    ]
    assert explorer.description == (
        f"learning rate {rate:.3g}, iteration {k} of {explorer.iteration.max}: "
        f"loss {ys[-1]:.3g}, ends: {end}"
    )
    # Where steps leap about, they double each other's rounding again and again.
    np.testing.assert_allclose(explorer.descent.theta[:, 0, 0], xs, rtol=1e-4, atol=1e-12)


# --- basins -------------------------------------------------------------------------------------


def test_every_basin_at_every_learning_rate(shared):
    left, right = -4, 4
    seen = set()
    for rate in shared.learning_rate.stops:
        shared.learning_rate.value = rate
        raster, line, *_, texts = parts(shared)
        codes = raster.at(shared.position)
        assert codes.shape == (1, 500)
        for cell in range(0, 500, 23):
            x = left + (right - left) * (cell + 0.5) / 500
            assert codes[0, cell] == trap_end(x, rate, 100), (x, rate)
        counts = np.bincount(codes[0], minlength=4)
        np.testing.assert_allclose(shared.shares, counts[:2] / 500)
        assert texts[:4] == [f"{round(count / 5)} %" for count in counts]
        seen.update(codes[0])
        expected = pixels_of(shared._on_rates, [left, right], [rate, rate])
        np.testing.assert_allclose(line.at(shared.position), expected, rtol=0, atol=0.01)
    assert seen == {0, 1, 2, 3}


def test_cells_lie_where_their_starts_are(shared):
    raster = parts(shared)[0]
    axes = shared._on_landscape
    low, high = axes.get_ylim()
    [x0, x1], [y0, y1] = pixels_of(axes, [-4, 4], [low, high])
    np.testing.assert_allclose(raster.corners, [x0, y0, x1, y1], atol=0.01)
    assert shared._on_rates.get_xlim() == axes.get_xlim()


def test_the_map_of_rates_is_made_of_the_same_basins(shared):
    [mesh] = shared._on_rates.collections
    np.testing.assert_array_equal(
        np.asarray(mesh.get_array()).reshape(60, 500), parts(shared)[0].codes.array[:, 0]
    )
    _, low, high = (*mesh.norm.inverse([0, 1]), mesh.cmap.N)
    assert high == 4
    assert low == 3.5


def test_rates_reach_from_where_all_minima_hold_to_where_none_does(shared):
    stops = shared.learning_rate.stops
    np.testing.assert_allclose(stops[0], 0.25 * 2 / CURVATURES[1], rtol=0.01)
    np.testing.assert_allclose(stops[-1], 1.05 * 2 / CURVATURES[0], rtol=0.01)
    shared.learning_rate.value = stops[0]
    assert (shared.shares > 0.2).all()
    shared.learning_rate.value = 0.5  # the narrow minimum is lost first
    assert shared.shares.tolist() == [1, 0]
    shared.learning_rate.value = stops[-1]
    assert shared.shares.max() < 0.01


def test_two_parameters(flat):
    low, high, n = -5, 5, 72
    for rate in map(float, flat.learning_rate.stops[[0, 12, 19]]):
        flat.learning_rate.value = rate
        codes = parts(flat)[0].at(flat.position)
        assert codes.shape == (n, n)
        for row, column in ((3, 10), (60, 5), (40, 40), (20, 66), (71, 71), (36, 30)):
            x, y = (float(low + (high - low) * (cell + 0.5) / n) for cell in (column, row))
            first = (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2
            for _ in range(60):
                u, v = x * x + y - 11, x + y * y - 7
                x, y = x - rate * (4 * x * u + 2 * v), y - rate * (2 * u + 4 * y * v)
            u, v = x * x + y - 11, x + y * y - 7
            outside = not (abs(x) <= 5 and abs(y) <= 5)
            expected = 5 if outside and not u * u + v * v <= first else 4
            for number, minimum in enumerate(flat.minima[:, 0]):
                limit = float(flat.surface.max_stable_learning_rate(minimum[None]))
                if math.dist((x, y), minimum) <= 0.1 and rate < limit:
                    expected = number
            assert codes[row, column] == expected
        np.testing.assert_allclose(flat.shares, np.bincount(codes.ravel(), minlength=6)[:4] / n**2)


def test_the_stack_of_shares_is_that_of_the_basins(flat):
    rates, axes = flat.learning_rate.stops, flat._on_rates
    codes = parts(flat)[0].codes.array
    below = 0.0
    for kind, layer in enumerate(axes.collections):
        below = below + (codes == kind).mean(axis=(1, 2))
        corners = layer.get_paths()[0].vertices
        for rate, height in zip(rates, below, strict=True):
            at_rate = corners[np.isclose(corners[:, 0], rate), 1]
            assert np.isclose(at_rate, height, atol=1e-6).any()
    np.testing.assert_allclose(below, 1)
    line = parts(flat)[1]
    for rate in rates:
        flat.learning_rate.value = rate
        expected = pixels_of(axes, [rate, rate], [0, 1])
        np.testing.assert_allclose(line.at(flat.position), expected, rtol=0, atol=0.01)


# --- the path -----------------------------------------------------------------------------------


def test_the_path_at_every_learning_rate_and_many_iterations(shared):
    assert shared.start.tolist() == [[pytest.approx(2.4)]]
    for rate in shared.learning_rate.stops:
        shared.learning_rate.value = rate
        for iteration in (0, 1, 5, 100):
            shared.iteration.value = iteration
            assert_path(shared, shared.start.item())


def test_a_start_from_code_and_by_a_click(sent):
    explorer = gd.BasinsExplorer(TRAP, start=[[-1.0]], iterations=20)
    messages = sent(explorer.canvas)
    explorer.iteration.value = 9
    assert_path(explorer, -1.0)
    assert messages == []
    explorer.start = [[3.1]]
    assert_path(explorer, 3.1)
    x, y = explorer._on_landscape.transData.transform((1.7, 5.0)) / 2
    message = {"type": "click", "axes": 0, "x": x, "y": 440 - y}
    explorer.canvas._handle_custom_msg(message, [])
    np.testing.assert_allclose(explorer.start, [[1.7]], atol=1e-9)
    explorer.learning_rate.value = explorer.learning_rate.stops[33]
    assert_path(explorer, explorer.start.item())
    assert len(messages) == 2
    assert not any(("painting",) in message for message in messages)


def test_a_click_in_two_parameters(flat):
    flat.learning_rate.value = rate = flat.learning_rate.stops[4]
    flat.iteration.value = 3
    x, y = flat._on_landscape.transData.transform((-1.5, 0.5)) / 2
    flat.canvas._handle_custom_msg({"type": "click", "axes": 0, "x": x, "y": 440 - y}, [])
    np.testing.assert_allclose(flat.start, [[-1.5, 0.5]], atol=1e-9)
    path = [(-1.5, 0.5)]
    for _ in range(3):
        x, y = path[-1]
        u, v = x * x + y - 11, x + y * y - 7
        path.append((x - rate * (4 * x * u + 2 * v), y - rate * (2 * u + 4 * y * v)))
    drawn = parts(flat)[2].at(flat.position)
    expected = pixels_of(flat._on_landscape, *np.transpose(path))
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=0.01)
    np.testing.assert_allclose(flat.descent.theta[:, 0], path, rtol=1e-9)


@pytest.mark.parametrize(
    ("start", "words"),
    [([[np.nan]], "one finite theta"), ([[1], [2]], r"theta has shape"), ([[[1]], [[2]]], "one")],
)
def test_starts_that_make_no_sense_change_nothing(shared, start, words):
    before = shared.start
    with pytest.raises(ValueError, match=words):
        shared.start = start
    assert shared.start is before


# --- what it takes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gd.BasinsExplorer(gd.LinearRegression([1, 2], [1, 2])), r"must be a gd\.Surface"),
        (lambda: gd.BasinsExplorer(gd.surfaces.saddle()), "no minimum in its window"),
        (
            lambda: gd.BasinsExplorer(TRAP, iterations=0),
            "must be a whole number, from 1",
        ),
        (lambda: gd.BasinsExplorer(TRAP, start=[[0, 0]]), "theta has shape"),
        (
            lambda: gd.BasinsExplorer(
                gd.Surface(
                    lambda x: x**4, lambda x: 4 * x**3, hessian=lambda x: 12 * x**2, window=(-1, 1)
                )
            ),
            "a minimum without curvature",
        ),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_more_minima_than_colours():
    surface = gd.Surface(
        lambda x: 0.01 * x**2 + np.cos(3 * x),
        lambda x: 0.02 * x - 3 * np.sin(3 * x),
        window=(-10, 10),
    )
    explorer = gd.BasinsExplorer(surface)
    assert len(explorer.shares) == 10
    codes = parts(explorer)[0].at(explorer.position)
    assert set(codes.ravel()) == set(range(6))
    assert np.mean(codes == 5) == pytest.approx(explorer.shares[5:].sum())


def test_representations(shared, flat):
    data, metadata = shared._repr_mimebundle_()
    assert data["text/plain"] == repr(shared) == "BasinsExplorer(Surface(trap, 1 parameter))"
    assert metadata["image/png"]["alt"] == shared.description
    assert len(flat.still()) > 10_000

"""Planes of parameter space, losses over them, and windows that show what matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz.datasets import penguins
from gdviz.landscape import Plane, landscape, parameter_plane, path_plane, window_around
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.surfaces import Surface, bowl, bumpy, himmelblau

TASKS = [
    LinearRegression(penguins().standardized()),
    LinearRegression(penguins(), reduction="sum"),
    LinearRegression([1, 2, 4], [-1, 3, 100]),
    bowl(),
    himmelblau(),
]
coordinates = st.floats(-100, 100)


def tilted_plane():
    """A plane through the parameters of a task with three features and two outputs."""
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 2)))[0].T.reshape(2, 2, 4)
    return Plane(np.random.default_rng(1).normal(size=(2, 4)), directions, ("u", "v"))


# --- planes -------------------------------------------------------------------------------------


@given(u=coordinates, v=coordinates)
def test_coordinates_undo_points(u, v):
    for plane in (parameter_plane(TASKS[0]), tilted_plane()):
        theta = plane.point(u, v)
        assert theta.shape == plane.origin.shape
        np.testing.assert_allclose(plane.coordinates(theta), [u, v], rtol=0, atol=1e-12)


def test_the_parameter_plane_is_w_and_b():
    plane = parameter_plane(TASKS[0])
    assert plane.names == ("W", "b")
    np.testing.assert_array_equal(plane.point(3, -2), [[3, -2]])
    np.testing.assert_array_equal(plane.coordinates(np.array([[5, 7]])), [5, 7])


def test_points_in_batches():
    plane = tilted_plane()
    u, v = np.array([[1.0], [2.0]]), np.array([0.0, 5.0, -1.0])
    theta = plane.point(u, v)
    assert theta.shape == (2, 3, 2, 4)
    for i in range(2):
        for j in range(3):
            np.testing.assert_array_equal(theta[i, j], plane.point(u[i, 0], v[j]))
    assert plane.coordinates(theta).shape == (2, 3, 2)


def test_coordinates_are_those_of_the_nearest_point():
    plane = tilted_plane()
    theta = np.random.default_rng(2).normal(size=(2, 4))
    nearest = plane.coordinates(theta)
    distance = np.linalg.norm(theta - plane.point(*nearest))
    for step in ([0.1, 0], [0, 0.1], [-0.1, 0.1], [0, -0.1]):
        assert np.linalg.norm(theta - plane.point(*(nearest + step))) > distance


def test_runaway_parameters_warn_nobody():
    plane = tilted_plane()
    assert plane.coordinates(1.7e308 * np.sign(plane.directions[0]))[0] == np.inf
    assert np.isnan(plane.coordinates(np.full((2, 4), np.nan))).all()


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (LinearRegression(np.eye(3), [1, 2, 3]), r"task has 4 parameters \(theta .* \(1, 4\)\)"),
        (LinearRegression([1, 2], np.eye(2)), r"task has 4 parameters \(theta .* \(2, 2\)\)"),
    ],
)
def test_more_than_two_parameters_are_refused(task, words):
    with pytest.raises(ValueError, match=words):
        parameter_plane(task)


def test_a_single_parameter_makes_a_line():
    task = bumpy(dims=1)
    line = parameter_plane(task)
    assert line.names == ("x",)
    np.testing.assert_array_equal(line.point([-1.5, 2]), [[[-1.5]], [[2]]])
    np.testing.assert_array_equal(line.coordinates(np.array([[[-1.5]], [[2.0]]])), [[-1.5], [2]])
    picture = landscape(task, line, [(-5, 5)], resolution=11)
    x = np.linspace(-5, 5, 11)
    np.testing.assert_array_equal(picture.coordinates, [x])
    np.testing.assert_allclose(picture.loss, 1 + 0.3 * x**2 + np.sin(3 * x), rtol=1e-13)
    np.testing.assert_array_equal(window_around(task, line, np.array([[[4.0]]])), [(-5, 5)])
    np.testing.assert_array_equal(window_around(task, line, np.array([[[5.5]]])), [(-10, 10)])


def test_how_much_of_a_path_a_plane_keeps():
    rng = np.random.default_rng(0)
    path = rng.normal(size=(3, 20, 2, 3))
    plane, kept = path_plane(path[0])
    centred = path - path.mean(axis=1, keepdims=True)
    flat = plane.directions.reshape(2, 6)
    inside = centred.reshape(3, 20, 6) @ flat.T
    expected = (inside**2).sum(axis=(1, 2)) / (centred**2).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(plane.kept(path), expected, rtol=1e-12)
    np.testing.assert_allclose(plane.kept(path[0]), kept, rtol=1e-12)
    assert expected[1] < kept  # another path's plane keeps less of it
    assert plane.kept(np.ones((4, 2, 3))) == 1  # of a path that does not move, nothing is lost


def test_coordinates_must_be_numbers():
    with pytest.raises(ValueError, match="u "):
        parameter_plane(TASKS[0]).point("far", 0)
    with pytest.raises(ValueError, match="v "):
        parameter_plane(TASKS[0]).point(0, "far")


# --- planes of a path ---------------------------------------------------------------------------


def wandering(rng, scale=1.0):
    """A path of 30 points through 8 parameters, further along some directions than others."""
    steps = rng.normal(size=(30, 8)) * [5, 3, 1, 0.5, 0.2, 0.1, 0.1, 0.1]
    return scale * np.cumsum(steps, axis=0).reshape(30, 2, 4)


def test_the_plane_of_a_path_keeps_what_principal_components_keep():
    path = wandering(np.random.default_rng(0))
    plane, kept = path_plane(path)
    offset = path.reshape(30, 8) - path.reshape(30, 8).mean(axis=0)
    values = np.linalg.svd(offset, compute_uv=False) ** 2
    assert kept == pytest.approx(values[:2].sum() / values.sum(), rel=1e-10)
    assert 0.5 < kept < 1
    variances = plane.coordinates(path).var(axis=0)
    np.testing.assert_allclose(variances, values[:2] / 30, rtol=1e-9)
    flat = plane.directions.reshape(2, 8)
    np.testing.assert_allclose(flat @ flat.T, np.eye(2), atol=1e-12)
    np.testing.assert_array_equal(plane.origin, path[-1])
    np.testing.assert_array_equal(plane.coordinates(path[-1]), [0, 0])


def test_a_path_within_a_plane_is_kept_whole():
    inside = tilted_plane()
    path = inside.point(np.linspace(0, 9, 20), np.sin(np.linspace(0, 9, 20)))
    plane, kept = path_plane(path)
    assert kept == pytest.approx(1, abs=1e-12)
    back = plane.point(*np.moveaxis(plane.coordinates(path), -1, 0))
    np.testing.assert_allclose(back, path, atol=1e-12)


def test_several_paths_and_points_without_a_place():
    paths = np.stack([wandering(np.random.default_rng(seed)) for seed in (1, 2)])
    plane, kept = path_plane(paths)
    holed = np.concatenate([paths, np.full((1, 30, 2, 4), np.nan)])
    holed[2, 3, 0, 0] = np.inf
    same, same_kept = path_plane(holed)
    assert same_kept == kept
    np.testing.assert_array_equal(same.directions, plane.directions)


@pytest.mark.parametrize("scale", [1e-200, 1e-12, 1e12, 1e200])
def test_the_size_of_a_path_does_not_matter(scale):
    plane, kept = path_plane(wandering(np.random.default_rng(0)))
    scaled, scaled_kept = path_plane(wandering(np.random.default_rng(0), scale))
    assert scaled_kept == pytest.approx(kept)
    cosines = np.sum(plane.directions * scaled.directions, axis=(1, 2))
    np.testing.assert_allclose(np.abs(cosines), 1)


def test_a_path_that_stays_loses_nothing():
    plane, kept = path_plane(np.ones((5, 1, 3)))
    assert kept == 1
    np.testing.assert_array_equal(plane.origin, np.ones((1, 3)))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (np.zeros((4, 1, 1)), "path has 4 finite points of 1 parameters"),
        (np.full((4, 1, 3), np.nan), "path has 0 finite points of 3 parameters"),
    ],
)
def test_paths_without_a_plane(path, words):
    with pytest.raises(ValueError, match=words):
        path_plane(path)


# --- losses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_the_landscape_is_the_loss_point_by_point(task):
    plane = parameter_plane(task)
    picture = landscape(task, plane, ((-3, 2), (0, 1)), resolution=11)
    np.testing.assert_allclose(picture.coordinates[0], np.linspace(-3, 2, 11))
    np.testing.assert_allclose(picture.coordinates[1], np.linspace(0, 1, 11))
    for row, v in enumerate(picture.coordinates[1]):
        for column, u in enumerate(picture.coordinates[0]):
            expected = task.loss([[u, v]])
            np.testing.assert_allclose(picture.loss[row, column], expected, rtol=1e-13)


def test_a_landscape_on_a_tilted_plane():
    rng = np.random.default_rng(3)
    task = LinearRegression(rng.normal(size=(9, 3)), rng.normal(size=(9, 2)))
    plane = tilted_plane()
    picture = landscape(task, plane, ((-1, 1), (5, 9)), resolution=4)
    expected = task.loss(plane.origin - plane.directions[0] + 9 * plane.directions[1])
    np.testing.assert_allclose(picture.loss[-1, 0], expected, rtol=1e-13)


def test_losses_beyond_float64_are_inf_and_warn_nobody():
    task = LinearRegression([1, 2], [3, 4])
    picture = landscape(task, parameter_plane(task), ((0, 1e200), (0, 1)), resolution=3)
    np.testing.assert_array_equal(np.isinf(picture.loss), 3 * [[False, True, True]])


# --- windows ------------------------------------------------------------------------------------


def window_of(task, *starts):
    return window_around(task, parameter_plane(task), np.array(starts, dtype=float)[:, None])


@pytest.mark.parametrize("task", TASKS, ids=repr)
@settings(deadline=None, max_examples=30)
@given(starts=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=3))
def test_a_window_shows_all_starts_about_its_centre(task, starts):
    window = window_of(task, *starts)
    low, high = window.T
    centre = task.window.mean(axis=1) if isinstance(task, Surface) else task.minimizer()[0]
    np.testing.assert_allclose((low + high) / 2, centre, rtol=1e-9, atol=1e-9)
    margin = 0.01 * (high - low)
    assert (np.array(starts) > low + margin).all()
    assert (np.array(starts) < high - margin).all()


def test_without_a_minimizer_the_starts_make_the_window():
    task = LogisticRegression([-1.0, 1.0], [0, 1])
    low, high = window_of(task, (1.0, 2.0), (3.0, -4.0)).T
    np.testing.assert_allclose(low, [2 - 0.6 * 2, -1 - 0.6 * 6])
    np.testing.assert_allclose(high, [2 + 0.6 * 2, -1 + 0.6 * 6])


@pytest.mark.parametrize("task", TASKS[:3], ids=repr)
def test_a_window_doubles_and_does_not_creep(task):
    best = task.minimizer()[0]
    smallest = window_of(task, best)
    size = np.ptp(smallest, axis=1)
    seen = set()
    for distance in np.geomspace(0.01, 30, 200):
        factors = np.ptp(window_of(task, best + distance * size * [1, 0]), axis=1) / size
        assert factors[0] == pytest.approx(factors[1])  # the view keeps its shape
        exponent = np.log2(factors[0])
        assert exponent == pytest.approx(round(exponent), abs=1e-9)
        assert distance < factors[0] / 2 <= max(2.1 * distance, 0.5)
        seen.add(round(exponent))
    assert seen == set(range(7))


def test_the_radius_by_hand():
    # L = E[(Wx + b - y)²] at x = ±1, y = ±2: W² - 4W + 4 + b², climbs by 4 from W = 2 to W = 0.
    task = LinearRegression([-1, 1], [-2, 2])
    radius = 3 * 2  # where the curvature 2 climbs by 4
    expected = [[2 - radius, 2 + radius], [-radius, radius]]
    np.testing.assert_allclose(window_of(task, (0, 0)), expected, atol=1e-12)


@pytest.mark.parametrize(
    "task",
    [
        LinearRegression([0, 0, 0], [1, 2, 3]),
        LinearRegression([1e-200, 2e-200], [1, 2]),
        LinearRegression([1, 2, 3], [0, 0, 0]),
        LinearRegression([5], [0]),
    ],
    ids=["no curvature along W", "hardly any", "nothing to learn", "one sample"],
)
def test_where_nothing_sets_a_scale_it_is_one(task):
    window = window_of(task, (0, 0))
    assert np.isfinite(window).all()
    assert 2 <= np.ptp(window[0]) <= 8
    assert window[0, 0] < 0 < window[0, 1]


@pytest.mark.parametrize("start", [1e130, 1e200, 1.7e308, np.inf, np.nan])
def test_what_is_too_far_for_a_picture_is_refused(start):
    with pytest.raises(ValueError, match=r"the loss around theta, up to .* is too large"):
        window_of(TASKS[0], (start, 0))


def test_data_beyond_a_picture_are_refused():
    task = LinearRegression([1e200, 2e200], [1, 2])
    with pytest.raises(ValueError, match="is too large for a picture: take smaller numbers"):
        window_of(task, (0, 0))

"""Where descents end, against loops in plain Python."""

import math

import numpy as np
import pytest

import gdviz as gd
from gdviz.basins import NEAR, destinations


def step_1d(x, rate):
    return x - rate * (0.6 * x + 3 * math.cos(3 * x))


def loss_1d(x):
    return 1 + 0.3 * x**2 + math.sin(3 * x)


BUMPY_MINIMA = [-0.49082437, 1.47124012, -2.44748928, 3.41460665, -4.35938202]
"""Zeros of the derivative of 1 + 0.3x² + sin 3x that are minima, the lowest first."""


def plain_end(x, rate, iterations):
    """Descend on the bumpy curve; return the number of the minimum, 5 for none, 6 if diverged."""
    start = x
    for _ in range(iterations):
        x = step_1d(x, rate)
        if abs(x) > 1e100:
            return 6
    for number, minimum in enumerate(BUMPY_MINIMA):
        curvature = 0.6 - 9 * math.sin(3 * minimum)
        if abs(x - minimum) <= NEAR * 10 and rate < 2 / curvature:
            return number
    if not -5 <= x <= 5 and loss_1d(x) > loss_1d(start):
        return 6
    return 5


@pytest.fixture(scope="module")
def bumpy():
    surface = gd.surfaces.bumpy(1)
    return destinations(surface, surface.window)


def test_minima_come_lowest_first(bumpy):
    np.testing.assert_allclose(bumpy.minima.ravel(), BUMPY_MINIMA, atol=1e-7)
    np.testing.assert_allclose([step_1d(x, 1) - x for x in BUMPY_MINIMA], 0, atol=1e-6)
    losses = [loss_1d(x) for x in BUMPY_MINIMA]
    assert losses == sorted(losses)
    assert (bumpy.nowhere, bumpy.diverged) == (5, 6)
    expected = [2 / (0.6 - 9 * math.sin(3 * x)) for x in BUMPY_MINIMA]
    np.testing.assert_allclose(bumpy.limits, expected, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.03, 0.12, 0.205, 0.215, 0.25, 0.39, 0.5, 3.4, 4.0])
def test_basins_of_one_parameter(bumpy, rate):
    starts = np.linspace(-4.97, 4.99, 60)
    codes = bumpy.basins(starts[:, None, None], np.array([rate]), 80)
    assert codes.shape == (1, 60)
    assert codes[0].tolist() == [plain_end(x, rate, 80) for x in starts]


def test_every_ending_occurs(bumpy):
    starts = np.linspace(-4.97, 4.99, 60)[:, None, None]
    codes = bumpy.basins(starts, np.array([0.03, 0.25, 4.0]), 80)
    assert set(codes.ravel()) == set(range(7))


def test_basins_of_two_parameters():
    surface = gd.surfaces.himmelblau()
    places = destinations(surface, surface.window)
    rates = np.array([0.005, 0.016, 0.03])
    starts = np.random.default_rng(1).uniform(-5, 5, (40, 1, 2))
    codes = places.basins(starts, rates, 60)
    assert set(codes.ravel()) == set(range(6))
    for rate, row in zip(rates, codes, strict=True):
        for (x, y), code in zip(starts[:, 0], row, strict=True):
            first = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
            for _ in range(60):
                u, v = x**2 + y - 11, x + y**2 - 7
                x, y = x - rate * (4 * x * u + 2 * v), y - rate * (2 * u + 4 * y * v)
                if not abs(x) + abs(y) < 1e50:
                    break
            expected = 4
            if not abs(x) + abs(y) < 1e50:
                expected = 5
            elif abs(x) > 5 or abs(y) > 5:
                expected = 4 + ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2 > first)
            for number, minimum in enumerate(places.minima[:, 0]):
                if math.dist((x, y), minimum) <= 10 * NEAR and rate < places.limits[number]:
                    expected = number
            assert code == expected


def test_what_has_ended_at_once_is_what_has_ended_step_by_step(bumpy):
    """Descents that have arrived are not followed any further; that must make no difference."""
    starts = np.linspace(-5, 5, 301)[:, None, None]
    rates = np.array([0.05, 0.2, 0.208, 0.23])
    codes = bumpy.basins(starts, rates, 200)
    descent = gd.gradient_descent(bumpy.task, starts, rates[:, None], 200)
    final = bumpy.reached(descent.theta[:, :, -1], descent.loss[:, :, 0], rates[:, None])
    np.testing.assert_array_equal(codes, final)


def test_no_minimum_holds_a_descent_beyond_its_limit(bumpy):
    exactly_there = bumpy.minima
    for rate, expected in ((0.2, range(5)), (0.25, [5, 5, 5, 3, 4]), (0.5, [5] * 5)):
        codes = bumpy.reached(exactly_there, bumpy.task.loss(exactly_there), np.float64(rate))
        assert codes.tolist() == list(expected)


def test_nothing_but_nan_and_what_runs_off_has_diverged(bumpy):
    theta = np.array([np.nan, np.inf, 6.0, 6.0, 4.0])[:, None, None]
    first_loss = np.array([1.0, 1.0, 1.0, 100.0, 0.0])
    codes = bumpy.reached(theta, first_loss, np.float64(0.1))
    assert codes.tolist() == [6, 6, 6, 5, 5]


def test_a_tie_stays_where_it_is():
    surface = gd.surfaces.double_well(1, tilt=0)
    places = destinations(surface, surface.window)
    codes = places.basins(np.array([-0.5, 0.0, 1e-9, 0.5])[:, None, None], np.array([0.1]), 200)
    assert codes.tolist() == [[0, 2, 1, 1]]


def test_zero_iterations_leave_all_where_they_start(bumpy):
    starts = np.array([bumpy.minima[3], [[0.5]]])
    assert bumpy.basins(starts, np.array([0.1]), 0).tolist() == [[3, 5]]


def test_models_have_one_minimum_or_none():
    task = gd.LinearRegression([0.0, 1.0, 2.0], [1.0, 3.0, 6.0])
    window = np.array([[-3.0, 3.0], [-3.0, 3.0]])
    places = destinations(task, window)
    np.testing.assert_allclose(places.minima, task.minimizer()[None])
    starts = gd.Gaussian().sample((20, 1, 2), rng=0)
    assert (places.basins(starts, np.array([0.1]), 300) == 0).all()
    assert (places.basins(starts, np.array([1.0]), 300) == places.diverged).all()

    separable = gd.LogisticRegression([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    places = destinations(separable, window)
    assert places.minima.shape == (0, 1, 2)
    assert (places.nowhere, places.diverged) == (0, 1)
    assert (places.basins(starts, np.array([0.5]), 50) == places.nowhere).all()


def test_a_landscape_without_a_minimum():
    surface = gd.surfaces.saddle()
    places = destinations(surface, surface.window)
    assert len(places.minima) == 0
    starts = np.array([[[1.0, 0.0]], [[1.0, 0.5]]])
    # The second falls without end: it is no higher than at its start.
    assert places.basins(starts, np.array([0.1]), 50).tolist() == [[0, 0]]


def test_there_may_be_more_minima_than_a_byte_counts():
    surface = gd.Surface(
        lambda x, y: np.sin(x) + np.sin(y),
        lambda x, y: (np.cos(x), np.cos(y)),
        hessian=lambda x, y: ((-np.sin(x), 0 * x), (0 * x, -np.sin(y))),
        window=[(0, 36 * np.pi)] * 2,
    )
    places = destinations(surface, surface.window)
    assert places.nowhere == 18**2
    last = places.minima[-1:]
    assert places.basins(last, [0.1], 1).tolist() == [[18**2 - 1]]

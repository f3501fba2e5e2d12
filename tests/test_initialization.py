"""θ ~ Init: the draws follow their distribution, and the same seed gives the same θ."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz.initialization import Gaussian, Uniform

DRAWS = (100_000, 1, 2)


@pytest.mark.parametrize(("mu", "sigma"), [(0, 1), (3, 0.5), (-2, 20)])
def test_gaussian_moments(mu, sigma):
    theta = Gaussian(mu, sigma).sample(DRAWS, rng=0)
    z = (theta - mu) / sigma
    error = 4 / np.sqrt(z.size)  # four standard errors
    assert abs(z.mean()) < error
    assert abs((z**2).mean() - 1) < error * np.sqrt(2)
    assert abs((z**3).mean()) < error * np.sqrt(15)
    assert abs((z**4).mean() - 3) < error * np.sqrt(96)


@pytest.mark.parametrize(("a", "b"), [(-1, 1), (0, 0.25), (-30, -10)])
def test_uniform_fills_its_range_evenly(a, b):
    theta = Uniform(a, b).sample(DRAWS, rng=0)
    assert a <= theta.min() < a + 1e-3 * (b - a)
    assert b > theta.max() > b - 1e-3 * (b - a)
    counts, _ = np.histogram(theta, bins=10, range=(a, b))
    expected = theta.size / 10
    assert np.all(np.abs(counts - expected) < 4 * np.sqrt(expected))


@pytest.mark.parametrize("initialization", [Gaussian(), Uniform()])
def test_entries_are_drawn_independently(initialization):
    theta = initialization.sample(DRAWS, rng=1)[:, 0]
    assert abs(np.corrcoef(theta.T)[0, 1]) < 4 / np.sqrt(len(theta))
    assert abs(np.corrcoef(theta[:-1, 0], theta[1:, 0])[0, 1]) < 4 / np.sqrt(len(theta))


def test_defaults():
    assert Gaussian() == Gaussian(mu=0.0, sigma=1.0)
    assert Uniform() == Uniform(a=-1.0, b=1.0)
    assert repr(Gaussian(0, 2)) == "Gaussian(mu=0, sigma=2)"
    assert repr(Uniform(-1, 2)) == "Uniform(a=-1, b=2)"


@settings(deadline=None)
@given(
    shape=st.lists(st.integers(0, 5), max_size=4).map(tuple),
    seed=st.integers(0, 2**64),
    initialization=st.sampled_from([Gaussian(1, 2), Uniform(1, 2)]),
)
def test_the_same_seed_gives_the_same_theta(shape, seed, initialization):
    theta = initialization.sample(shape, rng=seed)
    assert np.shape(theta) == shape
    assert theta.dtype == np.float64
    np.testing.assert_array_equal(theta, initialization.sample(shape, rng=seed))
    generator = np.random.default_rng(seed)
    np.testing.assert_array_equal(theta, initialization.sample(shape, rng=generator))


@pytest.mark.parametrize("initialization", [Gaussian(), Uniform()])
def test_a_generator_is_drawn_on_and_another_seed_differs(initialization):
    generator = np.random.default_rng(0)
    first = initialization.sample((1, 2), rng=generator)
    second = initialization.sample((1, 2), rng=generator)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, initialization.sample((1, 2), rng=1))
    both = initialization.sample((2, 1, 2), rng=0)
    np.testing.assert_array_equal([first, second], both)


def test_no_width_means_the_middle():
    np.testing.assert_array_equal(Gaussian(3, 0).sample((1, 2), rng=0), [[3, 3]])
    np.testing.assert_array_equal(Uniform(3, 3).sample((1, 2), rng=0), [[3, 3]])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gaussian(np.nan, 1), "mu must be finite, got nan"),
        (lambda: Gaussian(0, np.inf), "sigma must be finite, got inf"),
        (lambda: Gaussian(0, -1), "sigma must not be negative, got -1: it is a width"),
        (lambda: Gaussian("0", 1), "mu must be a number, got '0'"),
        (lambda: Gaussian(0, True), "sigma must be a number, got True"),
        (lambda: Gaussian(np.complex128(1), 1), r"mu must be a number, got .*\(1\+0j\)"),
        (lambda: Uniform(-np.inf, 1), "a must be finite, got -inf"),
        (lambda: Uniform(0, np.nan), "b must be finite, got nan"),
        (lambda: Uniform([0], 1), r"a must be a number, got an array of shape \(1,\)"),
        (lambda: Uniform(2, 1), "a must not exceed b, got a=2 and b=1: swap them"),
        (lambda: Uniform(-1.5e308, 1.5e308), "b - a must be finite, got inf"),
    ],
)
def test_parameters_that_make_no_distribution(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_numpy_scalars_are_numbers():
    theta = Gaussian(np.float32(0.5), np.int64(0)).sample((1, 1), rng=0)
    np.testing.assert_array_equal(theta, [[0.5]])


def test_a_width_of_minus_zero_is_none_and_coarse_numbers_become_floats():
    np.testing.assert_array_equal(Gaussian(1, -0.0).sample((3,), rng=0), [1, 1, 1])
    assert type(Uniform(np.float16(0.5), 1).a) is float
    assert Uniform(np.float32(0), 1).label == "U(0, 1)"


def test_labels_are_the_lectures():
    assert Gaussian(0, 0.5).label == "N(0, 0.5)"
    assert Uniform(-1, 1.0).label == "U(-1, 1)"


@pytest.mark.parametrize(("distribution", "name"), [(Gaussian(), "sigma"), (Uniform(), "a")])
def test_what_was_checked_stays_as_it_is(distribution, name):
    with pytest.raises(FrozenInstanceError):
        setattr(distribution, name, np.nan)

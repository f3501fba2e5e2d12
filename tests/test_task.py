"""What every task shares: shapes of θ, samples as columns, the largest stable learning rate."""

import warnings

import numpy as np
import pytest

from gdviz.datasets import Dataset, penguins
from gdviz.linear import LinearRegression
from gdviz.task import Task, check_task, quiet_overflow


class Quadratic(Task):
    """L(θ) = ½ θ H θᵀ for one row θ."""

    def __init__(self, hessian):
        self.matrix = np.array(hessian, dtype=float)
        self.shape = (1, len(self.matrix))

    def loss(self, theta):
        theta = self.as_theta(theta)
        return 0.5 * (theta @ self.matrix @ theta.mT)[..., 0, 0]

    def jacobian(self, theta):
        return (self.as_theta(theta) @ self.matrix).mT

    def hessian(self, theta=None):
        batch = self.as_theta(theta).shape[:-2]
        return np.broadcast_to(self.matrix, (*batch, *self.matrix.shape))

    def minimizer(self):
        return np.zeros(self.shape)


def test_a_new_task_has_four_methods_to_write():
    with pytest.raises(TypeError, match=r"hessian.*jacobian.*loss.*minimizer"):
        Task()


# --- the largest stable learning rate -----------------------------------------------------------


@pytest.mark.parametrize(
    ("hessian", "limit"),
    [
        ([[4.0, 0], [0, 1]], 0.5),
        ([[2.0, 1], [1, 2]], 2 / 3),
        ([[-8.0, 0], [0, 1]], 2.0),  # downwards counts as no limit, however steep
        ([[-8.0, 0], [0, -0.5]], np.inf),
        ([[0.0, 0], [0, 0]], np.inf),
        ([[1e-320, 0], [0, 0]], np.inf),
        ([[np.nan, 0], [0, 1]], np.nan),
        ([[np.inf, 0], [0, 1]], np.nan),
    ],
)
def test_largest_stable_learning_rate(hessian, limit):
    np.testing.assert_allclose(Quadratic(hessian).max_stable_learning_rate(), limit, rtol=1e-14)


def test_largest_stable_learning_rate_has_the_batch_shape():
    task = Quadratic([[4.0, 0], [0, 1]])
    assert task.max_stable_learning_rate().shape == ()
    limits = task.max_stable_learning_rate(np.zeros((3, 5, 1, 2)))
    np.testing.assert_array_equal(limits, np.full((3, 5), 0.5))


def test_operations_of_a_plain_task_are_loss_and_gradient():
    steps = Quadratic([[4.0, 0], [0, 1]]).operations([[1, 2]])
    assert list(steps) == ["loss", "gradient"]
    assert steps["loss"] == 4
    np.testing.assert_array_equal(steps["gradient"], [[4], [2]])


# --- theta --------------------------------------------------------------------------------------


def test_theta_may_be_nothing_lists_or_a_batch():
    task = Quadratic(np.eye(2))
    np.testing.assert_array_equal(task.as_theta(None), [[0, 0]])
    theta = task.as_theta([[1, 2]])
    assert theta.dtype == np.float64
    np.testing.assert_array_equal(theta, [[1, 2]])
    assert task.as_theta(np.zeros((3, 4, 1, 2))).shape == (3, 4, 1, 2)


@pytest.mark.parametrize("shape", [(2,), (2, 1), (1, 3), (2, 2), (5, 1, 1), ()])
def test_theta_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="theta has shape") as error:
        Quadratic(np.eye(2)).as_theta(np.zeros(shape))
    assert str(shape) in str(error.value)
    assert "(..., 1, 2): make one with gd.Gaussian(0, 1).sample(task.shape" in str(error.value)


def test_theta_is_taken_as_it_is_or_made_float64():
    task, theta = Quadratic(np.eye(2)), np.ones((3, 1, 2))
    assert task.as_theta(theta) is theta
    for other in (theta.astype(np.float32), np.ma.masked_array([[1.0, 1]]), [[1, 1]]):
        taken = task.as_theta(other)
        assert type(taken) is np.ndarray
        assert taken.dtype == np.float64
    with pytest.raises(ValueError, match=r"theta, shape .* would take 8\.0 GiB"):
        task.as_theta(np.broadcast_to(1.0, (2**29, 1, 2)))
    with pytest.raises(ValueError, match="theta has 33 axes: there is room for 32"):
        task.as_theta(np.ones((1,) * 32 + (2,)))
    assert task.as_theta(np.ones((1,) * 31 + (2,))).ndim == 32


def test_what_is_no_task_is_refused():
    check_task(Quadratic(np.eye(2)))
    with pytest.raises(ValueError, match=r"task must be a task such as .*, got 'bowl'"):
        check_task("bowl")


def test_theta_of_text_is_refused():
    with pytest.raises(ValueError, match="theta must be an array of real numbers"):
        Quadratic(np.eye(2)).as_theta([["a", "b"]])


# --- samples ------------------------------------------------------------------------------------


def test_samples_become_columns_over_a_row_of_ones():
    task = LinearRegression([[1, 2], [3, 4], [5, 6]], [7, 8, 9])
    np.testing.assert_array_equal(task.X_tilde, [[1, 3, 5], [2, 4, 6], [1, 1, 1]])
    assert (task.n_samples, task.n_features) == (3, 2)
    assert task.as_columns(None) is task.X_tilde
    np.testing.assert_array_equal(task.as_columns([[8, 9]]), [[8], [9], [1]])


def test_one_feature_may_come_without_its_axis():
    task = LinearRegression([1, 2], [3, 4])
    np.testing.assert_array_equal(task.X_tilde, [[1, 2], [1, 1]])
    np.testing.assert_array_equal(task.as_columns([5, 6, 7]), [[5, 6, 7], [1, 1, 1]])


def test_a_dataset_keeps_its_names():
    data = Dataset([1, 2], [3, 4], feature_names="width", target_name="mass")
    assert LinearRegression(data).dataset is data


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2, 2), ()])
def test_new_samples_of_another_shape_are_refused(shape):
    task = LinearRegression([[1, 2], [3, 4]], [5, 6])
    with pytest.raises(ValueError, match=r"X has shape .* but this task needs \(n_samples, 2\)"):
        task.as_columns(np.zeros(shape))


def test_samples_come_as_one_dataset_or_as_two_arrays():
    with pytest.raises(ValueError, match="y is part of the Dataset: leave it out"):
        LinearRegression(Dataset([1], [2]), [2])
    with pytest.raises(ValueError, match="y is missing: pass X and y, or one Dataset"):
        LinearRegression([1, 2])


def test_a_subset_is_the_task_made_of_those_samples():
    whole = LinearRegression(penguins())
    before, least = whole.loss([[50.0, 1.0]]), whole.least_loss
    part = whole.subset([3, 0, 7])
    expected = LinearRegression(whole.dataset.X[[3, 0, 7]], whole.dataset.y[[3, 0, 7]])
    theta = [[50.0, 1.0]]
    assert repr(part) == repr(expected)
    assert part.dataset.target_name == whole.dataset.target_name
    assert part.loss(theta) == expected.loss(theta)
    np.testing.assert_array_equal(part.jacobian(theta), expected.jacobian(theta))
    np.testing.assert_array_equal(part.hessian(), expected.hessian())
    np.testing.assert_array_equal(part.minimizer(), expected.minimizer())
    np.testing.assert_array_equal(part.predict(theta), expected.predict(theta))
    assert whole.n_samples == 342
    assert part.least_loss == expected.least_loss
    assert whole.loss(theta) == before
    assert whole.least_loss == least


@pytest.mark.parametrize(
    ("indices", "numbers"),
    [
        ([-9, 8], [0, 8]),
        (np.array([3, 3], np.uint8), [3, 3]),
        (np.arange(9) % 4 == 1, [1, 5]),
        (range(9), list(range(9))),
        (range(7, -1, -3), [7, 4, 1]),
        (range(2, 3), [2]),
    ],
)
def test_samples_may_be_chosen_by_numbers_a_mask_or_a_range(indices, numbers):
    task = LinearRegression(np.arange(9), np.arange(9) ** 2)
    part = task.subset(indices)
    np.testing.assert_array_equal(part.X_tilde, task.X_tilde[:, numbers])
    np.testing.assert_array_equal(part.y, task.y[:, numbers])
    np.testing.assert_array_equal(part.dataset.X[:, 0], numbers)
    np.testing.assert_array_equal(part.dataset.y, np.square(numbers))


@pytest.mark.parametrize(
    "indices",
    [
        [9],
        [-10],
        [0.5],
        [],
        "all",
        3,
        [[1, 2]],
        np.ones(8, bool),
        np.zeros(9, bool),
        range(0),
        range(5, 10),
        range(-10, 5),
        range(9, 0, -1),
    ],
)
def test_samples_that_are_not_there_are_refused(indices):
    task = LinearRegression(np.arange(9), np.arange(9))
    with pytest.raises(ValueError, match=r"indices must be whole numbers below n_samples = 9, at"):
        task.subset(indices)


# --- numbers out of range -----------------------------------------------------------------------


def test_quiet_overflow_silences_overflow_and_nan_only_within():
    huge = np.array([1e300])
    with quiet_overflow():
        assert np.isnan(huge * huge - huge * huge)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        huge * huge
        with quiet_overflow():
            huge / np.zeros(1)
    assert ["overflow" in str(w.message) for w in caught] == [True, False]


def test_quiet_overflow_decorates():
    @quiet_overflow()
    def square(x):
        return x * x

    for _ in range(2):
        assert square(np.array([1e300])) == np.inf

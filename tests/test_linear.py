"""Linear regression against its formulas on raw samples, central differences and 2/λmax."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz.datasets import Dataset, line, penguins
from gdviz.descent import Status, gradient_descent
from gdviz.linear import LinearRegression

# --- made problems ------------------------------------------------------------------------------


@dataclass
class Problem:
    """Samples and a batch of θ, with the sizes that rounding is measured by."""

    X: np.ndarray
    y: np.ndarray
    theta: np.ndarray

    def __post_init__(self):
        self.task = LinearRegression(self.X, self.y)
        self.X_tilde = np.vstack([self.X.T, np.ones(len(self.X))])
        self.columns = np.abs(self.X_tilde).max(axis=1)
        """The largest entry of each feature, (n_features + 1,)."""
        products = np.abs(self.theta) @ np.abs(self.X_tilde)
        self.residual = products.max() + np.abs(self.y).max()
        """No residual, and no term of one, is larger."""

    @property
    def steps(self):
        """Step of each column of θ that moves a prediction by as much as a residual."""
        return self.residual / np.where(self.columns > 0, self.columns, 1)


@st.composite
def problems(draw):
    """Problems of many shapes and scales; features may be constant, doubled or scarcer than θ."""
    n_samples, n_features = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    n_outputs = draw(st.integers(1, 3))
    batch = draw(st.sampled_from([(), (3,), (2, 3)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scales = 10.0 ** np.array(draw(st.lists(st.integers(-3, 3), min_size=4, max_size=4)))
    offset = draw(st.sampled_from([0, 1, -30]))
    X = scales[:n_features] * (rng.normal(size=(n_samples, n_features)) + offset)
    kind = draw(st.sampled_from(["plain", "constant", "zero", "double", "ints"]))
    if kind in ("constant", "zero"):
        X[:, 0] = 0 if kind == "zero" else scales[0]
    elif kind == "double":
        X = np.hstack([X, X])
    elif kind == "ints":
        X = np.round(X)
    y = scales[-1] * rng.normal(size=(n_samples, n_outputs))
    theta = rng.normal(size=(*batch, n_outputs, X.shape[1] + 1))
    return Problem(X, y, theta)


def by_differences(function, theta, steps):
    """Return ∂function/∂θ by central differences, the entry of θ on the last axis."""
    shape = theta.shape[-2:]
    columns = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            step = np.zeros(shape)
            step[i, j] = steps[j]
            ahead, behind = function(theta + step), function(theta - step)
            columns.append((ahead - behind) / (2 * steps[j]))
    return np.stack(columns, axis=-1)


def assert_close(actual, expected, tolerance):
    """Compare entry by entry, each with its own tolerance."""
    assert np.shape(actual) == np.shape(expected)
    excess = np.abs(actual - expected) / np.where(tolerance > 0, tolerance, 1)
    assert excess.max() <= 1, f"off by {excess.max():.2g} times the tolerance"


# --- by hand ------------------------------------------------------------------------------------


def test_numbers_worked_out_by_hand():
    task = LinearRegression([0, 1, 2], [1, 3, 5])
    theta = [[1, 0]]  # residuals -1, -2, -3
    np.testing.assert_allclose(task.loss(theta), 14 / 3, rtol=1e-14)
    np.testing.assert_allclose(task.jacobian(theta), [[-16 / 3], [-4]], rtol=1e-14)
    np.testing.assert_allclose(task.hessian(), [[10 / 3, 2], [2, 2]], rtol=1e-14)
    np.testing.assert_allclose(task.minimizer(), [[2, 1]], rtol=1e-14)
    largest = (16 / 3 + np.sqrt(160) / 3) / 2
    np.testing.assert_allclose(task.max_stable_learning_rate(), 2 / largest, rtol=1e-14)


def test_operations_lead_from_residual_to_gradient():
    task = LinearRegression([0, 1, 2], [1, 3, 5])
    steps = task.operations([[1, 0]])
    assert list(steps) == ["residual", "squared residual", "loss", "gradient"]
    np.testing.assert_allclose(np.sum(steps["squared residual"]), 14 / 3, rtol=1e-14)
    np.testing.assert_array_equal(steps["squared residual"], steps["residual"] ** 2)
    np.testing.assert_allclose(steps["loss"], 14 / 3, rtol=1e-14)
    np.testing.assert_allclose(steps["gradient"], [[-16 / 3], [-4]], rtol=1e-14)
    beyond = task.operations([[1e200, 0]])  # no warning
    assert [np.isfinite(step).all() for step in beyond.values()] == [True, False, False, True]


def test_two_outputs_by_hand():
    task = LinearRegression([[1, 2]], [[3, 4]])
    theta = [[1, 0, 0], [0, 1, 0]]  # predictions 1 and 2, residuals -2 and -2
    np.testing.assert_allclose(task.loss(theta), 8, rtol=1e-14)
    np.testing.assert_allclose(task.jacobian(theta), [[-4, -4], [-8, -8], [-4, -4]], rtol=1e-14)


def test_predictions():
    task = LinearRegression([[1, 2], [3, 4]], [[0, 0], [0, 0]])
    theta = np.array([[1, 10, 0.5], [0, 1, -1]])
    np.testing.assert_allclose(task.predict(theta), [[21.5, 1], [43.5, 3]], rtol=1e-14)
    np.testing.assert_allclose(task.predict(theta, [[0, 1]]), [[10.5, 0]], rtol=1e-14)
    batch = task.predict(np.stack([theta, 2 * theta]), np.zeros((5, 2)))
    assert batch.shape == (2, 5, 2)
    np.testing.assert_array_equal(batch[1, 0], [1, -2])
    one_feature = LinearRegression([1, 2], [3, 4])
    np.testing.assert_array_equal(one_feature.predict([[2, 1]], [5, 6, 7])[:, 0], [11, 13, 15])


def test_shapes_and_repr():
    task = LinearRegression(np.eye(4)[:, :3], np.zeros((4, 2)))
    assert task.shape == (2, 4)
    assert repr(task) == "LinearRegression(4 samples, 3 features, 2 outputs, reduction='mean')"
    assert repr(LinearRegression([1], [2], reduction="sum")) == (
        "LinearRegression(1 sample, 1 feature, 1 output, reduction='sum')"
    )


def test_a_dataset_and_its_arrays_make_the_same_task():
    data = line(20)
    theta = [[0.3, -1]]
    expected = LinearRegression(data.X[:, 0], data.y[:, None]).loss(theta)
    assert LinearRegression(data).loss(theta) == expected


def test_whole_numbers_are_targets():
    assert LinearRegression([1, 2], np.array([1, 2], dtype=np.uint8)).loss([[0, 0]]) == (
        pytest.approx(2.5, rel=1e-14)
    )


# --- formulas and differences -------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(problems())
def test_loss_jacobian_and_hessian_are_the_formulas_on_raw_samples(problem):
    X, theta, task = problem.X_tilde, problem.theta, problem.task
    residual = theta @ X - problem.y.T
    assert_close(
        task.loss(theta),
        np.mean(np.sum(residual**2, axis=-2), axis=-1),
        1e-12 * problem.residual**2,
    )
    assert_close(
        task.jacobian(theta),
        np.mean(2 * X[:, None, :] * residual[..., None, :, :], axis=-1),
        1e-12 * problem.columns[:, None] * problem.residual,
    )
    block = np.mean(2 * X[:, None, :] * X[None, :, :], axis=-1)
    expected = np.kron(np.eye(theta.shape[-2]), block)
    sizes = np.tile(problem.columns, theta.shape[-2])
    assert_close(
        task.hessian(theta),
        np.broadcast_to(expected, (*theta.shape[:-2], *expected.shape)),
        1e-12 * np.outer(sizes, sizes),
    )
    assert task.hessian().shape == expected.shape


@settings(deadline=None, max_examples=100)
@given(problems())
def test_jacobian_is_the_difference_of_the_loss(problem):
    differences = by_differences(problem.task.loss, problem.theta, problem.steps)
    expected = differences.reshape(problem.theta.shape).mT
    assert_close(
        problem.task.jacobian(problem.theta),
        expected,
        1e-9 * problem.columns[:, None] * problem.residual,
    )


@settings(deadline=None, max_examples=100)
@given(problems())
def test_hessian_is_the_difference_of_the_jacobian(problem):
    def gradient(theta):
        """The entries of ∇L in the order of θ's."""
        return problem.task.jacobian(theta).mT.reshape(*theta.shape[:-2], -1)

    differences = by_differences(gradient, problem.theta, problem.steps)
    sizes = np.tile(problem.columns, problem.theta.shape[-2])
    assert_close(problem.task.hessian(problem.theta), differences, 1e-9 * np.outer(sizes, sizes))


@settings(deadline=None, max_examples=100)
@given(problems())
def test_the_sum_is_n_times_the_mean(problem):
    n, theta, mean = len(problem.X), problem.theta, problem.task
    total = LinearRegression(problem.X, problem.y, reduction="sum")
    assert_close(total.loss(theta), n * mean.loss(theta), 1e-12 * n * problem.residual**2)
    assert_close(
        total.jacobian(theta),
        n * mean.jacobian(theta),
        1e-12 * n * problem.columns[:, None] * problem.residual,
    )
    sizes = np.tile(problem.columns, theta.shape[-2])
    assert_close(total.hessian(), n * mean.hessian(), 1e-12 * n * np.outer(sizes, sizes))
    np.testing.assert_allclose(
        total.max_stable_learning_rate(), mean.max_stable_learning_rate() / n, rtol=1e-12
    )


# --- the least-squares solution -----------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(problems())
def test_descent_stays_at_the_least_squares_solution(problem):
    task = problem.task
    best = task.minimizer()
    limit = task.max_stable_learning_rate()
    descent = gradient_descent(task, best, limit / 2, iterations=20)
    drift = np.linalg.norm(descent.theta - best, axis=(-2, -1))
    size = (
        np.linalg.norm(best)
        + np.sqrt(limit * task.loss(best))
        + np.sqrt(limit) * np.abs(problem.y).max()
    )
    assert drift.max() <= 1e-12 * size
    assert descent.status is Status.CONVERGED


@settings(deadline=None, max_examples=100)
@given(problems())
def test_no_theta_has_less_loss_than_the_minimizer(problem):
    least = problem.task.loss(problem.task.minimizer())
    nearby = problem.task.minimizer() + 1e-3 * problem.theta
    for theta in (problem.theta, nearby):
        assert np.all(problem.task.loss(theta) >= least - 1e-12 * problem.residual**2)


@pytest.mark.parametrize("n_samples", [4, 50, 5000])
def test_the_minimizer_is_the_shortest_of_many(n_samples):
    rng = np.random.default_rng(n_samples)
    for _ in range(20):
        u, v = rng.normal(size=(2, n_samples)) + 1
        y = 3 * u - v + 1 + rng.normal(size=n_samples)
        slopes = LinearRegression(np.stack([u, v], axis=-1), y).minimizer()[0]
        # With u + v as third feature, weights (w1 + w, w2 + w, -w) all predict the same.
        more = LinearRegression(np.stack([u, v, u + v], axis=-1), y).minimizer()
        w = -(slopes[0] + slopes[1]) / 3
        np.testing.assert_allclose(
            more, [[slopes[0] + w, slopes[1] + w, -w, slopes[2]]], rtol=1e-9, atol=1e-9
        )


def test_the_minimizer_of_the_penguins_is_the_fitted_line():
    data = penguins()
    expected = np.polyfit(data.X[:, 0], data.y, 1)
    np.testing.assert_allclose(LinearRegression(data).minimizer()[0], expected, rtol=1e-9)


# --- 2/λmax -------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(problems(), st.sampled_from(["mean", "sum"]))
def test_the_steepest_direction_shrinks_below_the_limit_and_grows_above(problem, reduction):
    task = LinearRegression(problem.X, problem.y, reduction=reduction)
    best, limit = task.minimizer(), task.max_stable_learning_rate()
    direction = np.linalg.eigh(task.hessian())[1][:, -1].reshape(task.shape)
    distance = 10 * max(1.0, np.linalg.norm(best), np.sqrt(limit * task.loss(best)))
    start = best + distance * direction
    for factor, end in ((0.999, 0.998**100), (1.001, 1.002**100)):
        descent = gradient_descent(task, start, factor * limit, iterations=100)
        left = np.linalg.norm(descent.theta[-1] - best) / distance
        np.testing.assert_allclose(left, end, rtol=1e-9)
        assert (descent.loss[-1] < descent.loss[0]) == (factor < 1)


@settings(deadline=None, max_examples=40)
@given(problems())
def test_runs_contract_just_under_the_limit_and_diverge_just_over_it(problem):
    task, limit = problem.task, problem.task.max_stable_learning_rate()
    under = gradient_descent(task, problem.theta, 0.999 * limit, iterations=200)
    rounding = 1e-12 * np.max(problem.columns) * problem.residual
    assert np.all(np.diff(under.gradient_norm, axis=-1) <= rounding)
    assert np.all(np.diff(under.loss, axis=-1) <= 1e-12 * problem.residual**2)
    over = gradient_descent(task, problem.theta, 1.1 * limit, iterations=300)
    assert np.all(over.status == Status.DIVERGED)


# --- batches ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(problems())
def test_a_batch_equals_its_single_calls(problem):
    task, theta = problem.task, problem.theta
    loss, jacobian, predicted = task.loss(theta), task.jacobian(theta), task.predict(theta)
    assert loss.shape == theta.shape[:-2]
    for index in np.ndindex(theta.shape[:-2]):
        assert_close(task.loss(theta[index]), loss[index], 1e-12 * problem.residual**2)
        assert_close(
            task.jacobian(theta[index]),
            jacobian[index],
            1e-12 * problem.columns[:, None] * problem.residual,
        )
        assert_close(task.predict(theta[index]), predicted[index], 1e-12 * problem.residual)


# --- errors and overflow ------------------------------------------------------------------------


def test_labels_are_refused():
    data = Dataset([1, 2], ["a", "b"], target_name="species")
    with pytest.raises(ValueError, match=r"y holds labels \(species\): .*numeric target, or use a"):
        LinearRegression(data)
    with pytest.raises(ValueError, match="y holds labels"):
        LinearRegression([1, 2], [True, False])


def test_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction must be 'mean' or 'sum', not 'max'"):
        LinearRegression([1, 2], [3, 4], reduction="max")


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match=r"X\[1\] is nan"):
        LinearRegression([1, np.nan], [3, 4])


@pytest.mark.parametrize("method", ["loss", "jacobian", "hessian", "predict"])
def test_theta_of_another_shape_is_refused(method):
    task = LinearRegression([1, 2], [3, 4])
    with pytest.raises(ValueError, match=r"theta has shape \(1, 3\), but .* \(\.\.\., 1, 2\)"):
        getattr(task, method)([[1, 2, 3]])


def test_what_memory_may_not_hold_is_refused(monkeypatch):
    task = LinearRegression(np.zeros((9, 3)), np.zeros((9, 2)))
    theta = np.zeros((5, 2, 4))
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * 8 * 8 - 1)
    with pytest.raises(ValueError, match=r"hessian, shape \(8, 8\), .*: take fewer features"):
        task.hessian()
    with pytest.raises(ValueError, match=r"prediction, shape \(5, 2, 9\), .*: take fewer theta"):
        task.predict(theta)
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * 5 * 2 * 9)
    assert task.hessian(theta).shape == (5, 8, 8)
    assert task.predict(theta).shape == (5, 9, 2)


def test_numbers_out_of_range_come_back_silently():
    task = LinearRegression([1, 2], [3, 4])
    assert task.loss([[1e200, 0]]) == np.inf
    assert np.isnan(task.jacobian([[np.inf, -np.inf]])).all()
    assert np.isinf(task.predict([[1e308, 1e308]])).all()
    assert LinearRegression([1, 2, 4], [1e200, 0, 0]).loss([[0, 0]]) == np.inf
    steep = LinearRegression([1e200, 2e200], [1, 2])
    assert np.isinf(steep.hessian()).any()
    assert np.isnan(steep.max_stable_learning_rate())

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz.datasets import blobs, penguins
from gdviz.descent import Status, gradient_descent
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression

X = np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
Y = np.array([0, 2, 1, 2])
THETA = np.array([[0.3, -0.7, 0.2], [1.0, 0.0, -0.4], [0.0, 0.5, 0.1]])


def softmax(theta):
    exp_z = np.exp(X @ theta[:, :2].T + theta[:, 2])
    return exp_z / exp_z.sum(axis=1, keepdims=True)


def test_targets_are_one_hot_columns():
    task = SoftmaxRegression([0.0, 1.0, 2.0, 3.0], ["b", "a", "c", "b"])
    np.testing.assert_array_equal(task.y, [[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]])


def test_loss_is_the_lectures_with_a_minus_sign():
    loss = -np.mean(np.log(softmax(THETA)[range(4), Y]))
    assert SoftmaxRegression(X, Y).loss(THETA) == pytest.approx(loss, rel=1e-14)


def test_jacobian_is_the_mean_of_residual_times_sample():
    residual = softmax(THETA) - (Y[:, None] == np.arange(3))
    jacobian = SoftmaxRegression(X, Y).jacobian(THETA)
    np.testing.assert_allclose(jacobian[:2], X.T @ residual / 4, rtol=1e-12)
    np.testing.assert_allclose(jacobian[2], residual.mean(axis=0), rtol=1e-12)


def test_the_same_vector_added_to_every_row_changes_nothing():
    task = SoftmaxRegression(X, Y)
    moved = THETA + np.array([5.0, -3.0, 7.0])
    assert task.loss(moved) == pytest.approx(task.loss(THETA), rel=1e-13)
    np.testing.assert_allclose(task.jacobian(moved), task.jacobian(THETA), rtol=1e-12)
    np.testing.assert_allclose(task.probabilities(moved), task.probabilities(THETA), rtol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_features=st.integers(1, 4),
    scale=st.sampled_from([1e-8, 1.0, 1e8]),
    l2=st.sampled_from([0.0, 0.1]),
)
def test_two_classes_descend_as_logistic_regression_does(seed, n_features, scale, l2):
    rng = np.random.default_rng(seed)
    samples, y = scale * rng.normal(size=(10, n_features)), np.arange(10) % 2
    one = LogisticRegression(samples, y, l2=l2)
    two = SoftmaxRegression(samples, y, l2=2 * l2)  # W is split into two halves, ‖W‖² too
    start = rng.normal(size=one.shape) / np.append(np.full(n_features, scale), 1)
    rate = one.max_stable_learning_rate() / 4
    logistic = gradient_descent(one, start, rate, iterations=30)
    halves = gradient_descent(two, np.vstack([-start / 2, start / 2]), rate / 2, iterations=30)
    np.testing.assert_allclose(halves.loss, logistic.loss, rtol=1e-11)
    np.testing.assert_allclose(
        two.probabilities(halves.theta), one.probabilities(logistic.theta), rtol=1e-10, atol=1e-12
    )


def test_curvature_is_bounded_by_half_that_of_the_samples():
    task = SoftmaxRegression(X, Y)
    bound = np.linalg.eigvalsh(task.X_tilde @ task.X_tilde.T / task.n_samples)[-1] / 2
    theta = np.random.default_rng(0).normal(0, 3, (500, *task.shape))
    steepest = np.linalg.eigvalsh(task.hessian(theta)).max()
    assert np.linalg.eigvalsh(task.hessian())[-1] == pytest.approx(bound * 2 / 3)
    assert bound * 2 / 3 < steepest < bound


def test_descent_reaches_the_minimizer():
    task = SoftmaxRegression(blobs(spread=1.5))
    rate = task.max_stable_learning_rate()
    descent = gradient_descent(task, np.zeros(task.shape), rate, iterations=3000)
    np.testing.assert_allclose(descent.theta[-1], task.minimizer(), rtol=1e-6, atol=1e-9)
    assert descent.status is Status.CONVERGED


@pytest.mark.parametrize("l2", [1e-5, 1e-3, 1.0])
@pytest.mark.parametrize("name", ["iris", "wine"])
def test_minimizer_agrees_with_scikit_learn(name, l2):
    datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn")
    linear_model = pytest.importorskip("sklearn.linear_model")
    samples, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    samples = (samples - samples.mean(axis=0)) / samples.std(axis=0)
    task = SoftmaxRegression(samples, y, l2=l2)
    fitted = linear_model.LogisticRegression(
        C=1 / (2 * len(y) * l2), solver="newton-cg", tol=1e-11, max_iter=10_000
    ).fit(samples, y)
    best = task.minimizer()
    np.testing.assert_allclose(best[:, :-1], fitted.coef_, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(best[:, -1], fitted.intercept_, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        task.probabilities(best), fitted.predict_proba(samples), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(task.predict(best), fitted.predict(samples))


def test_the_minimizers_rows_add_up_to_zero():
    task = SoftmaxRegression(blobs(spread=1.5))
    np.testing.assert_allclose(task.minimizer().sum(axis=0), 0, atol=1e-12)


def test_separates_where_each_sample_prefers_its_own_class():
    task = SoftmaxRegression(X, Y, l2=0.0)
    assert not task.separates(np.zeros(task.shape))
    assert not task.separates(THETA)
    clouds = SoftmaxRegression(blobs(spread=0.2))
    centres = 2 * np.array([[1, 0], [-0.5, np.sqrt(0.75)], [-0.5, -np.sqrt(0.75)]])
    theta = np.hstack([centres, np.zeros((3, 1))])
    assert clouds.separates([theta, 1e-30 * theta, -theta]).tolist() == [True, True, False]


def test_separable_classes_have_no_minimizer_without_l2():
    with pytest.raises(ValueError, match=r"separable.*pass a larger l2"):
        SoftmaxRegression(blobs(spread=0.2)).minimizer()
    assert np.isfinite(SoftmaxRegression(blobs(spread=0.2), l2=1e-3).minimizer()).all()


def test_one_class_apart_from_two_that_overlap_is_enough_to_have_no_minimizer():
    samples, y = [0.0, 1.0, 5.0, 6.0, 7.0, 8.0], ["a", "a", "b", "c", "b", "c"]
    task = SoftmaxRegression(samples, y)
    with pytest.raises(ValueError, match="separable"):
        task.minimizer()
    rest = SoftmaxRegression(samples[2:], y[2:]).least_loss
    assert task.least_loss == pytest.approx(rest * 4 / 6, rel=1e-9)


def test_a_descent_on_separable_samples_says_so():
    task = SoftmaxRegression(blobs(30, spread=0.2))
    descent = gradient_descent(task, np.zeros(task.shape), learning_rate=1.0, iterations=300)
    assert descent.status is Status.SEPARABLE
    assert descent.until(1).status is Status.SLOW
    says_so = descent.status_codes() == list(Status).index(Status.SEPARABLE)
    assert task.separates(descent.theta[says_so]).all()


def test_species_of_penguins_are_learned_by_name():
    data = penguins(["bill_length_mm", "bill_depth_mm"], target="species").standardized()
    task = SoftmaxRegression(data, l2=1e-3)
    assert task.classes.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert np.mean(task.predict(task.minimizer()) == data.y) > 0.95


def test_more_classes_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * 40 * 40 - 1)
    message = r"y with its 40 classes, shape \(40, 40\), .*: take fewer classes, or LinearReg"
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression(np.arange(40.0), np.arange(40))

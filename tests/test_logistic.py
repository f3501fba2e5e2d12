import numpy as np
import pytest

from gdviz.descent import Status, gradient_descent
from gdviz.logistic import LogisticRegression

X = np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1])
THETA = np.array([[0.3, -0.7, 0.2]])
SEPARABLE = ([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1])
TOUCHING = ([0.0, 1.0, 1.0, 2.0], [0, 0, 1, 1])
OVERLAPPING = ([0.0, 1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1, 1])


def test_loss_is_the_lectures_with_a_minus_sign():
    σ = 1 / (1 + np.exp(-(X @ THETA[0, :2] + THETA[0, 2])))
    loss = -np.mean(Y * np.log(σ) + (1 - Y) * np.log(1 - σ))
    assert LogisticRegression(X, Y).loss(THETA) == pytest.approx(loss, rel=1e-14)


def test_jacobian_is_the_mean_of_residual_times_sample():
    residual = 1 / (1 + np.exp(-(X @ THETA[0, :2] + THETA[0, 2]))) - Y
    jacobian = LogisticRegression(X, Y).jacobian(THETA)
    np.testing.assert_allclose(jacobian[:2, 0], np.mean(residual[:, None] * X, axis=0), rtol=1e-13)
    np.testing.assert_allclose(jacobian[2, 0], np.mean(residual), rtol=1e-13)


@pytest.mark.parametrize("margin", [40.0, 300.0, 700.0])
def test_tiny_losses_and_gradients_keep_their_digits(margin):
    task = LogisticRegression([-1.0, 1.0], [0, 1])
    theta = np.array([[margin, 0.0]])
    assert task.loss(theta) == pytest.approx(np.exp(-margin), rel=1e-12)
    assert task.jacobian(theta)[0, 0] == pytest.approx(-np.exp(-margin), rel=1e-12)


def test_no_theta_has_a_smaller_stable_learning_rate_than_zero():
    task = LogisticRegression(X, Y)
    theta = np.random.default_rng(0).normal(0, 2, (500, *task.shape))
    assert (task.max_stable_learning_rate(theta) > task.max_stable_learning_rate()).all()
    assert task.max_stable_learning_rate([[1e6, 0.0, 1.0]]) == np.inf


def test_descent_reaches_the_minimizer():
    task = LogisticRegression(*OVERLAPPING)
    rate = task.max_stable_learning_rate() / 2
    descent = gradient_descent(task, np.zeros((1, 2)), rate, iterations=2000)
    np.testing.assert_allclose(descent.theta[-1], task.minimizer(), rtol=1e-9)
    assert descent.status is Status.CONVERGED


@pytest.mark.parametrize("l2", [1e-6, 1e-3, 1.0])
def test_minimizer_agrees_with_scikit_learn(l2):
    datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn")
    linear_model = pytest.importorskip("sklearn.linear_model")
    samples, y = datasets.load_breast_cancer(return_X_y=True)
    samples = (samples - samples.mean(axis=0)) / samples.std(axis=0)
    task = LogisticRegression(samples, y, l2=l2)
    fitted = linear_model.LogisticRegression(
        C=1 / (2 * len(y) * l2), solver="newton-cholesky", tol=1e-12, max_iter=10_000
    ).fit(samples, y)
    theta = np.hstack([fitted.coef_, fitted.intercept_[:, None]])
    np.testing.assert_allclose(task.minimizer(), theta, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(
        task.probabilities(theta), fitted.predict_proba(samples), rtol=1e-10, atol=1e-15
    )
    np.testing.assert_array_equal(task.predict(theta), fitted.predict(samples))


def test_minimizer_without_l2_agrees_with_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn")
    linear_model = pytest.importorskip("sklearn.linear_model")
    samples, y = datasets.load_iris(return_X_y=True)
    samples, y = samples[y > 0], y[y > 0]
    fitted = linear_model.LogisticRegression(
        C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=10_000
    ).fit(samples, y)
    theta = np.hstack([fitted.coef_, fitted.intercept_[:, None]])
    np.testing.assert_allclose(LogisticRegression(samples, y).minimizer(), theta, rtol=1e-6)


def test_separates_where_every_margin_is_positive():
    task = LogisticRegression(*SEPARABLE)
    theta = [[[1.0, -1.5]], [[1e-30, -1.5e-30]], [[1.0, -1.0]], [[-1.0, 1.5]], [[0.0, 0.0]]]
    assert task.separates(theta).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize(("X", "y"), [SEPARABLE, TOUCHING])
def test_separable_samples_have_no_minimizer_without_l2(X, y):
    with pytest.raises(ValueError, match=r"separable.*pass a larger l2"):
        LogisticRegression(X, y).minimizer()
    assert np.isfinite(LogisticRegression(X, y, l2=1e-3).minimizer()).all()


def test_least_loss_is_what_the_loss_falls_to():
    assert LogisticRegression(*SEPARABLE).least_loss == 0
    # The two samples at 1 have different classes: half of all samples stay undecided.
    assert LogisticRegression(*TOUCHING).least_loss == pytest.approx(np.log(2) / 2, rel=1e-9)


def test_a_descent_on_separable_samples_says_so():
    task = LogisticRegression(*SEPARABLE)
    descent = gradient_descent(task, np.zeros((1, 2)), learning_rate=1.0, iterations=1000)
    assert descent.status is Status.SEPARABLE
    assert descent.until(1).status is Status.SLOW
    says_so = descent.status_codes() == list(Status).index(Status.SEPARABLE)
    assert task.separates(descent.theta[says_so]).all()
    regularized = LogisticRegression(*SEPARABLE, l2=0.1)
    descent = gradient_descent(regularized, np.zeros((1, 2)), learning_rate=1.0, iterations=1000)
    assert descent.status is Status.CONVERGED


def test_parts_of_a_batch_keep_the_separable_status():
    task = LogisticRegression(*SEPARABLE)
    descent = gradient_descent(task, np.zeros((1, 2)), [1e-6, 1.0], iterations=1000)
    assert list(descent.status) == [Status.SLOW, Status.SEPARABLE]
    assert descent.run(1).status is Status.SEPARABLE
    assert descent.until(999).run(1).status is Status.SEPARABLE


def test_refuses_three_classes():
    with pytest.raises(ValueError, match=r"y \(y\) has 3 classes.*use SoftmaxRegression"):
        LogisticRegression([0.0, 1.0, 2.0], [0, 1, 2])

"""What holds for logistic and for softmax regression alike."""

import math
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gdviz.classification import LARGEST_EXPONENT, NUMBERS_AT_ONCE, Classifier
from gdviz.datasets import penguins
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression

KINDS = ["plain", "constant feature", "duplicate feature", "few of each class", "a sample twice"]


def problem(model, kind="plain", n_samples=12, n_features=2, scale=1.0, seed=0, l2=0.0):
    """A task that has all its classes, and θ whose logits are neither all flat nor all steep."""
    n_classes = 2 if model is LogisticRegression else 3
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features))
    y = rng.integers(0, n_classes, n_samples)
    y[:n_classes] = range(n_classes)
    if kind == "constant feature":
        X[:, 0] = 1.0
    elif kind == "duplicate feature":
        X[:, -1] = X[:, 0]
    elif kind == "few of each class":
        X, y = X[:n_classes], y[:n_classes]
    elif kind == "a sample twice":
        X[1] = X[0]
    task = model(scale * X, y, l2=l2)
    theta = rng.normal(size=task.shape)
    theta[:, :-1] /= scale
    return task, theta


def units(task):
    """How large each entry of x̃ is: what a derivative by that entry of θ is measured in."""
    return np.abs(task.X_tilde).max(axis=1) + (np.abs(task.X_tilde).max(axis=1) == 0)


def central_difference(function, theta):
    """The derivative of ``function`` by each entry of ``theta``, those entries' axes in front.

    Two steps and Richardson's extrapolation: the error is of fourth order.
    """
    derivative = []
    for index in np.ndindex(theta.shape):
        unit = np.zeros(theta.shape)
        unit[index] = 2e-3 * np.abs(theta[index])
        slopes = [
            (function(theta + length * unit) - function(theta - length * unit))
            / (2 * length * unit[index])
            for length in (1.0, 0.5)
        ]
        derivative.append((4 * slopes[1] - slopes[0]) / 3)
    return np.reshape(derivative, (*theta.shape, *np.shape(derivative[0])))


MODELS = pytest.mark.parametrize("model", [LogisticRegression, SoftmaxRegression])
problems = st.builds(
    problem,
    model=st.sampled_from([LogisticRegression, SoftmaxRegression]),
    kind=st.sampled_from(KINDS),
    n_samples=st.integers(3, 20),
    n_features=st.integers(1, 4),
    scale=st.integers(-8, 8).map(lambda exponent: 10.0**exponent),
    seed=st.integers(0, 2**32 - 1),
    l2=st.sampled_from([0.0, 0.1]),
)


def any_problem(test):
    return settings(deadline=None)(given(problems)(test))


@any_problem
def test_jacobian_agrees_with_central_differences_of_the_loss(case):
    task, theta = case
    loss_units = units(task) * max(1, task.loss(theta)) / np.minimum(1, np.abs(theta * units(task)))
    numerical = central_difference(task.loss, theta)
    np.testing.assert_allclose(
        task.jacobian(theta).mT / loss_units, numerical / loss_units, atol=1e-8
    )


@any_problem
def test_hessian_agrees_with_central_differences_of_the_jacobian(case):
    task, theta = case
    numerical = central_difference(lambda theta: task.jacobian(theta).mT, theta)
    slope = units(task) + np.abs(task.jacobian(theta).mT).max(axis=0)
    blocks = np.multiply.outer(slope / np.minimum(1, np.abs(theta * units(task))), slope)
    hessian = task.hessian(theta).reshape(*task.shape, *task.shape)
    scale = blocks[:, :, None, :] * units(task)[None, :, None, None] / slope[None, :, None, None]
    np.testing.assert_allclose(hessian / scale, numerical / scale, atol=1e-8)


@any_problem
def test_loss_and_jacobian_agree_with_automatic_differentiation(case):
    torch = pytest.importorskip("torch", reason="compares with PyTorch's gradients")
    task, theta = case
    parameters = torch.tensor(theta, requires_grad=True)
    logits = (parameters @ torch.tensor(task.X_tilde)).T
    if isinstance(task, LogisticRegression):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits[:, 0], torch.tensor(task.y[0])
        )
    else:
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(task.labels))
    loss = loss + task.l2 * (parameters[:, :-1] ** 2).sum()
    loss.backward()
    assert task.loss(theta) == pytest.approx(loss.item(), rel=1e-10, abs=1e-14)
    np.testing.assert_allclose(
        task.jacobian(theta).mT / units(task),
        parameters.grad.numpy() / units(task),
        rtol=1e-10,
        atol=1e-10,
    )


@MODELS
@pytest.mark.parametrize("batch", [(), (1,), (4,), (2, 3), (0,), (3, 0)])
def test_batches_equal_single_runs(model, batch):
    task, _ = problem(model, n_features=3, l2=0.1)
    theta = np.random.default_rng(1).normal(size=(*batch, *task.shape))
    for method in (task.loss, task.jacobian, task.hessian, task.probabilities, task.separates):
        together, single = method(theta), method(np.zeros(task.shape))
        assert together.shape == (*batch, *single.shape)
        for index in np.ndindex(*batch):
            np.testing.assert_allclose(
                together[index], method(theta[index]), rtol=1e-12, atol=1e-14
            )


@MODELS
def test_loss_and_jacobian_at_once_are_loss_and_jacobian(model):
    task, _ = problem(model, l2=0.3)
    theta = np.random.default_rng(1).normal(size=(5, *task.shape))
    loss, jacobian = task.loss_and_jacobian(theta)
    np.testing.assert_array_equal(loss, task.loss(theta))
    np.testing.assert_array_equal(jacobian, task.jacobian(theta))


@MODELS
def test_more_thetas_than_are_worked_on_at_once(model):
    task, _ = problem(model, n_samples=1000)
    theta = np.random.default_rng(1).normal(size=(200, *task.shape))
    assert task.n_samples * len(theta) > 3 * NUMBERS_AT_ONCE
    for method in (task.loss, task.jacobian, task.hessian):
        np.testing.assert_allclose(
            method(theta), [method(each) for each in theta], rtol=1e-12, atol=1e-14
        )


@MODELS
def test_more_samples_than_are_worked_on_at_once(model):
    n_samples = 2 * NUMBERS_AT_ONCE + 1
    task, theta = problem(model, n_samples=n_samples)
    X, y = task.dataset.X, task.dataset.y
    parts = [slice(0, 80_000), slice(80_000, n_samples)]
    weights = np.array([80_000, n_samples - 80_000]) / n_samples
    for method in ("loss", "jacobian", "hessian"):
        values = [getattr(model(X[part], y[part]), method)(theta) for part in parts]
        np.testing.assert_allclose(
            getattr(task, method)(theta), np.tensordot(weights, values, 1), rtol=1e-9, atol=1e-12
        )
    assert np.abs(task.jacobian(task.minimizer())).max() < 1e-12
    clear = model(np.where(y == 0, -1.0, 1.0), np.minimum(y, 1))
    theta = np.zeros(clear.shape)
    theta[-1, 0] = 1.0
    assert clear.separates([theta, -theta]).tolist() == [True, False]
    X = clear.dataset.X.copy()
    X[-1] *= -1
    assert not model(X, clear.dataset.y).separates(theta)


@MODELS
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_few_of_very_many_samples_are_a_task_of_their_own(model, l2):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(50_000, 2)), np.arange(50_000) % 2
    chosen = [9, 4, 4, 0, 49_999, -2, 7]
    part = model(X, labels, l2=l2).subset(chosen)
    alone = model(X[chosen], labels[chosen], l2=l2)
    theta = rng.normal(size=(2, *part.shape))
    for method in ("loss", "jacobian", "hessian", "probabilities", "separates"):
        np.testing.assert_allclose(
            getattr(part, method)(theta), getattr(alone, method)(theta), rtol=1e-12, atol=1e-15
        )
    assert part.least_loss == pytest.approx(alone.least_loss, rel=1e-12)
    assert part.loss_of_separation == alone.loss_of_separation
    assert part.predict(theta).tolist() == alone.predict(theta).tolist()


def test_a_subset_keeps_classes_that_it_has_no_samples_of():
    task = SoftmaxRegression([0.0, 1.0, 2.0, 3.0], ["a", "c", "b", "c"])
    part = task.subset([3, 0])
    assert part.classes.tolist() == ["a", "b", "c"]
    assert part.labels.tolist() == [2, 0]
    theta = np.random.default_rng(0).normal(size=task.shape)
    log_likelihood = np.log(task.probabilities(theta)[[3, 0], [2, 0]])
    assert part.loss(theta) == pytest.approx(-log_likelihood.mean(), rel=1e-12)


@MODELS
def test_gradients_of_parts_average_to_that_of_the_whole(model):
    task, theta = problem(model, n_samples=24, l2=0.1)
    order = np.random.default_rng(0).permutation(24)
    gradients = [task.subset(part).jacobian(theta) for part in np.split(order, 4)]
    np.testing.assert_allclose(np.mean(gradients, axis=0), task.jacobian(theta), atol=1e-14)


@MODELS
def test_what_memory_may_not_hold_is_refused(model, monkeypatch):
    task, theta = problem(model, n_samples=9)
    thetas, p = np.stack([theta] * 7), theta.size
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * 7 * p * p - 1)
    with pytest.raises(ValueError, match=rf"hessian, shape \(7, {p}, {p}\), .*: take fewer theta"):
        task.hessian(thetas)
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * 7 * p * p)
    assert task.hessian(thetas).shape == (7, p, p)
    shape = (7, task.shape[0], 9)
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * math.prod(shape) - 1)
    with pytest.raises(ValueError, match=r"prediction, shape .*: take fewer theta") as error:
        task.predict(thetas)
    assert str(shape) in str(error.value)
    monkeypatch.setattr("gdviz.arguments.MAX_BYTES", 8 * math.prod(shape))
    assert task.predict(thetas).shape == (7, 9)


@MODELS
@pytest.mark.parametrize(("n_thetas", "n_samples"), [(3_000, 2_000), (2, 300_000)])
def test_memory_on_the_way_is_bounded(model, n_thetas, n_samples):
    task, theta = problem(model, n_samples=n_samples)
    thetas = np.broadcast_to(theta, (n_thetas, *theta.shape))
    tracemalloc.start()
    try:
        task.loss_and_jacobian(thetas)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 8 * NUMBERS_AT_ONCE


@MODELS
def test_results_outlive_the_next_evaluation(model):
    task, theta = problem(model)
    thetas = [theta, 2 * theta, [theta] * 3]
    results = [task.loss_and_jacobian(each) for each in thetas]
    for each, (loss, jacobian) in zip(thetas, results, strict=True):
        np.testing.assert_array_equal(loss, task.loss(each))
        np.testing.assert_array_equal(jacobian, task.jacobian(each))


@MODELS
def test_threads_do_not_meet(model):
    cases = [problem(model, n_samples=200, seed=seed) for seed in range(4)]
    expected = [task.jacobian([theta] * 50) for task, theta in cases]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(20):
            found = threads.map(lambda case: case[0].jacobian([case[1]] * 50), cases)
            for result, alone in zip(found, expected, strict=True):
                np.testing.assert_array_equal(result, alone)


@MODELS
@pytest.mark.parametrize("steep", [1e3, 1e300, np.inf, np.nan])
def test_a_steep_run_leaves_its_neighbours_untouched_bit_for_bit(model, steep):
    task, theta = problem(model, n_samples=50)
    calm = np.random.default_rng(1).normal(size=(3, *task.shape))
    other = theta.copy()
    other[0, 0] = steep
    with_steep, with_calm = (
        task.loss_and_jacobian([*calm, neighbour]) for neighbour in (other, theta)
    )
    for one, two in zip(with_steep, with_calm, strict=True):
        np.testing.assert_array_equal(one[:3], two[:3])


@MODELS
@pytest.mark.parametrize("margin", [20.0, 100.0, 500.0, 700.0])
def test_a_tiny_loss_keeps_its_digits(model, margin):
    n_classes = 2 if model is LogisticRegression else 3
    task = model(np.eye(n_classes), range(n_classes))
    theta = np.zeros(task.shape)
    theta[:, :-1] = margin * (np.array([[-1, 1]]) if n_classes == 2 else np.eye(3))
    loss = np.log1p((n_classes - 1) * np.exp(-margin))
    assert task.loss(theta) == pytest.approx(loss, rel=1e-12, abs=0)
    steepest = np.abs(task.jacobian(theta)).max()
    assert steepest == pytest.approx(-np.expm1(-loss) / n_classes, rel=1e-12, abs=0)


@MODELS
def test_loss_at_logits_just_below_and_above_where_the_largest_is_taken_off(model):
    task = model([0.0, 0.0, 0.0], [0, 1, 1])
    below, above = np.zeros((2, *task.shape))
    below[-1, -1], above[-1, -1] = np.nextafter(LARGEST_EXPONENT, [0, np.inf])
    np.testing.assert_allclose(task.loss(below), task.loss(above), rtol=1e-14)
    np.testing.assert_allclose(task.jacobian(below), task.jacobian(above), rtol=1e-14)
    np.testing.assert_allclose(task.hessian(below), task.hessian(above), rtol=1e-12, atol=1e-300)


@MODELS
@settings(deadline=None)
@given(logit=st.floats(-1e300, 1e300))
def test_stable_at_any_logit(model, logit):
    task = model([0.0, 0.0, 0.0], [0, 1, 1])
    theta = np.zeros(task.shape)
    theta[-1, -1] = logit
    log_likelihood = np.minimum([-logit, logit], 0) - np.log1p(np.exp(-abs(logit)))
    with warnings.catch_warnings(action="error"):
        assert task.loss(theta) == pytest.approx(-(log_likelihood @ [1, 2]) / 3, rel=1e-12)
        np.testing.assert_allclose(
            task.jacobian(theta)[-1, -1], np.exp(log_likelihood[1]) - 2 / 3, atol=1e-15
        )
        assert np.isfinite(task.hessian(theta)).all()
        np.testing.assert_allclose(
            task.probabilities(theta)[0], np.exp(log_likelihood), rtol=1e-12, atol=1e-300
        )


@MODELS
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e308])
def test_numbers_out_of_range_make_no_warning_and_no_finite_loss(model, value):
    task, theta = problem(model, l2=0.1)
    theta[0, 0] = value
    loss, jacobian = task.loss_and_jacobian(theta)
    assert not np.isfinite(loss)  # with l2 even at 1e308: its square is beyond float64
    if not np.isfinite(value):
        assert not np.isfinite(jacobian).all()
        assert not np.isfinite(task.hessian(theta)).all()
    if np.isnan(task.probabilities(theta)).any():
        with pytest.raises(ValueError, match=r"theta .* has left float64's range"):
            task.predict(theta)
    else:
        assert set(task.predict(theta)) <= set(task.classes)
    assert not task.separates(theta)


@MODELS
@pytest.mark.parametrize("size", [1e-310, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_minimizers_of_features_whose_squares_leave_the_range_make_no_warning(model, size, l2):
    X = size * np.random.default_rng(0).normal(size=(9, 2))
    task = model(X, np.resize([0, 1, 1], 9), l2=l2)
    best = task.minimizer()
    assert np.isfinite(best).all()
    assert task.loss(best) == task.least_loss <= task.loss(np.zeros(task.shape))


@MODELS
def test_operations_lead_from_logits_to_gradient(model):
    task, theta = problem(model, l2=0.1)
    steps = task.operations(theta)
    assert list(steps) == ["logits", "loss", "gradient"]
    np.testing.assert_array_equal(steps["logits"], theta @ task.X_tilde)
    np.testing.assert_array_equal(steps["loss"], task.loss(theta))
    np.testing.assert_array_equal(steps["gradient"], task.jacobian(theta))
    beyond = task.operations(np.full(task.shape, 1.7e308))  # no warning
    assert not np.isfinite(beyond["logits"]).all()


@any_problem
def test_the_hessian_is_symmetric_and_has_no_negative_curvature(case):
    task, theta = case
    scale = np.tile(units(task), task.shape[0])
    hessian = task.hessian(theta) / np.outer(scale, scale)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-15)
    curvatures = np.linalg.eigvalsh(hessian)
    assert curvatures[0] >= -1e-14 * max(1, curvatures[-1])


@any_problem
def test_no_theta_is_better_than_the_minimizer(case):
    task, theta = case
    assert task.least_loss <= task.loss(theta) * (1 + 1e-12)
    try:
        best = task.minimizer()
    except ValueError:
        event("no minimum")
        assert task.l2 == 0
        return
    assert task.least_loss == task.loss(best)
    units_of_slope = np.sqrt(units(task) ** 2 + task.l2)
    assert np.abs(task.jacobian(best).mT / units_of_slope).max() < 1e-12
    task.minimizer()[:] = 0
    np.testing.assert_array_equal(task.minimizer(), best)


@MODELS
def test_a_single_undecided_sample_costs_what_separation_undercuts(model):
    X, y = [0.0, 5.0, 6.0, -5.0], [0, 1, 1, 0]
    task = model(X, y)
    theta = np.zeros(task.shape)
    theta[-1, 0] = 100.0
    assert not task.separates(theta)
    assert task.loss(theta) == pytest.approx(task.loss_of_separation, rel=1e-12)
    assert model(X, y, l2=0.1).loss_of_separation == -np.inf


@MODELS
def test_however_small_l2_is_there_is_a_minimum(model):
    task = model([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1], l2=1e-14)
    best = task.minimizer()
    assert np.abs(task.jacobian(best)).max() < 1e-6 * task.l2 * np.abs(best).max()


@MODELS
@pytest.mark.parametrize("l2", [0.1, 1.0])
def test_l2_adds_the_squared_weights_but_not_the_biases(model, l2):
    plain, theta = problem(model)
    with_l2 = model(plain.dataset, l2=l2)
    squared = np.sum(theta[:, :-1] ** 2)
    assert with_l2.loss(theta) - plain.loss(theta) == pytest.approx(l2 * squared)
    extra = with_l2.jacobian(theta) - plain.jacobian(theta)
    np.testing.assert_allclose(extra[:-1], 2 * l2 * theta[:, :-1].T, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(extra[-1], 0)
    extra = np.diag(with_l2.hessian(theta) - plain.hessian(theta)).reshape(plain.shape)
    curvature = np.broadcast_to([2 * l2, 2 * l2, 0.0], plain.shape)
    np.testing.assert_allclose(extra, curvature, rtol=1e-12, atol=1e-15)


@MODELS
def test_features_however_small_have_their_minimum(model):
    task, _ = problem(model, n_samples=60)
    tiny, _ = problem(model, n_samples=60, scale=1e-60)
    expected = task.minimizer() * [1e60, 1e60, 1]
    np.testing.assert_allclose(tiny.minimizer(), expected, rtol=1e-6)


@MODELS
def test_without_l2_weights_may_be_so_large_that_their_squares_overflow(model):
    task, theta = problem(model)
    sizes = np.array([1e150, 1e200])
    losses = task.loss(sizes[:, None, None] * theta)
    assert np.isfinite(losses).all()
    assert losses[1] / losses[0] == pytest.approx(1e50)


@MODELS
@pytest.mark.parametrize(
    "labels",
    [[0, 1], [3, 7], [-1, 1], ["cat", "dog"], [False, True], [0.0, 1.0], [5.0, 1e6]],
)
def test_labels_are_kept_under_their_own_names(model, labels):
    low, high = labels
    task = model([0.0, 1.0, 2.0, 3.0], [high, low, low, high])
    assert task.classes.tolist() == labels
    assert task.labels.tolist() == [1, 0, 0, 1]
    theta = np.zeros(task.shape)
    theta[-1] = 1.0, -1.0
    assert task.predict(theta, [0.0, 5.0]).tolist() == labels


@MODELS
def test_labels_from_a_dataset_and_from_a_column(model):
    data = penguins(["bill_length_mm", "body_mass_g"], target="sex")
    assert model(data).classes.tolist() == ["female", "male"]
    assert model([0.0, 1.0], [[1], [0]]).labels.tolist() == [1, 0]


@MODELS
def test_predict_and_probabilities_have_a_row_per_sample(model):
    task, _ = problem(model)
    theta = np.random.default_rng(1).normal(size=(5, 4, *task.shape))
    X = np.random.default_rng(2).normal(size=(7, 2))
    probabilities = task.probabilities(theta, X)
    assert probabilities.shape == (5, 4, 7, len(task.classes))
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_array_equal(task.predict(theta, X), probabilities.argmax(axis=-1))
    assert task.predict(theta).shape == (5, 4, 12)
    np.testing.assert_array_equal(task.predict(np.zeros(task.shape), X), [0] * 7)


@MODELS
@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 1, 1], "one class only, 1"),
        (["a", "a", "a"], "one class only, a"),
        ([1.0, 0.5, 1.5], r"holds 0\.5, a measurement.*use LinearRegression"),
        ([0.0, np.nan, 1.0], "missing"),
        ([[0, 1], [1, 0], [1, 0]], r"shape \(3, 2\).*argmax"),
        ([0, 1], r"\(3, 1\).*\(2,\)"),
    ],
)
def test_refuses_labels_that_make_no_sense(model, y, message):
    with pytest.raises(ValueError, match=message):
        model([0.0, 1.0, 2.0], y)


@MODELS
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_class_is_predicted_where_nothing_is_likeliest(model, value):
    task = model([-1.0, 0.0, 1.0], [0, 1, 1])
    theta = np.zeros((2, *task.shape))
    theta[1] = value
    with pytest.raises(ValueError, match=r"theta .* has left float64's range, so that no class"):
        task.predict(theta)
    assert task.predict(theta[0]).tolist() == [0, 0, 0]


@MODELS
@pytest.mark.parametrize("l2", [-1.0, np.nan, np.inf, "much", [1.0, 2.0]])
def test_refuses_an_l2_that_makes_no_sense(model, l2):
    with pytest.raises(ValueError, match=r"l2 must (not )?be"):
        model([0.0, 1.0], [0, 1], l2=l2)


@MODELS
def test_refuses_theta_and_X_of_other_shapes(model):  # noqa: N802
    task, _ = problem(model)
    with pytest.raises(ValueError, match="theta has shape"):
        task.loss(np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"X has shape \(4, 3\)"):
        task.predict(np.zeros(task.shape), np.zeros((4, 3)))


def test_a_new_model_has_four_methods_to_write():
    with pytest.raises(TypeError, match=r"_above_own.*_hessian.*_mean_outer.*_probabilities"):
        Classifier([0.0, 1.0], [0, 1], l2=0.0)


def test_repr_names_the_classes():
    task = SoftmaxRegression([0.0, 1.0], ["no", "yes"], l2=0.5)
    assert repr(task) == "SoftmaxRegression(2 samples, 1 feature, classes no, yes; l2=0.5)"

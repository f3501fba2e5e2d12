import re
import warnings
from dataclasses import FrozenInstanceError
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz import surfaces
from gdviz.gradient_check import Entry, GradientReport, check_gradient
from gdviz.gradient_check.mistakes import MISTAKES, Mistake
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression
from gdviz.surfaces import Surface
from gdviz.task import DataTask, Task

RNG = np.random.default_rng(5)
X = RNG.normal(2, 8, (10, 4))
SQUARE = RNG.normal(1, 2, (4, 4))
LINEAR = LinearRegression(X, X @ [1.0, -2.0, 0.5, 3.0] + RNG.normal(2, 1, 10))
LINEAR_SUM = LinearRegression(LINEAR.dataset.X, LINEAR.dataset.y, reduction="sum")
LINEAR_3 = LinearRegression(X, RNG.normal(1, 2, (10, 3)))
LINEAR_SQUARE = LinearRegression(SQUARE, [1.0, 2.0, 4.0, -3.0])
LINE = LinearRegression(X[:, 0], X[:, 1])
LOGISTIC = LogisticRegression(X, [0, 1, 1, 0, 1, 0, 0, 1, 1, 1])
LOGISTIC_1_2 = LogisticRegression(X, 1 + LOGISTIC.dataset.y)
LOGISTIC_SQUARE = LogisticRegression(SQUARE, [0, 1, 1, 0])
SOFTMAX = SoftmaxRegression(X, [0, 1, 2, 2, 1, 0, 0, 1, 2, 2])
SOFTMAX_SQUARE = SoftmaxRegression(SQUARE, [0, 1, 2, 2])
SOFTMAX_NAMES = SoftmaxRegression(X, np.array(["cat", "dog", "emu"])[SOFTMAX.dataset.y])
LOGISTIC_L2 = LogisticRegression(X, LOGISTIC.dataset.y, l2=0.5)
SOFTMAX_L2 = SoftmaxRegression(X, SOFTMAX.dataset.y, l2=0.5)
TASKS = [
    LINEAR,
    LINEAR_SUM,
    LINEAR_3,
    LINEAR_SQUARE,
    LINE,
    LOGISTIC,
    LOGISTIC_1_2,
    LOGISTIC_SQUARE,
    SOFTMAX,
    SOFTMAX_SQUARE,
    SOFTMAX_NAMES,
    LOGISTIC_L2,
    SOFTMAX_L2,
]


class Bowl(Task):
    """θ₁² + 3 θ₂, a landscape without data."""

    shape = (1, 2)

    def loss(self, theta):
        theta = self.as_theta(theta)
        return theta[..., 0, 0] ** 2 + 3 * theta[..., 0, 1]

    def jacobian(self, theta):
        theta = self.as_theta(theta)
        return np.stack([2 * theta[..., 0, 0], np.full(theta.shape[:-2], 3.0)], -1)[..., None]

    def hessian(self, theta=None):
        raise NotImplementedError

    def minimizer(self):
        raise NotImplementedError


# The three gradients as students write them, each step a function that a mistake can replace.


def identity(z):
    return z


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def column(y):
    return y.reshape(len(y), -1)


def one_hot(y):
    return (y[:, None] == np.unique(y)).astype(float)


def student(activation=identity, targets=column, factor=1.0, *, predict=None, back=None, end=None):
    """Return a gradient function; the keywords replace the steps before, after and at the end."""

    def gradient(W, b, x, y):
        z = predict(W, b, x) if predict else x @ W.T + b
        p = activation(z)
        error = p - targets(y)
        error = back(error, p) if back else error
        dW, db = factor * error.T @ x / len(x), factor * error.mean(axis=0)
        return end(dW, db, error, x) if end else (dW, db)

    return gradient


linear = partial(student, identity, column, 2.0)
logistic = partial(student, sigmoid, column)
logistic_1_2 = partial(student, sigmoid, lambda y: column(y - 1))
multi = partial(student, softmax, one_hot)
MODELS = {
    "linear": (LINEAR, linear),
    "linear, 3 outputs": (LINEAR_3, linear),
    "one feature": (LINE, linear),
    "logistic": (LOGISTIC, logistic),
    "softmax": (SOFTMAX, multi),
    "softmax, text": (SOFTMAX_NAMES, multi),
}
each_model = pytest.mark.parametrize(("task", "model"), MODELS.values(), ids=MODELS)


def sequential(task, model, step):
    """Return a gradient function that moves W before it works out ∇b."""

    def gradient(W, b, x, y):
        dW, _ = model()(W, b, x, y)
        W = W - step * dW
        return dW, model()(W, b, x, y)[1]

    return gradient


@each_model
def test_right_gradient_passes(task, model):
    report = check_gradient(model(), task)
    assert report.passed
    assert report
    assert report.diagnosis == report.hint == report.printed == ""
    assert report.details == report.remarks == ()
    assert repr(report) == f"Right: gradient is the gradient of {type(task).__name__}."


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_the_tasks_own_jacobian_passes(task):
    assert check_gradient(task.jacobian, task).passed
    assert check_gradient(lambda theta: task.jacobian(theta).T, task).passed


# One row: what the report must say, and the step that is replaced by a wrong one.
ENDS = {
    "b is forgotten: its part is zero": lambda dW, db, error, x: (dW, 0 * db),
    "the inner derivative x is missing": lambda dW, db, error, x: (db[:, None] + 0 * dW, db),
    "b stands before W": lambda dW, db, error, x: (db, dW),
    "sum instead of mean": lambda dW, db, error, x: (len(x) * dW, len(x) * db),
    "the sign is wrong": lambda dW, db, error, x: (-dW, -db),
    "half the gradient: a factor 2 is missing": lambda dW, db, error, x: (dW / 2, db / 2),
    "twice the gradient: a factor 2 too many": lambda dW, db, error, x: (2 * dW, 2 * db),
    "nothing but zeros": lambda dW, db, error, x: (0 * dW, 0 * db),
    "decimals are cut off": lambda dW, db, error, x: (dW.astype(int), db.astype(int)),
    "everything is -2 times what it should be": lambda dW, db, error, x: (-2 * dW, -2 * db),
    "everything is 0.01 times what it should be": lambda dW, db, error, x: (dW / 100, db / 100),
    "NaN is returned where the gradient is a number": lambda dW, db, error, x: (
        np.full_like(dW, np.nan),
        db,
    ),
    "infinity is returned where the gradient is a number": lambda dW, db, error, x: (
        dW,
        db + np.inf,
    ),
    "right to three digits, but not to six": lambda dW, db, error, x: (
        dW * (1 + 1e-5),
        db * (1 - 1e-5),
    ),
    "∇W: sum instead of mean; ∇b is right": lambda dW, db, error, x: (len(x) * dW, db),
    "∇W is right; ∇b: the sign is wrong": lambda dW, db, error, x: (dW, -db),
    "∇W: the sign is wrong; ∇b: sum instead of mean": lambda dW, db, error, x: (-dW, len(x) * db),
    "∇W is right; ∇b differs": lambda dW, db, error, x: (dW, db + 0.5),
    "∇W differs; ∇b is right": lambda dW, db, error, x: (
        dW + np.abs(x).mean(axis=0) * (np.arange(x.shape[1]) == x.shape[1] - 1),  # the last feature
        db,
    ),
    "entries differ, and it is none of the common mistakes": lambda dW, db, error, x: (
        dW + 0.5,
        db + 0.25,
    ),
}


@each_model
@pytest.mark.parametrize("diagnosis", ENDS)
def test_mistake_in_the_last_step(task, model, diagnosis):
    report = check_gradient(model(end=ENDS[diagnosis]), task)
    assert not report
    assert report.diagnosis == diagnosis
    assert report.hint
    # Where W and b have mistakes of their own, both have their hints.
    hints = {mistake.name: mistake.hint for mistake in MISTAKES}
    named = [part.split(": ")[1] for part in diagnosis.split("; ") if ": " in part]
    if named and ";" in diagnosis:
        assert report.hint == " ".join(hints[name] for name in named)


@each_model
@pytest.mark.parametrize("step", [1.0, 0.1, 3e-4])
def test_b_updated_after_weights(task, model, step):
    assert check_gradient(sequential(task, model, step), task).diagnosis == "b is updated after W"


@pytest.mark.parametrize("step", [5.0, 0.4, 0.02, 1e-6])
def test_b_updated_after_weights_by_any_usual_step(step):
    report = check_gradient(sequential(LINEAR, linear, step), LINEAR)
    assert report.diagnosis == "b is updated after W"


@pytest.mark.parametrize("step", [0.1, 1e-4])
@each_model
def test_parameters_returned_instead_of_the_gradient(task, model, step):
    def simultaneous(W, b, x, y):
        dW, db = model()(W, b, x, y)
        return W - step * dW, b - step * db

    def one_after_the_other(W, b, x, y):
        W -= step * model()(W, b, x, y)[0]
        b -= step * model()(W, b, x, y)[1]
        return W, b

    report = check_gradient(simultaneous, task)
    assert report.diagnosis == "the updated θ is returned, not the gradient"
    report = check_gradient(one_after_the_other, task)
    assert report.diagnosis == "the updated θ is returned, and b was updated after W"
    assert "It changes W, b in place" in report.remarks[0]


@each_model
def test_b_missing_in_the_prediction(task, model):
    report = check_gradient(model(predict=lambda W, b, x: x @ W.T), task)
    assert report.diagnosis == "b is forgotten in the prediction"


@pytest.mark.parametrize("divided", [True, False])
@pytest.mark.parametrize(("sample", "word"), [(0, "first"), (-1, "last")])
@each_model
def test_one_sample_only(task, model, sample, word, divided):
    def end(dW, db, error, x):
        # Mean gradients are linear in the samples, so the factor follows from one of them.
        return error[sample][:, None] * x[sample], error[sample]

    def gradient(W, b, x, y):
        factor = 2 if isinstance(task, LinearRegression) else 1
        n = len(x) if divided else 1
        return [factor * part / n for part in model(end=end)(W, b, x, y)]

    report = check_gradient(gradient, task)
    assert report.diagnosis == f"only the {word} sample counts"


def test_target_not_subtracted():
    for task, model in [
        (LINEAR, student(targets=lambda y: 0, factor=2)),
        (LOGISTIC, student(sigmoid, lambda y: 0)),
        (SOFTMAX, student(softmax, lambda y: 0)),
    ]:
        assert check_gradient(model, task).diagnosis == "the target is not subtracted"


@pytest.mark.parametrize("task", [LINEAR_SQUARE, LOGISTIC_SQUARE, SOFTMAX_SQUARE], ids=repr)
def test_samples_for_their_transpose(task):
    model = {1: linear if task is LINEAR_SQUARE else logistic, 3: multi}[task.shape[0]]
    factor = 2 if task is LINEAR_SQUARE else 1

    def turned(W, b, x):
        return (W @ x).T + b

    def end(dW, db, error, x):
        return factor * error.T @ x.T / len(x), db

    name = "X stands where Xᵀ belongs, "
    assert check_gradient(model(), task).passed
    product = check_gradient(model(end=end), task)
    assert product.diagnosis == name + "where the residual meets x"
    prediction = check_gradient(model(predict=turned), task)
    assert prediction.diagnosis == name + "in the prediction"
    both = check_gradient(model(predict=turned, end=end), task)
    assert both.diagnosis == name + "in the prediction and where the residual meets x"


def test_samples_for_their_transpose_where_shapes_do_not_fit():
    report = check_gradient(linear(predict=lambda W, b, x: W @ x + b), LINEAR)
    assert report.diagnosis == "shapes do not fit each other"
    assert report.hint.startswith("ValueError: matmul")
    assert "`report = check_gradient(linear(predict=lambda W, b, x: W @ x + b), LINEAR)`" in (
        report.hint
    )
    assert "W (1, 4), b (1,), x (10, 4), y (10,)" in report.hint


@pytest.mark.parametrize(("task", "model"), [(LINE, linear), (LOGISTIC, logistic)])
def test_every_prediction_meets_every_target(task, model):
    factor = 2 if task is LINE else 1

    def meeting(p, y, x):
        error = p - y
        assert error.shape == (10, 10)
        return factor * np.mean(error[..., None] * x, axis=(0, 1)), factor * np.mean(error)

    activation = identity if task is LINE else sigmoid

    def rows(W, b, x, y):
        return meeting(activation(x @ W.T + b), y, x[:, None, :])

    def columns(W, b, x, y):
        return meeting(activation(x @ W.T + b), y, x[None, :, :])

    for gradient in (rows, columns):
        assert check_gradient(gradient, task).diagnosis == "every prediction meets every target"


CLASSIFIERS = {
    "the labels are not one-hot": (SOFTMAX, student(softmax, column)),
    "the labels are not 0 and 1": (LOGISTIC_1_2, student(sigmoid, column)),
    "the two classes are swapped": (LOGISTIC, student(sigmoid, lambda y: column(1 - y))),
    "the sign inside σ is turned": (LOGISTIC, student(lambda z: sigmoid(-z), column)),
    "softmax is not normalized": (SOFTMAX, student(np.exp, one_hot)),
    "softmax is normalized over the samples": (
        SOFTMAX,
        student(lambda z: np.exp(z) / np.exp(z).sum(axis=0), one_hot),
    ),
}


@pytest.mark.parametrize("diagnosis", CLASSIFIERS)
def test_mistake_of_one_classifier(diagnosis):
    task, gradient = CLASSIFIERS[diagnosis]
    assert check_gradient(gradient, task).diagnosis == diagnosis


def test_names_that_are_numbered_are_not_one_hot():
    gradient = student(softmax, lambda y: column(np.unique(y, return_inverse=True)[1]))
    assert check_gradient(gradient, SOFTMAX_NAMES).diagnosis == "the labels are not one-hot"


@pytest.mark.parametrize(
    ("task", "activation", "targets"),
    [(LOGISTIC, sigmoid, column), (SOFTMAX, softmax, one_hot)],
    ids=["logistic", "softmax"],
)
def test_mistakes_of_both_classifiers(task, activation, targets):
    def squared(error, p):
        if task is LOGISTIC:
            return 2 * error * p * (1 - p)
        inner = np.stack([np.diag(row) - np.outer(row, row) for row in p])
        return 2 * np.einsum("nij,nj->ni", inner, error)

    gradients = {
        "σ'(z) has not cancelled": student(
            activation, targets, back=lambda error, p: error * p * (1 - p)
        ),
        "the squared error is differentiated": student(activation, targets, back=squared),
        "probabilities are missing: Wx + b is compared with the target": student(identity, targets),
        "the labels are -1 and +1, not 0 and 1": student(activation, lambda y: 2 * targets(y) - 1),
    }
    for diagnosis, gradient in gradients.items():
        assert check_gradient(gradient, task).diagnosis == diagnosis


@pytest.mark.parametrize(("task", "model"), [(LOGISTIC_L2, logistic), (SOFTMAX_L2, multi)])
def test_mistakes_in_the_l2_term(task, model):
    def gradient(W, b, x, y, on_W=1.0, on_b=0.0, summed=1):
        dW, db = model()(W, b, x, y)
        return summed * dW + on_W * W, summed * db + on_b * b

    diagnoses = {
        "": gradient,
        "the L2 term is missing": model(),
        "the L2 term is half as large as it should be": partial(gradient, on_W=0.5),
        "the L2 term counts b, too": partial(gradient, on_b=1.0),
        "sum instead of mean": partial(gradient, summed=10),
    }
    for diagnosis, function in diagnoses.items():
        assert check_gradient(function, task).diagnosis == diagnosis


def test_mean_instead_of_sum():
    report = check_gradient(linear(), LINEAR_SUM)
    assert report.diagnosis == "mean instead of sum"
    assert "reduction='sum'" in report.hint


def test_mistakes_in_a_sum():
    def one_sample(W, b, x, y):
        error = x[0] @ W.T + b - y[0]
        return 2 * np.outer(error, x[0]), 2 * error

    diagnoses = {
        "only the first sample counts": one_sample,
        "the target is not subtracted": student(targets=lambda y: 0, factor=20),
        "the inner derivative x is missing": linear(
            end=lambda dW, db, error, x: (10 * db + 0 * dW, 10 * db)
        ),
    }
    for diagnosis, gradient in diagnoses.items():
        assert check_gradient(gradient, LINEAR_SUM).diagnosis == diagnosis


def test_mistakes_beside_the_l2_term():
    diagnoses = {
        "the target is not subtracted": student(softmax, lambda y: 0),
        "only the first sample counts": multi(
            end=lambda dW, db, error, x: (np.outer(error[0], x[0]), error[0])
        ),
        "the inner derivative x is missing": multi(end=ENDS["the inner derivative x is missing"]),
    }
    for diagnosis, plain in diagnoses.items():

        def gradient(W, b, x, y, plain=plain):
            dW, db = plain(W, b, x, y)
            return dW + 2 * SOFTMAX_L2.l2 * W, db

        assert check_gradient(gradient, SOFTMAX_L2).diagnosis == diagnosis


def test_averaged_over_outputs():
    def gradient(W, b, x, y):
        error = x @ W.T + b - y
        return 2 * error.T @ x / error.size, 2 * error.sum(axis=0) / error.size

    assert check_gradient(gradient, LINEAR_3).diagnosis == "averaged over the outputs, too"


def test_entries_in_reverse_order():
    report = check_gradient(lambda theta: Bowl().jacobian(theta)[::-1], Bowl())
    assert report.diagnosis == "the entries are in reverse order"
    assert [entry.name for entry in report.details] == ["θ[0, 0]", "θ[0, 1]"]


def tasks_for(mistake):
    """Return the test problems on which a mistake makes a difference."""
    for task in [*TASKS, Bowl()]:
        if isinstance(task, mistake.models):
            theta = np.random.default_rng(0).normal(size=task.shape)
            wrong = mistake.gradient(task, theta)
            if wrong is not None and not np.allclose(wrong, task.jacobian(theta).mT):
                yield task


# Rows of one name differ in ε, or in whether a sum is divided: the last of each will do.
ONE_OF_EACH = {mistake.name: mistake for mistake in MISTAKES}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_rows_can_be_told_apart(name):
    tasks = list(tasks_for(ONE_OF_EACH[name]))
    assert tasks
    for task in tasks:
        report = check_gradient(partial(ONE_OF_EACH[name].gradient, task), task)
        theta = RNG.normal(size=task.shape)
        numbers = [ONE_OF_EACH[n].gradient(task, theta) for n in (name, report.diagnosis)]
        # The upper one of two rows that are the same on this task, such as [b | W] reversed.
        assert report.diagnosis == name or np.array_equal(*numbers)


def test_a_new_mistake_is_one_row(monkeypatch):
    row = Mistake("pi has crept in", lambda task, theta: np.pi * task.jacobian(theta).T, "Look.")
    end = {"end": lambda dW, db, error, x: (np.pi * dW, np.pi * db)}
    before = check_gradient(linear(**end), LINEAR)
    assert before.diagnosis == "everything is 3.142 times what it should be"
    monkeypatch.setattr("gdviz.gradient_check.check.MISTAKES", (*MISTAKES, row))
    assert check_gradient(linear(**end), LINEAR).diagnosis == "pi has crept in"


def test_rows_are_written_for_people():
    for mistake in MISTAKES:
        assert not mistake.name.endswith(".")
        assert mistake.hint[0].isupper() or mistake.hint.startswith(("∇", "θ"))
        assert mistake.hint.endswith((".", "?"))


# Legal, if odd, ways to return the right thing.


def odd_shapes(task):
    model = next(model for other, model in MODELS.values() if other is task)()

    def stacked(W, b, x, y):
        dW, db = model(W, b, x, y)
        return np.hstack([dW, db[:, None]])

    yield "list", lambda W, b, x, y: list(model(W, b, x, y))
    yield "nested lists", lambda W, b, x, y: [part.tolist() for part in model(W, b, x, y)]
    yield "object array", lambda W, b, x, y: np.array([*model(W, b, x, y), None], object)[:2]
    yield "stacked", stacked
    yield "stacked, as lists", lambda W, b, x, y: stacked(W, b, x, y).tolist()
    yield "stacked, as a tuple of rows", lambda W, b, x, y: tuple(stacked(W, b, x, y))
    yield "Jacobian", lambda W, b, x, y: stacked(W, b, x, y).T
    yield "b a column", lambda W, b, x, y: (model(W, b, x, y)[0], model(W, b, x, y)[1][:, None])
    yield "b a row", lambda W, b, x, y: (model(W, b, x, y)[0], model(W, b, x, y)[1][None])
    yield "W transposed", lambda W, b, x, y: (model(W, b, x, y)[0].T, model(W, b, x, y)[1])
    yield "names in another order", lambda X, y, w, B: model(w, B, X, y)
    yield (
        "other names",
        lambda weights, bias, features, target: model(weights, bias, features, target),
    )
    yield "a default", lambda W, b, x, y, reduction="mean": model(W, b, x, y)
    yield "keywords", lambda W, b, x, y, **options: model(W, b, x, y)
    yield "float32", lambda W, b, x, y: [part.astype("f4") for part in model(W, b, x, y)]
    if task.shape[0] == 1:
        yield "W flat", lambda W, b, x, y: (model(W, b, x, y)[0][0], model(W, b, x, y)[1])
        yield "b a scalar", lambda W, b, x, y: (model(W, b, x, y)[0], model(W, b, x, y)[1].sum())
        yield "b a float", lambda W, b, x, y: (model(W, b, x, y)[0], float(model(W, b, x, y)[1][0]))
        yield "θ flat", lambda W, b, x, y: stacked(W, b, x, y)[0]
    if task.shape[1] == 2:
        yield "two numbers", lambda W, b, x, y: tuple(stacked(W, b, x, y)[0].tolist())


ODD = [
    pytest.param(task, gradient, id=f"{name}: {shape}")
    for name, (task, _) in MODELS.items()
    for shape, gradient in odd_shapes(task)
]


@pytest.mark.parametrize(("task", "gradient"), ODD)
def test_odd_shapes_pass(task, gradient):
    report = check_gradient(gradient, task)
    assert report.passed, report


def test_a_square_is_no_row():
    def gradient(W, b, x, y):
        dW, db = linear()(W, b, x, y)
        return dW.reshape(2, 2), db

    report = check_gradient(gradient, LINEAR)
    assert not report
    assert "∇W has shape (2, 2)" in report.hint


def test_half_precision_may_be_off_by_a_thousandth():
    report = check_gradient(lambda theta: LINE.jacobian(theta).astype(np.float16), LINE)
    assert report
    off = check_gradient(lambda theta: (1.004 * LINE.jacobian(theta)).astype(np.float16), LINE)
    assert not off


def test_float32_throughout_passes_and_its_mistakes_are_still_found():
    def gradient(W, b, x, y, factor=2):
        W, b, x, y = (array.astype(np.float32) for array in (W, b, x, y))
        error = x @ W.T + b - y[:, None]
        return factor * error.T @ x / np.float32(10), factor * error.mean(axis=0)

    assert check_gradient(gradient, LINEAR).passed
    report = check_gradient(lambda W, b, x, y: gradient(W, b, x, y, factor=1), LINEAR)
    assert report.diagnosis == "half the gradient: a factor 2 is missing"


def test_integer_gradient_passes_where_it_is_right():
    class Slope(Bowl):
        def loss(self, theta):
            return 2 * self.as_theta(theta)[..., 0, 0]

        def jacobian(self, theta):
            return np.broadcast_to([[2.0], [0.0]], (*self.as_theta(theta).shape[:-2], 2, 1))

    assert check_gradient(lambda theta: [2, 0], Slope()).passed
    assert check_gradient(lambda theta: np.array([[2], [0]]), Slope()).passed
    # An entry that is always zero is measured by the other one.
    assert check_gradient(lambda theta: [2, 1e-12], Slope()).passed
    assert not check_gradient(lambda theta: [2, 1e-6], Slope()).passed


def test_three_digits_are_three():
    for off, diagnosis in ((9e-4, "right to three"), (2e-3, "∇W: everything is 1.002 times")):
        gradient = linear(end=lambda dW, db, error, x, off=off: ((1 + off) * dW, (1 - off) * db))
        assert check_gradient(gradient, LINEAR).diagnosis.startswith(diagnosis)


def test_features_and_targets_may_be_zero():
    for task in (
        LinearRegression(np.hstack([X, np.zeros((10, 1))]), LINEAR.dataset.y),
        LinearRegression(X, np.zeros(10)),
        LinearRegression(np.zeros((3, 1)), np.zeros(3)),
    ):
        assert check_gradient(linear(), task).passed
        assert check_gradient(linear(end=ENDS["the sign is wrong"]), task).diagnosis == (
            "the sign is wrong"
        )


def test_on_a_flat_landscape_zero_is_right():
    class Flat(Bowl):
        def loss(self, theta):
            return np.zeros(self.as_theta(theta).shape[:-2])

        def jacobian(self, theta):
            return np.zeros((*self.as_theta(theta).shape[:-2], 2, 1))

    assert check_gradient(lambda theta: 0 * theta, Flat()).passed
    report = check_gradient(lambda theta: 1 + 0 * theta, Flat())
    assert report.diagnosis == "entries differ, and it is none of the common mistakes"
    assert report.details == (Entry("θ[0, 0]", 1, 0, 0), Entry("θ[0, 1]", 1, 0, 0))


def test_asks_at_five_theta_and_at_the_first_again():
    asked = []

    def gradient(theta):
        asked.append(theta)
        return LINEAR.jacobian(theta)

    assert check_gradient(gradient, LINEAR).passed
    assert len(asked) == 6
    np.testing.assert_array_equal(asked[0], asked[5])
    assert len(np.unique(asked[:5], axis=0)) == 5


def test_a_square_jacobian_passes_with_a_remark():
    task = SoftmaxRegression(X[:, :2], SOFTMAX.dataset.y)
    assert task.shape == (3, 3)
    assert check_gradient(lambda theta: task.jacobian(theta).T, task).remarks == ()
    report = check_gradient(task.jacobian, task)
    assert report.passed
    assert "read as the Jacobian's layout" in report.remarks[0]
    wrong = check_gradient(lambda theta: -task.jacobian(theta), task)
    assert wrong.diagnosis == "the sign is wrong"


# What a function may not return.


@pytest.mark.parametrize(
    ("returned", "diagnosis", "hint"),
    [
        (None, "nothing is returned", "`return`"),
        (..., "there is still a ... where a formula belongs", "the three dots"),
        ((..., np.ones(1)), "there is still a ... where a formula belongs", "the three dots"),
        ("W", "what is returned is no array of numbers but a str", "Print what"),
        ({"W": 1}, "what is returned is no array of numbers but a dict", "its type"),
        (1j * np.ones(5), "what is returned is no array of numbers but a ndarray", "type"),
        ((np.ones(4), None), "what is returned is no array of numbers but a tuple", "type"),
        (np.ones((1, 4)), "b is forgotten: its part is missing", "5 parameters per output"),
        (np.ones(4), "b is forgotten: its part is missing", "has shape (4,)"),
        (1.5, "the shape is wrong", "The result has shape (); it should be (1, 5) like θ"),
        (np.ones((2, 5)), "the shape is wrong", "(2, 5)"),
        ((1.5, 1.5), "the shape is wrong", "∇W has shape () and ∇b has shape ()"),
        ((np.ones((1, 4)), np.ones(4)), "the shape is wrong", "should be (1, 4) and (1,)"),
        ((np.ones(1), np.ones((1, 4))), "b stands before W", "other order"),
        (np.ones((4, 10)), "the shape is wrong: there is still an axis of samples", "10 samples"),
        (
            (np.ones((10, 4)), np.ones(10)),
            "the shape is wrong: there is still an axis of samples",
            "∇W has shape (10, 4)",
        ),
    ],
)
def test_unreadable_results(returned, diagnosis, hint):
    report = check_gradient(lambda theta: returned, LINEAR)
    assert report.diagnosis == diagnosis
    assert hint in report.hint
    assert report.details == ()


@pytest.mark.parametrize(
    ("returned", "diagnosis", "hint"),
    [
        (
            np.ones((3, 4)),
            "b is forgotten: its part is missing",
            "has shape (3, 4), which has room",
        ),
        (np.ones((4, 3)), "b is forgotten: its part is missing", "5 parameters per output"),
        (np.ones(4), "the shape is wrong", "(4,); it should be (3, 5) like θ, or (5, 3) like the"),
        (np.ones(15), "the shape is wrong", "The result has shape (15,)"),
        ((np.ones(12), np.ones(3)), "the shape is wrong", "should be (3, 4) and (3,)"),
        ((np.ones((3, 4)), 1.0), "the shape is wrong", "∇b has shape ()"),
        ((np.ones((3, 4)), np.ones((3, 3))), "the shape is wrong", "∇b has shape (3, 3)"),
        ((np.ones(3), np.ones((3, 4))), "b stands before W", "other order"),
    ],
)
def test_unreadable_results_for_three_outputs(returned, diagnosis, hint):
    report = check_gradient(lambda theta: returned, LINEAR_3)
    assert report.diagnosis == diagnosis
    assert hint in report.hint


def test_shape_must_not_change():
    def gradient(theta):
        shapes.reverse()
        return LINEAR.jacobian(theta).reshape(shapes[0])

    shapes = [(5, 1), (1, 5)]
    assert "changes from call to call" in check_gradient(gradient, LINEAR).diagnosis


def test_same_question_same_answer():
    total = np.zeros((5, 1))

    def adding_up(theta):
        total[:] += LINEAR.jacobian(theta)
        return total

    assert "the same θ gives another result" in check_gradient(adding_up, LINEAR).diagnosis


# What a function may not take.


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: 0, "()"),
        (lambda W, b: 0, "(W, b)"),
        (lambda W, b, x, y, z: 0, "(W, b, x, y, z)"),
        (lambda *args: 0, "*args"),
        (lambda theta, *, y: 0, "(theta, y)"),
        (lambda *, theta: 0, "(theta)"),
        (lambda X, y, weights, bias: 0, "order of the parameters (X, y, weights, bias)"),
        (range, "parameters"),
        (min, "parameters"),
    ],
)
def test_wrong_parameters(function, words):
    report = check_gradient(function, LINEAR)
    assert not report.passed
    assert words in report.diagnosis
    assert "called as (theta), or (W, b, x, y)" in report.hint


def test_a_landscape_has_no_data_to_hand_over():
    report = check_gradient(lambda W, b, x, y: 0, Bowl())
    assert "has no data" in report.diagnosis
    assert "called as (theta):" in report.hint
    assert check_gradient(Bowl().jacobian, Bowl()).passed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((LINEAR, LINEAR.jacobian), "task must be a task"),
        ((np.ones(3), LINEAR), "without parentheses"),
    ],
)
def test_wrong_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        check_gradient(*arguments)


def test_a_task_whose_own_gradient_is_wrong_is_refused():
    class Wrong(Bowl):
        def jacobian(self, theta):
            return 2 * super().jacobian(theta)

    with pytest.raises(ValueError, match="jacobian of Wrong is not the derivative"):
        check_gradient(lambda theta: theta, Wrong())


def test_a_small_error_of_the_tasks_own_gradient_shows_on_data_of_any_size():
    class Wrong(LinearRegression):
        def jacobian(self, theta=None):
            return 1.001 * super().jacobian(theta)

    for size in (1e-3, 1e3):
        task = Wrong(size * X[:, 0], X[:, 1])
        with pytest.raises(ValueError, match="jacobian of Wrong is not the derivative"):
            check_gradient(task.jacobian, task)


def test_weights_count_however_small_their_features_are():
    task = LinearRegression(1e-9 * X[:, 0], X[:, 1])

    def without_weights(W, b, X, y):
        error = b - y
        return 2 * (X.T @ error) / len(y), 2 * error.mean()

    assert not check_gradient(without_weights, task).passed


@pytest.mark.parametrize(("noise", "passes"), [(1e-11, True), (1e-5, False)])
def test_an_entry_that_is_always_zero_is_measured_by_the_others(noise, passes):
    target = 1000 * X[:, 0] + 100 * X[:, 1]
    task = LinearRegression(np.stack([X[:, 0] / 8, np.zeros(10)], axis=1), target)
    off = np.array([[0.0, noise, 0.0]])
    assert check_gradient(lambda theta: task.jacobian(theta).T + off, task).passed == passes


def test_the_gradient_of_a_constant_is_zero():
    flat = Surface(np.zeros_like, np.zeros_like, window=(-1, 1))
    assert check_gradient(np.zeros_like, flat).passed
    assert check_gradient(np.ones_like, flat).diagnosis.startswith("entries differ")


# Code that fails.


def test_errors_name_their_line():
    def gradient(theta):
        return 1 / 0  # this line

    report = check_gradient(gradient, LINEAR)
    assert report.diagnosis == "ZeroDivisionError is raised"
    assert "ZeroDivisionError: division by zero in line" in report.hint
    assert "`return 1 / 0  # this line`" in report.hint
    assert "called with theta (1, 5)" in report.hint


def test_errors_name_the_innermost_line_of_the_students():
    def inner(theta):
        return np.linalg.inv(theta)

    def gradient(theta):
        return 2 * inner(theta)

    report = check_gradient(gradient, LINEAR)
    assert report.diagnosis == "LinAlgError is raised"
    line = inner.__code__.co_firstlineno + 1
    assert f" in line {line}, `return np.linalg.inv(theta)`." in report.hint


def test_errors_without_a_line_to_show():
    class Gradient:
        def __call__(self, theta):
            return 1 / 0

    typed = {}
    exec("def gradient(theta):\n    return 1 / 0", typed)
    for function in (Gradient(), typed["gradient"]):
        report = check_gradient(function, LINEAR)
        assert (
            report.hint == "ZeroDivisionError: division by zero. It was called with theta (1, 5)."
        )


def test_a_blank_that_is_computed_with():
    def gradient(theta):
        rest = ...
        return 2 * rest

    report = check_gradient(gradient, LINEAR)
    assert report.diagnosis == "there is still a ... where a formula belongs"
    assert "meets them in line " in report.hint
    assert "`return 2 * rest`" in report.hint


def test_text_labels_used_as_numbers():
    report = check_gradient(student(softmax, column), SOFTMAX_NAMES)
    assert report.diagnosis == "the labels are text, not numbers"
    assert "y holds labels such as cat" in report.hint
    report = check_gradient(student(softmax, one_hot, predict=lambda W, b, x: None + x), SOFTMAX)
    assert report.diagnosis == "TypeError is raised"


# The report.


def test_report_shows_yours_the_right_one_and_the_differences():
    report = check_gradient(linear(end=ENDS["b is forgotten: its part is zero"]), LINE)
    assert [entry.name for entry in report.details] == ["b[0]"]
    entry = report.details[0]
    assert entry.yours == 0
    assert abs(entry.right) > 0.1
    assert entry.by_differences == pytest.approx(entry.right, rel=1e-6)


@each_model
def test_differences_of_the_loss_agree_with_the_right_gradient(task, model):
    report = check_gradient(model(end=ENDS["the sign is wrong"]), task)
    assert len(report.details) == min(6, task.shape[0] * task.shape[1])
    for entry in report.details:
        assert entry.yours == pytest.approx(-entry.right, rel=1e-9)
        assert entry.by_differences == pytest.approx(entry.right, rel=1e-5)


def test_report_shows_the_theta_where_most_entries_differ():
    asked = []

    def gradient(theta):
        asked.append(theta)
        wrong = LINEAR.jacobian(theta).T
        wrong[0, : 3 if len(asked) == 3 else 1] += 1
        return wrong

    report = check_gradient(gradient, LINEAR)
    assert [entry.name for entry in report.details] == ["W[0, 0]", "W[0, 1]", "W[0, 2]"]
    right = [entry.right for entry in report.details]
    np.testing.assert_allclose(right, LINEAR.jacobian(asked[2])[:3, 0], rtol=1e-12)


def test_report_as_text():
    report = GradientReport(
        "f",
        "LinearRegression",
        passed=False,
        diagnosis="the sign is wrong",
        hint="Look there.",
        details=(Entry("W[0, 0]", 1.23456, -1.23456, -1.23457), Entry("b[0]", 20.0, -20.0, -20.0)),
        remarks=("RuntimeWarning: overflow",),
        printed="one\ntwo",
    )
    assert repr(report).splitlines() == [
        "Not yet: the sign is wrong.",
        "Where to look: Look there.",
        "           yours   right  by differences of the loss",
        "  W[0, 0]  1.235  -1.235                      -1.235",
        "  b[0]        20     -20                         -20",
        "Note: RuntimeWarning: overflow",
        "It printed:",
        "  one",
        "  two",
    ]


def test_report_is_the_same_every_time():
    wrong = multi(end=ENDS["the sign is wrong"])
    first, second = check_gradient(wrong, SOFTMAX), check_gradient(wrong, SOFTMAX)
    assert repr(first) == repr(second)
    assert first._repr_html_() == second._repr_html_()
    assert len(first.details) == 6
    other = check_gradient(wrong, SOFTMAX, rng=1)
    assert other.diagnosis == first.diagnosis
    assert other.details != first.details


def test_html_is_escaped():
    evil = "<script>alert('&')</script>"

    def gradient(theta):
        print(evil)
        warnings.warn(evil, stacklevel=1)
        raise RuntimeError(evil)

    gradient.__name__ = evil
    html = check_gradient(gradient, LINEAR)._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;") == 3

    def right(theta):
        return LINEAR.jacobian(theta)

    right.__name__ = evil
    html = check_gradient(right, LINEAR)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_html_is_green_where_all_is_right():
    right = check_gradient(LINEAR.jacobian, LINEAR)._repr_html_()
    wrong = check_gradient(lambda theta: -LINEAR.jacobian(theta), LINEAR)._repr_html_()
    assert "#009E73" in right
    assert "#009E73" not in wrong


def test_html_holds_what_the_text_holds():
    report = check_gradient(multi(end=ENDS["the sign is wrong"]), SOFTMAX)
    html = report._repr_html_()
    assert report.headline in html
    assert report.hint in html
    assert report.details
    for name, *numbers in report.details:
        assert f'<th scope="row">{name}</th>' in html
        for number in numbers:
            assert f"<td>{number:.4g}</td>" in html


def test_report_counts_as_its_verdict_and_keeps_it():
    assert GradientReport("f", "Task", passed=True)
    wrong = GradientReport("f", "Task", passed=False)
    assert not wrong
    with pytest.raises(FrozenInstanceError):
        wrong.passed = True


# Small problems of all kinds.


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, d = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    units = 10.0 ** rng.integers(-3, 4, d)
    samples = rng.normal(rng.integers(-2, 3), 1, (n, d)) * units
    kind = draw(st.sampled_from(["linear", "logistic", "softmax"]))
    if kind == "linear":
        y = rng.normal(1, 1, (n, draw(st.integers(1, 3)))) * 10.0 ** rng.integers(-3, 4)
        reduction = draw(st.sampled_from(["mean", "sum"]))
        return LinearRegression(samples, y, reduction=reduction)
    n = max(n, 3)
    samples = rng.normal(0, 1, (n, d)) * units
    if kind == "logistic":
        return LogisticRegression(samples, np.arange(n) % 2)
    return SoftmaxRegression(samples, np.arange(n) % 3)


def right_gradient(task):
    if not isinstance(task, LinearRegression):
        return logistic() if task.shape[0] == 1 else multi()
    if task.reduction == "mean":
        return linear()
    return linear(end=ENDS["sum instead of mean"])


@settings(max_examples=60, deadline=None)
@given(problems())
def test_no_row_misfires_on_a_right_gradient(task: DataTask):
    report = check_gradient(right_gradient(task), task)
    assert report.passed, report
    report = check_gradient(task.jacobian, task)
    assert report.passed, report


@settings(max_examples=60, deadline=None)
@given(problems(), st.sampled_from(MISTAKES), st.integers(0, 100))
def test_no_mistake_passes(task, mistake, seed):
    theta = np.random.default_rng(seed).normal(size=task.shape) / np.abs(task.X_tilde).max(axis=1)
    if not isinstance(task, mistake.models):
        return
    wrong = mistake.gradient(task, theta)
    right = task.jacobian(theta).mT
    if wrong is None or np.allclose(wrong, right, rtol=1e-2, atol=1e-2 * np.abs(right).max()):
        return
    report = check_gradient(partial(mistake.gradient, task), task)
    assert not report.passed
    assert report.diagnosis
    assert report.hint


def test_dots_are_found_however_deep():
    for returned in ([[..., 1]], (1, [...]), np.array([[1, ...]], dtype=object)):
        report = check_gradient(lambda theta, returned=returned: returned, LINEAR)
        assert report.diagnosis == "there is still a ... where a formula belongs"
    with pytest.raises(ValueError, match=r"student_function .*, not the three dots \.\.\.: pass"):
        check_gradient(..., LINEAR)


DENT = Surface(
    lambda x: x**2 / 2 - np.exp(-10 * (x - 2) ** 2),
    lambda x: x + 20 * (x - 2) * np.exp(-10 * (x - 2) ** 2),
    window=(-4, 4),
)


@pytest.mark.parametrize(
    ("factor", "right"),
    [
        (lambda x: 20 * (x - 2), True),
        (lambda x: -20 * (x - 2), False),
        (lambda x: 10 * (x - 2), False),
        (lambda x: -1, False),
        (lambda x: 0, False),
    ],
)
def test_what_is_special_about_a_surface_may_be_in_one_place_only(factor, right):
    def my_gradient(theta):
        return theta + factor(theta) * np.exp(-10 * (theta - 2) ** 2)

    for rng in range(5):
        assert check_gradient(my_gradient, DENT, rng=rng).passed == right


def test_the_hint_names_a_place_where_the_slopes_differ():
    report = check_gradient(lambda theta: theta - np.exp(-10 * (theta - 2) ** 2), DENT)
    place = float(re.search(r"at theta = \[\[(.*)\]\] and", report.hint)[1])
    assert 1.5 < place < 2.5
    assert report.details[0].right == pytest.approx(DENT.jacobian([[place]]).item(), rel=0.01)


@pytest.mark.parametrize(
    "surface",
    [
        *(make(dims) for make in (surfaces.bowl, surfaces.bumpy) for dims in (1, 2)),
        *(surfaces.double_well(dims) for dims in (1, 2)),
        *(surfaces.ravine(), surfaces.saddle(), surfaces.rosenbrock(), surfaces.himmelblau()),
        Surface(lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x), window=(0, 1e-6)),
        Surface(lambda x: np.log(x), lambda x: 1 / x, window=(1, 2)),
        Surface(lambda x: x**2, lambda x: 2 * x, window=(-1e6, 1e6)),
    ],
    ids=str,
)
def test_every_surface_agrees_with_its_own_gradient(surface):
    assert check_gradient(lambda theta: surface.jacobian(theta).T, surface).passed
    report = check_gradient(lambda theta: 1.001 * surface.jacobian(theta).T, surface)
    assert report.diagnosis == "everything is 1.001 times what it should be"


def test_a_task_without_values_in_its_window_is_not_called_wrong():
    log = Surface(lambda x: np.log(x), lambda x: 1 / x, window=(-1, 2))
    with pytest.raises(ValueError, match=r"Surface is not finite at theta = .* must have values"):
        check_gradient(lambda theta: 1 / theta, log)

"""Batches of descents against JAX, PyTorch, a Python loop over runs and the arithmetic itself.

Each contender records the loss and θ of every iteration, and must agree with gdviz before it is
timed. PyTorch and JAX get the formulation that ran fastest in them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from gdviz.classification import MULTIPLICATIONS_AT_ONCE, NUMBERS_AT_ONCE
from gdviz.descent import gradient_descent
from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression

pytest.importorskip("pytest_benchmark")


@dataclass(frozen=True)
class Case:
    """Descents of one task from several starts or at several learning rates."""

    n_runs: int
    iterations: int
    n_samples: int
    n_features: int
    n_classes: int
    many: str

    def __str__(self):
        return (
            f"{self.n_runs} {self.many} x {self.iterations} iterations, {self.n_samples} samples "
            f"x {self.n_features} features, {self.n_classes} classes"
        )

    @property
    def task(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(self.n_samples, self.n_features))
        y = (np.arange(self.n_samples) + (X[:, 0] > 0)) % self.n_classes
        return (LogisticRegression if self.n_classes == 2 else SoftmaxRegression)(X, y)

    @property
    def start(self):
        shape = (
            self.task.shape if self.many == "learning rates" else (self.n_runs, *self.task.shape)
        )
        return np.random.default_rng(1).normal(0, 0.5, shape)

    @property
    def starts(self):
        """One start for each run."""
        return np.broadcast_to(self.start, (self.n_runs, *self.task.shape)).copy()

    @property
    def learning_rate(self):
        """One rate for each run."""
        many = self.many == "learning rates"
        return np.geomspace(0.01, 1, self.n_runs) if many else np.full(self.n_runs, 0.5)


CASES = [
    Case(81, 300, 100, 2, 3, "learning rates"),
    Case(1000, 100, 100, 2, 3, "starts"),
    Case(81, 100, 569, 30, 2, "learning rates"),
    Case(81, 100, 569, 30, 3, "learning rates"),
]


def gdviz(case):
    task, start, learning_rate = case.task, case.start, case.learning_rate

    def run():
        descent = gradient_descent(task, start, learning_rate, case.iterations)
        return descent.loss, descent.theta

    return run


def loop_over_runs(case):
    task, starts, learning_rate = case.task, case.starts, case.learning_rate

    def run():
        descents = [
            gradient_descent(task, start, rate, case.iterations)
            for start, rate in zip(starts, learning_rate, strict=True)
        ]
        return np.stack([d.loss for d in descents]), np.stack([d.theta for d in descents])

    return run


def jax(case):
    jax = pytest.importorskip("jax", reason="compares with JAX")
    jax.config.update("jax_enable_x64", True)
    np_ = jax.numpy
    task = case.task
    X, y = np_.asarray(task.X_tilde), np_.asarray(task.y)

    def loss(theta):
        z = theta @ X
        if case.n_classes == 2:
            log_likelihood = y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z)
        else:
            log_likelihood = y * jax.nn.log_softmax(z, axis=0)
        return -np_.mean(np_.sum(log_likelihood, axis=0))

    def descend(start, learning_rate):
        def step(theta, _):
            value, gradient = jax.value_and_grad(loss)(theta)
            norm = np_.linalg.norm(gradient)
            return theta - learning_rate * gradient, (value, theta, norm)

        _, (loss_path, theta_path, _) = jax.lax.scan(step, start, length=case.iterations + 1)
        return loss_path, theta_path

    compiled = jax.jit(jax.vmap(descend))
    starts, learning_rate = np_.asarray(case.starts), np_.asarray(case.learning_rate)
    return lambda: jax.block_until_ready(compiled(starts, learning_rate))


def pytorch(case):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    task = case.task
    X, y, labels = map(torch.tensor, (task.X_tilde, task.y, task.labels))
    labels = labels.expand(case.n_runs, 1, case.n_samples)
    learning_rate = torch.tensor(case.learning_rate)[:, None, None]

    def loss(theta):
        z = theta @ X
        if case.n_classes == 2:
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                z, y.expand_as(z), reduction="none"
            )
        else:
            each = -torch.log_softmax(z, dim=-2).gather(-2, labels)
        return each.mean((-2, -1))

    def run():
        theta = torch.tensor(case.starts)
        shape = (case.n_runs, case.iterations + 1)
        loss_path, theta_path = (
            torch.empty(shape).double(),
            torch.empty(*shape, *task.shape).double(),
        )
        for iteration in range(case.iterations + 1):
            theta.requires_grad_()
            value = loss(theta)
            (gradient,) = torch.autograd.grad(value.sum(), theta)
            with torch.no_grad():
                loss_path[:, iteration], theta_path[:, iteration] = value, theta
                theta = theta - learning_rate * gradient
        return loss_path.numpy(), theta_path.numpy()

    return run


def two_products_and_an_exp(case):
    """The floor: no way to have loss and gradient in NumPy does without these."""
    task = case.task
    X, X_T = task.X_tilde, task.X_tilde.T.copy()
    rows = case.starts.reshape(-1, X.shape[0])
    at_once = min(NUMBERS_AT_ONCE, MULTIPLICATIONS_AT_ONCE // len(X)) // case.n_samples
    few = [rows[start : start + at_once] for start in range(0, len(rows), at_once)]
    z, product = np.empty((at_once, case.n_samples)), np.empty((at_once, len(X)))

    def run():
        for _ in range(case.iterations + 1):
            for theta in few:
                z_few = z[: len(theta)]
                np.matmul(theta, X, out=z_few)
                np.exp(z_few, out=z_few)
                np.matmul(z_few, X_T, out=product[: len(theta)])

    return run


CONTENDERS = {f.__name__: f for f in (gdviz, two_products_and_an_exp, jax, pytorch, loop_over_runs)}


@cache
def expected(case):
    return gdviz(case)()


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("contender", CONTENDERS)
def test_batches_of_descents(benchmark, case, contender):
    run = CONTENDERS[contender](case)
    result = run()
    if contender != "two_products_and_an_exp":
        for value, reference in zip(result, expected(case), strict=True):
            np.testing.assert_allclose(value, reference, rtol=1e-8, atol=1e-10)
    benchmark.group = str(case)
    benchmark.extra_info["what"] = contender
    benchmark.pedantic(run, rounds=1 if contender == "loop_over_runs" else 9, warmup_rounds=1)


@pytest.mark.parametrize("n_samples", [100, 1_000, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("way", ["gdviz", "the formula"])
def test_linear_regression_costs_the_same_for_any_number_of_samples(benchmark, way, n_samples):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_samples, 3)), rng.normal(size=n_samples)
    task = LinearRegression(X, y)
    rate = float(task.max_stable_learning_rate()) / 4

    def formula():
        theta, path = np.zeros(task.shape), []
        for _ in range(11):
            path.append(theta)
            J = 2 * task.X_tilde @ (theta @ task.X_tilde - task.y).mT / n_samples
            theta = theta - rate * J.mT
        return np.array(path)

    def gdviz():
        return gradient_descent(task, np.zeros(task.shape), rate, 10).theta

    np.testing.assert_allclose(gdviz(), formula(), rtol=1e-9, atol=1e-12)
    benchmark.group = f"linear regression, 10 iterations, {n_samples} samples"
    benchmark.extra_info["what"] = way
    benchmark.pedantic(formula if way == "the formula" else gdviz, rounds=9, warmup_rounds=1)

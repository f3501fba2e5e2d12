"""The lecture's loop, run for one start and learning rate or for thousands at once."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_rates, as_whole, check_size, shown
from gdviz.optimizers import Minibatches, Optimizer, State
from gdviz.task import Array, Task, check_task, quiet_overflow

CONVERGED_AT = 1e-6
"""A run has converged where this fraction is left of the loss that it had to lose."""
STUCK_AT = 1e-9
"""A run is stuck where its gradient is this fraction of the first one, but the loss not least."""


class Status(StrEnum):
    """How a run stands, in one word; `meaning` says it in a sentence."""

    CONVERGED = "converged"
    SLOW = "slow"
    OSCILLATING = "oscillating"
    DIVERGED = "diverged"
    NAN = "nan"
    STUCK = "stuck"
    SEPARABLE = "separable"

    @property
    def meaning(self) -> str:
        """The status in plain words."""
        return _MEANING[self]


_MEANING = {
    Status.CONVERGED: "converged: a millionth or less is left",
    Status.SLOW: "still descending",
    Status.OSCILLATING: "oscillating: each step overshoots",
    Status.DIVERGED: "diverged: the loss is above its start",
    Status.NAN: "NaN: the numbers left float64's range",
    Status.STUCK: "stuck: no slope left, yet not the least loss",
    Status.SEPARABLE: "separable: θ grows for ever, all are right",
}


def gradient_descent(
    task: Task,
    theta: ArrayLike,
    learning_rate: ArrayLike,
    iterations: int,
    *,
    optimizer: Optimizer | None = None,
    minibatches: Minibatches | None = None,
) -> "Descent":
    """Descend from ``theta`` and record every iteration.

    Axes in front make a batch: ``theta`` may carry leading axes, ``learning_rate`` may be an array,
    and the two broadcast. Rates of shape ``(81, 1)`` and starts of shape ``(500, *shape)``
    make 81 x 500 runs.

    Parameters
    ----------
    task : Task
        What is to be minimized.
    theta : array_like of shape ``(..., *task.shape)``
        Where to start; None means at θ = 0.
    learning_rate : float or array_like
        ε, positive, in units of θ² per unit of loss.
    iterations : int
        Number of steps; 0 records the start alone.
    optimizer : Optimizer, optional
        What to follow in place of the gradient: ``Momentum()``, ``Adam()``, ...
    minibatches : Minibatches, optional
        Take each step's gradient from a few samples. The loss and gradient norm on record are
        those of all samples nevertheless.

    Returns
    -------
    Descent
        A run that leaves float64's range goes on as inf and NaN and says so in its status;
        other runs of the batch are untouched.

    Raises
    ------
    ValueError
        If a shape, a learning rate or the number of iterations makes no sense, or if the record
        would exceed 4 GiB.

    Examples
    --------
    >>> from gdviz.linear import LinearRegression
    >>> task = LinearRegression([-1.0, 1.0], [-2.0, 2.0])
    >>> descent = gradient_descent(task, [[0.0, 0.0]], learning_rate=0.25, iterations=2)
    >>> descent.theta[..., 0, 0]
    array([0. , 1. , 1.5])
    """
    check_task(task)
    theta = task.as_theta(theta)
    learning_rate = as_rates("learning_rate", learning_rate)
    iterations = as_whole("iterations", iterations)
    try:
        batch = np.broadcast_shapes(theta.shape[:-2], learning_rate.shape)
    except ValueError:
        raise ValueError(
            f"learning_rate of shape {learning_rate.shape} does not broadcast with theta's batch "
            f"of shape {theta.shape[:-2]}: for every rate with every start, add an axis: "
            "learning_rate[:, None]"
        ) from None
    path_shape = (*batch, iterations + 1, *task.shape)
    if 0 in batch:
        raise ValueError(
            f"there is no run to make: theta has shape {theta.shape} and learning_rate shape "
            f"{learning_rate.shape}: pass at least one start and one rate"
        )
    check_size("the record of theta", path_shape, "take fewer iterations, learning rates or starts")

    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise ValueError(f"optimizer must be one such as gd.Adam(), got {shown(optimizer)}")
    if minibatches is not None and not isinstance(minibatches, Minibatches):
        raise ValueError(
            f"minibatches must be gd.Minibatches(batch_size), got {shown(minibatches)}"
        )
    batches = minibatches.subsets(task) if minibatches is not None else None
    state: State = defaultdict(float)

    # All runs' θ of an iteration lie together here; the record's axes are put in order at the end.
    path = np.empty((iterations + 1, *batch, *task.shape))
    loss, gradient_norm = np.empty((2, iterations + 1, *batch))
    path[0] = theta
    ε = learning_rate[..., None, None]
    with quiet_overflow():
        for iteration in range(iterations + 1):
            theta = path[iteration]
            loss[iteration], J = task.loss_and_jacobian(theta)
            gradient_norm[iteration] = _norm(J)
            if iteration == iterations:
                break
            if batches is not None:
                J = next(batches).jacobian(theta)
            if optimizer is not None:
                J = optimizer.update(state, J, iteration)
            np.subtract(theta, ε * J.mT, out=path[iteration + 1])
    return Descent(
        theta=np.moveaxis(path, 0, -3),
        loss=np.moveaxis(loss, 0, -1),
        gradient_norm=np.moveaxis(gradient_norm, 0, -1),
        learning_rate=learning_rate,
        task=task,
    )


@dataclass(frozen=True, eq=False)
class Descent:
    """One run of gradient descent, or a batch of them, iteration by iteration.

    Attributes
    ----------
    theta : ndarray of shape ``(..., iterations + 1, *task.shape)``
    loss, gradient_norm : ndarray of shape ``(..., iterations + 1)``
        L(θ) and the Frobenius norm of ∇L(θ).
    learning_rate : ndarray that broadcasts with the batch axes
    task : Task
    """

    theta: Array
    loss: Array
    gradient_norm: Array
    learning_rate: Array
    task: Task

    def __repr__(self) -> str:
        runs = "1 run" if self.loss.ndim == 1 else f"{self.loss[..., 0].size} runs"
        words, counts = np.unique(np.asarray(self.status).astype(str), return_counts=True)
        summary = ", ".join(
            word if self.loss.ndim == 1 else f"{count} {word}"
            for word, count in zip(words, counts, strict=True)
        )
        return f"Descent({runs} of {self.iterations} iterations: {summary})"

    @property
    def iterations(self) -> int:
        """Number of steps taken."""
        return int(self.loss.shape[-1]) - 1

    @property
    def status(self) -> Any:
        """How each run ended: a `Status`, or an object array of them with the batch's shape."""
        words = np.array(list(Status), dtype=object)
        return words[self.status_codes()[..., -1]]

    @property
    def reason(self) -> Any:
        """Why each run has its status, with the number that decided it; a str for one run."""
        batch = self.loss.shape[:-1]
        reasons = np.empty(batch, dtype=object)
        for index in np.ndindex(batch):
            reasons[index] = _reason(self.run(index))
        return reasons[()]

    @property
    def first_bad_iteration(self) -> Any:
        """The first iteration whose loss or gradient is not finite; -1 where all are."""
        return _first(~(np.isfinite(self.loss) & np.isfinite(self.gradient_norm)))

    @property
    def first_converged_iteration(self) -> Any:
        """The first iteration at which each run counts as converged; -1 where none does."""
        converged = self.status_codes() == list(Status).index(Status.CONVERGED)
        return _first(converged)

    def until(self, iteration: int) -> "Descent":
        """Return the same runs as they stood after ``iteration`` steps."""
        stop = as_whole("iteration", iteration, most=self.iterations) + 1
        return Descent(
            self.theta[..., :stop, :, :],
            self.loss[..., :stop],
            self.gradient_norm[..., :stop],
            self.learning_rate,
            self.task,
        )

    def run(self, index: int | tuple[int, ...]) -> "Descent":
        """Return one run (or one row of runs) of the batch."""
        batch = self.loss.shape[:-1]
        entries = index if isinstance(index, tuple) else (index,)
        if len(entries) > len(batch):
            raise ValueError(f"index {shown(index)} is too long: the batch has shape {batch}")
        index = tuple(
            as_whole("index", entry, -n, n - 1) for entry, n in zip(entries, batch, strict=False)
        )
        return Descent(
            self.theta[index],
            self.loss[index],
            self.gradient_norm[index],
            np.broadcast_to(self.learning_rate, batch)[index],
            self.task,
        )

    @quiet_overflow()
    def status_codes(self) -> NDArray[np.int64]:
        """Return, at every iteration, where in ``list(Status)`` the run so far belongs.

        - nan: θ, the loss or the gradient is NaN.
        - diverged: the loss is above its first value, or infinite.
        - separable: the loss is so small that every sample is on its right side, with no minimum.
        - converged: of the loss above the least one a millionth or less is left, or rounding.
        - stuck: a billionth is left of the gradient, as in a local minimum or on a saddle point.
        - oscillating: the last two steps point against each other.
        - slow: none of these; the loss still falls.
        """
        loss, gradient_norm = self.loss, self.gradient_norm
        first_loss = loss[..., :1]
        # What rounding may add to a loss: some ulps of itself, or of what its residuals cancel.
        starts = self.theta[..., 0, :, :]
        curvature = 2 / self.task.max_stable_learning_rate(starts.reshape(-1, *self.task.shape)[0])
        δ = np.sqrt(curvature) * _norm(starts)[..., None]  # the size of what cancels
        cancelled = (1e-13 * δ) ** 2 + 2e-15 * δ * np.sqrt(np.abs(first_loss))
        rounding = 1e-12 * np.abs(first_loss) + cancelled
        rise, excess = loss - first_loss, loss - self.task.least_loss
        steps = np.diff(self.theta, axis=-3)
        turned = np.zeros(loss.shape, dtype=bool)
        after, before = steps[..., 1:, :, :], steps[..., :-1, :, :]
        turned[..., 2:] = np.einsum("...ij,...ij", after, before) < 0
        conditions = {
            Status.NAN: np.isnan(self.theta).any(axis=(-2, -1)) | np.isnan(loss + gradient_norm),
            Status.DIVERGED: (rise > rounding) | np.isinf(loss),
            Status.SEPARABLE: loss < self.task.loss_of_separation,
            Status.CONVERGED: excess <= CONVERGED_AT * excess[..., :1] + rounding,
            Status.STUCK: gradient_norm <= STUCK_AT * gradient_norm[..., :1],
            Status.OSCILLATING: turned,
        }
        order = list(Status)
        codes = np.select(
            list(conditions.values()),
            [order.index(status) for status in conditions],
            default=order.index(Status.SLOW),
        )
        return cast("NDArray[np.int64]", codes)


@quiet_overflow()
def _reason(run: Descent) -> str:
    """Say why one run has its status."""
    first, last, least = run.loss[0], run.loss[-1], run.task.least_loss
    match run.status:
        case Status.NAN | Status.DIVERGED if run.first_bad_iteration >= 0:
            return _autopsy(run)
        case Status.DIVERGED:
            return f"the loss is {last:.3g}, above its first value {first:.3g}"
        case Status.SEPARABLE:
            bound = run.task.loss_of_separation
            return f"the loss {last:.3g} is below log(2)/n = {bound:.3g}: every sample is right"
        case Status.CONVERGED:
            when = run.first_converged_iteration
            return f"since iteration {when}, at most {CONVERGED_AT:g} of the avoidable loss is left"
        case Status.STUCK:
            steep, flat = run.gradient_norm[0], run.gradient_norm[-1]
            gradient = f"{flat / steep:.1e} of its first one" if steep > 0 else "zero at the start"
            if np.isnan(least):
                where = "no minimum is known"
            else:
                where = f"the loss {last:.3g} is {last - least:.3g} above the least"
            return f"the gradient is {gradient}, but {where}"
        case Status.OSCILLATING:
            before, after = np.diff(run.theta[-3:], axis=0)
            cosine = np.sum(before / _norm(before) * (after / _norm(after)))
            return f"the cosine of the last two steps is {cosine:.3f}: they point apart"
    after = f"after {run.iterations} iterations"
    if np.isnan(least):
        return f"the loss, {first:.3g} at first, is {last:.3g} {after}; no minimum is known"
    return f"{(last - least) / (first - least):.1%} of the avoidable loss is left {after}"


def _autopsy(run: Descent) -> str:
    """Say at which iteration a run left float64's range, and in which operation."""
    if not np.isfinite(run.theta[0]).all():
        return "the start is not finite"
    iteration = run.first_bad_iteration
    theta = run.theta[iteration]
    numbers = {"update": theta, **run.task.operations(theta)}
    operation = next(name for name, array in numbers.items() if not np.isfinite(array).all())
    happened = "overflowed" if np.isinf(numbers[operation]).any() else "became NaN"
    last_finite = np.abs(run.theta[: iteration + 1][np.isfinite(run.theta[: iteration + 1])]).max()
    reason = (
        f"iteration {iteration}: the {operation} {happened} first, |θ| had reached "
        f"{last_finite:.1e}"
    )
    nan = int(_first(np.isnan(run.loss + run.gradient_norm)))
    return reason if nan < 0 else f"{reason}; NaN from iteration {nan} on"


def _first(happened: NDArray[np.bool_]) -> Any:
    """Return the first True along the last axis, -1 where there is none; an int for one run."""
    first = np.where(happened.any(axis=-1), happened.argmax(axis=-1), -1)
    return int(first) if first.ndim == 0 else first


def _norm(matrices: Array) -> Array:
    """Return Frobenius norms; where squares would leave float64's range, a slow way without."""
    norm = np.asarray(np.sqrt(np.einsum("...ij,...ij", matrices, matrices)))
    if not (norm.min(initial=1) > 1e-140 and norm.max(initial=1) < 1e140):
        beyond = ~((norm > 1e-140) & (norm < 1e140))
        norm[beyond] = np.hypot.reduce(matrices[beyond], axis=(-2, -1))
    return norm

"""The lecture's loop, run for one start and learning rate or for thousands at once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.datasets import as_floats
from gdviz.task import Array, Task, quiet_overflow

CONVERGED_AT = 1e-6
"""A run has converged where this fraction is left of the loss that it had to lose."""
MAX_BYTES = 4 * 2**30
"""The largest record of θ that one call may ask for."""


class Status(StrEnum):
    """How a run stands, in one word; `meaning` says it in a sentence."""

    CONVERGED = "converged"
    SLOW = "slow"
    OSCILLATING = "oscillating"
    DIVERGED = "diverged"
    NAN = "nan"
    SEPARABLE = "separable"

    @property
    def meaning(self) -> str:
        """The status in plain words."""
        return _MEANING[self]


_MEANING = {
    Status.CONVERGED: "converged: the loss is as low as it gets",
    Status.SLOW: "still descending",
    Status.OSCILLATING: "oscillating: each step undoes part of the last",
    Status.DIVERGED: "diverged: the loss is above its start",
    Status.NAN: "NaN: the numbers left float64's range",
    Status.SEPARABLE: "separable: all samples are right, and a longer θ is better for ever",
}


def gradient_descent(
    task: Task, theta: ArrayLike, learning_rate: ArrayLike, iterations: int
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
        Where to start.
    learning_rate : float or array_like
        ε, positive, in units of θ² per unit of loss.
    iterations : int
        Number of steps; 0 records the start alone.

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
    theta = task.as_theta(theta)
    learning_rate = as_floats("learning_rate", learning_rate)
    if not (np.isfinite(learning_rate) & (learning_rate > 0)).all():
        raise ValueError(
            f"learning_rate must be positive and finite, got {learning_rate}: try "
            "task.max_stable_learning_rate(theta) / 4"
        )
    if isinstance(iterations, bool) or not isinstance(iterations, (int, np.integer)):
        raise ValueError(f"iterations must be a whole number, got {iterations!r}")
    if iterations < 0:
        raise ValueError(f"iterations must not be negative, got {iterations}")
    try:
        batch = np.broadcast_shapes(theta.shape[:-2], learning_rate.shape)
    except ValueError:
        raise ValueError(
            f"learning_rate of shape {learning_rate.shape} does not broadcast with theta's batch "
            f"of shape {theta.shape[:-2]}: for every rate with every start, add an axis: "
            "learning_rate[:, None]"
        ) from None
    path_shape = (*batch, iterations + 1, *task.shape)
    if (size := 8 * np.prod(path_shape, dtype=float)) > MAX_BYTES:
        raise ValueError(
            f"the record of theta, shape {path_shape}, would take {size / 2**30:.1f} GiB: take "
            "fewer iterations, learning rates or starts"
        )

    path = np.empty(path_shape)
    loss, gradient_norm = np.empty((2, *path_shape[:-2]))
    theta = np.broadcast_to(theta, (*batch, *task.shape))
    ε = learning_rate[..., None, None]
    with quiet_overflow():
        for iteration in range(iterations + 1):
            loss[..., iteration], J = task.loss_and_jacobian(theta)
            path[..., iteration, :, :] = theta
            gradient_norm[..., iteration] = np.linalg.norm(J, axis=(-2, -1))
            theta = theta - ε * J.mT
    return Descent(
        theta=path,
        loss=loss,
        gradient_norm=gradient_norm,
        learning_rate=learning_rate,
        least_loss=task.least_loss,
        loss_of_separation=task.loss_of_separation,
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
    least_loss : float
        The least loss that the task has anywhere.
    loss_of_separation : float
        A loss below this proves that the samples are separable: there is no minimum.
    """

    theta: Array
    loss: Array
    gradient_norm: Array
    learning_rate: Array
    least_loss: float
    loss_of_separation: float = -np.inf

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
    def first_bad_iteration(self) -> Any:
        """The first iteration whose loss or gradient is not finite; -1 where all are."""
        bad = ~(np.isfinite(self.loss) & np.isfinite(self.gradient_norm))
        first = np.where(bad.any(axis=-1), bad.argmax(axis=-1), -1)
        return int(first) if first.ndim == 0 else first

    def until(self, iteration: int) -> "Descent":
        """Return the same runs as they stood after ``iteration`` steps."""
        if not 0 <= iteration <= self.iterations:
            raise ValueError(f"iteration must be between 0 and {self.iterations}, got {iteration}")
        stop = iteration + 1
        return Descent(
            self.theta[..., :stop, :, :],
            self.loss[..., :stop],
            self.gradient_norm[..., :stop],
            self.learning_rate,
            self.least_loss,
            self.loss_of_separation,
        )

    def run(self, index: int | tuple[int, ...]) -> "Descent":
        """Return one run (or one row of runs) of the batch."""
        batch = self.loss.shape[:-1]
        return Descent(
            self.theta[index],
            self.loss[index],
            self.gradient_norm[index],
            np.broadcast_to(self.learning_rate, batch)[index],
            self.least_loss,
            self.loss_of_separation,
        )

    @quiet_overflow()
    def status_codes(self) -> NDArray[np.int64]:
        """Return, at every iteration, where in ``list(Status)`` the run so far belongs.

        - nan: θ, the loss or the gradient is NaN.
        - diverged: the loss is above its first value, or infinite.
        - separable: the loss is so small that every sample is on its right side, with no minimum.
        - converged: a millionth is left of the loss above the least one, or float64's rounding.
        - oscillating: the last two steps point against each other.
        - slow: none of these; the loss still falls.
        """
        loss, gradient_norm = self.loss, self.gradient_norm
        first_loss = loss[..., :1]
        excess, rounding = loss - self.least_loss, 1e-12 * np.abs(first_loss)
        steps = np.diff(self.theta, axis=-3)
        turned = np.zeros(loss.shape, dtype=bool)
        turned[..., 2:] = np.sum(steps[..., 1:, :, :] * steps[..., :-1, :, :], axis=(-2, -1)) < 0
        conditions = {
            Status.NAN: np.isnan(loss) | np.isnan(gradient_norm),
            Status.DIVERGED: (loss > first_loss + 1e-9 * np.abs(first_loss)) | np.isinf(loss),
            Status.SEPARABLE: loss < self.loss_of_separation,
            Status.CONVERGED: excess <= CONVERGED_AT * excess[..., :1] + rounding,
            Status.OSCILLATING: turned,
        }
        order = list(Status)
        codes = np.select(
            list(conditions.values()),
            [order.index(status) for status in conditions],
            default=order.index(Status.SLOW),
        )
        return cast("NDArray[np.int64]", codes)

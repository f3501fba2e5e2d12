"""What every explorer and every descent asks of a problem: its loss and its derivatives.

A new model derives from `DataTask` (it learns from samples), a new analytic landscape from `Task`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import MAX_BYTES, MOST_AXES, as_floats, check_size, shown
from gdviz.datasets import Dataset, as_finite

Array = NDArray[np.float64]

FEWER = "take fewer theta or samples at once"


def quiet_overflow() -> np.errstate:
    """Silence NumPy where a number may leave float64's range (decorator or context).

    That is part of the subject: it becomes inf or NaN, and `Descent.status` says so.
    """
    return np.errstate(over="ignore", invalid="ignore")


class Task(ABC):
    """A loss L(θ) with derivatives worked out by hand.

    All methods take ``theta`` of shape ``(..., *shape)``: any number of leading batch axes.
    """

    shape: tuple[int, int]
    """Shape of one θ, ``(n_outputs, n_features + 1)`` for the models: ``[W | b]``."""
    parameter_names: tuple[str, ...] = ("W", "b")
    """What one or two parameters are called in pictures."""
    loss_of_separation: float = -np.inf
    """A loss below this proves that there is no minimum: the samples are separable, θ grows."""

    @abstractmethod
    def loss(self, theta: ArrayLike) -> Array:
        """Return L(θ), shape ``(...)``."""

    @abstractmethod
    def jacobian(self, theta: ArrayLike) -> Array:
        """Return ∇L(θ) in numerator layout, shape ``(..., *shape[::-1])``."""

    def loss_and_jacobian(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Return L(θ) and ∇L(θ); a model whose two share work does that work once."""
        return self.loss(theta), self.jacobian(theta)

    def operations(self, theta: ArrayLike) -> dict[str, Array]:
        """Return the numbers on the way to loss and gradient, by name and in their order.

        Where a descent leaves float64's range, the first that is not finite says how.
        """
        loss, jacobian = self.loss_and_jacobian(theta)
        return {"loss": loss, "gradient": jacobian}

    @abstractmethod
    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Return the second derivatives with respect to the entries of θ, row after row.

        Shape ``(..., p, p)`` where ``p`` is the number of entries of one θ.
        """

    @abstractmethod
    def minimizer(self) -> Array:
        """Return a θ of least loss, shape ``shape``."""

    @cached_property
    def least_loss(self) -> float:
        """The loss at the minimizer; what a descent can hope for."""
        return float(self.loss(self.minimizer()))

    def max_stable_learning_rate(self, theta: ArrayLike | None = None) -> Array:
        """Return 2/λmax, the learning rate above which a step overshoots further than it came.

        λmax is the largest eigenvalue of the Hessian at ``theta`` (default: θ = 0). Where the
        loss curves upwards in no direction there is no such limit, and the answer is inf; where
        the Hessian has left float64's range, it is NaN.

        Returns
        -------
        ndarray of shape ``(...)``, in units of θ² per unit of loss
        """
        hessian = self.hessian(theta)
        finite = np.asarray(np.isfinite(hessian).all(axis=(-2, -1)))
        curvature = np.linalg.eigvalsh(np.where(finite[..., None, None], hessian, 0))[..., -1]
        with np.errstate(divide="ignore", over="ignore"):
            limit = np.where(curvature > 0, 2 / np.abs(curvature), np.inf)
        return np.where(finite, limit, np.nan)

    def as_theta(self, theta: ArrayLike | None) -> Array:
        """Return ``theta`` as float64 of shape ``(..., *shape)``; None means zeros."""
        if theta is None:
            return np.zeros(self.shape)
        if type(theta) is np.ndarray and theta.dtype == np.float64:
            array: Array = theta
            if array.nbytes > MAX_BYTES or array.ndim > MOST_AXES:
                check_size("theta", array.shape)
        else:
            array = as_floats("theta", theta)
        if array.shape[-2:] != self.shape:
            raise ValueError(
                f"theta has shape {array.shape}, but this task needs (..., {self.shape[0]}, "
                f"{self.shape[1]}): make one with gd.Gaussian(0, 1).sample(task.shape, rng=0), "
                "many by the shape (500, *task.shape), and step with J.mT: "
                "theta - learning_rate * J.mT"
            )
        return array


def check_task(task: object) -> None:
    """Refuse what is no task."""
    if not isinstance(task, Task):
        raise ValueError(
            f"task must be a task such as gd.LinearRegression(X, y), got {shown(task)}"
        )


class DataTask(Task):
    """A task that learns from samples: keeps X as columns under a row of ones, so that θX̃ = Wx + b.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,), or Dataset
    y : array_like of shape (n_samples,) or (n_samples, n_outputs); omitted with a Dataset

    Raises
    ------
    ValueError
        If a value is missing or not finite, or the numbers of samples differ.
    """

    y: Array
    """The targets as columns, shape ``(n_outputs, n_samples)``."""

    def __init__(self, X: ArrayLike | Dataset, y: ArrayLike | None = None) -> None:
        if isinstance(X, Dataset):
            if y is not None:
                raise ValueError(
                    "y is part of the Dataset: leave it out, or pass X and y as arrays"
                )
            self.dataset = X
        elif y is None:
            raise ValueError("y is missing: pass X and y, or one Dataset that has both")
        else:
            self.dataset = Dataset(X, y)
        samples = self.dataset.X
        self.X_tilde: Array = np.vstack([samples.T, np.ones(len(samples))])

    @property
    def n_features(self) -> int:
        """Number of features, without the row of ones."""
        return len(self.X_tilde) - 1

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.dataset.X)

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> Self:
        """Return the same task (same outputs, same classes) on the samples ``indices`` alone.

        A model that keeps more of its samples than ``X_tilde`` and ``y`` extends this.

        Raises
        ------
        ValueError
            If ``indices`` are neither whole numbers nor a mask, none, or beyond the samples.
        """
        whole = self.dataset
        chosen = self._as_indices(indices)
        part = copy(self)
        part.dataset = copy(whole)  # what has been checked once need not be again
        part.dataset.X, part.dataset.y = whole.X[chosen], whole.y[chosen]
        part.X_tilde, part.y = self.X_tilde[:, chosen], self.y[:, chosen]
        for name in list(vars(part)):  # what is known of the whole, such as least_loss
            if isinstance(getattr(type(self), name, None), cached_property):
                delattr(part, name)
        return part

    def _as_indices(self, indices: Sequence[int] | NDArray[np.integer]) -> NDArray[np.integer]:
        """Return ``indices``, whole numbers or a mask, as whole numbers."""
        n = self.n_samples
        try:
            ends = indices[:: max(1, len(indices) - 1)] if isinstance(indices, range) else indices
            chosen = np.asarray(ends)
            if chosen.dtype == bool and chosen.shape == (n,):
                chosen = np.flatnonzero(chosen)
            if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not len(chosen):
                raise TypeError
            if chosen.min() < -n or chosen.max() >= n:
                raise IndexError
        except Exception:  # whatever a foreign object does when it is read
            raise ValueError(
                f"indices must be whole numbers below n_samples = {n}, at least one, got "
                f"{shown(indices)}"
            ) from None
        return np.asarray(indices) if isinstance(indices, range) else chosen

    def as_columns(self, X: ArrayLike | None) -> Array:
        """Return X̃ for new samples of shape ``(n, n_features)``; None means the task's own."""
        if X is None:
            return self.X_tilde
        array = as_finite("X", X)
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[1] != self.n_features:
            raise ValueError(
                f"X has shape {array.shape}, but this task needs (n_samples, {self.n_features})"
            )
        return np.vstack([array.T, np.ones(len(array))])

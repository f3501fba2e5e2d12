"""What logistic and softmax regression share: labels, the L2 term, a minimum or none."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_number, check_size, counted, shown
from gdviz.buffers import Buffers
from gdviz.datasets import Dataset
from gdviz.task import FEWER, Array, DataTask, quiet_overflow

NUMBERS_AT_ONCE = 2**16
"""Logits worked on at a time: enough to keep NumPy busy, few enough to stay in a core's cache."""
MULTIPLICATIONS_AT_ONCE = 2**19
"""In one matrix product: more make OpenBLAS start threads, which on a busy machine only wait."""
FLAT = 1e-12
"""A slope or curvature, in units of the features' covariance, that float64 takes for none."""
NEGLIGIBLE = 1e-150
"""Features this small count as 0: weights that make up for it could leave float64's range."""
LARGEST_EXPONENT = 500.0
"""Whose exp is far from overflow, however many of them are added up."""


class Forward(NamedTuple):
    """What loss and derivatives share: exp(z_k - z_y) of the classes k other than a sample's own y.

    Everything is divided by exp(``shift``), which is 1 unless a number would overflow.
    """

    exp_z: Array
    """Shape ``(n_others, n_thetas, n_samples)``."""
    rest: Array
    """1 + ``rest`` is the sum over all classes; shape ``(n_thetas, n_samples)``."""
    shift: Array | float


class Classifier(DataTask):
    """A task whose targets are labels.

    The loss is the negative log-likelihood of each sample's own class y, which depends on how far
    the logits of the other classes are above y's alone::

        L(θ) = -E[log (exp(z_y) / Σ_k exp(z_k))] = E[log(1 + Σ_k≠y exp(z_k - z_y))]

    These differences a model works out on a few θ at a time, and with the classes in front, so
    that the sum over the classes is taken over whole rows: shape
    ``(n_others, n_thetas, n_samples)``. It says what they are (`_above_own`), and how errors of
    the other classes' probabilities become a gradient (`_mean_outer`).

    However many θ and samples there are, the arrays on the way hold `NUMBERS_AT_ONCE` numbers at
    the most (for the Hessian, n_features + 1 times as many).

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,), or Dataset
    y : array_like of shape (n_samples,); omitted with a Dataset
        Labels: text, whole numbers or booleans.
    l2 : float
        λ of the term λ ‖W‖² that is added to the loss; b is free.

    Raises
    ------
    ValueError
        If X or y has missing values, lengths differ, y has only one class or numbers that are not
        whole, or l2 is negative.
    """

    classes: NDArray[Any]
    """The different labels, sorted."""
    y: Array
    """Zeros and ones, shape ``(n_outputs, n_samples)``."""
    labels: NDArray[np.intp]
    """For each sample, where in `classes` its label is; shape ``(n_samples,)``."""
    _buffers = Buffers()
    _samples: Array
    """X̃, or for two classes ±X̃: what θ is multiplied with."""

    def __init__(self, X: ArrayLike | Dataset, y: ArrayLike | None = None, *, l2: float) -> None:
        super().__init__(X, y)
        self.l2 = as_number("l2", l2)
        if self.l2 < 0:
            raise ValueError(f"l2 must not be negative, got {shown(l2)}: 0 leaves the term out")
        self.classes, self.labels = _as_classes(self.dataset)
        self._weights: Array = np.full(self.n_samples, 1 / self.n_samples)
        if self.l2 == 0:
            self.loss_of_separation = np.log(2) / self.n_samples

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> Self:
        """Return the same task, with the same classes, on the samples ``indices`` alone."""
        indices = self._as_indices(indices)
        part = super().subset(indices)
        part.labels = self.labels[indices]
        part._weights = np.full(part.n_samples, 1 / part.n_samples)
        part._use(self._samples[:, indices])
        if self.l2 == 0:
            part.loss_of_separation = np.log(2) / part.n_samples
        return part

    def __repr__(self) -> str:
        classes = ", ".join(map(str, self.classes))
        return (
            f"{type(self).__name__}({counted(self.n_samples, 'sample')}, "
            f"{counted(self.n_features, 'feature')}, "
            f"classes {classes}; l2={self.l2})"
        )

    def loss(self, theta: ArrayLike) -> Array:
        """Return L(θ) for θ of shape ``(..., *shape)``; shape ``(...)``."""
        (loss,) = self._evaluate(theta, "_loss")
        return loss + self._penalty(theta)

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return ∇L(θ), shape ``(..., n_features + 1, n_outputs)``."""
        (jacobian,) = self._evaluate(theta, "_jacobian")
        return jacobian + self._penalty_jacobian(theta)

    def loss_and_jacobian(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Return L(θ) and ∇L(θ), computing but once what both need."""
        loss, jacobian = self._evaluate(theta, "_loss", "_jacobian")
        return loss + self._penalty(theta), jacobian + self._penalty_jacobian(theta)

    @quiet_overflow()
    def operations(self, theta: ArrayLike) -> dict[str, Array]:
        """Return logits, loss and gradient; no exp among them can overflow."""
        return {"logits": self._logits(theta, None), **super().operations(theta)}

    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Return the second derivatives with respect to θ's entries, row after row.

        Shape ``(..., p, p)`` with ``p = n_outputs * (n_features + 1)``; at θ = 0 by default.
        """
        theta = self.as_theta(theta)
        check_size("the hessian", (*theta.shape[:-2], *2 * (math.prod(self.shape),)), FEWER)
        (hessian,) = self._evaluate(theta, "_hessian")
        return hessian + np.diag(np.tile(2 * self.l2 * self._is_weight, self.shape[0]))

    def separates(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Say whether θ puts every sample strictly on its own side; shape ``(...)``.

        If some θ does, the samples are separable: a longer θ of this direction has a smaller
        loss, always, so that without `l2` there is no minimum and θ grows for ever.
        """
        (n_wrong,) = self._evaluate(theta, "_n_wrong", forward="_above_own")
        return np.asarray(n_wrong == 0)

    def minimizer(self) -> Array:
        """Return a θ of least loss.

        Raises
        ------
        ValueError
            If there is none, because classes are separable (or so nearly that float64 cannot tell).
        """
        theta, is_minimum = self._newton
        if not is_minimum:
            raise ValueError(
                f"the loss has no minimum that float64 can hold (l2={self.l2:g}): classes are "
                "separable, so a longer θ is better for ever: pass a larger l2 (such as l2=0.01), "
                "or standardize the features"
            )
        return theta.copy()

    @cached_property
    def least_loss(self) -> float:
        """The loss at the minimizer; where there is none, what the loss falls to."""
        theta, _ = self._newton
        return 0.0 if self.l2 == 0 and self.separates(theta) else float(self.loss(theta))

    @cached_property
    def _newton(self) -> tuple[Array, bool]:
        """Follow Newton's steps θ - H⁻¹∇L; return where they end, and whether at a minimum.

        A step is halved until it makes the gradient smaller.
        """
        condensed, penalty, to_theta = self._condensed()

        def gradient_at(phi: Array) -> Array:
            return np.asarray(condensed.jacobian(phi).mT + phi @ penalty)

        n_outputs, rank = condensed.shape
        # All classes' rows moved alike change no probability: curvature added there makes the
        # Hessian invertible and leaves the steps as they are.
        alike = np.full((n_outputs, n_outputs), float(n_outputs > 1))
        added = np.kron(np.eye(n_outputs), penalty) + np.kron(alike, np.eye(rank))
        added += FLAT / 100 * np.eye(len(added))

        phi = np.zeros(condensed.shape)
        gradient = gradient_at(phi)
        for _ in range(100):
            hessian = condensed.hessian(phi) + added
            step = np.linalg.solve(hessian, gradient.ravel()).reshape(phi.shape)
            size = np.linalg.norm(gradient)
            for part in 0.5 ** np.arange(10):
                gradient = gradient_at(phi - part * step)
                if np.linalg.norm(gradient) < (1 - part / 4) * size:
                    break
            else:  # no step makes the gradient smaller: what is left of it is rounding
                break
            phi = phi - part * step
            if self.l2 == 0 and condensed.separates(phi):
                return phi @ to_theta, False
        curved = np.linalg.eigvalsh(hessian)[0] > FLAT
        return phi @ to_theta, bool(size < FLAT and (curved or self.l2 > 0))

    def _condensed(self) -> tuple["Classifier", Array, Array]:
        """Return this task with features of covariance 1: neither scales nor copies matter there.

        The rows of X̃/√n beside √λ for each weight have the singular value decomposition A S V.
        So the loss of φ = θAS is that of the samples √n V, and the L2 term is ‖φV‖².

        Returns
        -------
        condensed : Classifier
            Without an L2 term.
        penalty : ndarray of shape ``(rank, rank)``
            The L2 term's Hessian, for each class.
        to_theta : ndarray of shape ``(rank, n_features + 1)``
            φ @ to_theta is θ.
        """
        n = self.n_samples
        rows = np.hstack([self._samples / np.sqrt(n), np.sqrt(self.l2) * np.diag(self._is_weight)])
        scale = np.abs(rows).max(axis=1, keepdims=True)  # no squares, which could overflow
        scale[scale < NEGLIGIBLE] = 1
        A, S, V = np.linalg.svd(rows / scale, full_matrices=False)
        kept = S[0] * max(rows.shape) * np.finfo(float).eps < S
        A, S, V = A[:, kept], S[kept], V[kept]
        condensed = copy(self)
        condensed.shape = (self.shape[0], len(S))
        condensed.l2 = 0.0
        condensed._use(np.sqrt(n) * V[:, :n])
        return condensed, 2 * V[:, n:] @ V[:, n:].T, (A / S / scale).T

    @quiet_overflow()
    def probabilities(self, theta: ArrayLike, X: ArrayLike | None = None) -> Array:
        """Return how likely each class is, shape ``(..., n_samples, n_classes)``.

        The last axis is in the order of `classes`. ``X`` has shape ``(n_samples, n_features)``;
        without it, the task's own samples.
        """
        return self._probabilities(self._logits(theta, X)).mT

    def predict(self, theta: ArrayLike, X: ArrayLike | None = None) -> NDArray[Any]:
        """Return the likeliest of `classes` for each sample, shape ``(..., n_samples)``.

        Of equally likely ones, the first. ``X`` as in `probabilities`.

        Raises
        ------
        ValueError
            If a probability is NaN: the descent to θ has diverged.
        """
        probabilities = self.probabilities(theta, X)
        if np.isnan(probabilities).any():
            raise ValueError(
                "theta or what it makes of X has left float64's range, so that no class is the "
                "likeliest: predict with an earlier θ, before descent.first_bad_iteration"
            )
        return np.asarray(self.classes[probabilities.argmax(axis=-1)])

    def _logits(self, theta: ArrayLike, X: ArrayLike | None) -> Array:
        """Return Wx + b, shape ``(..., n_outputs, n_samples)``."""
        theta, X_tilde = self.as_theta(theta), self.as_columns(X)
        check_size("the prediction", (*theta.shape[:-1], X_tilde.shape[1]), FEWER)
        return theta @ X_tilde

    def _use(self, samples: Array) -> None:
        """Set what θ is multiplied with; a model works out here what depends on that alone."""
        self._samples = samples
        n_outputs, n_coefficients = self.shape
        at_once = min(NUMBERS_AT_ONCE // n_outputs, MULTIPLICATIONS_AT_ONCE // n_coefficients) or 1
        n = samples.shape[1]
        self._thetas_at_once = max(1, at_once // n)
        self._blocks: list[Classifier] = []  # none where all samples are worked on at once
        if n > at_once:
            self._blocks = [self._block(slice(k, k + at_once)) for k in range(0, n, at_once)]

    @abstractmethod
    def _above_own(self, theta: Array) -> Array:
        """Return z_k - z_y for θ of shape ``(n_thetas, *shape)``, in a buffer."""

    @abstractmethod
    def _mean_outer(self, probability: Array) -> Array:
        """Return ∇L(θ) for the other classes' probabilities, divided by the number of samples."""

    @abstractmethod
    def _hessian(self, forward: Forward) -> Array: ...

    def _forward(self, theta: Array) -> Forward:
        """Return what loss and derivatives share, for θ of shape ``(n_thetas, *shape)``."""
        z = self._above_own(theta)
        shift: Array | float = 0.0
        if not z.max(initial=0) < LARGEST_EXPONENT:  # exp(z) may overflow: take the largest off
            largest = z.max(axis=0)
            shift = np.where(largest < LARGEST_EXPONENT, 0.0, largest)
            z -= shift
        exp_z = np.exp(z, out=z)
        rest = self._buffers("rest", exp_z.shape[1:])
        np.add(exp_z[0], np.expm1(-shift), out=rest)
        for exp_z_k in exp_z[1:]:
            rest += exp_z_k
        return Forward(exp_z, rest, shift)

    def _loss(self, forward: Forward) -> Array:
        """Return E[log(1 + Σ_k exp(z_k - z_y))]."""
        log = np.log1p(forward.rest, out=self._buffers("log", forward.rest.shape))
        if isinstance(forward.shift, np.ndarray):
            log += forward.shift
        return self._mean(log)

    def _jacobian(self, forward: Forward) -> Array:
        """Return E[x̃ softmax(z)_k] for the other classes k, minus their sum for a sample's own.

        The last to use ``forward``: writes the probabilities over exp(z).
        """
        exp_z, rest, _ = forward
        rest += 1
        np.divide(1 / self.n_samples, rest, out=rest)
        return self._mean_outer(np.multiply(exp_z, rest, out=exp_z))

    def _n_wrong(self, z: Array) -> Array:
        """Return how many samples are not strictly on their own side."""
        return np.asarray(np.sum(~(z < 0).all(axis=0), axis=-1, dtype=np.float64))

    @abstractmethod
    def _probabilities(self, logits: Array) -> Array:
        """Return them, shape ``(..., n_classes, n)``, for logits ``(..., n_outputs, n)``."""

    @quiet_overflow()
    def _evaluate(
        self, theta: ArrayLike | None, *methods: str, forward: str = "_forward"
    ) -> list[Array]:
        """Return what each method makes of the forward pass, a few θ and samples at a time."""
        theta = self.as_theta(theta)
        batch = theta.shape[:-2]
        runs = theta.reshape(math.prod(batch), *self.shape)
        results = []
        for start in range(0, max(1, len(runs)), self._thetas_at_once):
            few = runs[start : start + self._thetas_at_once]
            parts = [
                block._evaluate_block(few, methods, forward) for block in self._blocks or [self]
            ]
            results.append([sum(values[1:], values[0]) for values in zip(*parts, strict=True)])
        if len(results) > 1:
            results = [[np.concatenate(parts) for parts in zip(*results, strict=True)]]
        return [values.reshape(batch + values.shape[1:]) for values in results[0]]

    def _evaluate_block(self, theta: Array, methods: tuple[str, ...], forward: str) -> list[Array]:
        shared = getattr(self, forward)(theta)
        return [getattr(self, method)(shared) for method in methods]

    def _block(self, part: slice) -> "Classifier":
        """Return this task with a part of its samples, whose values add up to the task's own."""
        block = copy(self)
        block.labels, block._weights = self.labels[part], self._weights[part]
        block._use(self._samples[:, part])
        return block

    def _mean(self, values: Array) -> Array:
        """Return E[values], as a product, which is faster than a sum."""
        return np.asarray(values @ self._weights)

    @property
    def _is_weight(self) -> Array:
        """One for each weight of a class, zero for its bias."""
        return np.append(np.ones(self.shape[1] - 1), 0.0)

    def _penalty(self, theta: ArrayLike) -> Array | float:
        """Return λ ‖W‖²."""
        if self.l2 == 0:
            return 0.0
        with quiet_overflow():
            return np.asarray(self.l2 * np.sum(self.as_theta(theta)[..., :-1] ** 2, axis=(-2, -1)))

    def _penalty_jacobian(self, theta: ArrayLike) -> Array | float:
        """Return 2 λ Wᵀ above zeros for b."""
        if self.l2 == 0:
            return 0.0
        with quiet_overflow():
            return 2 * self.l2 * (self._is_weight * self.as_theta(theta)).mT


def _as_classes(dataset: Dataset) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the sorted classes, and each sample's place among them."""
    y, name = dataset.y, dataset.target_name
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y ({name}) has shape {y.shape}, but a classifier needs one label per sample: for "
            "one-hot rows, pass y.argmax(axis=1)"
        )
    y = y.reshape(-1)
    if y.dtype.kind == "f" and (y % 1 != 0).any():
        raise ValueError(
            f"y ({name}) holds {y[y % 1 != 0][0]}, a measurement, where labels are needed (text or "
            "whole numbers): use LinearRegression, or sort the values into classes"
        )
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y ({name}) has one class only, {classes[0]}: there is nothing to tell apart: pass "
            "samples of two or more classes"
        )
    return classes, labels

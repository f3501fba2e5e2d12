"""What logistic and softmax regression share: labels, the L2 term, a minimum or none."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.datasets import Dataset, as_floats
from gdviz.task import Array, DataTask, quiet_overflow

NUMBERS_AT_ONCE = 2**15
"""Logits worked on at a time: enough to keep NumPy busy, few enough to stay in a core's cache."""
FLAT = 1e-12
"""Curvature, in units of the features' covariance, that float64 cannot tell from none."""


class Classifier(DataTask):
    """A task whose targets are labels.

    A model works out its formulas on a few θ at a time, and with the classes in front, so that the
    largest logit or the sum over the classes is taken over whole rows: logits have shape
    ``(n_outputs, n_thetas, n_samples)``. It says which numbers loss and derivatives share
    (`_forward`) and what follows from them (`_loss`, `_jacobian`, `_hessian`, `_separates`).

    However many θ come in, the arrays on the way hold `NUMBERS_AT_ONCE` numbers at the most, or
    the logits of one θ where these are more (for the Hessian, n_features + 1 times as many).

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
    labels: NDArray[np.intp]
    """For each sample, where in `classes` its label is; shape ``(n_samples,)``."""

    def __init__(
        self, X: ArrayLike | Dataset, y: ArrayLike | None = None, *, l2: float = 0.0
    ) -> None:
        super().__init__(X, y)
        self.l2 = float(as_floats("l2", l2))
        if not 0 <= self.l2 < np.inf:
            raise ValueError(f"l2 must be finite and not negative, got {l2}")
        self.classes, self.labels = _as_classes(self.dataset)
        if self.l2 == 0:
            self.loss_of_separation = np.log(2) / self.n_samples

    def __repr__(self) -> str:
        classes = ", ".join(map(str, self.classes))
        return (
            f"{type(self).__name__}({self.n_samples} samples, {self.n_features} features, "
            f"classes {classes}; l2={self.l2})"
        )

    def loss(self, theta: ArrayLike) -> Array:
        """Return L(θ) for θ of shape ``(..., *shape)``; shape ``(...)``."""
        (loss,) = self._evaluate(theta, self._loss)
        return loss + self._penalty(theta)

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return ∇L(θ), shape ``(..., n_features + 1, n_outputs)``."""
        (jacobian,) = self._evaluate(theta, self._jacobian)
        return jacobian + self._penalty_jacobian(theta)

    def loss_and_jacobian(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Return L(θ) and ∇L(θ), computing but once what both need."""
        loss, jacobian = self._evaluate(theta, self._loss, self._jacobian)
        return loss + self._penalty(theta), jacobian + self._penalty_jacobian(theta)

    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Return the second derivatives with respect to θ's entries, row after row.

        Shape ``(..., p, p)`` with ``p = n_outputs * (n_features + 1)``; at θ = 0 by default.
        """
        (hessian,) = self._evaluate(theta, self._hessian)
        return hessian + np.diag((2 * self.l2 * self._is_weight).ravel())

    def separates(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Say whether θ puts every sample strictly on its own side; shape ``(...)``.

        If some θ does, the samples are separable: a longer θ of this direction has a smaller
        loss, always, so that without `l2` there is no minimum and θ grows for ever.
        """
        (separates,) = self._evaluate(theta, self._separates)
        return separates.astype(np.bool_)

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

        They are taken in coordinates in which the features have covariance 1, so that neither
        scales nor copies of features matter, and halved until they make the gradient smaller.
        """
        directions = self._directions()

        def gradient_at(theta: Array) -> Array:
            return directions.T @ self.jacobian(theta).mT.ravel()

        theta = np.zeros(self.shape)
        gradient = gradient_at(theta)
        invertible = FLAT / 100 * np.eye(len(gradient))
        for _ in range(100):
            hessian = directions.T @ self.hessian(theta) @ directions
            step = np.linalg.solve(hessian + invertible, gradient)
            size = np.linalg.norm(gradient)
            for part in 0.5 ** np.arange(10):
                candidate = theta - part * (directions @ step).reshape(self.shape)
                gradient = gradient_at(candidate)
                if np.linalg.norm(gradient) < (1 - part / 4) * size:
                    break
            else:  # no step makes the gradient smaller: what is left of it is rounding
                break
            theta = candidate
            if self.l2 == 0 and self.separates(theta):
                return theta, False
        return theta, bool(np.linalg.eigvalsh(hessian)[0] > FLAT)

    @quiet_overflow()
    def probabilities(self, theta: ArrayLike, X: ArrayLike | None = None) -> Array:
        """Return how likely each class is, shape ``(..., n_samples, n_classes)``.

        The last axis is in the order of `classes`. ``X`` has shape ``(n_samples, n_features)``;
        without it, the task's own samples.
        """
        return self._probabilities(self.as_theta(theta) @ self.as_columns(X)).mT

    def predict(self, theta: ArrayLike, X: ArrayLike | None = None) -> NDArray[Any]:
        """Return the likeliest of `classes` for each sample, shape ``(..., n_samples)``.

        Of equally likely ones, the first. ``X`` as in `probabilities`.
        """
        return np.asarray(self.classes[self.probabilities(theta, X).argmax(axis=-1)])

    @abstractmethod
    def _forward(self, theta: Array) -> tuple[Array, ...]:
        """Return the numbers that the methods below share, for θ of shape ``(n, *shape)``."""

    @abstractmethod
    def _loss(self, forward: tuple[Array, ...]) -> Array: ...

    @abstractmethod
    def _jacobian(self, forward: tuple[Array, ...]) -> Array: ...

    @abstractmethod
    def _hessian(self, forward: tuple[Array, ...]) -> Array: ...

    @abstractmethod
    def _separates(self, forward: tuple[Array, ...]) -> NDArray[np.bool_]: ...

    @abstractmethod
    def _probabilities(self, logits: Array) -> Array:
        """Return them, shape ``(..., n_classes, n)``, for logits ``(..., n_outputs, n)``."""

    @quiet_overflow()
    def _evaluate(self, theta: ArrayLike | None, *functions: Callable[..., Any]) -> list[Array]:
        """Return what each function makes of the forward pass, a few θ at a time."""
        theta = self.as_theta(theta)
        batch = theta.shape[:-2]
        runs = theta.reshape(-1, *self.shape)
        at_once = max(1, NUMBERS_AT_ONCE // (self.shape[0] * self.n_samples))
        results = []
        for start in range(0, max(1, len(runs)), at_once):
            forward = self._forward(runs[start : start + at_once])
            results.append([function(forward) for function in functions])
        return [
            np.concatenate(parts).reshape(batch + parts[0].shape[1:])
            for parts in zip(*results, strict=True)
        ]

    def _logits(self, theta: Array, X_tilde: Array) -> Array:
        """Return θX̃, classes in front, as one matrix product for all θ."""
        rows = theta.swapaxes(0, 1).reshape(-1, theta.shape[-1])
        return (rows @ X_tilde).reshape(self.shape[0], len(theta), -1)

    def _mean_outer(self, X_tilde: Array, error: Array) -> Array:
        """Return E[x̃ errorᵀ] for errors with the classes in front, as one matrix product."""
        rows = error.reshape(-1, self.n_samples) @ X_tilde.T / self.n_samples
        return np.asarray(rows.reshape(*error.shape[:2], -1).transpose(1, 2, 0))

    @property
    def _is_weight(self) -> Array:
        """One for each entry of W, zero for b; shape ``shape``."""
        is_weight: Array = np.ones(self.shape)
        is_weight[:, -1] = 0
        return is_weight

    @quiet_overflow()
    def _penalty(self, theta: ArrayLike) -> Array:
        """Return λ ‖W‖²."""
        if self.l2 == 0:
            return np.zeros(())
        return np.asarray(self.l2 * np.sum(self.as_theta(theta)[..., :-1] ** 2, axis=(-2, -1)))

    @quiet_overflow()
    def _penalty_jacobian(self, theta: ArrayLike) -> Array:
        """Return 2 λ Wᵀ above zeros for b."""
        if self.l2 == 0:
            return np.zeros(())
        return 2 * self.l2 * (self._is_weight * self.as_theta(theta)).mT

    def _directions(self) -> Array:
        """Return the directions of θ in which the loss curves, shape ``(p, n_directions)``.

        Left out are those in which it is constant: with one more feature than independent ones, or
        all classes' rows of θ moved alike.
        """
        rows = np.hstack(
            [self.X_tilde / np.sqrt(self.n_samples), np.sqrt(self.l2) * np.diag(self._is_weight[0])]
        )
        scale = np.linalg.norm(rows, axis=1, keepdims=True)
        scale[scale == 0] = 1
        axes, sizes, _ = np.linalg.svd(rows / scale, full_matrices=False)
        kept = sizes > sizes[0] * max(rows.shape) * np.finfo(float).eps
        features = axes[:, kept] / sizes[kept] / scale
        n_outputs = self.shape[0]
        classes = np.eye(n_outputs)
        if n_outputs > 1:
            classes, _ = np.linalg.qr(classes[:, 1:] - 1 / n_outputs)
        return np.kron(classes, features)


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

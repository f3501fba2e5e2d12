"""Linear regression: the one loss whose landscape is an exact bowl."""

import math
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import check_size, counted, shown
from gdviz.datasets import Dataset
from gdviz.task import FEWER, Array, DataTask, quiet_overflow


class LinearRegression(DataTask):
    r"""Squared error of the model ŷ = Wx + b, averaged over the samples.

    Loss::

        L(θ) = E[‖Wx + b - y‖²] = E[‖θx̃ - y‖²]      θ = [W | b],  x̃ = (x, 1)

    Jacobian (numerator layout: one row per feature, one column per output)::

        ∇L(θ) = ∇ E[‖θx̃ - y‖²]
              = E[∇ ‖θx̃ - y‖²]                      the mean of the samples' gradients
              = E[2 (θx̃ - y)ᵀ ∇(θx̃ - y)]            chain rule: the outer square first
              = 2 E[x̃ (θx̃ - y)ᵀ]                    θx̃ is linear in θ, its derivative is x̃

    so that ∇W = 2 E[(Wx + b - y) xᵀ], transposed, above ∇b = 2 E[Wx + b - y].

    Hessian: differentiating once more, ∇L changes by 2 E[x̃ x̃ᵀ] per unit of each output's row of
    θ, wherever θ is. The outputs do not meet: one such block per output.

    However many samples there are, `n_features + 1` of them suffice: the QR factorization
    X̃ᵀ = QR rotates the residuals into Rθᵀ - Qᵀyᵀ and a rest that no θ can change. Loss and
    jacobian below are the formulas above on those condensed samples, the columns of Rᵀ.

    Source: the lecture's slides "Gradient: Linear Regression" and "Gradient: In General"; for the
    condensation, Golub and Van Loan, Matrix Computations, section 5.3.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,), or Dataset
    y : array_like of shape (n_samples,) or (n_samples, n_outputs); omitted with a Dataset
    reduction : {"mean", "sum"}
        Average over the samples, or add them up: the sum is n_samples times as steep, and its
        largest stable learning rate n_samples times as small.

    Raises
    ------
    ValueError
        If X or y has missing values, lengths differ, or reduction is neither word.

    Examples
    --------
    >>> task = LinearRegression([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    >>> task.shape
    (1, 2)
    >>> task.loss([[2.0, 2.0]]).round(12).item()
    1.0
    """

    def __init__(
        self,
        X: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        *,
        reduction: Literal["mean", "sum"] = "mean",
    ) -> None:
        super().__init__(X, y)
        if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
            raise ValueError(f"reduction must be 'mean' or 'sum', not {shown(reduction)}")
        self.reduction = reduction
        targets = self.dataset.y
        if targets.dtype.kind not in "fiu":
            raise ValueError(
                f"y holds labels ({self.dataset.target_name}): linear regression needs numbers; "
                "choose a numeric target, or use a classification model"
            )
        self.y: Array = targets.reshape(len(targets), -1).T.astype(float)
        self.shape = (len(self.y), self.n_features + 1)
        self._condense()

    @quiet_overflow()
    def _condense(self) -> None:
        weight = 1 / self.n_samples if self.reduction == "mean" else 1.0
        Q, R = np.linalg.qr(self.X_tilde.T)
        self._X: Array = np.sqrt(weight) * R.T
        self._y: Array = np.sqrt(weight) * (self.y @ Q)
        self._least = weight * np.sum((self.y - self.y @ Q @ Q.T) ** 2)

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> Self:
        """Return the same task on the samples ``indices`` alone."""
        part = super().subset(indices)
        part._condense()
        return part

    def __repr__(self) -> str:
        return (
            f"LinearRegression({counted(self.n_samples, 'sample')}, "
            f"{counted(self.n_features, 'feature')}, {counted(self.shape[0], 'output')}, "
            f"reduction={self.reduction!r})"
        )

    def loss(self, theta: ArrayLike) -> Array:
        """Return E[‖θx̃ - y‖²] for θ of shape ``(..., *shape)``; shape ``(...)``."""
        return self.loss_and_jacobian(theta)[0]

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return 2 E[x̃ (θx̃ - y)ᵀ], shape ``(..., n_features + 1, n_outputs)``."""
        return self.loss_and_jacobian(theta)[1]

    @quiet_overflow()
    def loss_and_jacobian(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Return both, with the residual θx̃ - y worked out once."""
        residual = self.as_theta(theta) @ self._X - self._y
        loss = np.einsum("...ij,...ij", residual, residual) + self._least
        return np.asarray(loss), 2 * (self._X @ residual.mT)

    @quiet_overflow()
    def operations(self, theta: ArrayLike) -> dict[str, Array]:
        """Return residual, squared residual, loss and gradient."""
        residual = self.as_theta(theta) @ self._X - self._y
        steps = {"residual": residual, "squared residual": residual**2}
        return {**steps, **super().operations(theta)}

    @quiet_overflow()
    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Return 2 E[x̃ x̃ᵀ], one block per output; the same for every θ.

        Shape ``(..., p, p)`` with ``p = n_outputs * (n_features + 1)``.
        """
        batch = self.as_theta(theta).shape[:-2]
        check_size("the hessian", 2 * (math.prod(self.shape),), "take fewer features")
        hessian = np.kron(np.eye(self.shape[0]), 2 * (self._X @ self._X.T))
        return np.broadcast_to(hessian.astype(np.float64), (*batch, *hessian.shape))

    def minimizer(self) -> Array:
        """Return the least-squares θ (the shortest one where several are best)."""
        # Rounding hides a dependence among features the better, the more samples there are.
        rounding = np.finfo(np.float64).eps * max(self.X_tilde.shape)
        return np.linalg.lstsq(self._X.T, self._y.T, rcond=rounding)[0].T.astype(np.float64)

    @quiet_overflow()
    def predict(self, theta: ArrayLike, X: ArrayLike | None = None) -> Array:
        """Return ŷ = Wx + b, shape ``(..., n_samples, n_outputs)``.

        ``X`` has shape ``(n_samples, n_features)``; without it, the task's own samples.
        """
        theta, X_tilde = self.as_theta(theta), self.as_columns(X)
        check_size("the prediction", (*theta.shape[:-1], X_tilde.shape[1]), FEWER)
        return (theta @ X_tilde).mT

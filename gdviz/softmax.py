"""Softmax regression: any number of classes, and a probability for each."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gdviz.classification import Classifier
from gdviz.datasets import Dataset
from gdviz.task import Array


class SoftmaxRegression(Classifier):
    r"""Negative log-likelihood of the model p(y = j) = softmax(Wx + b)_j, averaged.

    Loss (the lecture's slide shows the log-likelihood, without the minus sign)::

        L(θ) = -E[log softmax(Wx + b)_y]
             = -E[log softmax(z)_y]              z = θx̃,  θ = [W | b],  x̃ = (x, 1)
             = E[log Σ_k exp(z_k) - z_y]         softmax(z)_j = exp(z_j) / Σ_k exp(z_k)

    The same number added to all of a sample's z changes nothing: with -max z, no exp overflows.

    Jacobian (numerator layout: one row per feature, one column per class)::

        ∇_j L(θ) = ∇_j E[log Σ_k exp(z_k) - z_y]                  θ's row of class j
                 = E[∇_j log Σ_k exp(z_k) - ∇_j z_y]              the mean of the gradients
                 = E[exp(z_j) / Σ_k exp(z_k) ∇_j z_j - ∇_j z_y]   chain rule: log' and exp'
                 = E[(softmax(z)_j - [y = j]) ∇_j z_j]            z_y is row j's only if y = j
                 = E[x̃ (softmax(z)_j - [y = j])]                  z_j is linear in θ's row j
                 = E[x̃ softmax(z)_j] - E[x̃ [y = j]]               this mean no θ can change

    so that ∇W_j = E[(softmax(Wx + b)_j - [y = j]) xᵀ], transposed, above
    ∇b_j = E[softmax(Wx + b)_j - [y = j]].

    Hessian: differentiating ∇_j L once more by row k gives
    E[softmax(z)_j ([j = k] - softmax(z)_k) x̃ x̃ᵀ], one block for each pair of classes. With more
    than two classes it can be steeper than at θ = 0 (up to n_classes / 2 times): 2/λmax holds near
    the θ it was asked for.

    With ``l2=λ``, L(θ) has the term λ ‖W‖² besides, its Jacobian 2 λ Wᵀ and its Hessian 2 λ.

    With two classes, this is logistic regression of the difference of θ's rows, θ_1 - θ_0. In
    gradient descent that difference moves as logistic θ does at twice the learning rate.

    Source: the lecture's slides "Gradient: In General" and "Gradients" (softmax); for the bound on
    the Hessian, Böhning (1992), Annals of the Institute of Statistical Mathematics 44.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,), or Dataset
    y : array_like of shape (n_samples,); omitted with a Dataset
        Labels: text, whole numbers or booleans. Class j is the j-th in sorted order.
    l2 : float
        λ, not negative: without it, separable samples have no minimum.

    Raises
    ------
    ValueError
        If X or y has missing values, lengths differ, y has only one class or numbers that are not
        whole, or l2 is negative.

    Examples
    --------
    >>> task = SoftmaxRegression([-1.0, 0.0, 1.0, 2.0], ["cat", "dog", "cat", "emu"])
    >>> task.shape
    (3, 2)
    >>> task.probabilities(np.zeros((3, 2)), [0.0])
    array([[0.33333333, 0.33333333, 0.33333333]])
    """

    def __init__(
        self, X: ArrayLike | Dataset, y: ArrayLike | None = None, *, l2: float = 0.0
    ) -> None:
        super().__init__(X, y, l2=l2)
        n_classes = len(self.classes)
        self.shape = (n_classes, self.n_features + 1)
        self.y = (self.labels == np.arange(n_classes)[:, None]).astype(np.float64)
        self._use(self.X_tilde)

    def _use(self, samples: Array) -> None:
        super()._use(samples)
        self._mean_outer_of_y = self._mean_outer(self.y[:, None])

    def _forward(self, theta: Array) -> tuple[Array, Array, Array]:
        """Return z, exp(z) and the sum of exp(z) over the classes; the largest z is 0."""
        z = self._logits(theta)
        z -= z.max(axis=0)
        exp_z = np.exp(z)
        return z, exp_z, exp_z.sum(axis=0)

    def _loss(self, forward: tuple[Array, ...]) -> Array:
        z, _, sum_exp_z = forward
        sum_z_y = (z @ self.y[..., None]).sum(axis=(0, -1))
        return np.asarray(self._mean(np.log(sum_exp_z)) - sum_z_y / self.n_samples)

    def _jacobian(self, forward: tuple[Array, ...]) -> Array:
        _, exp_z, sum_exp_z = forward
        return self._mean_outer(exp_z / sum_exp_z) - self._mean_outer_of_y

    def _hessian(self, forward: tuple[Array, ...]) -> Array:
        _, exp_z, sum_exp_z = forward
        softmax = (exp_z / sum_exp_z).swapaxes(0, 1)
        scaled = softmax[:, :, None] * self._samples
        same_class = scaled @ self._samples.T / self.n_samples
        rows = scaled.reshape(len(scaled), math.prod(self.shape), len(self._weights))
        hessian = -rows @ rows.mT / self.n_samples
        blocks = hessian.reshape(len(scaled), *self.shape, *self.shape)
        for j in range(self.shape[0]):
            blocks[:, j, :, j] += same_class[:, j]
        return hessian

    def _n_wrong(self, forward: tuple[Array, ...]) -> Array:
        z, _, _ = forward
        right = np.where(self.y[:, None], z, -np.inf).max(axis=0)
        wrong = np.where(self.y[:, None], -np.inf, z).max(axis=0)
        return np.asarray(np.sum(~(right > wrong), axis=-1, dtype=np.float64))

    def _probabilities(self, logits: Array) -> Array:
        exp_z = np.exp(logits - logits.max(axis=-2, keepdims=True))
        return np.asarray(exp_z / exp_z.sum(axis=-2, keepdims=True))

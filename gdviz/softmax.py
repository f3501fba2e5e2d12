"""Softmax regression: any number of classes, and a probability for each."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gdviz.arguments import check_size
from gdviz.classification import Classifier, Forward
from gdviz.datasets import Dataset
from gdviz.task import Array


class Group(NamedTuple):
    """The samples of one class."""

    own: int
    """The class: a row of θ."""
    where: slice
    """Where they are among the samples of all classes."""
    samples: Array
    """As columns."""
    rows: Array
    """As rows: in memory too, where a product with them is up to three times as fast then."""


class SoftmaxRegression(Classifier):
    r"""Negative log-likelihood of the model p(y = j) = softmax(Wx + b)_j, averaged.

    Loss (the lecture's slide shows the log-likelihood, without the minus sign)::

        L(θ) = -E[log softmax(Wx + b)_y]
             = -E[log softmax(z)_y]              z = θx̃,  θ = [W | b],  x̃ = (x, 1)
             = E[log Σ_k exp(z_k) - z_y]         softmax(z)_j = exp(z_j) / Σ_k exp(z_k)
             = E[log(1 + Σ_k≠y exp(z_k - z_y))]  k = y has exp(0) = 1

    In the last line no small loss is lost beside large z, and z_k - z_y = (θ_k - θ_y) x̃ is one
    number less per sample. Where an exp would overflow, the largest is taken off first: the same
    number added to all of a sample's z changes nothing.

    Jacobian (numerator layout: one row per feature, one column per class)::

        ∇_j L(θ) = ∇_j E[log Σ_k exp(z_k) - z_y]                  θ's row of class j
                 = E[∇_j log Σ_k exp(z_k) - ∇_j z_y]              the mean of the gradients
                 = E[exp(z_j) / Σ_k exp(z_k) ∇_j z_j - ∇_j z_y]   chain rule: log' and exp'
                 = E[(softmax(z)_j - [y = j]) ∇_j z_j]            z_y is row j's only if y = j
                 = E[x̃ (softmax(z)_j - [y = j])]                  z_j is linear in θ's row j

    so that ∇W_j = E[(softmax(Wx + b)_j - [y = j]) xᵀ], transposed, above
    ∇b_j = E[softmax(Wx + b)_j - [y = j]]. Where y = j the bracket is minus the other classes'
    probabilities.

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
        check_size(
            f"y with its {n_classes} classes",
            (n_classes, self.n_samples),
            "take fewer classes, or LinearRegression if these are measurements",
        )
        self.y = (self.labels == np.arange(n_classes)[:, None]).astype(np.float64)
        # Row y of the others: all classes but y, counted on from y. Row k of the owners: the
        # classes among whose others k has the first place, the second, and so on.
        y, self._place = np.arange(n_classes)[:, None], np.arange(n_classes - 1)
        self._others = (y + 1 + self._place) % n_classes
        self._owners = (y - 1 - self._place) % n_classes
        self._use(self.X_tilde)

    def _use(self, samples: Array) -> None:
        """Keep the samples of each class together: all compare with the same row of θ."""
        super()._use(samples)
        samples = samples.take(np.argsort(self.labels, kind="stable"), axis=1)
        rows = samples.T.copy()
        ends = np.bincount(self.labels, minlength=len(self._others)).cumsum().tolist()
        parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._groups = [
            Group(own, where, samples[:, where], rows[where])
            for own, where in enumerate(parts)
            if where.start < where.stop
        ]

    def _above_own(self, theta: Array) -> Array:
        """Return (θ_k - θ_y) x̃ for the classes k other than y."""
        theta = np.ascontiguousarray(theta.swapaxes(0, 1))
        above = theta.take(self._others, axis=0) - theta[:, None]
        z = self._buffers("z", (len(self._place), theta.shape[1], len(self._weights)))
        rows = z.reshape(-1, z.shape[-1])
        for own, where, samples, _ in self._groups:
            np.matmul(above[own].reshape(-1, self.shape[1]), samples, out=rows[:, where])
        return z

    def _mean_outer(self, probability: Array) -> Array:
        """Return E[x̃ softmax(z)_k] for k ≠ y, and minus their sum for y: 1 - softmax(z)_y."""
        n_others, n_thetas, n_samples = probability.shape
        probability = probability.reshape(-1, n_samples)
        outer = np.zeros((self.shape[0], n_others, n_thetas, self.shape[1]))
        for own, where, _, rows in self._groups:
            np.matmul(probability[:, where], rows, out=outer[own].reshape(-1, self.shape[1]))
        jacobian = np.sum(outer[self._owners, self._place] - outer, axis=1)
        return np.asarray(jacobian.transpose(1, 2, 0))

    def _hessian(self, forward: Forward) -> Array:
        """Return E[softmax(z)_j ([j = k] - softmax(z)_k) x̃ x̃ᵀ], for each group of samples."""
        exp_z, rest, shift = forward
        others, owns = exp_z / (1 + rest), np.exp(-shift) / (1 + rest)
        n_thetas, size = len(rest), math.prod(self.shape)
        hessian = np.zeros((n_thetas, *self.shape, *self.shape))
        for own, where, samples, _ in self._groups:
            softmax = np.empty((self.shape[0], *owns[..., where].shape))
            softmax[self._others[own]], softmax[own] = others[..., where], owns[..., where]
            softmax = softmax.swapaxes(0, 1)
            scaled = softmax[:, :, None] * samples
            rows = scaled.reshape(n_thetas, size, samples.shape[1])
            hessian -= (rows @ rows.mT).reshape(hessian.shape)
            same_class = scaled @ samples.T
            for j in range(self.shape[0]):
                hessian[:, j, :, j] += same_class[:, j]
        return hessian.reshape(n_thetas, size, size) / self.n_samples

    def _probabilities(self, logits: Array) -> Array:
        exp_z = np.exp(logits - logits.max(axis=-2, keepdims=True))
        return np.asarray(exp_z / exp_z.sum(axis=-2, keepdims=True))

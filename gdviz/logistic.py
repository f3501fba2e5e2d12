"""Binary logistic regression: two classes, and the probability of the second."""

import numpy as np
from numpy.typing import ArrayLike

from gdviz.classification import Classifier, Forward
from gdviz.datasets import Dataset
from gdviz.task import Array


class LogisticRegression(Classifier):
    r"""Negative log-likelihood of the model p(y = 1) = σ(Wx + b), averaged over the samples.

    Loss (the lecture's slide shows the log-likelihood, without the minus sign)::

        L(θ) = -E[y log σ(Wx + b) + (1 - y) log(1 - σ(Wx + b))]
             = -E[y log σ(θx̃) + (1 - y) log(1 - σ(θx̃))]    θ = [W | b],  x̃ = (x, 1)
             = -E[log σ(m)]                                 1 - σ(z) = σ(-z)

    with the margin m = θx̃ where y = 1 and m = -θx̃ where y = 0: a sample is on its right side where
    its margin is positive. -log σ(m) = log(1 + exp(-m)), or -m + log(1 + exp(m)) where exp(-m)
    would overflow.

    Jacobian (numerator layout: one row per feature, one column), with σ' = σ (1 - σ)::

        ∇L(θ) = -∇ E[y log σ(θx̃) + (1 - y) log(1 - σ(θx̃))]
              = -E[y ∇log σ(θx̃) + (1 - y) ∇log(1 - σ(θx̃))]         the mean of the gradients
              = -E[y (1 - σ(θx̃)) ∇θx̃ - (1 - y) σ(θx̃) ∇θx̃]         chain rule: log' = 1/σ times σ'
              = E[(σ(θx̃) - y) ∇θx̃]                                 y σ(θx̃) cancels
              = E[x̃ (σ(θx̃) - y)ᵀ]                                  θx̃ is linear in θ

    so that ∇W = E[(σ(Wx + b) - y) xᵀ], transposed, above ∇b = E[σ(Wx + b) - y]. Where y = 1 the
    bracket is -σ(-m) and where y = 0 it is σ(-m), with σ(-m) = exp(-m) / (1 + exp(-m)).

    Hessian: differentiating once more, E[σ(m) σ(-m) x̃ x̃ᵀ]. Each sample's weight is largest at
    margin 0, where it is ¼: the 2/λmax of θ = 0 holds for every θ. Elsewhere 2/λmax is larger, and
    holds near the θ it was asked for.

    With ``l2=λ``, L(θ) has the term λ ‖W‖² besides, its Jacobian 2 λ Wᵀ and its Hessian 2 λ.

    Source: the lecture's slides "Gradient: In General" and "Loss Functions".

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or (n_samples,), or Dataset
    y : array_like of shape (n_samples,); omitted with a Dataset
        Labels of two classes: text, whole numbers or booleans. The second in sorted order is 1.
    l2 : float
        λ, not negative: without it, separable samples have no minimum.

    Raises
    ------
    ValueError
        If X or y has missing values, lengths differ, y has other than two classes or numbers that
        are not whole, or l2 is negative.

    Examples
    --------
    >>> task = LogisticRegression([-1.0, 0.0, 1.0, 2.0], ["no", "yes", "no", "yes"])
    >>> task.shape
    (1, 2)
    >>> task.loss([[0.0, 0.0]]) == np.log(2)
    np.True_
    >>> task.predict([[1.0, -0.5]], [0.0, 3.0])
    array(['no', 'yes'], dtype='<U3')
    """

    def __init__(
        self, X: ArrayLike | Dataset, y: ArrayLike | None = None, *, l2: float = 0.0
    ) -> None:
        super().__init__(X, y, l2=l2)
        if len(self.classes) > 2:
            raise ValueError(
                f"y ({self.dataset.target_name}) has {len(self.classes)} classes, but logistic "
                "regression tells two apart: use SoftmaxRegression"
            )
        self.shape = (1, self.n_features + 1)
        self.y = self.labels[None].astype(np.float64)
        self._use((1 - 2 * self.y) * self.X_tilde)

    def _use(self, samples: Array) -> None:
        super()._use(samples)
        self._rows = samples.T.copy()  # products with rows in memory are faster

    def _above_own(self, theta: Array) -> Array:
        """Return -m: the logit of y = 1 is θx̃, that of y = 0 is 0."""
        z = self._buffers("z", (1, len(theta), len(self._weights)))
        np.matmul(theta[:, 0], self._samples, out=z[0])
        return z

    def _mean_outer(self, probability: Array) -> Array:
        """Return E[x̃ (σ(θx̃) - y)]: the bracket is σ(-m) where y = 0, -σ(-m) where y = 1."""
        return np.asarray((probability[0] @ self._rows)[..., None])

    def _hessian(self, forward: Forward) -> Array:
        """Return E[σ(m) σ(-m) x̃ x̃ᵀ]."""
        exp_z, rest, shift = forward
        weight = (exp_z[0] / (1 + rest)) * (np.exp(-shift) / (1 + rest))
        return np.asarray((self._samples * weight[:, None]) @ self._samples.T / self.n_samples)

    def _probabilities(self, logits: Array) -> Array:
        both = np.concatenate([-logits, logits], axis=-2)
        return np.asarray(np.exp(_log_sigmoid(both)))


def _log_sigmoid(z: Array) -> Array:
    return np.asarray(np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z))))

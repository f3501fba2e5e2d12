"""The mistakes that gradients are usually made with: one row each.

A new one is a new row of `MISTAKES`: a name, the gradient that one gets by making it, and a hint
that says where to look without saying what to write there. Where two rows give the same numbers
the upper one is named: the closer a row is to one particular slip, the higher it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gdviz.linear import LinearRegression
from gdviz.logistic import LogisticRegression
from gdviz.softmax import SoftmaxRegression
from gdviz.task import Array, DataTask, Task

LEARNING_RATES = [digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 3, 4, 5)]
"""What people write for ε."""


@dataclass(frozen=True)
class Mistake:
    """One row.

    Attributes
    ----------
    name : str
        What went wrong, in a few words.
    gradient : function of (task, theta)
        The wrong gradient at one θ, in θ's shape; None where the mistake can't be made.
    hint : str
        Where to look, in one sentence.
    models : tuple of types
        The tasks that it can happen to.
    """

    name: str
    gradient: Callable[[Any, Array], Array | None]
    hint: str
    models: tuple[type[Task], ...] = (Task,)


# What the wrong gradients are made of. All three models have the gradient
# factor · E[(prediction - target) x̃ᵀ], where the factor is 2 for a square and 1 for a logarithm,
# and the classifiers may have 2λW besides, from an L2 term.

Classifier = LogisticRegression | SoftmaxRegression
Model = LinearRegression | Classifier


def _true(task: Task, theta: Array) -> Array:
    return np.asarray(task.jacobian(theta).mT)


def _gradient(task: Model, theta: Array, error: Array, X_tilde: Array | None = None) -> Array:
    """Return factor · E[error x̃ᵀ] + 2λW (or the sum, as the task has it), shape of θ."""
    factor = 2 if isinstance(task, LinearRegression) else 1
    weight = 1 / task.n_samples if _averages(task) else 1
    samples = task.X_tilde if X_tilde is None else X_tilde
    return np.asarray(factor * weight * error @ samples.T + _penalty(task, theta))


def _penalty(task: Task, theta: Array) -> Array:
    """Return the gradient of λ‖W‖², which is 2λW beside zeros for b."""
    l2 = getattr(task, "l2", 0.0)
    return np.asarray(2 * l2 * np.hstack([theta[:, :-1], np.zeros((len(theta), 1))]))


def _averages(task: Task) -> bool:
    return bool(getattr(task, "reduction", "mean") == "mean")


def _prediction(task: Model, theta: Array, X_tilde: Array | None = None) -> Array:
    """Return Wx + b, σ(Wx + b) or softmax(Wx + b), shape ``(n_outputs, n_samples)``."""
    z = theta @ (task.X_tilde if X_tilde is None else X_tilde)
    if isinstance(task, LogisticRegression):
        return _sigmoid(z)
    if isinstance(task, SoftmaxRegression):
        return _softmax(z)
    return z


def _sigmoid(z: Array) -> Array:
    return np.asarray((1 + np.tanh(z / 2)) / 2)


def _softmax(z: Array, axis: int = 0) -> Array:
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def _error(task: Model, theta: Array) -> Array:
    return _prediction(task, theta) - task.y


# One function per row that is longer than a line.


def _updated(task: Task, theta: Array, *, step: float) -> Array:
    return theta - step * _true(task, theta)


def _bias_after_weights(task: DataTask, theta: Array, *, step: float, returns: str) -> Array:
    """Take b's gradient where W has been moved by a step already."""
    gradient = _true(task, theta)
    moved = theta.copy()
    moved[:, :-1] -= step * gradient[:, :-1]
    gradient[:, -1] = _true(task, moved)[:, -1]
    return gradient if returns == "gradient" else theta - step * gradient


def _without_bias(task: DataTask, theta: Array) -> Array:
    return _true(task, np.hstack([theta[:, :-1], np.zeros((len(theta), 1))]))


def _zero_bias(task: DataTask, theta: Array) -> Array:
    return np.hstack([_true(task, theta)[:, :-1], np.zeros((len(theta), 1))])


def _transposed_samples(
    task: Model, theta: Array, *, in_prediction: bool, in_product: bool
) -> Array | None:
    if task.n_samples != task.n_features:
        return None  # shapes do not fit, and NumPy says so
    turned = np.vstack([task.X_tilde[:-1].T, task.X_tilde[-1:]])
    prediction = _prediction(task, theta, turned if in_prediction else None)
    return _gradient(task, theta, prediction - task.y, turned if in_product else None)


def _one_sample(task: Model, theta: Array, *, sample: int, divided: bool) -> Array | None:
    if divided and not _averages(task):
        return None
    only = np.zeros(task.n_samples)
    only[sample] = 1 if divided or not _averages(task) else task.n_samples
    return _gradient(task, theta, _error(task, theta) * only)


def _spread(task: Model, theta: Array, *, averaged: str) -> Array | None:
    """Mean over all pairs of a prediction and a target: (n, 1) minus (n,) is (n, n)."""
    if task.shape[0] != 1:
        return None
    prediction, target = _prediction(task, theta), task.y
    if averaged == "y":
        return _gradient(task, theta, prediction - target.mean())
    return _gradient(task, theta, prediction.mean() - target)


def _labels_as_numbers(task: Classifier, theta: Array) -> Array:
    y = task.dataset.y
    numbers = y.ravel().astype(float) if y.dtype.kind in "biuf" else task.labels
    return _gradient(task, theta, _prediction(task, theta) - numbers)


def _labels_plus_minus(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, _prediction(task, theta) - (2 * task.y - 1))


def _uncancelled(task: Model, theta: Array) -> Array:
    p = _prediction(task, theta)
    return _gradient(task, theta, _error(task, theta) * p * (1 - p))


def _squared_error(task: Model, theta: Array) -> Array:
    """Differentiate ‖p - y‖² instead of -log p."""
    p, error = _prediction(task, theta), _error(task, theta)
    if isinstance(task, LogisticRegression):
        return _gradient(task, theta, 2 * error * p * (1 - p))
    return _gradient(task, theta, 2 * p * (error - np.sum(p * error, axis=0)))


def _logits(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, theta @ task.X_tilde - task.y)


def _unnormalized(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, np.exp(theta @ task.X_tilde) - task.y)


def _wrong_axis(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, _softmax(theta @ task.X_tilde, axis=1) - task.y)


def _turned_sigmoid(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, 1 - _prediction(task, theta) - task.y)


def _other_class(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, _prediction(task, theta) - (1 - task.y))


def _without_x(task: DataTask, theta: Array) -> Array:
    return np.tile(_true(task, theta)[:, -1:], task.shape[1]) + _penalty(task, theta)


def _without_target(task: Model, theta: Array) -> Array:
    return _gradient(task, theta, _prediction(task, theta))


def _b_first(task: DataTask, theta: Array) -> Array:
    return np.roll(_true(task, theta), 1, axis=-1)


def _scaled(task: DataTask, theta: Array, factor: float) -> Array:
    """Return the gradient with another factor before the samples' part."""
    penalty = _penalty(task, theta)
    return factor * (_true(task, theta) - penalty) + penalty


def _summed(task: DataTask, theta: Array) -> Array | None:
    return _scaled(task, theta, task.n_samples) if _averages(task) else None


def _averaged(task: DataTask, theta: Array) -> Array | None:
    return None if _averages(task) else _scaled(task, theta, 1 / task.n_samples)


def _averaged_over_outputs(task: DataTask, theta: Array) -> Array:
    return _scaled(task, theta, 1 / task.shape[0])


def _penalty_on_bias(task: Classifier, theta: Array) -> Array:
    gradient = _true(task, theta)
    gradient[:, -1] += 2 * task.l2 * theta[:, -1]
    return gradient


_DATA = (DataTask,)
_MODELS = (LinearRegression, LogisticRegression, SoftmaxRegression)
_CLASSIFIERS = (LogisticRegression, SoftmaxRegression)

MISTAKES: tuple[Mistake, ...] = (
    # One of the model's parts is missing, or in a wrong place.
    Mistake(
        "b is forgotten: its part is zero",
        _zero_bias,
        "Like W, b is a parameter: how does the loss change when only b moves?",
        _DATA,
    ),
    Mistake(
        "b is forgotten in the prediction",
        _without_bias,
        "∇W looks at the residual of the whole model: compare your prediction with Wx + b.",
        _DATA,
    ),
    Mistake(
        "b stands before W",
        _b_first,
        "The numbers are right, the order is not: θ = [W | b], what belongs to W comes first.",
        _DATA,
    ),
    Mistake(
        "the target is not subtracted",
        _without_target,
        "Nothing in your gradient depends on y: where does y enter the derivative of the loss?",
        _MODELS,
    ),
    Mistake(
        "the inner derivative x is missing",
        _without_x,
        "Chain rule: after the outer function comes the derivative of Wx + b with respect to W.",
        _DATA,
    ),
    # A step of descent has got into the gradient.
    *(
        Mistake(
            "b is updated after W",
            partial(_bias_after_weights, step=rate, returns="gradient"),
            "One of the two gradients is taken at a θ that has moved already: both belong to the "
            "same θ, so see what changes W before ∇b is worked out.",
            _DATA,
        )
        for rate in LEARNING_RATES
    ),
    *(
        Mistake(
            "the updated θ is returned, not the gradient",
            partial(_updated, step=rate),
            "The step with ε belongs to descent: what does your function have in hand before it?",
        )
        for rate in LEARNING_RATES
    ),
    *(
        Mistake(
            "the updated θ is returned, and b was updated after W",
            partial(_bias_after_weights, step=rate, returns="theta"),
            "Two things: the step with ε belongs to descent, and both gradients belong to the "
            "same θ, before either part of it has moved.",
            _DATA,
        )
        for rate in LEARNING_RATES
    ),
    # The samples.
    *(
        Mistake(
            f"only the {word} sample counts",
            partial(_one_sample, sample=sample, divided=divided),
            "Follow your loop over the samples by hand for two rounds: what is left of the first "
            "round at the end of the second, and where does the function return?",
            _MODELS,
        )
        for word, sample in (("first", 0), ("last", -1))
        for divided in (True, False)
    ),
    *(
        Mistake(
            f"X stands where Xᵀ belongs, {place}",
            partial(_transposed_samples, in_prediction=in_prediction, in_product=in_product),
            "X has as many samples as features, so no error shows it: write down for each matrix "
            "product which axis is summed over; a row of x is one sample.",
            _MODELS,
        )
        for in_prediction, in_product, place in (
            (False, True, "where the residual meets x"),
            (True, False, "in the prediction"),
            (True, True, "in the prediction and where the residual meets x"),
        )
    ),
    *(
        Mistake(
            "every prediction meets every target",
            partial(_spread, averaged=averaged),
            "Print the shape of the residual: (n, 1) minus (n,) is an n by n table in NumPy, and "
            "there should be one residual per sample.",
            _MODELS,
        )
        for averaged in ("y", "prediction")
    ),
    # The classes.
    Mistake(
        "the labels are not one-hot",
        _labels_as_numbers,
        "A class number is not a target: what should the probability of each class be for a "
        "sample of class 2? Subtract that.",
        (SoftmaxRegression,),
    ),
    Mistake(
        "the labels are not 0 and 1",
        _labels_as_numbers,
        "Print the values in y: the target of a sample is the probability that it should have.",
        (LogisticRegression,),
    ),
    Mistake(
        "the labels are -1 and +1, not 0 and 1",
        _labels_plus_minus,
        "The target of a sample is the probability that it should have: can it be negative?",
        _CLASSIFIERS,
    ),
    Mistake(
        "the two classes are swapped",
        _other_class,
        "Which of the two classes is it whose probability is σ(Wx + b)? Classes are sorted.",
        (LogisticRegression,),
    ),
    # σ and softmax.
    Mistake(
        "σ'(z) has not cancelled",
        _uncancelled,
        "There is a factor p(1 - p) too many: write out the derivative of the logarithm and see "
        "what it does to the derivative of p.",
        _CLASSIFIERS,
    ),
    Mistake(
        "the squared error is differentiated",
        _squared_error,
        "This is the gradient of ‖p - y‖²: look up which loss goes with probabilities.",
        _CLASSIFIERS,
    ),
    Mistake(
        "probabilities are missing: Wx + b is compared with the target",
        _logits,
        "Wx + b is any number: which function makes a probability of it?",
        _CLASSIFIERS,
    ),
    Mistake(
        "softmax is not normalized",
        _unnormalized,
        "Add up the probabilities of one sample: what should come out?",
        (SoftmaxRegression,),
    ),
    Mistake(
        "softmax is normalized over the samples",
        _wrong_axis,
        "Add up the probabilities of one sample, then those of one class: which axis should "
        "give 1?",
        (SoftmaxRegression,),
    ),
    Mistake(
        "the sign inside σ is turned",
        _turned_sigmoid,
        "Put a large z into your σ: is the result near 1, as it should be?",
        (LogisticRegression,),
    ),
    # The L2 term.
    Mistake(
        "the L2 term is missing",
        lambda task, theta: _true(task, theta) - _penalty(task, theta),
        "This task's loss has a term besides the samples' (l2 is not 0): differentiate it, too.",
        _CLASSIFIERS,
    ),
    Mistake(
        "the L2 term is half as large as it should be",
        lambda task, theta: _true(task, theta) - _penalty(task, theta) / 2,
        "The term is λ‖W‖², without a ½: what does the power bring down?",
        _CLASSIFIERS,
    ),
    Mistake(
        "the L2 term counts b, too",
        _penalty_on_bias,
        "Only W is kept small by the L2 term: which column of θ should it leave alone?",
        _CLASSIFIERS,
    ),
    # Right up to a factor.
    Mistake(
        "sum instead of mean",
        _summed,
        "The loss is a mean over the samples: the size of a gradient must not grow when every "
        "sample is there twice.",
        _DATA,
    ),
    Mistake(
        "mean instead of sum",
        _averaged,
        "This task adds the losses of the samples up (reduction='sum'): so does its gradient.",
        _DATA,
    ),
    Mistake(
        "averaged over the outputs, too",
        _averaged_over_outputs,
        "See what your mean runs over: the mean over samples is due, not that over outputs.",
        _DATA,
    ),
    Mistake(
        "the sign is wrong",
        lambda task, theta: -_true(task, theta),
        "The gradient points uphill, descent subtracts it: does your result point to where the "
        "loss grows? Check the order of the two terms in the residual.",
    ),
    Mistake(
        "half the gradient: a factor 2 is missing",
        lambda task, theta: _true(task, theta) / 2,
        "Go through the derivative of the outermost function once more: is the loss defined with "
        "a ½ in front of it, here?",
    ),
    Mistake(
        "twice the gradient: a factor 2 too many",
        lambda task, theta: 2 * _true(task, theta),
        "Go through the outermost function of the loss once more: where does your 2 come from?",
    ),
    Mistake(
        "nothing but zeros",
        lambda task, theta: np.zeros_like(theta),
        "Does what you compute reach the array that you return, and can its dtype hold fractions?",
    ),
    Mistake(
        "decimals are cut off",
        lambda task, theta: np.trunc(_true(task, theta)),
        "Your result holds whole numbers: look at the dtype of the array that you fill.",
    ),
    Mistake(
        "the entries are in reverse order",
        lambda task, theta: _true(task, theta)[:, ::-1],
        "The numbers are right, their order is not: the result is ordered like θ.",
    ),
)

"""The lecture's "and variants": what descent may follow in place of the plain gradient.

An `Optimizer` turns the gradients seen so far into the direction of the next step, and the loop of
`gdviz.descent` subtracts ε times that. `Minibatches` looks at a few samples per step.

All rules work entry by entry: on gradients of any shape, on a whole batch of runs at once.
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdviz.arguments import as_generator, as_number, as_whole, check_size, shown
from gdviz.task import Array, DataTask, Task

State = defaultdict[str, Array | float]
"""What a run remembers from step to step, by name; 0 before the first step."""


class Optimizer(ABC):
    """A rule for the direction of each step; its hyperparameters are its fields.

    In the formulas g = ∇L(θ) is the gradient, ε the learning rate, t = 1, 2, ... counts the steps;
    squares, roots and quotients are taken entry by entry, and δ > 0, the `stabilizer`, only keeps
    them from 0/0 (papers call it ε, which is the learning rate here).

    Raises
    ------
    ValueError
        If a stabilizer is not positive, or another hyperparameter not within [0, 1).
    """

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            value = as_number(name, value)
            if name == "stabilizer" and value <= 0:
                raise ValueError(f"stabilizer must be positive, got {value}: try 1e-8")
            if name != "stabilizer" and not 0 <= value < 1:
                raise ValueError(
                    f"{name} must be at least 0 and less than 1, got {value}: it is the share of "
                    "the past that a step keeps"
                )
            object.__setattr__(self, name, value)  # a float16 would cost digits at every step

    @abstractmethod
    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return the direction d of the step θ ← θ - εd, and bring ``state`` up to date.

        Parameters
        ----------
        state : defaultdict
            Of one run or batch of runs; ``defaultdict(float)`` before the first step.
        gradient : ndarray of any shape
        iteration : int
            0 at the first step.
        """


@dataclass(frozen=True)
class Momentum(Optimizer):
    """A heavy ball: keeps rolling the way it came, so that zigzags cancel and slopes add up.

    ::

        v ← βv + g          β = momentum
        θ ← θ - εv

    On an even slope v grows to g / (1 - β): ten times the plain step for β = 0.9.

    Source: Polyak (1964), USSR Computational Mathematics and Mathematical Physics 4(5), 1-17.
    """

    momentum: float = 0.9

    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return v."""
        velocity = self.momentum * state["velocity"] + gradient
        state["velocity"] = velocity
        return velocity


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Momentum that looks ahead: the gradient is taken where the ball is about to be.

    The ball is at φ and would roll on to φ - εβv, so g is the gradient there::

        v ← βv + ∇L(φ - εβv)          β = momentum
        φ ← φ - εv

    Written for the point ahead, θ = φ - εβv, at which g = ∇L(θ) is known::

        v ← βv + g
        θ ← θ - ε(g + βv)

    because θ moves by -εv with φ, and by -εβ(v - v_before) as its lead changes; and
    v + β(v - v_before) = βv_before + g + βv - βv_before = g + βv.

    Source: Nesterov (1983), Soviet Mathematics Doklady 27(2), 372-376; as momentum: Sutskever,
    Martens, Dahl and Hinton (2013), ICML, section 2.
    """

    momentum: float = 0.9

    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return g + βv."""
        velocity = self.momentum * state["velocity"] + gradient
        state["velocity"] = velocity
        return gradient + self.momentum * velocity


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """A rate for every parameter: the larger its gradients have been, the smaller its steps.

    ::

        s ← s + g²
        θ ← θ - ε g / (√s + δ)          δ = stabilizer

    The first step is ε in every parameter, whatever the gradient; later ones only shrink.
    ε is in units of θ.

    Source: Duchi, Hazan and Singer (2011), Journal of Machine Learning Research 12, 2121-2159.
    """

    stabilizer: float = 1e-8

    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return g / (√s + δ)."""
        squares = state["squares"] + gradient**2
        state["squares"] = squares
        return gradient / (np.sqrt(squares) + self.stabilizer)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """AdaGrad that forgets: divides by the root of a running mean of squares.

    ::

        s ← ρs + (1 - ρ)g²              ρ = decay
        θ ← θ - ε g / (√s + δ)          δ = stabilizer

    s begins at 0, so the first steps are too long: the very first one is ε / √(1 - ρ) in every
    parameter. ε is in units of θ.

    Source: Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    """

    decay: float = 0.9
    stabilizer: float = 1e-8

    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return g / (√s + δ)."""
        squares = self.decay * state["squares"] + (1 - self.decay) * gradient**2
        state["squares"] = squares
        return gradient / (np.sqrt(squares) + self.stabilizer)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Momentum over RMSProp, both running means corrected for having begun at 0.

    ::

        m ← β₁m + (1 - β₁)g             β₁ = first_moment_decay
        s ← β₂s + (1 - β₂)g²            β₂ = second_moment_decay
        m̂ = m / (1 - β₁ᵗ)
        ŝ = s / (1 - β₂ᵗ)
        θ ← θ - ε m̂ / (√ŝ + δ)          δ = stabilizer

    After t steps the weights in m add up to 1 - β₁ᵗ only, those in s to 1 - β₂ᵗ; dividing by that
    makes m̂ and ŝ true averages, and the first step ε in every parameter. ε is in units of θ.

    Source: Kingma and Ba (2015), ICLR, algorithm 1 (there v for s, α for ε, ε for δ).
    """

    first_moment_decay: float = 0.9
    second_moment_decay: float = 0.999
    stabilizer: float = 1e-8

    def update(self, state: State, gradient: Array, iteration: int) -> Array:
        """Return m̂ / (√ŝ + δ)."""
        t = iteration + 1
        β1, β2 = self.first_moment_decay, self.second_moment_decay
        mean = β1 * state["mean"] + (1 - β1) * gradient
        squares = β2 * state["squares"] + (1 - β2) * gradient**2
        state["mean"], state["squares"] = mean, squares
        return mean / (1 - β1**t) / (np.sqrt(squares / (1 - β2**t)) + self.stabilizer)


@dataclass(frozen=True)
class Minibatches:
    """Stochastic descent: each step follows the gradient of a few samples, drawn by seed.

    An epoch shuffles the samples and deals them out, ``batch_size`` to a step, so that it visits
    each once; the last batch gets what is left. The next epoch shuffles again. All runs of a batch
    see the same samples, so that they differ in nothing but their start and learning rate.

    Parameters
    ----------
    batch_size : int
        Samples per step; all of them make plain descent.
    seed : int
        Same seed, same samples.

    Raises
    ------
    ValueError
        If batch_size is not a whole number of at least 1, or seed not one of at least 0.
    """

    batch_size: int
    seed: int = 0

    def __post_init__(self) -> None:
        as_whole("batch_size", self.batch_size, least=1)
        as_whole("seed", self.seed)

    def per_epoch(self, n_samples: int) -> int:
        """Return how many steps make an epoch; raise ValueError for fewer than ``batch_size``."""
        n_samples = as_whole("n_samples", n_samples, least=1)
        check_size("the samples' order", (n_samples,))
        if self.batch_size > n_samples:
            raise ValueError(
                f"batch_size is {self.batch_size}, but there are only {n_samples} samples: "
                "choose a smaller one"
            )
        return -(-n_samples // self.batch_size)

    def indices(self, n_samples: int) -> Iterator[NDArray[np.intp]]:
        """Yield each step's samples, epoch after epoch, without end."""
        self.per_epoch(n_samples)  # refuses too few samples
        n_samples = int(n_samples)
        rng = as_generator("seed", self.seed)
        while True:
            yield from np.split(
                rng.permutation(n_samples), range(self.batch_size, n_samples, self.batch_size)
            )

    def subsets(self, task: Task) -> Iterator[DataTask]:
        """Return the task on each step's samples, without end.

        Raises
        ------
        ValueError
            If the task has no samples; with the first step, if it has fewer than ``batch_size``.
        """
        if not isinstance(task, DataTask):
            raise ValueError(
                f"minibatches need a task that learns from samples, which {shown(task)} is not"
            )
        return map(task.subset, self.indices(task.n_samples))

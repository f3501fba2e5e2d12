"""Where a descent starts: θ ~ Init, the first line of the lecture's loop."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from gdviz.task import Array

Seed = int | np.random.Generator


@dataclass(frozen=True)
class Gaussian:
    """N(μ, σ): every entry of θ drawn from a normal distribution of mean μ and deviation σ.

    Source: the lecture's slide "Initialization".

    Raises
    ------
    ValueError
        If mu is not finite, or sigma negative or not finite.
    """

    mu: float = 0.0
    sigma: float = 1.0

    @property
    def label(self) -> str:
        """The lecture's name for it, such as N(0, 1)."""
        return f"N({self.mu:g}, {self.sigma:g})"

    def __post_init__(self) -> None:
        _check_finite(mu=self.mu, sigma=self.sigma)
        if self.sigma < 0:
            raise ValueError(f"sigma must not be negative, got {self.sigma}: it is a width")

    def sample(self, shape: tuple[int, ...], rng: Seed) -> Array:
        """Draw θ of ``shape``; ``rng`` is a seed or a numpy Generator."""
        return np.random.default_rng(rng).normal(self.mu, self.sigma, shape)


@dataclass(frozen=True)
class Uniform:
    """U(a, b): every entry of θ drawn evenly from [a, b).

    Source: the lecture's slide "Initialization".

    Raises
    ------
    ValueError
        If a, b or b - a is not finite, or a > b.
    """

    a: float = -1.0
    b: float = 1.0

    @property
    def label(self) -> str:
        """The lecture's name for it, such as U(-1, 1)."""
        return f"U({self.a:g}, {self.b:g})"

    def __post_init__(self) -> None:
        _check_finite(a=self.a, b=self.b)
        _check_finite(**{"b - a": float(self.b) - float(self.a)})
        if self.a > self.b:
            raise ValueError(f"a must not exceed b, got a={self.a} and b={self.b}: swap them")

    def sample(self, shape: tuple[int, ...], rng: Seed) -> Array:
        """Draw θ of ``shape``; ``rng`` is a seed or a numpy Generator."""
        return np.random.default_rng(rng).uniform(self.a, self.b, shape)


Initialization = Gaussian | Uniform


def _check_finite(**parameters: float) -> None:
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise ValueError(f"{name} must be a number, got {value!r}")
        if not isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")

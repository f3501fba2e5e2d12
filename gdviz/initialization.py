"""Where a descent starts: θ ~ Init, the first line of the lecture's loop."""

from dataclasses import dataclass
from typing import Any

from gdviz.arguments import Seed, as_generator, as_number, as_whole, check_size
from gdviz.task import Array


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
        _settle(self)
        if self.sigma < 0:
            raise ValueError(f"sigma must not be negative, got {self.sigma}: it is a width")

    def sample(self, shape: tuple[int, ...], rng: Seed) -> Array:
        """Draw θ of ``shape``; ``rng`` is a seed or a numpy Generator."""
        return as_generator("rng", rng).normal(self.mu, self.sigma, _as_shape(shape))


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
        _settle(self)
        as_number("b - a", float(self.b) - float(self.a))
        if self.a > self.b:
            raise ValueError(f"a must not exceed b, got a={self.a} and b={self.b}: swap them")

    def sample(self, shape: tuple[int, ...], rng: Seed) -> Array:
        """Draw θ of ``shape``; ``rng`` is a seed or a numpy Generator."""
        return as_generator("rng", rng).uniform(self.a, self.b, _as_shape(shape))


Initialization = Gaussian | Uniform


def _settle(distribution: Initialization) -> None:
    """Make floats of all parameters but those that are Python's whole numbers."""
    for name, value in vars(distribution).items():
        number = as_number(name, value)
        if not isinstance(value, int):
            object.__setattr__(distribution, name, number + 0.0)  # NumPy refuses a width of -0.0


def _as_shape(shape: Any) -> tuple[int, ...]:
    entries = shape if isinstance(shape, (tuple, list)) else (shape,)
    sizes = tuple(as_whole("shape", entry) for entry in entries)
    check_size("theta", sizes, "choose a smaller shape")
    return sizes

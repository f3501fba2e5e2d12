"""Where descents end: in which minimum, in none, or in no finite place."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_rates, as_whole
from gdviz.landscape import minimizer_of
from gdviz.surfaces import Surface, as_window
from gdviz.task import Array, Task, check_task, quiet_overflow

NEAR = 0.01
"""A descent has arrived where it is so near to a minimum, as a fraction of the picture's sides."""
LOOK_EVERY = 5
"""So many steps of `Destinations.basins` lie between two looks at what has arrived."""

Codes = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Destinations:
    """The places where descents of a task can end, by number.

    0, 1, ... are the minima, the lowest first; then comes `nowhere` (in no minimum: still on its
    way, or jumping about for ever), then `diverged` (further up and further out than at the start).

    Attributes
    ----------
    task : Task
    minima : ndarray of shape ``(k, *task.shape)``
    window : ndarray of shape ``(p, 2)``
        ``(low, high)`` of each entry of θ in the picture.
    """

    task: Task
    minima: Array
    window: Array

    @property
    def nowhere(self) -> int:
        """The number of "in no minimum"."""
        return len(self.minima)

    @property
    def diverged(self) -> int:
        """The number of "diverged"."""
        return len(self.minima) + 1

    @cached_property
    def limits(self) -> Array:
        """The largest learning rate with which a descent comes to rest in each minimum: 2/λmax."""
        if not len(self.minima):
            return np.empty(0)
        return self.task.max_stable_learning_rate(self.minima)

    @quiet_overflow()
    def reached(self, theta: Array, first_loss: Array, learning_rate: Array) -> Codes:
        """Return where descents that stand at ``theta`` have ended.

        Near a minimum that is too steep for the learning rate, 2/λmax, no descent comes to rest:
        it does not count as arrived there.

        Parameters
        ----------
        theta : ndarray of shape ``(..., *task.shape)``
        first_loss : ndarray of shape ``(...)``
            The losses where they set out.
        learning_rate : ndarray that broadcasts with ``first_loss``
        """
        codes = np.full(theta.shape[:-2], self.nowhere, dtype=np.uint16)
        low, high = self.window.T
        places = theta.reshape(*theta.shape[:-2], -1)
        outside = ~((low <= places) & (places <= high)).all(axis=-1)
        if outside.any():
            codes[outside & ~(self.task.loss(theta) <= first_loss)] = self.diverged
        for number, minimum in enumerate(self.minima):
            offset = (places - minimum.ravel()) / (high - low)
            near = np.einsum("...p,...p", offset, offset) <= NEAR**2
            codes[near & (learning_rate < self.limits[number])] = number
        return codes

    @quiet_overflow()
    def basins(self, starts: ArrayLike, learning_rates: ArrayLike, iterations: int) -> Codes:
        """Return where descents from ``starts`` have ended after ``iterations`` steps.

        Parameters
        ----------
        starts : ndarray of shape ``(n, *task.shape)``
        learning_rates : ndarray of shape ``(r,)``

        Returns
        -------
        ndarray of shape ``(r, n)``
        """
        task, starts = self.task, self.task.as_theta(starts)
        if starts.ndim != 3:
            raise ValueError(f"starts has shape {starts.shape}, but must be (n, *task.shape)")
        learning_rates = as_rates("learning_rates", learning_rates)
        if learning_rates.ndim != 1:
            raise ValueError(f"learning_rates has shape {learning_rates.shape}, but must be (r,)")
        iterations = as_whole("iterations", iterations)
        first_losses = task.loss(starts)
        codes = np.empty((len(learning_rates), len(starts)), dtype=np.uint16)
        # One rate at a time, so that the arrays stay in the processor's cache.
        for ε, ends in zip(learning_rates, codes, strict=True):
            theta, first_loss, going = starts, first_losses, np.arange(len(starts))
            for iteration in range(iterations + 1):
                if iteration % LOOK_EVERY == 0 or iteration == iterations:
                    ends[going] = reached = self.reached(theta, first_loss, ε)
                    # Who has arrived stays, and so does who is gone for good.
                    left = (reached >= self.nowhere) & np.isfinite(theta).all(axis=(-2, -1))
                    theta, first_loss, going = theta[left], first_loss[left], going[left]
                    if not len(going):
                        break
                theta = theta - ε * task.jacobian(theta).mT
        return codes


def destinations(task: Task, window: ArrayLike) -> Destinations:
    """Return where descents of ``task`` can end; ``window`` has shape ``(p, 2)``.

    A model may have no minimum, if its classes are separable.
    """
    check_task(task)
    window = as_window(window, (math.prod(task.shape),))
    if isinstance(task, Surface):
        minima = task.minima()
        order = np.argsort(task.loss(minima).round(9), kind="stable")
        return Destinations(task, minima[order], window)
    best = minimizer_of(task)
    minima = np.empty((0, *task.shape)) if best is None else best[None]
    return Destinations(task, minima, window)

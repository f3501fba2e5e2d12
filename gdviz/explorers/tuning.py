"""A fair race: each optimizer at its own best learning rate, found on one grid for all."""

from dataclasses import dataclass

import numpy as np

from gdviz.descent import gradient_descent
from gdviz.explorers.terrain import Terrain
from gdviz.optimizers import Optimizer
from gdviz.task import Array, quiet_overflow

PER_DECADE = 10
"""Learning rates on the grid."""
MARGIN = 1
"""Decades at either end of the grid that are computed, but not chosen from."""
N_STARTS = 16


@dataclass(frozen=True, eq=False)
class Tuning:
    """How well an optimizer does at each learning rate of a grid.

    Attributes
    ----------
    rates : ndarray of shape (n,)
    loss : ndarray of shape (n,)
        By how much the loss exceeds the least, at the highest in the last tenth of the iterations:
        what swings is not judged by a lucky moment. The median over starts.
    best : int
        Where among the rates the loss is least; of those that have arrived, the smallest rate.
    """

    rates: Array
    loss: Array
    best: int


def grid_of_rates(terrain: Terrain) -> Array:
    """Return learning rates small and large enough for every optimizer, evenly spaced by factors.

    Plain descent wants up to 2/λmax, in units of θ² per loss; AdaGrad, RMSProp and Adam, whose ε is
    in units of θ, up to the size of the picture. From a thousandth of the smaller of the two to the
    larger, and a decade on either side.
    """
    at = terrain.minimizer if terrain.minimizer is not None else np.zeros(terrain.task.shape)
    limit = float(terrain.task.max_stable_learning_rate(at))
    sizes = [*(np.ptp(terrain.window, axis=1) / 2), limit]
    known = [size for size in sizes if 0 < size < np.inf]
    low = np.floor(np.log10(min(known))) - 3 - MARGIN
    high = np.ceil(np.log10(max(known))) + MARGIN
    return np.asarray(10 ** np.linspace(low, high, round((high - low) * PER_DECADE) + 1))


def starts_of(terrain: Terrain) -> Array:
    """Return starts spread over the picture, the same ones for every optimizer."""
    low, high = terrain.window.T
    draws = low + (high - low) * np.random.default_rng(0).random((N_STARTS, 2))
    return terrain.plane.point(*draws.T)


def last_tenth(iterations: int) -> int:
    """Return how many of the last iterations count."""
    return max(1, iterations // 10)


def tune(
    terrain: Terrain, optimizer: Optimizer | None, rates: Array, iterations: int, arrived: float
) -> Tuning:
    """Descend from all starts at all rates at once, and see which rate gets lowest.

    Losses that exceed the lowest by no more than ``arrived`` count as equal.
    """
    batch = gradient_descent(
        terrain.task, starts_of(terrain), rates[:, None], iterations, optimizer=optimizer
    )
    last = batch.loss[..., -last_tenth(iterations) :]
    with quiet_overflow():
        loss = np.median(terrain.above_lowest(last).max(axis=-1), axis=1)
    edge = MARGIN * PER_DECADE
    best = edge + int(np.argmin(np.maximum(loss, arrived)[edge : len(loss) - edge]))
    return Tuning(rates, loss, best)

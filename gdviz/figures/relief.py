"""A landscape in grey, under things whose colours mean something."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from numpy.typing import ArrayLike

from gdviz.figures.style import label
from gdviz.landscape import Landscape
from gdviz.task import Array

LEVELS = 15


def draw_relief(axes: Axes, landscape: Landscape, names: tuple[str, str]) -> None:
    """Draw contours of the loss in light greys, the darker the lower.

    The levels are spaced as the squares 0, 1, 4, 9, ..., as in `draw_landscape`.
    """
    loss = landscape.loss
    finite = loss[np.isfinite(loss)]
    low, high = finite.min(), finite.max()
    levels = low + (high - low or 1) * np.linspace(0, 1, LEVELS) ** 2
    grid = (landscape.u, landscape.v, loss)
    lightest = PowerNorm(0.5, low - 0.1 * (high - low or 1), high)
    axes.contourf(*grid, levels=levels, cmap="gray", norm=lightest, alpha=0.35)
    axes.contour(*grid, levels=levels, colors="0.45", linewidths=0.6)
    axes.set_box_aspect(1)
    label(axes, x=names[0], y=names[1])


def draw_profile(axes: Axes, x: Array, loss: ArrayLike, name: str) -> None:
    """Draw the loss of one parameter as a curve."""
    loss = np.asarray(loss)
    finite = loss[np.isfinite(loss)]
    low, high = finite.min(), finite.max()
    margin = 0.06 * (high - low or 1)
    axes.plot(x, loss, color="0.3")
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(low - 1.5 * margin, high + margin)
    label(axes, x=name, y="loss")

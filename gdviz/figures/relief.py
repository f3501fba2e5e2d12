"""A landscape in grey, under things whose colours mean something."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator

from gdviz.figures.landscape import LEVELS, check_picture, loss_range
from gdviz.figures.style import label
from gdviz.landscape import Landscape, Plane
from gdviz.task import Array


def draw_relief(axes: Axes, landscape: Landscape, plane: Plane) -> None:
    """Draw contours of the loss in light greys, the darker the lower.

    The levels are spaced as in `draw_landscape`.
    """
    check_picture(axes, landscape, plane, 2)
    low, high = loss_range(landscape)
    levels: Array = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2
    grid = (*landscape.coordinates, landscape.loss)
    axes.contourf(*grid, levels=levels, cmap="gray", norm=PowerNorm(0.5, low, high), alpha=0.35)
    axes.contour(*grid, levels=levels, colors="0.45", linewidths=0.6)
    axes.set_box_aspect(1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    label(axes, x=plane.names[0], y=plane.names[1])

"""The loss landscape over two parameters, seen from above."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator

from gdviz.figures.style import label
from gdviz.landscape import Landscape, Plane
from gdviz.task import Array

LEVELS = 15


def draw_landscape(
    axes: Axes, landscape: Landscape, plane: Plane, minimizer: Array | None = None
) -> None:
    """Draw filled contours of the loss, dark where it is low, and a star at the minimizer.

    The levels are spaced as the squares 0, 1, 4, 9, ..., so that a parabola's rings are evenly
    spaced.
    """
    finite = landscape.loss[np.isfinite(landscape.loss)]
    low, high = finite.min(), finite.max()
    if not high > low:
        high = low + 1
    levels = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2
    grid = (landscape.u, landscape.v, landscape.loss)
    filled = axes.contourf(*grid, levels=levels, norm=PowerNorm(0.5, low, high))
    axes.contour(*grid, levels=levels, colors="white", linewidths=0.4)
    if minimizer is not None:
        u, v = plane.coordinates(minimizer)
        axes.plot(u, v, "*", color="white", markeredgecolor="black", markersize=14)
    ticks = levels[[0, LEVELS // 2, LEVELS - 1]]
    bar = axes.figure.colorbar(filled, cax=axes.inset_axes((1.03, 0, 0.05, 1)))
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.set_title("loss", fontsize=11, fontweight="normal", loc="left")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(_short))
    axes.set_box_aspect(1)
    label(axes, x=plane.names[0], y=plane.names[1], title="Landscape")
    axes.set_title("○ start  ☆ minimum", loc="right", fontsize=11, fontweight="normal")


def _short(value: float, _: int) -> str:
    """Write a tick's value in few characters: 12000 as 12k."""
    text = f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
    return text.replace("-", "\N{MINUS SIGN}")

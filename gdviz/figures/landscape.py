"""The loss landscape: a curve over one parameter; over two, seen from above or as a surface."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator
from mpl_toolkits.mplot3d import Axes3D

from gdviz.arguments import check_kinds
from gdviz.landscape import LARGEST, Landscape, Plane
from gdviz.task import Array, Task

LEVELS = 15
FACETS = 40
"""Along each side of a surface."""
STAR: dict[str, Any] = {"color": "white", "markeredgecolor": "black", "markersize": 14}
CLOSEST = 1e-11
"""A landscape is flat where losses differ by a smaller fraction: contours would show rounding."""
HEADROOM = 0.08
"""Above and below a curve, as a fraction of its height."""


def draw_landscape(
    axes: Axes, landscape: Landscape, plane: Plane, minimizers: Array | None = None
) -> None:
    """Draw filled contours of the loss, dark where it is low, and a star at each minimizer.

    ``minimizers`` are one θ or several. The levels are spaced as the squares 0, 1, 4, 9, ..., so
    that a parabola's rings are evenly spaced.
    """
    check_picture(axes, landscape, plane, 2)
    low, high = loss_range(landscape)
    levels: Array = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2
    grid = (*landscape.coordinates, landscape.loss)
    filled = axes.contourf(*grid, levels=levels, norm=PowerNorm(0.5, low, high))
    axes.contour(*grid, levels=levels, colors="white", linewidths=0.4)
    if minimizers is not None:
        axes.plot(*plane.coordinates(minimizers).T, "*", **STAR)
    ticks = levels[[0, LEVELS // 2, LEVELS - 1]]
    bar = axes.figure.colorbar(filled, cax=axes.inset_axes((1.03, 0, 0.05, 1)))
    bar.set_ticks(ticks.tolist(), labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.set_title("loss", fontsize=11, fontweight="normal", loc="left")
    axes.set_box_aspect(1)
    _name(axes, plane.names)
    _head(axes, minimizers)


def draw_curve(
    axes: Axes, landscape: Landscape, plane: Plane, task: Task, minimizers: Array | None = None
) -> None:
    """Draw the loss over a single parameter as a curve, and a star at each minimizer."""
    check_picture(axes, landscape, plane, 1)
    check_kinds(task=(task, Task))
    low, high = loss_range(landscape)
    [u], [name] = landscape.coordinates, plane.names
    axes.plot(u, landscape.loss, color="0.35")
    axes.fill_between(u, landscape.loss, low - high, color="0.93", linewidth=0)
    if minimizers is not None:
        axes.plot(plane.coordinates(minimizers)[..., 0], task.loss(minimizers), "*", **STAR)
    margin = HEADROOM * (high - low)
    axes.set(xlim=u[[0, -1]], ylim=(low - margin, high + margin))
    _name(axes, (name, "loss"))
    _head(axes, minimizers)


def draw_surface(
    axes: Axes3D, landscape: Landscape, plane: Plane, task: Task, minimizers: Array | None = None
) -> None:
    """Draw the loss as a surface over two parameters, in the colours of `draw_landscape`.

    There is a little room below, for a minimum between the points of the grid. The projection is
    parallel, so that lines far outside the picture do not come round behind it.
    """
    check_kinds(axes=(axes, Axes3D), task=(task, Task))
    check_picture(axes, landscape, plane, 2)
    low, high = loss_range(landscape)
    u, v = np.meshgrid(*landscape.coordinates)
    axes.set_proj_type("ortho")
    axes.plot_surface(
        u,
        v,
        landscape.loss,
        cmap="viridis",
        norm=PowerNorm(0.5, low, high),
        rcount=FACETS,
        ccount=FACETS,
        linewidth=0.15,
        edgecolor="white",
    )
    if minimizers is not None:
        best = (*plane.coordinates(minimizers).T, task.loss(minimizers))
        axes.plot(*map(np.atleast_1d, best), "*", zorder=10, **STAR)
    axes.set(xlim=u[0, [0, -1]], ylim=v[[0, -1], 0], zlim=(low - 0.03 * (high - low), high))
    axes.set_box_aspect((1, 1, 0.7), zoom=0.9)
    _name(axes, [name.replace("principal ", "") for name in plane.names])  # edges are short
    _head(axes, minimizers, "  ↑ loss", 0.985)
    axes.zaxis.set_major_locator(MaxNLocator(4))
    axes.zaxis.set_major_formatter(FuncFormatter(_short))
    axes.tick_params(pad=0)
    axes.tick_params("z", pad=8)  # these lie beside their axis: 6e+08 is a wide one


def check_picture(axes: Axes, landscape: Landscape, plane: Plane, dims: int) -> None:
    """Refuse what is no picture over ``dims`` parameters, or no place to draw it."""
    check_kinds(axes=(axes, Axes), landscape=(landscape, Landscape), plane=(plane, Plane))
    if not landscape.loss.ndim == len(plane.names) == dims:
        raise ValueError(
            f"landscape and plane must have {dims} dimensions, got {landscape.loss.ndim} and "
            f"{len(plane.names)}"
        )


def loss_range(landscape: Landscape) -> tuple[float, float]:
    """Return the least and the largest finite loss of a landscape, far enough apart for contours.

    Raises
    ------
    ValueError
        If no loss is finite, or one is too large to be drawn.
    """
    finite = landscape.loss[np.isfinite(landscape.loss)]
    if not len(finite) or max(-finite.min(), finite.max()) > LARGEST:
        raise ValueError(
            "landscape has losses too large for a picture, or none that is finite: the task needs "
            "smaller numbers or another window"
        )
    low, high = float(finite.min()), float(finite.max())
    rounding = CLOSEST * max(abs(low), abs(high))
    return low, low + (max(high - low, rounding) or 1.0)


def _name(axes: Axes, names: Sequence[str]) -> None:
    for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=True):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(_short))
        axis.set_label_text(name)


def _head(axes: Axes, minimizers: Array | None, more: str = "", y: float | None = None) -> None:
    axes.set_title("Landscape", loc="left", y=y)
    key = "○ start" if minimizers is None else "○ start  ☆ minimum"
    axes.set_title(key + more, loc="right", y=y, fontsize=11, fontweight="normal")


def _short(value: float, _: int) -> str:
    """Write a tick's value in few characters: 6000 as 6k, 600 000 000 as 6e+08."""
    return f"{value / 1000:g}k" if 1000 <= abs(value) < 1e6 else f"{value:g}"

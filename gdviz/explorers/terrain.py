"""What optimizers of two parameters are compared on: its picture, its starts, its lowest loss."""

from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from gdviz.explorers.controls import checked_start
from gdviz.figures import draw_landscape, loss_range
from gdviz.landscape import (
    Landscape,
    landscape,
    minimizer_of,
    minimizers_of,
    parameter_plane,
    window_around,
)
from gdviz.task import Array, Task

START = (0.08, 0.3)
"""Where in the window a descent starts by default: from the left edge, from the lower one."""
MAX_BYTES = 6_000_000
"""Of the data of many descents at once: more than other figures have, for more iterations."""

ROUNDING = 1e-16
"""Of the picture's height: float64 tells no smaller differences of losses as high as that."""


class Terrain:
    """The landscape of a task's two parameters.

    Raises
    ------
    ValueError
        If ``task`` is none, or has not exactly two parameters.
    """

    def __init__(self, task: Task) -> None:
        if not isinstance(task, Task):
            raise ValueError(
                f"task must be one such as gd.LinearRegression(X, y) or gd.surfaces.ravine(), got "
                f"{task!r}"
            )
        if np.prod(task.shape) != 2:
            raise ValueError(
                f"task has {np.prod(task.shape)} parameters (theta of shape {task.shape}), the map "
                "shows 2: take one feature and one output, or a surface over x and y"
            )
        self.task = task
        self.plane = parameter_plane(task)
        self.window = window_around(task, self.plane, np.zeros((1, *task.shape)))

    @cached_property
    def picture(self) -> Landscape:
        """The loss over the window."""
        return landscape(self.task, self.plane, self.window)

    @cached_property
    def minimizer(self) -> Array | None:
        """A θ of least loss, None where there is none."""
        return minimizer_of(self.task)

    @cached_property
    def lowest(self) -> float:
        """The least loss; the least in the picture where the loss falls without end."""
        if self.minimizer is not None:
            return float(self.task.loss(self.minimizer))
        least = self.task.least_loss
        return least if np.isfinite(least) else float(np.nanmin(self.picture.loss))

    @cached_property
    def height(self) -> float:
        """By how much the highest loss in the picture exceeds the lowest."""
        return float(loss_range(self.picture)[1] - self.lowest)

    def above_lowest(self, loss: Array) -> Array:
        """Return by how much ``loss`` exceeds the lowest, inf for NaN; no less than rounding."""
        above = np.where(np.isnan(loss), np.inf, loss) - self.lowest
        return np.maximum(above, ROUNDING * self.height)

    def start(self, theta: ArrayLike | None) -> Array:
        """Return ``theta`` as one start; None means a place left of the middle.

        Raises
        ------
        ValueError
            If it is not one finite θ of the task's shape, within the picture.
        """
        low, high = self.window.T
        if theta is None:
            return self.plane.point(*(low + (high - low) * START))
        start = checked_start(self.task, theta)
        where = self.plane.coordinates(start)
        if (where < low).any() or (where > high).any():
            raise ValueError(
                f"start {where.tolist()} is outside the picture, {self.window.round(3).tolist()}: "
                "start within it, or pass a surface with a larger window"
            )
        return start

    def draw(self, axes: Axes) -> None:
        """Draw the landscape, with stars where it is lowest."""
        draw_landscape(axes, self.picture, self.plane, minimizers_of(self.task))

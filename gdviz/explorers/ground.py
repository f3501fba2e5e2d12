"""What a descent of two parameters runs over: which plane, which part of it, where it is lowest."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from gdviz.figures import draw_landscape
from gdviz.landscape import Landscape, Plane, landscape, parameter_plane, window_around
from gdviz.surfaces import Surface
from gdviz.task import Array, Task

START = (0.08, 0.3)
"""Where in the window a descent starts by default: from the left edge, from the lower one."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The landscape of a task's two parameters.

    Attributes
    ----------
    task : Task
    plane : Plane
    window : ndarray of shape (2, 2)
        A surface's own; about the minimum of anything else.
    """

    task: Task
    plane: Plane
    window: Array

    @classmethod
    def of(cls, task: Task) -> "Ground":
        """Return the ground of ``task``; raise ValueError if its parameters are not two."""
        if not isinstance(task, Task):
            raise ValueError(f"task must be a model or a surface of gdviz, got {task!r}")
        plane = parameter_plane(task)
        if isinstance(task, Surface):
            return cls(task, Plane(plane.origin, plane.directions, ("x", "y")), task.window)
        return cls(task, plane, window_around(task, plane, np.zeros((1, *task.shape))))

    @cached_property
    def picture(self) -> Landscape:
        """The loss over the window."""
        return landscape(self.task, self.plane, self.window)

    @cached_property
    def minimizer(self) -> Array | None:
        """A θ of least loss, None where the loss has no least value."""
        try:
            return self.task.minimizer()
        except ValueError:
            if isinstance(self.task, Surface):  # such as a saddle
                return None
            raise

    @cached_property
    def lowest(self) -> float:
        """The least loss; the least in the picture where the loss has no least value."""
        if self.minimizer is None:
            return float(np.nanmin(self.picture.loss))
        return float(self.task.loss(self.minimizer))

    def above_lowest(self, loss: Array, floor: float) -> Array:
        """Return by how much ``loss`` exceeds the lowest, at least ``floor``, inf for NaN."""
        with np.errstate(invalid="ignore"):
            return np.fmax(np.where(np.isnan(loss), np.inf, loss) - self.lowest, floor)

    def start(self, theta: ArrayLike | None) -> Array:
        """Return ``theta`` as one finite start; None means a place left of the middle.

        Raises
        ------
        ValueError
            If it is not one, of the task's shape, within the picture.
        """
        low, high = self.window.T
        if theta is None:
            return self.plane.point(*(low + (high - low) * START))
        start = self.task.as_theta(theta)
        if start.shape != self.task.shape or not np.isfinite(start).all():
            raise ValueError(
                f"start must be one finite theta of shape {self.task.shape}, got {theta!r}"
            )
        where = self.plane.coordinates(start)
        if (where < low).any() or (where > high).any():
            raise ValueError(
                f"start {where.tolist()} is outside the picture, {self.window.tolist()}: start "
                "within it, or pass a surface with a larger window"
            )
        return start.copy()

    def draw(self, axes: Axes) -> None:
        """Draw the landscape, with a star where it is lowest."""
        draw_landscape(axes, self.picture, self.plane, self.minimizer)
        if self.minimizer is None:
            axes.set_title("○ start", loc="right", fontsize=11, fontweight="normal")

"""What a model makes of the data as its descent runs: a line, probabilities, regions."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes

from gdviz.classification import Classifier
from gdviz.descent import Descent
from gdviz.explorers.style import LINE
from gdviz.figures import class_color, draw_classes, draw_fit, draw_probabilities
from gdviz.linear import LinearRegression
from gdviz.live import Area, Line, Track
from gdviz.task import Array, Task, quiet_overflow

CURVES_BYTES = 2_000_000
"""What curves may take of the data sent to the page."""
UPRIGHT = 1e9
"""Times as steep as the picture's diagonal: nobody sees that a line is not quite upright."""
MOST_POINTS, FEWEST_POINTS = 61, 9
"""On a curve of probabilities."""


class Fit(Protocol):
    """A panel beside the landscape."""

    def __init__(self, axes: Axes, task: Any, n_steps: int) -> None:
        """Draw what stands still; ``n_steps`` is how many θ there are from one start."""

    def tracks(self, batch: Descent, over: Sequence[str]) -> list[Track]:
        """Return what moves; ``over`` names the batch's axes and the iterations."""


def fit_of(task: Task) -> type[Fit] | None:
    """Return the panel in which this task's fit can be seen; None if there is no such picture."""
    if isinstance(task, LinearRegression) and task.shape == (1, 2):
        return LineFit
    if isinstance(task, Classifier) and task.n_features == 1:
        return ProbabilityFit
    if isinstance(task, Classifier) and task.n_features == 2:
        return RegionFit
    return None


class LineFit:
    """The line over the samples of one feature."""

    def __init__(self, axes: Axes, task: LinearRegression, n_steps: int) -> None:
        self.axes = axes
        self.task = task
        draw_fit(axes, task.dataset)

    @quiet_overflow()
    def tracks(self, batch: Descent, over: Sequence[str]) -> list[Track]:
        """Return the line of each θ."""
        ends = np.array(self.axes.get_xlim())
        y = self.task.predict(batch.theta, ends)[..., 0]
        # Where its ends are farther away than pixels can say, a line is upright, and so is a
        # shorter one that is zero at the same place.
        longest = UPRIGHT * np.ptp(self.axes.get_ylim())
        y = y * (longest / np.maximum(longest, np.abs(y).max(axis=-1, keepdims=True)))
        return [Line(self.axes, ends, y, over, **LINE)]


class ProbabilityFit:
    """The probability of each class over one feature; of two classes, that of the second."""

    def __init__(self, axes: Axes, task: Classifier, n_steps: int) -> None:
        self.axes = axes
        self.task = task
        draw_probabilities(axes, task)
        # With as many points as there is room for.
        n_curves = 1 if len(task.classes) == 2 else len(task.classes)
        room = CURVES_BYTES // (4 * n_steps * n_curves)
        self.x = np.linspace(*axes.get_xlim(), int(np.clip(room, FEWEST_POINTS, MOST_POINTS)))

    def tracks(self, batch: Descent, over: Sequence[str]) -> list[Track]:
        """Return the curves of each θ."""
        n_classes = len(self.task.classes)
        shown = [1] if n_classes == 2 else range(n_classes)
        probabilities = self.task.probabilities(batch.theta, self.x)
        return [
            Line(
                self.axes,
                self.x,
                probabilities[..., code],
                over,
                **(LINE if n_classes == 2 else {**LINE, "color": class_color(code)}),
            )
            for code in shown
        ]


class RegionFit:
    """The region of each class in the plane of two features."""

    def __init__(self, axes: Axes, task: Classifier, n_steps: int) -> None:
        self.axes = axes
        self.task = task
        draw_classes(axes, task)

    def tracks(self, batch: Descent, over: Sequence[str]) -> list[Track]:
        """Return the regions of each θ as polygons."""
        theta = batch.theta
        if len(self.task.classes) == 2 and theta.shape[-2] == 1:  # logistic: z of the second class
            theta = np.concatenate([np.zeros_like(theta), theta], axis=-2)
        window = np.array([self.axes.get_xlim(), self.axes.get_ylim()])
        return [
            Area(self.axes, x, y, over, color=class_color(code), alpha=0.25)
            for code, (x, y) in enumerate(regions(theta, window))
        ]


@quiet_overflow()
def regions(theta: Array, window: Array) -> list[tuple[Array, Array]]:
    """Return, for each class, where in a window of two features it is the likeliest.

    Each is the window's rectangle, cut by one straight line for each other class: where the
    logits of the two are equal.

    Parameters
    ----------
    theta : ndarray of shape ``(..., n_classes, 3)``
    window : ndarray of shape ``(2, 2)``
        Low and high end of each feature.

    Returns
    -------
    list of (x, y), each an ndarray of shape ``(..., n_classes + 3)``
        A polygon's corners in order, NaN where it has fewer.
    """
    (left, right), (low, high) = window
    corners = np.array([[left, low], [right, low], [right, high], [left, high]])
    rectangle = np.broadcast_to(corners, (*theta.shape[:-2], 4, 2))
    polygons = []
    for j in range(theta.shape[-2]):
        polygon: Array = rectangle
        for k in range(theta.shape[-2]):
            if k != j:
                polygon = _cut(polygon, theta[..., j, :] - theta[..., k, :])
        polygons.append((polygon[..., 0], polygon[..., 1]))
    return polygons


def _cut(polygon: Array, line: Array) -> Array:
    """Return the part of a convex polygon where w₁x + w₂y + b ≥ 0, after Sutherland and Hodgman.

    ``polygon`` has shape ``(..., n, 2)``, ``line`` (w₁, w₂, b) ``(..., 3)``, and the answer
    ``(..., n + 1, 2)``: a straight cut adds one corner at the most.
    """
    n = polygon.shape[-2]
    here, following = polygon, np.roll(polygon, -1, axis=-2)
    following = np.where(np.isnan(following), polygon[..., :1, :], following)  # and round again
    z_here, z_following = (
        np.sum(point * line[..., None, :2], axis=-1) + line[..., None, 2]
        for point in (here, following)
    )
    crosses = (z_here >= 0) != (z_following >= 0)
    with np.errstate(divide="ignore"):  # where the line is parallel to an edge
        share = np.where(crosses, z_here / (z_here - z_following), np.nan)
    crossing = here + share[..., None] * (following - here)
    kept = np.where((z_here >= 0)[..., None], here, np.nan)
    both = np.stack([kept, crossing], axis=-2).reshape(*crossing.shape[:-2], 2 * n, 2)
    order = np.argsort(np.isnan(both[..., 0]), axis=-1, kind="stable")[..., : n + 1]
    return np.take_along_axis(both, order[..., None], axis=-2)

"""Where descents are that have left the picture: half discs on its edge, towards them."""

import functools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gdviz.explorers.style import BEYOND
from gdviz.figures import COLORS
from gdviz.live import Points
from gdviz.task import Array, quiet_overflow


@quiet_overflow()
def on_edge(points: Array, window: Array) -> tuple[NDArray[np.bool_], Array]:
    """Return which points are outside a window, and where the ways to them cross its edge.

    ``points`` has shape ``(..., dims)`` and ``window`` ``(dims, 2)``. The ways begin in its middle.
    NaN for points within it, and for those so far away that nobody knows the way.
    """
    centre, reach = window.mean(axis=-1), np.ptp(window, axis=-1) / 2
    each = np.moveaxis(np.abs(points - centre) / reach, -1, 0)
    distance = functools.reduce(np.maximum, each)  # a maximum over an axis of two is slow
    outside = distance > 1
    far = np.where(outside, distance, np.nan)
    return outside, centre + (points - centre) / far[..., None]


def half_discs(
    axes: Axes, over: Sequence[str], u: Array, v: Array, *, color: str = COLORS["vermillion"]
) -> Points:
    """Return discs at places on the edge of ``axes``, which halves them."""
    return Points(axes, u, v, over, **{**BEYOND, "outline": color})

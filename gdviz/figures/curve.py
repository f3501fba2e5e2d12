"""The loss landscape over one parameter: a curve."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from gdviz.figures.style import label
from gdviz.surfaces import Surface


def draw_curve(axes: Axes, surface: Surface, window: Sequence[float]) -> None:
    """Draw the loss over ``window`` as a line, and a star at the minimizer."""
    x = np.linspace(window[0], window[1], 400)
    loss = surface.loss(x[:, None, None])
    axes.plot(x, loss, color="0.45")
    try:
        best = surface.minimizer()
        axes.plot(best[0], surface.loss(best), "*", color="white", markeredgecolor="black", ms=14)
    except ValueError:  # a window without a minimum
        pass
    axes.set_xlim(window[0], window[1])
    finite = loss[np.isfinite(loss)]
    height = np.ptp(finite) or 1.0
    axes.set_ylim(finite.min() - 0.08 * height, finite.max())
    label(axes, x="x", y="loss L(x)")

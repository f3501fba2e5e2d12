"""FitExplorer: be the optimizer, move the parameters by hand."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from gdviz.explorers.controls import even_stops, plane_of_a_line
from gdviz.explorers.style import LINE, NOW
from gdviz.figures import draw_fit, gdviz_style
from gdviz.landscape import window_around
from gdviz.linear import LinearRegression
from gdviz.live import Line, LiveFigure, Points, Text
from gdviz.task import Array

N_STOPS = 120
BOTH = ("W", "b")


class FitExplorer(LiveFigure):
    """The data, a line under sliders for W and b, and its loss as a number and a colour.

    Parameters
    ----------
    task : LinearRegression
        With one feature and one output.

    Raises
    ------
    ValueError
        If the task does not have exactly two parameters.
    """

    def __init__(self, task: LinearRegression) -> None:
        self.task = task
        plane = plane_of_a_line(task)
        W, b = (
            even_stops(low, high, N_STOPS)
            for low, high in window_around(task, plane, _origin(task))
        )
        theta = plane.point(*np.meshgrid(W, b, indexing="ij"))
        loss = task.loss(theta)
        with gdviz_style():
            figure = Figure(figsize=(8.5, 3.6))
            on_fit = figure.add_axes((0.09, 0.16, 0.55, 0.7))
            on_scale = figure.add_axes((0.76, 0.16, 0.05, 0.7))
            draw_fit(on_fit, task.dataset)
            _draw_scale(on_scale, loss)
        ends = np.array(on_fit.get_xlim())
        lines = task.predict(theta, ends)[..., 0]
        values = {"loss": loss}
        with gdviz_style():
            super().__init__(
                figure,
                [
                    Line(on_fit, ends, lines, BOTH, **LINE),
                    Points(on_scale, 0.5, loss, BOTH, **NOW),
                    Text(
                        "loss {loss:.4g}", values, BOTH, axes=on_scale, y=1.04, bold=True, size=14
                    ),
                ],
                {"W": W, "b": b},
                description=Text(
                    "line with W = {W:.3g} and b = {b:.3g}: loss {loss:.4g}", values, BOTH
                ),
            )
        for control in self.controls.values():
            control.value = 0.0

    def __repr__(self) -> str:
        return f"FitExplorer({self.task!r})"


def _origin(task: LinearRegression) -> Array:
    return np.zeros((1, *task.shape))


def _draw_scale(axes: Axes, loss: Array) -> None:
    """Draw the losses' colours, dark where it is low, spaced as in a landscape."""
    low, high = loss.min(), loss.max()
    levels = np.linspace(low, high, 256)[:, None]
    axes.imshow(
        levels,
        extent=(0, 1, low, high),
        aspect="auto",
        origin="lower",
        norm=PowerNorm(0.5, low, high),
    )
    bottom, top = low - 0.003 * (high - low), high + 0.1 * (high - low)  # room for the marker
    axes.set_yscale(
        "function",
        functions=(lambda v: np.sqrt(np.maximum(v - bottom, 0)), lambda r: bottom + r**2),
    )
    axes.set_xticks([])
    axes.set_ylim(bottom, top)

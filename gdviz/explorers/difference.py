"""DifferenceExplorer: a slope from two values of a function, and how wrong it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats, as_number
from gdviz.explorers.style import LINE, NOW
from gdviz.figures import COLORS, gdviz_style, write_powers
from gdviz.figures.style import label
from gdviz.live import Line, LiveFigure, Points, Text
from gdviz.task import Array

RULES = ("forward", "central")
STEPS = np.array([float(f"{digit}e{power}") for power in range(-16, 0) for digit in (1, 3)] + [1.0])
"""The steps h that can be chosen, two for each power of ten."""
REACH = 1.3
"""So far around the point the function is drawn."""
LEAST = 1e-17
"""Errors below are drawn here: 0 has no place on a logarithmic scale."""


class DifferenceExplorer(LiveFigure):
    """The slope of a function by differences, with a step h that can be chosen.

    On the left the function, its tangent and the line through two of its points; on the right the
    error of that line's slope against h, for forward differences, (f(x + h) - f(x)) / h, and for
    central ones, (f(x + h) - f(x - h)) / 2h.

    Parameters
    ----------
    function, derivative : function of a number
        Both must be finite within 1.3 of ``x``.
    x : float
        Where the slope is wanted.

    Raises
    ------
    ValueError
        If x is not a finite number, or a value of the functions is not.
    """

    def __init__(
        self,
        function: Callable[[float], ArrayLike],
        derivative: Callable[[float], ArrayLike],
        x: float,
    ) -> None:
        self.x = as_number("x", x)
        h = STEPS
        here, ahead, behind = (_values("function", function, self.x + s) for s in (0 * h, h, -h))
        [slope] = _values("derivative", derivative, np.array([self.x]))
        left = np.stack([np.full(h.shape, self.x), self.x - h])
        low, high = np.stack([here, behind]), np.stack([ahead, ahead])
        slopes = (high - low) / np.stack([h, 2 * h])
        errors = np.abs(slopes - slope)

        with gdviz_style():
            figure = Figure(figsize=(9.5, 4.0))
            on_curve = figure.add_axes((0.075, 0.14, 0.38, 0.68))
            on_error = figure.add_axes((0.59, 0.14, 0.39, 0.68))
            _draw_curve(on_curve, function, self.x, slope)
            _draw_errors(on_error, h, errors)
        ends = np.array(on_curve.get_xlim())
        secant = low[..., None] + slopes[..., None] * (ends - left[..., None])
        over = ("rule", "h")
        words = "slope {slope:.12g},  true {true:.12g},  error {error:.1e}"
        values = {"slope": slopes, "true": slope, "error": errors}
        shown = np.maximum(errors, LEAST)
        right = np.broadcast_to(self.x + h, left.shape)
        with gdviz_style():
            super().__init__(
                figure,
                [
                    Line(on_curve, ends, secant, over, **LINE),
                    Points(
                        on_curve,
                        np.stack([left, right], axis=-1),
                        np.stack([low, high], axis=-1),
                        over,
                        **NOW,
                    ),
                    Points(on_error, h, shown, over, **NOW),
                    Text(words, values, over, x=0.012, y=0.935, bold=True),
                ],
                {"rule": RULES, "h": h},
                description=Text(f"{{rule}} difference with h = {{h:.3g}}: {words}", values, over),
            )
        self.controls["h"].value = 1.0

    def __repr__(self) -> str:
        return f"DifferenceExplorer(at x = {self.x:g})"


def _values(name: str, function: Callable[[float], ArrayLike], points: Array) -> Array:
    values = [as_floats(f"what {name} returns", function(float(point))) for point in points]
    if any(value.shape != () or not np.isfinite(value) for value in values):
        raise ValueError(
            f"{name} must return one finite number for each x between {points.min():.3g} and "
            f"{points.max():.3g}"
        )
    return np.array(values)


def _draw_curve(axes: Axes, function: Callable[[float], ArrayLike], x: float, slope: float) -> None:
    """Draw the function around x, and its tangent there."""
    around = np.linspace(x - REACH, x + REACH, 200)
    values = _values("function", function, around)
    [here] = _values("function", function, np.array([x]))
    axes.plot(around, values, color=COLORS["black"], label="f")
    tangent: Any = {"color": "0.5", "linestyle": "--", "linewidth": 1.5, "label": "tangent"}
    axes.plot(around, here + slope * (around - x), **tangent)
    margin = 0.15 * np.ptp(values) or 1.0
    axes.set(xlim=(x - REACH, x + REACH), ylim=(values.min() - margin, values.max() + margin))
    axes.legend(frameon=False)
    label(axes, x="x", y="f(x)", title="Line through two points")


def _draw_errors(axes: Axes, h: Array, errors: Array) -> None:
    """Draw the error of both rules against the step."""
    for rule, color, error in zip(RULES, ("green", "blue"), errors):
        style: Any = {"color": COLORS[color], "linewidth": 1.5, "markersize": 3.5}
        axes.plot(h, np.maximum(error, LEAST), "o-", label=rule, **style)
    axes.set(xscale="log", yscale="log", xticks=10.0 ** np.arange(-16, 1, 4))
    write_powers(axes.xaxis, axes.yaxis)
    axes.minorticks_off()
    axes.grid(color="0.9")
    axes.legend(frameon=False, loc="lower left")
    label(axes, x="h", y="", title="Error of the slope")

"""SigmoidExplorer: one logit, its probability, and what the loss makes of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gdviz.explorers.style import ARROW, NOW
from gdviz.figures import COLORS, gdviz_style, ink, rim
from gdviz.figures.style import label
from gdviz.live import Line, LiveFigure, Points, Text
from gdviz.task import Array

SIZE = (10.5, 4.0)
"""Of the figure, in inches."""
REACH = 8
"""The largest logit of the slider, either way."""
LABELS = ("y = 1", "y = 0")
TANGENT = 0.42
"""Half the length of a tangent, in inches."""
RED, BLUE = COLORS["vermillion"], COLORS["blue"]
SLOPE, SQUARE = COLORS["green"], COLORS["orange"]


class SigmoidExplorer(LiveFigure):
    """The logistic function σ with its slope, and beside it two losses of a single sample.

    The first loss is the negative log-likelihood, -log σ(z) where y = 1 and -log(1 - σ(z)) where
    y = 0; the second, the squared error (σ(z) - y)², goes flat where σ does.

    Parameters
    ----------
    logit : float
        The z that it starts with, from -8 to 8.

    Raises
    ------
    ValueError
        If logit is no number from -8 to 8.
    """

    def __init__(self, logit: float = -2.0) -> None:
        if not (isinstance(logit, (int, float)) and -REACH <= logit <= REACH):
            raise ValueError(f"logit must be a number from {-REACH} to {REACH}, got {logit!r}")
        z = np.round(np.arange(-10 * REACH, 10 * REACH + 1) / 10, 1)
        y = np.array([[1.0], [0.0]])
        p = sigmoid(z)
        slope = p * (1 - p)
        likelihood = np.where(y == 1, np.logaddexp(0, -z), np.logaddexp(0, z))
        square = (p - y) ** 2
        with gdviz_style():
            figure = Figure(figsize=SIZE)
            on_sigmoid = figure.add_axes((0.055, 0.14, 0.41, 0.66))
            on_loss = figure.add_axes((0.555, 0.14, 0.43, 0.66))
            _draw_sigmoid(on_sigmoid, z)
            on_loss.set(xlim=(-REACH, REACH), ylim=(-0.4, REACH + 0.2))
            on_loss.grid(color="0.9")
            label(on_loss, x="logit z", y="")
        over, both = ("z",), ("label", "z")
        values = {
            "p": np.broadcast_to(p, (2, len(z))),
            "odds": np.broadcast_to(np.exp(z), (2, len(z))),
            "slope": np.broadcast_to(slope, (2, len(z))),
            "likelihood": likelihood,
            "square": square,
            "pull": p - y,
            "square_pull": 2 * (p - y) * slope,
        }

        def text(template: str, x: float, y: float, color: str = "black", **style: Any) -> Text:
            return Text(
                template, values, both, x=x, y=y, color=ink(color), **{"size": 12.5, **style}
            )

        curve: dict[str, Any] = {"width": 2.5}
        with gdviz_style():
            super().__init__(
                figure,
                [
                    Line(on_sigmoid, *_tangent(on_sigmoid, z, p, slope), over, **ARROW),
                    Points(on_sigmoid, z, slope, over, **{**NOW, "color": SLOPE}),
                    Points(on_sigmoid, z, p, over, **NOW),
                    Line(
                        on_loss,
                        z,
                        square[:, None],
                        both,
                        color=SQUARE,
                        outline=rim(SQUARE),
                        **curve,
                    ),
                    Line(on_loss, z, likelihood[:, None], both, color=BLUE, **curve),
                    Line(
                        on_loss,
                        *_tangent(on_loss, z, square, values["square_pull"]),
                        both,
                        **ARROW,
                    ),
                    Line(on_loss, *_tangent(on_loss, z, likelihood, p - y), both, **ARROW),
                    Points(
                        on_loss, z, square, both, **{**NOW, "color": SQUARE, "outline": rim(SQUARE)}
                    ),
                    Points(on_loss, z, likelihood, both, **{**NOW, "color": BLUE}),
                    text("z = {z:.1f}", 0.055, 0.955),
                    text("odds e^z = {odds:.3g}", 0.055, 0.895),
                    text("σ(z) = {p:.3g}", 0.27, 0.955, RED),
                    text("σ'(z) = {slope:.3g}", 0.27, 0.895, SLOPE),
                    text(
                        "-log likelihood = {likelihood:.3g}, slope {pull:.3g}", 0.555, 0.955, BLUE
                    ),
                    text(
                        "squared error = {square:.3g}, slope {square_pull:.3g}",
                        0.555,
                        0.895,
                        SQUARE,
                    ),
                    text("Loss of one sample, {label}", 0.555, 0.83, bold=True, size=13),
                ],
                {"z": z, "label": np.array(LABELS)},
                description=Text(
                    "z = {z:.1f}: σ(z) = {p:.3g}, slope {slope:.3g}; for {label} the negative log "
                    "likelihood is {likelihood:.3g}, slope {pull:.3g}, and the squared error "
                    "{square:.3g}, slope {square_pull:.3g}",
                    values,
                    both,
                ),
            )
        self.controls["z"].value = logit

    def __repr__(self) -> str:
        return "SigmoidExplorer()"


def sigmoid(z: Array) -> Array:
    """Return σ(z) = 1 / (1 + exp(-z)), which as a tanh overflows for no z."""
    return np.asarray((1 + np.tanh(z / 2)) / 2)


def _draw_sigmoid(axes: Axes, z: Array) -> None:
    p = sigmoid(z)
    axes.plot(z, p, color=RED, linewidth=2.5)
    axes.plot(z, p * (1 - p), color=SLOPE, linewidth=2.5)
    axes.set(xlim=(-REACH, REACH), ylim=(-0.06, 1.06), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.grid(color="0.9")
    axes.text(3.1, 0.86, "σ(z)", color=ink(RED), size=13)
    axes.text(2.6, 0.13, "σ'(z)", color=ink(SLOPE), size=13)
    label(axes, x="logit z", y="", title="Probability and its slope")


def _tangent(axes: Axes, x: Array, y: Array, slope: Array) -> tuple[Array, Array]:
    """Return the ends of tangents, equally long in the picture: shape ``(..., 2)``."""
    width, height = np.multiply(axes.get_position().size, SIZE)
    inch_x, inch_y = width / np.ptp(axes.get_xlim()), height / np.ptp(axes.get_ylim())
    reach = TANGENT / np.hypot(inch_x, inch_y * slope)[..., None] * np.array([-1, 1])
    return x[..., None] + reach, y[..., None] + slope[..., None] * reach

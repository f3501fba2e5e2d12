"""TemperatureExplorer: what softmax makes of logits, hot or cold."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats
from gdviz.explorers.controls import FINE, literal
from gdviz.explorers.style import NOW
from gdviz.figures import class_color, gdviz_style
from gdviz.figures.style import label
from gdviz.live import Area, Line, LiveFigure, Points, Text, Track
from gdviz.task import Array

COLDEST, HOTTEST = 0.05, 20.0
TEMPERATURES = np.array([float(f"{digit}e{power}") for power in (-2, -1, 0, 1) for digit in FINE])
TEMPERATURES = TEMPERATURES[(TEMPERATURES >= COLDEST) & (TEMPERATURES <= HOTTEST)]
"""Round numbers, 1 among them."""
SHIFTS = np.arange(-30, 31) / 10
WIDTH = 0.36
"""Half the width of a bar."""
MOST = 6
"""Classes that there is room for."""


class TemperatureExplorer(LiveFigure):
    """The probabilities softmax((z + c) / T) of some logits z, as bars and against T.

    Near T = 0 the largest logit takes all, for large T all classes are equally likely. The same c
    added to all logits changes nothing.

    Parameters
    ----------
    logits : array_like of shape (n_classes,)
        2 to 6 numbers.
    names : sequence of str, optional
        Of the classes. Default: 0, 1, ...

    Raises
    ------
    ValueError
        If there are fewer or more logits, one is not finite, or names do not fit them.
    """

    def __init__(
        self, logits: ArrayLike = (2.0, 1.0, 0.0), names: Sequence[str] | None = None
    ) -> None:
        z = as_floats("logits", logits)
        if z.ndim != 1 or not 2 <= len(z) <= MOST or not np.isfinite(z).all():
            raise ValueError(f"logits must be 2 to {MOST} finite numbers, got {logits!r}")
        classes = [str(k) for k in range(len(z))] if names is None else list(names)
        if len(classes) != len(z):
            raise ValueError(f"names has {len(classes)} names, but there are {len(z)} logits")
        self.logits = z
        p = _softmax(z / TEMPERATURES[:, None])
        shifted = z + SHIFTS[:, None]
        with gdviz_style():
            figure = Figure(figsize=(11, 4.0))
            on_logits, on_bars, on_curves = (
                figure.add_axes((left, 0.14, 0.25, 0.66)) for left in (0.05, 0.375, 0.725)
            )
            for axes, title in ((on_logits, "Logits z + c"), (on_bars, "softmax((z + c) / T)")):
                axes.set(xlim=(-0.6, len(z) - 0.4))
                size = 11 if len(z) < 5 else 9
                axes.set_xticks(range(len(z)), classes, size=size, parse_math=False)
                axes.tick_params(axis="x", length=0)
                axes.grid(axis="y", color="0.9")
                axes.axhline(0, color="black", linewidth=0.8)
                axes.set_title(title, y=1.1)
            margin = 0.1 * np.ptp(shifted)
            on_logits.set_ylim(min(0, shifted.min()) - margin, max(0, shifted.max()) + margin)
            on_bars.set_ylim(0, 1.03)
            on_curves.set(xscale="log", xlim=TEMPERATURES[[0, -1]], ylim=(-0.03, 1.03))
            on_curves.axhline(1 / len(z), color="0.5", linewidth=1, linestyle="--")
            on_curves.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
            on_curves.grid(color="0.9")
            label(on_curves, x="temperature T", y="")
            for k in range(len(z)):
                on_curves.plot(TEMPERATURES, p[:, k], color=class_color(k), linewidth=2.5)

        over, both = ("temperature",), ("temperature", "c")
        tracks: list[Track] = []
        for k in range(len(z)):
            color = class_color(k)
            tracks += [
                _bar(on_logits, k, shifted[:, k], "c", color),
                _bar(on_bars, k, p[:, k], "temperature", color),
                Points(on_curves, TEMPERATURES, p[:, k], over, **{**NOW, "color": color}),
                _number(on_logits, k, len(z), "{value:.1f}", shifted[:, k], "c"),
                _number(on_bars, k, len(z), "{value:.3f}", p[:, k], "temperature"),
            ]
        across = np.broadcast_to(TEMPERATURES[:, None], (len(TEMPERATURES), 2))
        tracks.insert(0, Line(on_curves, across, [0.0, 1.0], over, color="0.6", width=1.2))
        values = {f"p{k}": p[:, k, None] for k in range(len(z))}
        spoken = ", ".join(f"{literal(name)} {{p{k}:.4f}}" for k, name in enumerate(classes))
        with gdviz_style():
            super().__init__(
                figure,
                [
                    *tracks,
                    Text(
                        "Probabilities at T = {temperature:.3g}",
                        {},
                        over,
                        x=0.725,
                        y=0.888,
                        bold=True,
                        size=13,
                    ),
                ],
                {"temperature": TEMPERATURES, "c": SHIFTS},
                description=Text(
                    "temperature {temperature:.3g}, {c:.1f} added to all logits: " + spoken,
                    values,
                    both,
                ),
            )
        self.controls["temperature"].value = 1.0
        self.controls["c"].value = 0.0

    def __repr__(self) -> str:
        return f"TemperatureExplorer({len(self.logits)} classes)"


def _softmax(z: Array) -> Array:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _bar(axes: Axes, k: int, height: Array, over: str, color: str) -> Area:
    """Return the k-th bar, between 0 and ``height``."""
    x = k + WIDTH * np.array([-1, 1, 1, -1])
    return Area(axes, x, height[:, None] * [0, 0, 1, 1], (over,), color=color, alpha=0.85)


def _number(axes: Axes, k: int, n: int, field: str, values: Array, over: str) -> Text:
    """Return the k-th bar's number, above the axes."""
    return Text(
        field,
        {"value": values},
        (over,),
        axes=axes,
        x=(k + 0.6) / (n + 0.2),
        y=1.03,
        align="center",
        size=12 if n < 5 else 10,
    )

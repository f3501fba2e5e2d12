"""What the explorers of starts share: a colour for every minimum, and a legend that counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from gdviz.basins import Codes, Destinations
from gdviz.figures import COLORS, draw_curve, rim
from gdviz.figures.style import TEXT, contrast_with_white
from gdviz.landscape import Landscape, Plane
from gdviz.live import LiveFigure, Text
from gdviz.task import Array, Task

MINIMA = tuple(COLORS[name] for name in ("blue", "orange", "green", "purple", "sky blue", "yellow"))
"""The lowest first. Where there are more minima than colours, the highest share the last."""
NOWHERE, DIVERGED = "#666666", COLORS["black"]
LINE_HEIGHT = 0.085
"""Of a legend, as a fraction of its axes."""


@dataclass(frozen=True, eq=False)
class Endings:
    """The destinations of a task's descents as they are shown: with colours and names."""

    destinations: Destinations

    @cached_property
    def n_minima(self) -> int:
        """How many minima have an entry, counting those that share one as one."""
        return min(len(self.destinations.minima), len(MINIMA))

    @cached_property
    def colors(self) -> list[str]:
        """A colour for every entry."""
        return [*MINIMA[: self.n_minima], NOWHERE, DIVERGED]

    @cached_property
    def names(self) -> list[str]:
        """A name for every entry."""
        minima = self.destinations.minima
        losses = self.destinations.task.loss(minima)
        names = [
            f"{_place(minimum)}, loss {_short(loss)}"
            for minimum, loss in zip(minima[: self.n_minima], losses, strict=False)
        ]
        if len(minima) > self.n_minima:
            names[-1] = f"one of {len(minima) - self.n_minima + 1} higher minima"
        return [*names, "in no minimum (yet)", "diverged"]

    def entries(self, codes: Codes) -> Codes:
        """Return the entry of each destination."""
        extra = len(self.destinations.minima) - self.n_minima
        lookup = np.arange(self.destinations.diverged + 1)
        lookup[self.n_minima :] = np.maximum(lookup[self.n_minima :] - extra, self.n_minima - 1)
        return lookup.astype(np.uint16)[codes]

    def counts(self, entries: Codes) -> NDArray[np.int64]:
        """Count the entries along the last axis: shape ``(..., len(colors))``."""
        return np.stack([(entries == k).sum(axis=-1) for k in range(len(self.colors))], axis=-1)

    def draw_legend(self, axes: Axes, title: str) -> None:
        """Paint the entries, from the top down; `shares` adds what moves."""
        axes.axis("off")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.text(0, 1 - 0.7 * LINE_HEIGHT, title, weight="bold", size=13)
        for row, (color, name) in enumerate(zip(self.colors, self.names, strict=True)):
            y = _height(row)
            dot: dict[str, Any] = {"color": color, "markeredgecolor": rim(color), "clip_on": False}
            axes.plot(0.03, y + 0.022, "o", markersize=14, **dot)
            if row < self.n_minima:
                on_it = "white" if contrast_with_white(color) >= TEXT else "black"
                number: dict[str, Any] = {"ha": "center", "va": "center_baseline", "weight": "bold"}
                axes.text(0.03, y + 0.022, str(row + 1), color=on_it, size=9, **number)
            axes.text(0.295, y, name, size=11)

    def shares(
        self, axes: Axes, entries: Codes, over: Sequence[str] = ("learning_rate",)
    ) -> list[Text]:
        """Return readouts of percentages beside the legend.

        Parameters
        ----------
        axes : matplotlib Axes
            In which the legend is.
        entries : ndarray of shape ``(*over, n)``
            Of all starts, for each learning rate.
        """
        percentages = np.round(100 * self.counts(entries) / entries.shape[-1]).astype(int)
        return [
            Text(
                "{share} %",
                {"share": percentages[..., row]},
                over,
                axes=axes,
                x=0.265,
                y=_height(row),
                align="right",
                size=11,
                bold=True,
            )
            for row in range(len(self.colors))
        ]

    def draw_minima(self, axes: Axes) -> None:
        """Paint a star of its colour, and its number, at each minimum of a landscape or curve."""
        minima = self.destinations.minima
        colors = self.entries(np.arange(len(minima), dtype=np.uint16))
        for minimum, loss, k in zip(
            minima, self.destinations.task.loss(minima), colors, strict=True
        ):
            x, y = [*minimum.ravel(), loss][:2]
            axes.plot(x, y, "*", color=self.colors[k], markeredgecolor="black", markersize=15)
            number = axes.annotate(
                str(k + 1),
                (x, y),
                (0, 9),
                textcoords="offset points",
                size=10,
                weight="bold",
                ha="center",
            )
            number.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


class WithEndings(LiveFigure):
    """A figure that knows where all its starts end, at each learning rate."""

    _endings: Endings
    _codes: Codes
    """Destinations of the starts, shape ``(n_rates, n)``."""

    @property
    def minima(self) -> Array:
        """The minima in which descents may end, the lowest first."""
        return self._endings.destinations.minima

    @property
    def shares(self) -> Array:
        """The part of the starts that ends in each of the `minima`, shape ``(k,)``."""
        codes = self._codes[self.position["learning_rate"]]
        return np.bincount(codes, minlength=len(self.minima) + 2)[: len(self.minima)] / len(codes)


def draw_bare_curve(axes: Axes, landscape: Landscape, plane: Plane, task: Task) -> None:
    """Draw the loss over a single parameter, above something else that shares its axis."""
    draw_curve(axes, landscape, plane, task)
    axes.set_xlabel("")
    axes.set_title("")
    axes.set_title("", loc="right")
    axes.tick_params(labelbottom=False)


def _height(row: int) -> float:
    return 1 - (row + 2) * LINE_HEIGHT


def _place(theta: Array) -> str:
    entries = [_short(value) for value in theta.ravel()]
    return f"({', '.join(entries)})" if len(entries) > 1 else f"x = {entries[0]}"


def _short(value: float) -> str:
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.3g}"
    return "0.00" if text == "-0.00" else text

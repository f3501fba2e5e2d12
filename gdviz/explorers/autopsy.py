"""AutopsyExplorer: on the way to NaN, number by number."""

from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_number
from gdviz.descent import Descent, gradient_descent
from gdviz.explorers.controls import as_iterations, as_start, labelled, round_stops
from gdviz.figures import COLORS, gdviz_style
from gdviz.figures.style import label
from gdviz.live import LiveFigure, Player, Points, StopSlider, Text, Trail
from gdviz.task import Array, Task, quiet_overflow

SLOWEST, FIRST, FASTEST = 1.2, 10.0, 1e4
"""Learning rates, as multiples of the largest stable one: the slider's ends, where it stands."""
LARGEST = float(np.log10(np.finfo(float).max))
"""The decimal exponent of the largest float64."""
INF, NAN = LARGEST + 26, LARGEST + 52
"""Where inf and NaN are drawn, above all numbers."""
LOWEST = -12.0
PALETTE = tuple(COLORS[name] for name in ("green", "blue", "purple", "vermillion", "black"))
BOTH = ("learning_rate", "iteration")


class AutopsyExplorer(LiveFigure):
    """The sizes of all numbers of a diverging descent: up to the largest one, to inf, to NaN.

    Beside the curves is a table of θ and of each operation on the way to loss and gradient, as
    `Task.operations` names them.

    Parameters
    ----------
    task : Task
    start : array_like of shape ``task.shape``, optional
        Default: drawn from N(0, 1).
    learning_rate : float, optional
        Where the slider stands at first. Default: about ten times the largest stable one.
    iterations : int
        The longest descent.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code; a rate takes the nearest stop.
    descent : Descent
        The whole run at the present learning rate; its ``reason`` is in the picture.

    Raises
    ------
    ValueError
        If no learning rate is too large for the task, or an argument does not fit it.
    """

    def __init__(
        self,
        task: Task,
        *,
        start: ArrayLike | None = None,
        learning_rate: float | None = None,
        iterations: int = 200,
    ) -> None:
        self.task = task
        theta = as_start(task, start)
        limit = float(task.max_stable_learning_rate(theta))
        if not 0 < limit < np.inf:
            raise ValueError(
                f"task: the largest stable learning rate is {limit}: nothing can diverge"
            )
        rates = round_stops(SLOWEST * limit, FASTEST * limit)
        if learning_rate is None:
            learning_rate = float(rates[np.argmin(np.abs(rates - FIRST * limit))])
        rates = np.union1d(rates, as_number("learning_rate", learning_rate))
        iterations = as_iterations(iterations, len(rates))
        self._batch = gradient_descent(task, theta, rates, iterations)
        self.learning_rate = StopSlider(rates, learning_rate, layout={"flex": "1 1 auto"})
        first = self._batch.run(self.learning_rate.index).first_bad_iteration
        self.iteration = IntSlider(
            min=0,
            max=iterations,
            value=iterations if first < 0 else first,
            layout={"flex": "1 1 auto"},
        )
        self._sizes = _sizes(self._batch)
        self._reasons = self._batch.reason.tolist()
        with gdviz_style():
            figure = Figure(figsize=(11, 4.3))
            self._axes = figure.add_axes((0.09, 0.13, 0.52, 0.68))
            _draw_axes(self._axes, iterations)
            super().__init__(
                figure,
                self._tracks(),
                {"learning_rate": rates, "iteration": np.arange(iterations + 1)},
                description=self._text(
                    "learning rate {learning_rate:.3g}, iteration {iteration}: "
                    + ", ".join(f"{name} {{{name}:.3g}}" for name in self._sizes)
                    + "; {reason}"
                ),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("learning rate ε", self.learning_rate),
            labelled("iteration", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"AutopsyExplorer({self.task!r})"

    @property
    def descent(self) -> Descent:
        """The whole run at the present learning rate."""
        return self._batch.run(self.position["learning_rate"])

    def _tracks(self) -> list[Any]:
        iterations = np.arange(self._batch.iterations + 1)
        tracks: list[Any] = [
            self._text("ε = {learning_rate:.3g}", x=0.012, y=0.94, size=12.5),
            self._text("{reason}", x=0.13, y=0.94, size=12),
            self._text("at iteration {iteration}", x=0.66, y=0.78, size=13, bold=True),
        ]
        # Lines that lie on each other all show: the first is drawn last, and is the thinnest.
        for k, (name, sizes) in reversed(list(enumerate(self._sizes.items()))):
            color = PALETTE[k % len(PALETTE)]
            # Where several are inf or NaN, their lines lie beside each other.
            heights = _heights(sizes) + np.where(np.isfinite(sizes), 0, 1.5 * (k - 2))
            row: dict[str, Any] = {"y": 0.67 - 0.09 * k, "size": 13, "color": color}
            tracks += [
                Trail(self._axes, iterations, heights, BOTH, color=color, width=2 + k),
                Points(self._axes, iterations, heights, BOTH, color=color, size=7 + 2 * k),
                self._text(name, x=0.66, **row),
                self._text(f"{{{name}:.3g}}", x=0.86, bold=True, **row),
            ]
        return tracks

    def _text(self, template: str, **style: Any) -> Text:
        values = {**self._sizes, "reason": np.arange(len(self._reasons))[:, None]}
        return Text(template, values, BOTH, {"reason": self._reasons}, **style)


@quiet_overflow()
def _sizes(batch: Descent) -> dict[str, Array]:
    """Return the largest absolute value of θ and of each operation, by rate and iteration."""
    numbers = {"θ": batch.theta, **batch.task.operations(batch.theta)}
    shape = batch.loss.shape
    return {name: np.abs(array.reshape(*shape, -1)).max(-1) for name, array in numbers.items()}


def _heights(sizes: Array) -> Array:
    """Return decimal exponents, with places of their own for inf and NaN."""
    heights = np.log10(np.clip(sizes, 10**LOWEST, np.finfo(float).max))
    return np.where(np.isnan(sizes), NAN, np.where(np.isinf(sizes), INF, heights))


def _draw_axes(axes: Axes, iterations: int) -> None:
    axes.set_ylim(LOWEST, NAN + 16)
    axes.set_xlim(-0.02 * iterations, 1.02 * iterations)
    ticks = {0: "1", 100: "10¹⁰⁰", 200: "10²⁰⁰", LARGEST: "10³⁰⁸"}
    axes.set_yticks([*ticks, INF, NAN], [*ticks.values(), "inf", "NaN"])
    axes.grid(axis="y", color="0.9")
    axes.axhline(LARGEST, color="black", linewidth=1.2, linestyle=(0, (4, 2)))
    label(axes, x="iteration", y="")
    axes.set_title("How large the numbers are")
    # Above the axes: somewhere below the dashed line every line comes up.
    axes.set_title("- - - the largest float64", loc="right", fontsize=11, fontweight="normal")

"""RateCurveExplorer: the loss after n iterations, as a curve over all learning rates."""

from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import ArrayLike

from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers.controls import (
    FASTEST,
    as_iterations,
    as_start,
    labelled,
    round_stops,
    with_marks,
)
from gdviz.explorers.style import NOW, PATH
from gdviz.figures import COLORS, gdviz_style, write_powers
from gdviz.figures.style import label
from gdviz.landscape import minimizer_of
from gdviz.live import Line, LiveFigure, OpenStopSlider, Player, Points, Text, Trail
from gdviz.task import Array, Task

PANELS = ((0.085, 0.14, 0.49, 0.63), (0.66, 0.14, 0.33, 0.63))
"""Left, bottom, width and height of U curve and loss curve, as fractions of the figure."""
BOTH = ("learning_rate", "iteration")
SLOWEST = 1 / 300
"""The least learning rate, as a multiple of the largest stable one."""
N_RATES = 500
"""On the curve: little more than a hundredth apart, so that its lowest point is sharp."""
HIGHEST, LOWEST = 1e4, 1e-9
"""The ends of the loss axes, as multiples of what a descent has to lose."""
ROUNDING = 1e-14
"""What is left of the loss is made of rounding where it is a smaller fraction of the first one."""


class RateCurveExplorer(LiveFigure):
    """Loss after n iterations against learning rate, beside the loss curve of one rate.

    What is drawn is the loss above the least one: what is left to gain. The curve is a U; as
    the iterations go on it deepens, and its lowest point moves to where the slowest direction
    and the one that bounces most shrink equally fast.

    Parameters
    ----------
    task : Task
        Any: a model of your data, or a `Surface` of one or two parameters.
    start : array_like of shape ``task.shape``, optional
        Default: drawn from N(0, 1).
    iterations : int
        The longest descent.
    learning_rates : pair of float, optional
        The ends of the slider, to compare two tasks. Default: a three hundredth of the largest
        stable rate, and three times it.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code.
    descent : Descent
        What the sliders show at the moment.
    limit : float
        2/λmax, from the Hessian at the minimizer (where there is none, at θ = 0).
    best : float or None
        2/(λmin + λmax), the best fixed rate in the long run, where the Hessian is the same
        everywhere; without directions in which the loss is level. None for other tasks.

    Raises
    ------
    ValueError
        If the loss has no least value, or an argument does not fit the task.
    """

    def __init__(
        self,
        task: Task,
        *,
        start: ArrayLike | None = None,
        iterations: int = 100,
        learning_rates: tuple[float, float] | None = None,
    ) -> None:
        self.task = task
        self._start = as_start(task, start)
        self.limit, self.best = _limit_and_best(task, self._start)
        low, high = learning_rates or (SLOWEST * self.limit, FASTEST * self.limit)
        if not 0 < low < high < np.inf:
            raise ValueError(f"learning_rates must be 0 < lowest < highest, got {learning_rates}")
        stops = round_stops(low, high)
        iterations = as_iterations(iterations, N_RATES // 2)  # each a loss alone
        curve = gradient_descent(
            task, self._start, np.geomspace(stops[0], stops[-1], N_RATES), iterations
        )
        first = curve.loss[0, 0] - task.least_loss
        if not 0 < first < np.inf:
            raise ValueError(
                f"start must have a finite loss above the least one, {task.least_loss:.3g}, got "
                f"{curve.loss[0, 0]:.3g}: choose another start"
            )
        self._range = LOWEST * first, HIGHEST * first
        self.learning_rate = OpenStopSlider(
            stops, self.limit / 4, layout={"width": "100%", "margin": "2px 0 0 0"}
        )
        self.iteration = IntSlider(
            min=1, max=iterations, value=min(20, iterations), layout={"flex": "1 1 auto"}
        )
        with gdviz_style():
            figure = Figure(figsize=(11, 4.3))
            self._axes = [figure.add_axes(rectangle) for rectangle in PANELS]
            self._draw_axes()
        self._show_curve(curve)
        self._descend()
        with gdviz_style():
            super().__init__(
                figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.learning_rate.observe(self._follow, "value")

    def _rows(self) -> list[Widget]:
        low, high = self.learning_rate.stops[[0, -1]]
        marks = {"limit 2/λmax": self.limit} if low <= self.limit <= high else {}
        return [
            self.canvas,
            labelled("learning rate ε", with_marks(self.learning_rate, marks)),
            labelled("iterations n", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"RateCurveExplorer({self.task!r})"

    @property
    def descent(self) -> Descent:
        """The run at the present learning rate, up to the present iteration."""
        return self._batch.run(self.position["learning_rate"]).until(self.iteration.value)

    def _follow(self, _: Any) -> None:
        """Compute a learning rate between the stops, which only code can choose."""
        if self.learning_rate.value not in self._rates:
            self._descend()
            self.update(**self._contents())

    def _descend(self) -> None:
        self._rates = self.learning_rate.values
        self._batch = gradient_descent(self.task, self._start, self._rates, self.iteration.max)

    def _avoidable(self, loss: Array) -> Array:
        """Return the loss above the least one; what rounding leaves of it lies below the axes."""
        return np.asarray(np.maximum(loss - self.task.least_loss, 1e-10 * self._range[0]))

    def _draw_axes(self) -> None:
        on_curve, on_loss = self._axes
        for axes in self._axes:
            axes.set_yscale("log")
            write_powers(axes.yaxis)
            axes.set_ylim(*self._range)
            axes.yaxis.set_major_locator(LogLocator(numticks=8))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.grid(color="0.9")
        on_curve.set_xscale("log")
        write_powers(on_curve.xaxis)
        on_curve.set_xlim(*self.learning_rate.stops[[0, -1]])
        on_loss.set_xlim(-0.02 * self.iteration.max, 1.02 * self.iteration.max)
        label(on_curve, x="learning rate ε", y="loss above the least one")
        label(on_loss, x="iteration", y="")
        on_curve.set_title("After n iterations, for every ε", pad=22)
        on_loss.set_title("Loss curve of this ε", pad=22)
        mark_rate(on_curve, self.limit, " 2/λmax", "left", COLORS["black"])
        if self.best is not None:
            mark_rate(on_curve, self.best, "2/(λmin+λmax) ", "right", COLORS["blue"])

    def _show_curve(self, curve: Descent) -> None:
        """Keep the U and its lowest point at every iteration."""
        loss = self._avoidable(curve.loss)
        iterations = np.arange(curve.iterations + 1)
        loss = np.where(np.isnan(loss), np.inf, loss)
        least = loss.min(axis=0)
        # Where only rounding is left, the lowest point is the last one that could be told.
        told = np.where(least > ROUNDING * np.abs(curve.loss[0, 0]), iterations, 1)
        lowest = loss.argmin(axis=0)[np.maximum.accumulate(told)]
        # Where all rates are too large by far, none is lowest.
        self._lowest = np.where(np.isinf(least), np.nan, curve.learning_rate[lowest])
        on_curve, _ = self._axes
        self._curve = [
            Line(
                on_curve,
                curve.learning_rate,
                loss.T,
                ("iteration",),
                color=COLORS["blue"],
                width=2.5,
            ),
            Points(on_curve, self._lowest, least, ("iteration",), color=COLORS["blue"], size=9),
        ]

    def _contents(self) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        on_curve, on_loss = self._axes
        batch = self._batch
        iterations = np.arange(batch.iterations + 1)
        avoidable = self._avoidable(batch.loss)
        rates = self._rates[:, None]
        values = {
            "loss": batch.loss,
            "status": batch.status_codes(),
            "lowest": self._lowest[None],
        }

        def text(template: str, words: list[str], **style: Any) -> Text:
            return Text(template, values, BOTH, {"status": words}, **style)

        meanings = [status.meaning for status in Status]
        style: dict[str, Any] = {"y": 0.945, "size": 12.5}
        ends = np.array(self._range)
        return {
            "tracks": [
                self._curve[0],
                Line(on_curve, rates, ends, ("learning_rate",), color=PATH["color"], width=1.2),
                self._curve[1],
                Points(on_curve, rates, avoidable, BOTH, **NOW),
                Trail(on_loss, iterations, avoidable, BOTH, **{**PATH, "dots": 3.5}),
                Points(on_loss, iterations, avoidable, BOTH, **NOW),
                text("n = {iteration}", meanings, x=0.012, **style),
                text("lowest at ε ≈ {lowest:.2g}", meanings, x=0.1, color=COLORS["blue"], **style),
                text("here ε = {learning_rate:.3g}", meanings, x=0.32, **style),
                text("loss {loss:.4g}", meanings, x=0.5, **style),
                text("{status}", meanings, x=0.988, align="right", bold=True, **style),
            ],
            "dimensions": {"learning_rate": self._rates, "iteration": iterations},
            "description": text(
                "learning rate {learning_rate:.3g} after {iteration} iterations: loss {loss:.3g}, "
                "{status}; the lowest loss of all is at a learning rate of about {lowest:.2g}",
                [str(status) for status in Status],
            ),
        }


def mark_rate(axes: Axes, rate: float, name: str, align: str, color: str) -> None:
    """Draw a vertical line at a learning rate, with its name above the axes."""
    axes.axvline(rate, color=color, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.annotate(
        name,
        (rate, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 4),
        textcoords="offset points",
        horizontalalignment=align,
        fontsize=11,
        color=color,
        annotation_clip=True,
    )


def _limit_and_best(task: Task, start: Array) -> tuple[float, float | None]:
    """Return 2/λmax at the minimizer, and 2/(λmin + λmax) where the loss is quadratic."""
    centre = minimizer_of(task)
    hessian = task.hessian(centre)
    limit = float(task.max_stable_learning_rate(centre))
    if not 0 < limit < np.inf:
        raise ValueError(f"task: the largest stable learning rate is {limit}: rescale the data")
    if not np.allclose(hessian, task.hessian(start), rtol=1e-9, atol=1e-9 / limit):
        return limit, None
    curvatures = np.linalg.eigvalsh(hessian)
    # Directions in which the loss is level neither gain nor lose.
    curved = curvatures[curvatures > 1e-12 * curvatures[-1]]
    return limit, float(2 / (curved[0] + curved[-1]))

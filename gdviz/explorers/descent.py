"""DescentExplorer: drag the learning rate, watch the descent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers.controls import (
    InitializationControl,
    labelled,
    learning_rate_stops,
    plane_of_a_line,
    with_marks,
)
from gdviz.explorers.style import LINE, NOW, PATH, START
from gdviz.figures import draw_fit, draw_landscape, draw_loss, gdviz_style
from gdviz.initialization import Gaussian, Initialization
from gdviz.landscape import landscape, window_around
from gdviz.linear import LinearRegression
from gdviz.live import Line, LiveFigure, OpenStopSlider, Player, Points, Presets, Text, Trail
from gdviz.task import Array

PANELS = ((0.072, 0.13, 0.27, 0.69), (0.485, 0.13, 0.19, 0.69), (0.75, 0.13, 0.24, 0.69))
"""Left, bottom, width and height of landscape, loss curve and fit, as fractions of the figure."""
BOTH = ("learning_rate", "iteration")


class DescentExplorer(LiveFigure):
    """Gradient descent on a landscape, its loss curve and its fit, under sliders.

    Every descent that the learning-rate slider can show is computed at once; the browser then
    draws the one that it stands at. Click the landscape to start the descent there.

    Parameters
    ----------
    task : LinearRegression
        With one feature and one output, so that its landscape is a picture.
    initialization : Gaussian or Uniform
        Where the first start is drawn from.
    iterations : int
        The longest descent. 500 are enough for three times the stability limit to end in NaN.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code.
    initialization : InitializationControl
    start : ndarray of shape ``task.shape``
        Where the descent starts; may be set from code.
    descent : Descent
        What the sliders show at the moment.

    Raises
    ------
    ValueError
        If the task does not have exactly two parameters, or iterations is not a whole number of
        at least 1.
    """

    def __init__(
        self,
        task: LinearRegression,
        *,
        initialization: Initialization | None = None,
        iterations: int = 500,
    ) -> None:
        if isinstance(iterations, bool) or not isinstance(iterations, (int, np.integer)):
            raise ValueError(f"iterations must be a whole number, got {iterations!r}")
        if iterations < 1:
            raise ValueError(f"iterations must be at least 1, got {iterations}")
        self.task = task
        self._plane = plane_of_a_line(task)
        self._limit = limit = float(task.max_stable_learning_rate())
        self._stops = learning_rate_stops(limit)
        self.learning_rate = OpenStopSlider(
            self._stops,
            self._stop_near(limit / 4),
            layout={"width": "100%", "margin": "2px 0 0 0"},
        )
        self.iteration = IntSlider(
            min=0, max=iterations, value=min(20, iterations), layout={"flex": "1 1 auto"}
        )
        self.initialization = InitializationControl(initialization or Gaussian())
        self._start = self.initialization.sample(task.shape)
        self._window = self._fitting_window(self._start)
        with gdviz_style():
            self._figure = Figure(figsize=(11, 4.3))
            self._axes = [self._figure.add_axes(rectangle) for rectangle in PANELS]
            draw_loss(self._axes[1], iterations)
            draw_fit(self._axes[2], task.dataset)
        self._paint()
        self._descend()
        with gdviz_style():
            super().__init__(
                self._figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.on_click(self._axes[0], self._start_at)
        self.learning_rate.observe(self._follow, "value")
        self.initialization.observe(self._draw_start, ["value", "seed"])

    def _rows(self) -> list[Widget]:
        limit = self._limit
        presets = {
            "too small": self._stop_near(limit / 1000),
            "good": self._stop_near(limit / 4),
            "too large": float(self._stops[self._stops > 1.02 * limit][0]),
            "NaN": float(self._stops[-1]),
        }
        positions = {
            label: {"learning_rate": rate, "iteration": 0} for label, rate in presets.items()
        }
        slider = with_marks(self.learning_rate, {"limit 2/λmax": limit})
        return [
            self.canvas,
            labelled("learning rate ε", slider),
            labelled("iteration", self.iteration, Player(self.iteration)),
            labelled("try", Presets(self.controls, positions)),
            labelled("initialization", self.initialization),
        ]

    def __repr__(self) -> str:
        return f"DescentExplorer({self.task!r})"

    @property
    def descent(self) -> Descent:
        """The run that is shown, up to the iteration that is shown."""
        return self._batch.run(self.position["learning_rate"]).until(self.iteration.value)

    @property
    def start(self) -> Array:
        """Where the descent starts, shape ``task.shape``."""
        return self._start

    @start.setter
    def start(self, theta: ArrayLike) -> None:
        start = self.task.as_theta(theta)
        if start.shape != self.task.shape or not np.isfinite(start).all():
            raise ValueError(
                f"start must be one finite theta of shape {self.task.shape}, got {theta!r}"
            )
        window = self._fitting_window(start)
        self._start = start.copy()
        repaint = not np.array_equal(window, self._window)
        if repaint:
            self._window = window
            self._paint()
        self._descend()
        with gdviz_style():
            self.update(**self._contents(), repaint=repaint)

    def _draw_start(self, _: Any) -> None:
        self.start = self.initialization.sample(self.task.shape)

    def _start_at(self, u: float, v: float) -> None:
        self.start = self._plane.point(u, v)

    def _follow(self, _: Any) -> None:
        """Compute a learning rate between the stops, which only code can choose."""
        if self.learning_rate.value not in self._rates:
            self._descend()
            self.update(**self._contents())

    def _stop_near(self, rate: float) -> float:
        return float(self._stops[np.argmin(np.abs(np.log(self._stops / rate)))])

    def _fitting_window(self, start: Array) -> Array:
        """Return a window that shows the start and most of what could be drawn instead."""
        draws = self.initialization.value.sample((1000, *self.task.shape), rng=0)
        spread = np.quantile(draws, [0.1, 0.9], axis=0)
        return window_around(self.task, self._plane, np.concatenate([spread, start[None]]))

    def _descend(self) -> None:
        self._rates = self.learning_rate.values
        self._batch = gradient_descent(self.task, self._start, self._rates, self.iteration.max)

    def _paint(self) -> None:
        """Draw what stands still and depends on the window: the landscape, the range of losses."""
        on_landscape, on_loss, _ = self._axes
        picture = landscape(self.task, self._plane, self._window)
        with gdviz_style():
            on_landscape.clear()
            draw_landscape(on_landscape, picture, self._plane, self.task.minimizer())
        highest = 20 * picture.loss.max()
        on_loss.set_ylim(max(0.7 * self.task.least_loss, 1e-9 * highest), highest)

    def _contents(self) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        on_landscape, on_loss, on_fit = self._axes
        batch = self._batch
        u, v = np.moveaxis(self._plane.coordinates(batch.theta), -1, 0)
        iterations = np.arange(batch.iterations + 1)
        ends = np.array(on_fit.get_xlim())
        fit = self.task.predict(batch.theta, ends)[..., 0]

        codes = batch.status_codes()
        values = {"loss": batch.loss, "norm": batch.gradient_norm, "status": codes}

        def text(template: str, words: Sequence[str], **style: Any) -> Text:
            return Text(template, values, BOTH, {"status": words}, **style)

        meanings = [status.meaning for status in Status]
        style: dict[str, Any] = {"y": 0.94, "size": 12.5}
        return {
            "tracks": [
                Trail(on_landscape, u, v, BOTH, **PATH),
                Points(on_landscape, u[:, :1], v[:, :1], BOTH, **START),
                Points(on_landscape, u, v, BOTH, **NOW),
                Trail(on_loss, iterations, batch.loss, BOTH, **PATH),
                Points(on_loss, iterations, batch.loss, BOTH, **NOW),
                Line(on_fit, ends, fit, BOTH, **LINE),
                text("ε = {learning_rate:.3g}", meanings, x=0.012, **style),
                text("iteration {iteration}", meanings, x=0.12, **style),
                text("loss {loss:.4g}", meanings, x=0.235, **style),
                text("gradient norm {norm:.3g}", meanings, x=0.39, **style),
                text("{status}", meanings, x=0.988, align="right", bold=True, **style),
            ],
            "dimensions": {"learning_rate": self._rates, "iteration": iterations},
            "description": text(
                "learning rate {learning_rate:.3g}, iteration {iteration} of "
                f"{batch.iterations}: loss {{loss:.3g}}, {{status}}",
                [str(status) for status in Status],
            ),
        }

"""DescentExplorer: drag the learning rate, watch the descent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ipywidgets import IntSlider, ToggleButtons, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from gdviz.classification import Classifier
from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers.controls import (
    COARSE,
    FINE,
    Choice,
    InitializationControl,
    as_iterations,
    checked_start,
    draw_or_go_back,
    labelled,
    learning_rate_stops,
    spread,
    with_marks,
)
from gdviz.explorers.fits import fit_of
from gdviz.explorers.grounds import Curve, Ground, Map, PathMap, Relief, walk
from gdviz.figures import draw_loss, gdviz_style, loss_range
from gdviz.initialization import Gaussian, Initialization
from gdviz.landscape import minimizer_of
from gdviz.linear import LinearRegression
from gdviz.live import LiveFigure, OpenStopSlider, Player, Presets, Text, Track
from gdviz.surfaces import GRID_POINTS, Surface
from gdviz.task import Array, Task, quiet_overflow

THREE_PANELS = ((0.072, 0.13, 0.27, 0.69), (0.485, 0.13, 0.19, 0.69), (0.75, 0.13, 0.24, 0.69))
"""Left, bottom, width and height of landscape, loss curve and fit, as fractions of the figure."""
TWO_PANELS = ((0.072, 0.13, 0.45, 0.69), (0.665, 0.13, 0.325, 0.69))
"""Where there is no fit to be seen."""
ITERATIONS, ITERATIONS_OF_CLASSIFIER = 500, 300
BOTH = ("learning_rate", "iteration")
SEEN_FROM = (-60, 35)
"""Azimuth and elevation, in degrees, at first."""


class DescentExplorer(LiveFigure):
    """Gradient descent on a landscape, its loss curve and its fit, under sliders.

    Every descent that the learning-rate slider can show is computed at once; the browser then
    draws the one that it stands at. Click the landscape to start the descent there;
    by keyboard, Tab to it, move the crosshair by the arrow keys, press Enter.

    The landscape of one parameter is a curve, that of two a map (or, at a switch, a surface).
    With more parameters it is the plane that keeps most of the descents' variance; how much of
    the present one's is written above it. A white half disc on its edge says where the descent
    is that has left the map or curve; a surface does not show it. The fit is a line, the
    probabilities of a classifier of one feature, or the regions of one of two features; other
    tasks do without.

    Parameters
    ----------
    task : Task
        A model with its data, or a surface.
    initialization : Gaussian or Uniform
        Where starts are drawn from. Default: N(0, 1).
    start : array_like of shape ``task.shape``
        The first start. Default: drawn.
    iterations : int
        The longest descent. Default: 500, so that three times the stability limit ends in NaN;
        300 for classifiers, each picture of which takes more data.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code.
    initialization : InitializationControl
    view, azimuth, elevation : widget
        The switch between map and surface, and the sliders that turn the surface.
    start : ndarray of shape ``task.shape``
        Where the descent starts; may be set from code.
    descent : Descent
        What the sliders show at the moment.

    Raises
    ------
    ValueError
        If the task is none, or iterations is not a whole number of at least 1.
    """

    def __init__(
        self,
        task: Task,
        *,
        initialization: Initialization | None = None,
        start: ArrayLike | None = None,
        iterations: int | None = None,
    ) -> None:
        if not isinstance(task, Task):
            raise ValueError(
                f"task must be one such as gd.LinearRegression(X, y) or gd.surfaces.bowl(), got "
                f"{task!r}"
            )
        is_classifier = isinstance(task, Classifier)
        if iterations is None:
            iterations = ITERATIONS_OF_CLASSIFIER if is_classifier else ITERATIONS
        self.task = task
        self._limit, self._limit_name = _stable_learning_rate(task)
        self._stops = learning_rate_stops(self._limit, COARSE if is_classifier else FINE)
        iterations = as_iterations(iterations, len(self._stops))
        self.learning_rate = OpenStopSlider(
            self._stops,
            self._stop_near(self._limit / 4),
            layout={"width": "100%", "margin": "2px 0 0 0"},
        )
        self.iteration = IntSlider(
            min=0, max=iterations, value=min(20, iterations), layout={"flex": "1 1 auto"}
        )
        self.initialization = InitializationControl(initialization or Gaussian())
        self.view = ToggleButtons(options=["map", "surface"], style={"button_width": "5.5em"})
        self.azimuth = _turning("turn", SEEN_FROM[0], -180, 180)
        self.elevation = _turning("tilt", SEEN_FROM[1], 0, 90)
        drawn = self.initialization.sample(task.shape)
        self._start = drawn if start is None else checked_start(task, start)
        self._chosen: dict[str, NDArray[Any]] = {}
        self._batch = self._descend(self._start)
        self._make_panels()
        self._ground.look_at(self._batch, self._draws())
        self._paint()
        with gdviz_style():
            super().__init__(
                self._figure,
                **self._contents(self._batch),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.on_click(self._ground.axes, self._start_at)
        self.asks_kernel(*self.initialization.controls, self.view, self.azimuth, self.elevation)
        self.learning_rate.observe(self._follow, "value")
        draw_or_go_back(self.initialization, ["value", "seed"], self._draw_start)
        self.view.observe(self._change_view, "value")

    def freeze(self, max_bytes: int) -> None:
        """Get ready for a page without a kernel: with as many starts as have room there."""
        super().freeze(max_bytes)
        spread(self, self.initialization, self._choose_from, max_bytes)

    def _choose_from(self, choice: Choice) -> None:
        starts = choice.samples(self.task.shape)
        starts[(*choice.present, 0)] = self._start
        self._add_controls(choice.controls)
        self._chosen = choice.dimensions
        self._batch = self._descend(starts[..., None, :, :])
        self._show(repaint=self._ground.look_at(self._batch, self._draws()))

    def _make_panels(self) -> None:
        """Make the figure: landscape, loss curve and, where there is one, fit."""
        fit = fit_of(self.task)
        rectangles = TWO_PANELS if fit is None else THREE_PANELS
        kind = {1: Curve, 2: Map}.get(int(np.prod(self.task.shape)), PathMap)
        with gdviz_style():
            self._figure = Figure(figsize=(11, 4.3))
            self._axes = [self._figure.add_axes(rectangle) for rectangle in rectangles]
            draw_loss(self._axes[1], self.iteration.max)
            n_steps = len(self._stops) * (self.iteration.max + 1)
            self._fit = None if fit is None else fit(self._axes[2], self.task, n_steps)
            self._ground: Ground = kind(self._axes[0], self.task)
            self._views: dict[str, Ground | Relief] = {"map": self._ground}
            if isinstance(self._ground, Map):
                left, bottom, width, height = rectangles[0]
                box = (left - 0.03, bottom - 0.1, width + 0.09, height + 0.13)
                on_surface = self._figure.add_axes(box, projection="3d", visible=False)
                self._views["surface"] = relief = Relief(on_surface, self._ground)
                relief.turn(self.azimuth.value, self.elevation.value)
                for slider in (self.azimuth, self.elevation):
                    slider.observe(lambda _: self._turn(relief), "value")

    def _presets(self) -> dict[str, float]:
        """Return the learning rates that have buttons."""
        rates = {
            "too small": self._stop_near(self._limit / 1000),
            "good": self._stop_near(self._limit / 4),
            "too large": float(self._stops[self._stops > 1.02 * self._limit][0]),
        }
        if self._batch.run((-1,)).status == Status.NAN:
            rates["NaN"] = float(self._stops[-1])
        return rates

    def _rows(self) -> list[Widget]:
        positions = {
            label: {"learning_rate": rate, "iteration": 0}
            for label, rate in self._presets().items()
        }
        marks = {self._limit_name: self._limit} if self._limit_name else {}
        slider = with_marks(self.learning_rate, marks)
        rows = [
            self.canvas,
            labelled("learning rate ε", slider),
            labelled("iteration", self.iteration, Player(self.iteration)),
            labelled("try", Presets(self.controls, positions)),
            labelled("initialization", self.initialization),
        ]
        if len(self._views) > 1:
            rows.append(labelled("landscape", self.view, self.azimuth, self.elevation))
        return rows

    def __repr__(self) -> str:
        return f"DescentExplorer({self.task!r})"

    @property
    def descent(self) -> Descent:
        """The run that is shown, up to the iteration that is shown."""
        *run, iteration = (self.position[name] for name in [*self._chosen, *BOTH])
        return self._batch.run(tuple(run)).until(iteration)

    @property
    def start(self) -> Array:
        """Where the descent starts, shape ``task.shape``."""
        return self._start

    @start.setter
    def start(self, theta: ArrayLike) -> None:
        start = checked_start(self.task, theta)
        repaint = not self._ground.follows_descents and self._show_at_once(start)
        batch = self._descend(start)
        repaint |= self._ground.look_at(batch, self._draws())
        self._start, self._batch = start, batch
        self._show(repaint)

    def _show_at_once(self, start: Array) -> bool:
        """Send what is seen of a start before all that could be, unless there is to be painted.

        It takes a third of the time: the other learning rates' descents are not yet computed.
        Return whether the window has changed.
        """
        seen = self._descend(start, np.array([self.learning_rate.value]))
        if self._ground.look_at(seen, self._draws()):
            return True
        with gdviz_style():
            self.update(**self._contents(seen), only_here=["learning_rate"])
        return False

    def _descend(self, start: Array, learning_rates: Array | None = None) -> Descent:
        rates = self.learning_rate.values if learning_rates is None else learning_rates
        return gradient_descent(self.task, start, rates, self.iteration.max)

    def _draws(self) -> Array:
        """Return the middle of what could be drawn as a start: a new sample keeps the window."""
        draws = self.initialization.value.sample((1000, *self.task.shape), rng=0)
        return np.asarray(np.quantile(draws, [0.1, 0.9], axis=0))

    def _draw_start(self) -> None:
        self.start = self.initialization.sample(self.task.shape)

    def _start_at(self, x: float, y: float) -> None:
        if self._landscape is self._ground:  # a place on a surface is a line of sight
            self.start = self._ground.theta_at(x, y)

    def _follow(self, _: Any) -> None:
        """Compute a learning rate between the stops, which only code can choose."""
        if self.learning_rate.value not in self._batch.learning_rate:
            self._batch = self._descend(self._start)
            self._show(repaint=self._ground.look_at(self._batch, self._draws()))

    @property
    def _landscape(self) -> Ground | Relief:
        """The landscape as it is looked at now."""
        return self._views[self.view.value]

    def _change_view(self, _: Any) -> None:
        for view in self._views.values():
            view.axes.set_visible(view is self._landscape)
        self.azimuth.disabled = self.elevation.disabled = self._landscape is self._ground
        self._paint()
        with gdviz_style():
            self.update(**self._contents(self._batch), repaint=True)

    def _turn(self, relief: Relief) -> None:
        relief.turn(self.azimuth.value, self.elevation.value)
        with gdviz_style():
            self.update(**self._contents(self._batch), repaint=[relief.axes])

    def _show(self, repaint: bool) -> None:
        """Send what moves and, if it has changed, what stands still."""
        changed = self._paint() if repaint else []
        with gdviz_style():
            self.update(**self._contents(self._batch), repaint=changed)

    def _stop_near(self, rate: float) -> float:
        return float(self._stops[np.argmin(np.abs(np.log(self._stops / rate)))])

    def _paint(self) -> list[Axes]:
        """Draw what stands still and depends on the descents; return the axes that changed."""
        with gdviz_style():
            self._landscape.paint()
        on_loss, before = self._axes[1], self._axes[1].get_ylim()
        low, high = loss_range(self._ground.picture)
        if self.task.least_loss >= -1e-12 * high:
            least = max(self.task.least_loss, np.nanmin(self._batch.loss))
            on_loss.set_ylim(_below(max(0.7 * least, 1e-8 * high)), 10 * _below(high))
        else:  # a loss below zero has no logarithm
            on_loss.set_yscale("linear")
            on_loss.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        changed = [on_loss] if on_loss.get_ylim() != before else []
        return [self._landscape.axes, *changed]

    def _contents(self, batch: Descent) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        over, walks = [*self._chosen, *BOTH], self._ground.walks(batch)
        iterations = np.arange(batch.iterations + 1)
        values = {
            "loss": batch.loss,
            "norm": batch.gradient_norm,
            "status": batch.status_codes(),
            "place": walks.outside.astype(int),
        }

        def text(template: str, status: Sequence[str], **style: Any) -> Text:
            words = {"status": status, "place": ["", ", outside the landscape shown"]}
            return Text(template, values, over, words, **style)

        meanings = [status.meaning for status in Status]
        style: dict[str, Any] = {"y": 0.94, "size": 12.5}
        trail, _, now = walk(self._axes[1], over, iterations[None].astype(float), batch.loss)
        tracks: list[Track] = [*self._landscape.tracks(walks, over), trail, now]
        if self._fit is not None:
            tracks += self._fit.tracks(batch, over)
        tracks += [
            text("ε = {learning_rate:.3g}", meanings, x=0.012, **style),
            text("iteration {iteration}", meanings, x=0.12, **style),
            text("loss {loss:.4g}", meanings, x=0.235, **style),
            text("gradient norm {norm:.3g}", meanings, x=0.39, **style),
            text("{status}", meanings, x=0.988, align="right", bold=True, **style),
        ]
        return {
            "tracks": tracks,
            "dimensions": {
                **self._chosen,
                "learning_rate": self.learning_rate.values,
                "iteration": iterations,
            },
            "description": text(
                "learning rate {learning_rate:.3g}, iteration {iteration} of "
                f"{batch.iterations}: loss {{loss:.3g}}, {{status}}{{place}}",
                [str(status) for status in Status],
            ),
        }


def _below(value: float) -> float:
    """Return 1, 2 or 5 times a power of ten, just below: scales that do not creep."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(digit for digit in (1, 2, 5) if digit * power <= value))


def _turning(name: str, value: int, low: int, high: int) -> IntSlider:
    """Return a slider in degrees, which has no effect until there is a surface to be turned."""
    return IntSlider(
        value,
        low,
        high,
        5,
        description=name,
        disabled=True,
        layout={"width": "17em"},
        style={"description_width": "2.5em"},
    )


@quiet_overflow()
def _stable_learning_rate(task: Task) -> tuple[float, str]:
    """Return the largest stable learning rate, and what to call it on the slider's scale."""
    best = minimizer_of(task)
    limit = float(task.max_stable_learning_rate(best))
    if isinstance(task, LinearRegression):
        return limit, "limit 2/λmax"
    if np.isfinite(limit):
        return limit, "2/λmax at the minimum" if best is not None else "2/λmax at θ = 0"
    if not isinstance(task, Surface):
        return limit, "2/λmax"
    low, high = task.window.T
    grid = np.linspace(low, high, GRID_POINTS)[:, None]
    steepest = np.linalg.norm(task.jacobian(grid), axis=(-2, -1)).max()
    return float(np.min(high - low) / steepest) if steepest > 0 else np.inf, ""

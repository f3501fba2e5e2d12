"""BasinsExplorer: from where descents reach which minimum, at every learning rate."""

from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from gdviz.basins import destinations
from gdviz.descent import Descent, gradient_descent
from gdviz.explorers.controls import as_iterations, checked_start, labelled
from gdviz.explorers.endings import Endings, WithEndings, draw_bare_curve
from gdviz.explorers.style import NOW, PATH, START
from gdviz.figures import draw_relief, gdviz_style
from gdviz.figures.style import label
from gdviz.landscape import landscape, parameter_plane
from gdviz.live import Line, Player, Points, Raster, StopSlider, Text, Trail
from gdviz.surfaces import Surface
from gdviz.task import Array, quiet_overflow

CELLS = {1: 500, 2: 72}
"""Starts along each parameter, by the number of parameters."""
STOPS = {1: 60, 2: 20}
"""Learning rates: their number, by the number of parameters."""
SLOWEST, FASTEST = 0.25, 1.05
"""They begin well below the rate at which the first minimum is lost, and end beyond the last."""
BOTH = ("learning_rate", "iteration")


class BasinsExplorer(WithEndings):
    """The basins of a landscape: every start in the colour of the minimum in which it ends.

    They change with the learning rate. Below or beside them is how much belongs to whom at all
    the rates. Click the landscape to see the descent from there.

    Parameters
    ----------
    surface : Surface
        Of one or two parameters.
    start : array_like of shape ``surface.shape``, optional
        Where the path that is drawn starts at first.
    iterations : int
        After so many steps a descent has ended where it is.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code.
    start : ndarray of shape ``surface.shape``
        Where the path starts; may be set from code.
    minima : ndarray of shape ``(k, *surface.shape)``
        The lowest first.
    shares : ndarray of shape ``(k,)``
        What part of the window belongs to each of the minima, at the learning rate shown.
    descent : Descent
        The path shown, up to the iteration shown.

    Raises
    ------
    ValueError
        If ``surface`` is no Surface or has no minimum in its window, or ``start`` does not fit.
    """

    def __init__(
        self, surface: Surface, *, start: ArrayLike | None = None, iterations: int = 100
    ) -> None:
        if not isinstance(surface, Surface):
            raise ValueError(
                f"surface must be a gd.Surface such as gd.surfaces.bumpy(), got {surface!r}"
            )
        self.surface = surface
        iterations = as_iterations(iterations, STOPS[surface.dims])
        self.iteration = IntSlider(min=0, max=iterations, value=0)
        self._endings = Endings(destinations(surface, surface.window))
        if not len(self.minima):
            raise ValueError(
                f"{surface!r} has no minimum in its window {surface.window.tolist()}: "
                "choose a window that holds one"
            )
        limits = self._endings.destinations.limits
        low, high = SLOWEST * limits.min(), FASTEST * limits.max()
        if not 0 < low < high < np.inf:
            raise ValueError(
                f"{surface!r} has a minimum without curvature, where no learning rate is too large"
            )
        stops = np.geomspace(low, high, STOPS[surface.dims])
        self.learning_rate = StopSlider([float(f"{stop:.3g}") for stop in stops], stops[0])
        for control in (self.learning_rate, self.iteration):
            control.layout.flex = "1 1 auto"
        low, high = surface.window.T
        self._start = checked_start(
            self.surface, [low + 0.8 * (high - low)] if start is None else start
        )
        self._entries = self._all_entries()
        with gdviz_style():
            figure = Figure(figsize=(11, 4.4))
            self._paint(figure)
            self._descend()
            super().__init__(
                figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.on_click(self._on_landscape, self._start_at)

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("learning rate ε", self.learning_rate),
            labelled("iteration", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"BasinsExplorer({self.surface!r})"

    @property
    def start(self) -> Array:
        """Where the path starts, shape ``surface.shape``."""
        return self._start

    @start.setter
    def start(self, theta: ArrayLike) -> None:
        self._start = checked_start(self.surface, theta)
        self._descend()
        with gdviz_style():
            self.update(**self._contents())

    @property
    def descent(self) -> Descent:
        """The path that is shown, up to the iteration that is shown."""
        return self._batch.run(self.position["learning_rate"]).until(self.iteration.value)

    def _start_at(self, x: float, y: float) -> None:
        self.start = [[x, y][: self.surface.dims]]

    def _cells(self) -> Array:
        """Return the starts in the middle of the cells, row by row: shape ``(n, *shape)``."""
        n = CELLS[self.surface.dims]
        places = (np.arange(n) + 0.5) / n
        lines = [low + (high - low) * places for low, high in self.surface.window]
        return np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, *self.surface.shape)

    def _all_entries(self) -> Any:
        """Return where all cells end at all rates: shape ``(n_rates, n_rows, n_columns)``."""
        self._codes = self._endings.destinations.basins(
            self._cells(), self.learning_rate.stops, self.iteration.max
        )
        entries = self._endings.entries(self._codes)
        return entries.reshape(len(entries), -1, CELLS[self.surface.dims])

    def _descend(self) -> None:
        rates = self.learning_rate.stops
        self._batch = gradient_descent(self.surface, self._start, rates, self.iteration.max)
        codes = self._endings.destinations.reached(
            self._batch.theta[:, -1], self._batch.loss[:, 0], rates
        )
        self._path_ends = self._endings.entries(codes)

    def _paint(self, figure: Figure) -> None:
        surface, rates = self.surface, self.learning_rate.stops
        endings, entries = self._endings, self._entries
        plane = parameter_plane(surface)
        picture = landscape(surface, plane, surface.window, 120 if surface.dims == 2 else 600)
        if surface.dims == 1:
            self._on_landscape = figure.add_axes((0.085, 0.47, 0.53, 0.4))
            below = (0.085, 0.125, 0.53, 0.29)
            self._on_rates = figure.add_axes(below, sharex=self._on_landscape)
            legend = (0.66, 0.1, 0.33, 0.76)
            draw_bare_curve(self._on_landscape, picture, plane, surface)
            self._on_rates.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
            colors = ListedColormap(endings.colors)
            low, high = surface.window[0]
            places = np.linspace(low, high, entries.shape[-1] + 1)
            self._on_rates.pcolormesh(
                places, _edges(rates), entries[:, 0], cmap=colors, vmin=-0.5, vmax=colors.N - 0.5
            )
            _scale_of_rates(self._on_rates.yaxis, rates)
            label(self._on_rates, x=f"start {plane.names[0]}", y="rate ε")
        else:
            self._on_landscape = figure.add_axes((0.065, 0.125, 0.296, 0.74))
            legend = (0.40, 0.1, 0.26, 0.76)
            self._on_rates = figure.add_axes((0.715, 0.125, 0.265, 0.71))
            draw_relief(self._on_landscape, picture, plane)
            shares = endings.counts(entries.reshape(len(rates), -1)) / entries[0].size
            self._on_rates.stackplot(rates, shares.T, colors=endings.colors)
            _scale_of_rates(self._on_rates.xaxis, rates)
            self._on_rates.set_ylim(0, 1)
            ticks = np.linspace(0, 1, 5)
            self._on_rates.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
            label(self._on_rates, x="learning rate ε", y="", title="Share of the picture")
        endings.draw_minima(self._on_landscape)
        self._on_legend: Axes = figure.add_axes(legend)
        endings.draw_legend(self._on_legend, f"End at iteration {self.iteration.max}")

    @quiet_overflow()
    def _contents(self) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        batch, endings, on_landscape = self._batch, self._endings, self._on_landscape
        rates, one_rate = self.learning_rate.stops, ("learning_rate",)
        x = batch.theta[..., 0, 0]
        y = batch.loss if self.surface.dims == 1 else batch.theta[..., 0, 1]
        window = self.surface.window.ravel()
        extent = (*window[:2], *(window[2:] if self.surface.dims == 2 else on_landscape.get_ylim()))
        here = np.column_stack([rates, rates])
        ends = np.broadcast_to([0.0, 1.0], here.shape)
        if self.surface.dims == 1:
            here, ends = window + 0 * here, here
        values: dict[str, ArrayLike] = {"loss": batch.loss, "end": self._path_ends[:, None]}
        words = {"end": endings.names}
        header: dict[str, Any] = {"y": 0.94, "size": 12.5}
        return {
            "tracks": [
                Raster(on_landscape, self._entries, endings.colors, extent, one_rate, alpha=0.5),
                Line(
                    self._on_rates, here, ends, one_rate, color="black", outline="white", width=1.5
                ),
                Trail(on_landscape, x, y, BOTH, **PATH),
                Points(on_landscape, x[:, :1], y[:, :1], BOTH, **START),
                Points(on_landscape, x, y, BOTH, **NOW),
                *endings.shares(self._on_legend, self._entries.reshape(len(rates), -1)),
                Text("ε = {learning_rate:.3g}", x=0.012, **header),
                Text("iteration {iteration}", x=0.12, **header),
                Text("loss {loss:.3g}", values, BOTH, x=0.25, **header),
                Text("○ ends: {end}", values, BOTH, words, x=0.40, **header),
            ],
            "dimensions": {
                "learning_rate": rates,
                "iteration": np.arange(batch.iterations + 1),
            },
            "description": Text(
                f"learning rate {{learning_rate:.3g}}, iteration {{iteration}} of "
                f"{batch.iterations}: loss {{loss:.3g}}, ends: {{end}}",
                values,
                BOTH,
                words,
            ),
        }


def _scale_of_rates(axis: Axis, rates: Array) -> None:
    """Make an axis logarithmic, with three or four rates written at it."""
    axes = axis.axes
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
    axis.set_view_interval(rates[0], rates[-1], ignore=True)
    ticks = rates[np.linspace(0, len(rates) - 1, 5).round().astype(int)[1:-1]]
    axis.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())


def _edges(values: Array) -> Array:
    """Return the edges of cells around ascending values."""
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])

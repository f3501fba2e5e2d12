"""StartsExplorer: hundreds of starts, drawn from a distribution, descend together."""

from math import erf, sqrt
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from gdviz.basins import Codes, destinations
from gdviz.datasets import as_floats
from gdviz.descent import Descent, gradient_descent
from gdviz.explorers.controls import InitializationControl, labelled
from gdviz.explorers.endings import Endings, draw_bare_curve, whole
from gdviz.figures import draw_relief, gdviz_style, loss_range
from gdviz.figures.style import label
from gdviz.initialization import Gaussian, Initialization, Uniform
from gdviz.landscape import landscape, parameter_plane, window_around
from gdviz.live import Area, ChoiceSlider, Line, LiveFigure, Player, Points, StopSlider, Text
from gdviz.live.figure import MAX_BYTES
from gdviz.live.tracks import Track
from gdviz.surfaces import Surface
from gdviz.task import Array, Task, quiet_overflow

RATES = (0.02, 0.1, 0.25, 0.5, 0.9, 1.1)
"""The learning rates, as fractions of the largest with which a descent can rest in a minimum."""
NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""How many starts there can be, as long as there is room for them."""
FEWEST = 50
"""On a page with little room; fewer would show no distribution."""
DRAW_BINS, LOSS_BINS = 40, 24
BEYOND = np.array([1.16, 1.22])
"""Where the bar of losses too high for the scale stands, which goes from 0 to 1."""
BOTH = ("learning_rate", "iteration")


class StartsExplorer(LiveFigure):
    """Starts drawn from a distribution, their descents together, and the losses that they have.

    Every start has the colour of the minimum in which its descent ends. The histograms beside
    the landscape count the starts' coordinates, the large one the losses at the iteration shown.

    Parameters
    ----------
    task : Task
        With two parameters, or a `Surface` of one or two.
    initialization : Gaussian or Uniform
        Where the starts are drawn from at first.
    n_starts : int
        How many there are at first.
    learning_rates : array_like, optional
        The stops of the slider. Default: six, about the largest rate that can come to rest.
    iterations : int
        The length of the descents.

    Attributes
    ----------
    learning_rate, iteration, n_starts : slider
        Their ``value`` may be set from code.
    initialization : InitializationControl
        Its ``value`` may be set from code.
    minima : ndarray of shape ``(k, *task.shape)``
        The lowest first.
    starts : ndarray of shape ``(n_starts, *task.shape)``
    shares : ndarray of shape ``(k,)``
        What part of the starts ends in each of the minima, at the learning rate shown.
    descent : Descent
        All runs at the learning rate shown, up to the iteration shown.

    Raises
    ------
    ValueError
        If the task has more than two parameters, or an argument makes no sense.
    """

    def __init__(
        self,
        task: Task,
        *,
        initialization: Initialization | None = None,
        n_starts: int = 100,
        learning_rates: ArrayLike | None = None,
        iterations: int = 100,
    ) -> None:
        self.task = task
        self.initialization = InitializationControl(initialization or Gaussian())
        window = self._fitting_window()
        self._endings = Endings(destinations(task, window))
        rates = self._rates(learning_rates)
        self.learning_rate = StopSlider(rates, rates[min(2, len(rates) - 1)])
        self.iteration = IntSlider(min=0, max=whole("iterations", iterations), value=0)
        chosen, most = whole("n_starts", n_starts), self._most()
        if chosen > most:
            raise ValueError(
                f"n_starts must not exceed {most}, got {n_starts}: take fewer, or fewer iterations "
                "or learning_rates"
            )
        self.n_starts = ChoiceSlider(
            options=sorted({*(n for n in NUMBERS if n <= most), chosen}),
            value=chosen,
            layout={"width": "min(100%, 44em)"},
        )
        for control in (self.learning_rate, self.iteration):
            control.layout.flex = "1 1 auto"

        with gdviz_style():
            figure = Figure(figsize=(11, 4.4))
            self._paint(figure)
        self._descend()
        with gdviz_style():
            super().__init__(
                figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.asks_kernel(*self.initialization.controls, self.n_starts)
        self.initialization.observe(self._draw, ["value", "seed"])
        self.n_starts.observe(self._draw, "value")

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("learning rate ε", self.learning_rate),
            labelled("iteration", self.iteration, Player(self.iteration)),
            labelled("initialization", self.initialization),
            labelled("starts", self.n_starts),
        ]

    def __repr__(self) -> str:
        return f"StartsExplorer({self.task!r})"

    @property
    def minima(self) -> Array:
        """The minima in which descents may end, the lowest first."""
        return self._endings.destinations.minima

    @property
    def shares(self) -> Array:
        """The part of the starts that ends in each of the `minima`, shape ``(k,)``."""
        codes = self._codes[self.position["learning_rate"]]
        return np.bincount(codes, minlength=len(self.minima) + 2)[: len(self.minima)] / len(codes)

    @property
    def descent(self) -> Descent:
        """All runs at the learning rate that is shown, up to the iteration that is shown."""
        return gradient_descent(
            self.task, self.starts, self.learning_rate.value, self.iteration.value
        )

    def _fitting_window(self) -> Array:
        """Return the picture's limits, one row per parameter: they stay as they are."""
        if isinstance(self.task, Surface):
            return self.task.window
        plane = parameter_plane(self.task)
        draws = self.initialization.value.sample((1000, *self.task.shape), rng=0)
        return window_around(self.task, plane, np.quantile(draws, [0.01, 0.99], axis=0))

    def freeze(self, max_bytes: int) -> None:
        """Get ready for a page without a kernel, with as many starts as have room there."""
        fitting = [n for n in self.n_starts.options if n <= self._most(max_bytes)]
        self.n_starts.value = min(self.n_starts.value, max(fitting, default=FEWEST))
        super().freeze(max_bytes)

    def _most(self, max_bytes: int = MAX_BYTES) -> int:
        """Return how many starts have room in what may be sent to the browser."""
        steps = len(self.learning_rate.stops) * (self.iteration.max + 1)
        outline = len(self._endings.colors) * 2 * (LOSS_BINS + 3)
        room = 0.95 * max_bytes / 4 / steps  # float32 numbers for each step
        return max(0, int((room - outline) / 2))

    def _rates(self, learning_rates: ArrayLike | None) -> Array:
        if learning_rates is not None:
            rates = np.unique(as_floats("learning_rates", learning_rates))
            if len(rates) == 0 or not (np.isfinite(rates).all() and rates[0] > 0):
                raise ValueError(f"learning_rates must be positive, got {learning_rates!r}")
            return rates
        limits = self._endings.destinations.limits
        limit = limits.max(initial=0) or float(self.task.max_stable_learning_rate())
        if not 0 < limit < np.inf:
            raise ValueError(
                f"task has no largest stable learning rate ({limit}): pass learning_rates=[...]"
            )
        return np.array([float(f"{limit * part:.1e}") for part in RATES])

    def _draw(self, _: Any) -> None:
        self._descend()
        with gdviz_style():
            self.update(**self._contents())

    @quiet_overflow()
    def _descend(self) -> None:
        """Draw the starts, and run all descents that the sliders can show.

        The record has shape ``(n_rates, iterations + 1, n_starts, *task.shape)``: the points of a
        cloud move together.
        """
        task, rates = self.task, self.learning_rate.stops
        self._drawn_from = self.initialization.value
        self.starts = self.initialization.sample((self.n_starts.value, *task.shape))
        theta = np.broadcast_to(self.starts, (len(rates), *self.starts.shape))
        ε = rates[:, None, None, None]
        path, losses = [], []
        for _ in range(self.iteration.max + 1):
            loss, J = task.loss_and_jacobian(theta)
            path.append(theta)
            losses.append(loss)
            theta = theta - ε * J.mT
        self._theta, self._loss = np.stack(path, axis=1), np.stack(losses, axis=1)
        self._codes = self._endings.destinations.reached(path[-1], losses[0], rates[:, None])

    def _paint(self, figure: Figure) -> None:
        """Paint what stands still: landscape, legend, and the frames of the histograms."""
        task, window = self.task, self._endings.destinations.window
        plane = parameter_plane(task)
        picture = landscape(task, plane, window, 120 if len(window) == 2 else 600)
        if len(window) == 1:
            self._on_landscape = figure.add_axes((0.06, 0.33, 0.31, 0.52))
            below = figure.add_axes((0.06, 0.125, 0.31, 0.15), sharex=self._on_landscape)
            draw_bare_curve(self._on_landscape, picture, plane, task)
            below.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
            label(below, x=plane.names[0], y="")
            self._on_draws = [below]
        else:
            self._on_landscape = figure.add_axes((0.07, 0.125, 0.245, 0.6125))
            above = figure.add_axes((0.07, 0.75, 0.245, 0.11), sharex=self._on_landscape)
            beside = figure.add_axes((0.32, 0.125, 0.044, 0.6125), sharey=self._on_landscape)
            draw_relief(self._on_landscape, picture, plane)
            above.tick_params(labelbottom=False)
            beside.tick_params(labelleft=False)
            beside.set_xlim(0, 1)
            beside.set_xticks([])
            beside.spines["bottom"].set_visible(False)
            self._on_draws = [above, beside]
        self._on_draws[0].set_ylim(0, 1)
        self._on_draws[0].set_yticks([])
        self._on_draws[0].spines["left"].set_visible(False)
        self._endings.draw_minima(self._on_landscape)

        self._on_legend = figure.add_axes((0.40, 0.1, 0.26, 0.76))
        self._endings.draw_legend(self._on_legend, f"End at iteration {self.iteration.max}")
        self._on_losses = figure.add_axes((0.715, 0.125, 0.265, 0.71))
        lowest, self._highest = loss_range(picture)
        self._lowest = min([lowest, *task.loss(self.minima)])
        _draw_losses(self._on_losses, self._lowest, self._highest)

    @quiet_overflow()
    def _contents(self) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        endings, losses = self._endings, self._loss
        _, n_steps, n = losses.shape
        entries = endings.entries(self._codes)
        theta = self._theta.reshape(*losses.shape, -1)
        x, y = theta[..., 0], losses if theta.shape[-1] == 1 else theta[..., 1]
        window = endings.destinations.window
        start = theta[0, 0]
        outside = n - ((window[:, 0] <= start) & (start <= window[:, 1])).all(axis=-1).sum()

        known = np.where(np.isnan(losses), np.inf, losses)
        values = {"lowest": known.min(axis=-1), "median": np.median(known, axis=-1)}
        header: dict[str, Any] = {"y": 0.94, "size": 12.5}
        return {
            "tracks": [
                *self._draw_tracks(start, entries),
                Points(
                    self._on_landscape,
                    x,
                    y,
                    BOTH,
                    color=endings.colors,
                    codes=entries[:, None],
                    size=7.0 if n > 50 else 10.0,
                ),
                *self._loss_tracks(losses, entries),
                *endings.shares(self._on_legend, entries),
                Text("ε = {learning_rate:.3g}", x=0.012, **header),
                Text("iteration {iteration}", x=0.12, **header),
                Text(f"{n} starts θ ~ {_words(self._drawn_from)}", x=0.40, **header),
                Text("lowest loss {lowest:.2g}", values, BOTH, x=0.69, **header),
                Text("median {median:.2g}", values, BOTH, x=0.988, align="right", **header),
                Text(
                    f"{outside} of {n} start outside the picture" if outside else "",
                    axes=self._on_legend,
                    y=0.0,
                    size=11,
                ),
            ],
            "dimensions": {
                "learning_rate": self.learning_rate.stops,
                "iteration": np.arange(n_steps),
            },
            "description": Text(
                f"{n} starts from {_words(self._drawn_from)}, learning rate "
                f"{{learning_rate:.3g}}, iteration {{iteration}} of {n_steps - 1}: "
                "lowest loss {lowest:.3g}, median {median:.3g}",
                values,
                BOTH,
            ),
        }

    def _draw_tracks(self, start: Array, entries: Codes) -> list[Track]:
        """Return the histograms of the starts' coordinates, under what is to be expected."""
        tracks: list[Track] = []
        colors = self._endings.colors
        limits = self._endings.destinations.window
        for side, (axes, (low, high)) in enumerate(zip(self._on_draws, limits, strict=True)):
            edges = np.linspace(low, high, DRAW_BINS + 1)
            bins = np.digitize(start[:, side], edges)  # the first and the last lie outside
            counts = _histograms(bins, entries, DRAW_BINS + 2, len(colors))[..., 1:-1]
            expected = len(start) * _probabilities(self._drawn_from, edges)
            scale = 0.95 / max(expected.max(), counts.sum(axis=-2).max(), 1e-9)
            outline, middle = np.repeat(edges, 2), (edges[1:] + edges[:-1]) / 2
            heights = _steps(scale * np.cumsum(counts, axis=-2))
            for k in reversed(range(len(colors))):
                x, y = _turned(side, outline, heights[:, k])
                tracks.append(Area(axes, x, y, ("learning_rate",), color=colors[k], alpha=1))
            x, y = _turned(side, middle, scale * expected)
            tracks.append(Line(axes, x, y, color="black", width=1.5))
        return tracks

    def _loss_tracks(self, losses: Array, entries: Codes) -> list[Track]:
        """Return the histogram of the losses, stacked by where their descents end."""
        colors = self._endings.colors
        with np.errstate(invalid="ignore"):
            share = np.sqrt((losses - self._lowest).clip(0) / (self._highest - self._lowest))
            beyond = ~(share <= 1)
        bins = np.where(beyond, LOSS_BINS, np.minimum(share * LOSS_BINS, LOSS_BINS - 1)).astype(int)
        counts = _histograms(bins, entries[:, None], LOSS_BINS + 1, len(colors))
        stacked = np.cumsum(counts, axis=-2) / losses.shape[-1]
        steps = [_steps(stacked[..., :LOSS_BINS]), _steps(stacked[..., LOSS_BINS:])]
        outline = [np.repeat(np.linspace(0, 1, LOSS_BINS + 1), 2), np.repeat(BEYOND, 2)]
        x, y = np.concatenate(outline), np.concatenate(steps, axis=-1)
        return [
            Area(self._on_losses, x, y[..., k, :], BOTH, color=colors[k], alpha=1)
            for k in reversed(range(len(colors)))
        ]


def _draw_losses(axes: Axes, low: float, high: float) -> None:
    """Draw the frame of the histogram of losses, spaced as the landscape's contours."""
    ticks = np.linspace(0, 1, 5)
    losses = low + (high - low) * ticks**2
    losses[np.abs(losses) < 1e-6 * (high - low)] = 0
    labels = [f"{loss:.0f}" if loss >= 10 else f"{loss:.2g}" for loss in losses]
    axes.set_xticks([*ticks, BEYOND.mean()], [*labels, "higher"])
    axes.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
    axes.set_xlim(-0.01, BEYOND[1] + 0.01)
    axes.set_ylim(0, 1.02)
    axes.grid(axis="y", color="0.9")
    label(axes, x="loss", y="", title="Losses at this iteration")


def _turned(side: int, along: Array, height: Array) -> tuple[Array, Array]:
    """Return x and y of a histogram that stands above (0) or lies beside (1) the landscape."""
    return (along, height) if side == 0 else (height, along)


def _histograms(bins: NDArray[np.int64], entries: Codes, n_bins: int, kinds: int) -> Array:
    """Count what is in each bin, by kind.

    Parameters
    ----------
    bins, entries : ndarray of int that broadcast to ``(..., n)``

    Returns
    -------
    ndarray of shape ``(..., kinds, n_bins)``
    """
    bins, entries = np.broadcast_arrays(bins, entries)
    *batch, n = bins.shape
    row = np.arange(bins.size) // n
    cell = (row * kinds + entries.ravel()) * n_bins + bins.ravel()
    counts = np.bincount(cell, minlength=bins.size // n * kinds * n_bins)
    return counts.reshape(*batch, kinds, n_bins).astype(float)


def _steps(heights: Array) -> Array:
    """Return the second coordinates of bars' outlines; the first are the edges, each twice."""
    ground = np.zeros((*heights.shape[:-1], 1))
    return np.concatenate([ground, np.repeat(heights, 2, axis=-1), ground], axis=-1)


def _probabilities(initialization: Initialization, edges: Array) -> Array:
    """Return how probable it is that a number is drawn from between each two edges."""
    if isinstance(initialization, Uniform):
        a, b = initialization.a, initialization.b
        below = np.clip((edges - a) / (b - a), 0, 1) if b > a else edges >= a
    elif initialization.sigma > 0:
        z = (edges - initialization.mu) / (sqrt(2) * initialization.sigma)
        below = np.array([(1 + erf(value)) / 2 for value in z])
    else:
        below = edges >= initialization.mu
    return np.diff(below.astype(float))


def _words(initialization: Initialization) -> str:
    if isinstance(initialization, Gaussian):
        return f"N({initialization.mu:g}, {initialization.sigma:g})"
    return f"U({initialization.a:g}, {initialization.b:g})"

"""StartsExplorer: hundreds of starts, drawn from a distribution, descend together."""

from collections.abc import Iterable, Sequence
from math import erf, sqrt
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_rates, as_whole
from gdviz.basins import Codes, destinations
from gdviz.descent import Descent, gradient_descent
from gdviz.explorers.controls import (
    Choice,
    InitializationControl,
    as_iterations,
    draw_or_go_back,
    labelled,
    spread,
)
from gdviz.explorers.endings import Endings, WithEndings, draw_bare_curve
from gdviz.figures import draw_relief, gdviz_style, loss_range
from gdviz.figures.style import label
from gdviz.initialization import Gaussian, Initialization, Uniform
from gdviz.landscape import landscape, parameter_plane, window_around
from gdviz.live import Area, ChoiceSlider, Line, Player, Points, StopSlider, Text
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


class StartsExplorer(WithEndings):
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
        self._choice: Choice | None = None
        rates = self._rates(learning_rates)
        self.learning_rate = StopSlider(rates, rates[min(2, len(rates) - 1)])
        self.iteration = IntSlider(min=0, max=as_iterations(iterations, len(rates)), value=0)
        chosen, most = as_whole("n_starts", n_starts, 1), self._most()
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
        self._descend(rates)
        with gdviz_style():
            super().__init__(
                figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        self.asks_kernel(*self.initialization.controls, self.n_starts)
        draw_or_go_back(self.initialization, ["value", "seed"], self._draw)
        draw_or_go_back(self.n_starts, "value", self._draw)

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
        """Get ready for a page without a kernel: with as many distributions as have room there.

        If not even one has, with fewer starts.
        """
        super().freeze(max_bytes)
        for fewer in [
            n for n in reversed(self.n_starts.options) if FEWEST <= n < self.n_starts.value
        ]:
            if self.scene.n_packed_bytes <= max_bytes:
                break
            self.n_starts.value = fewer
        spread(self, self.initialization, self._choose_from, max_bytes)

    def _choose_from(self, choice: Choice) -> None:
        """Let the initialization's sliders choose among starts that are computed in advance."""
        self._add_controls(choice.controls)
        self._choice = choice
        self._draw()

    def _most(self) -> int:
        """Return how many starts have room in what may be sent to the browser."""
        steps = len(self.learning_rate.stops) * (self.iteration.max + 1)
        outline = len(self._endings.colors) * 2 * (LOSS_BINS + 3)
        room = 0.95 * MAX_BYTES / 4 / steps  # float32 numbers for each step
        return max(0, int((room - outline) / 2))

    def _rates(self, learning_rates: ArrayLike | None) -> Array:
        if learning_rates is not None:
            rates = np.unique(as_rates("learning_rates", learning_rates))
            if not len(rates):
                raise ValueError("learning_rates must be positive numbers, one or more: got none")
            return rates
        limits = self._endings.destinations.limits
        limit = limits.max(initial=0) or float(self.task.max_stable_learning_rate())
        if not 0 < limit < np.inf:
            raise ValueError(
                f"task has no largest stable learning rate ({limit}): pass learning_rates=[...]"
            )
        return np.array([float(f"{limit * part:.1e}") for part in RATES])

    def _draw(self) -> None:
        """Show other starts: at once what is seen of them, then all that the sliders can show."""
        with gdviz_style():
            if self._choice is None:
                self._descend(np.array([self.learning_rate.value]))
                self.update(**self._contents(), only_here=["learning_rate"])
            self._descend(self.learning_rate.stops)
            self.update(**self._contents())

    @quiet_overflow()
    def _descend(self, rates: Array) -> None:
        """Draw the starts, and run their descents at these learning rates.

        The record has shape ``(n_rates, iterations + 1, n_starts, *task.shape)``: the points of a
        cloud move together. Where there is a choice of distributions, its axes come first.
        """
        task = self.task
        shape = (self.n_starts.value, *task.shape)
        choice = self._choice
        self.starts = self.initialization.sample(shape) if choice is None else choice.samples(shape)
        theta = np.repeat(self.starts[..., None, :, :, :], len(rates), axis=-4)
        ε = rates[:, None, None, None]
        path, losses = [], []
        for _ in range(self.iteration.max + 1):
            loss, J = task.loss_and_jacobian(theta)
            path.append(theta)
            losses.append(loss)
            theta = theta - ε * J.mT
        self._theta, self._loss = np.stack(path, axis=-4), np.stack(losses, axis=-2)
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
        endings, losses, choice = self._endings, self._loss, self._choice
        chosen = {} if choice is None else choice.dimensions
        labels = [self.initialization.value.label] if choice is None else choice.labels
        over = [*chosen, *BOTH]
        *batch, _, n_steps, n = losses.shape
        entries = endings.entries(self._codes)
        theta = self._theta.reshape(*losses.shape, -1)
        x, y = theta[..., 0], losses if theta.shape[-1] == 1 else theta[..., 1]
        window = endings.destinations.window
        start = theta[..., 0, 0, :, :]
        inside = ((window[:, 0] <= start) & (start <= window[:, 1])).all(axis=-1).sum(axis=-1)
        outside = [f"{k} of {n} start outside the picture" if k else "" for k in n - inside.ravel()]

        known = np.where(np.isnan(losses), np.inf, losses)
        number = np.arange(len(labels)).reshape(batch)  # of the distribution
        drawn = {"drawn": number[..., None, None], "outside": number[..., None, None]}
        values = {"lowest": known.min(axis=-1), "median": np.median(known, axis=-1), **drawn}
        words = {"drawn": labels, "outside": outside}

        def text(template: str, **style: Any) -> Text:
            return Text(template, values, over, words, **style)

        header: dict[str, Any] = {"y": 0.94, "size": 12.5}
        return {
            "tracks": [
                *self._draw_tracks(start, entries, chosen),
                Points(
                    self._on_landscape,
                    x,
                    y,
                    over,
                    color=endings.colors,
                    codes=entries[..., None, :],
                    size=7.0 if n > 50 else 10.0,
                ),
                *self._loss_tracks(losses, entries, over),
                *endings.shares(self._on_legend, entries, over[:-1]),
                text("ε = {learning_rate:.3g}", x=0.012, **header),
                text("iteration {iteration}", x=0.12, **header),
                text(f"{n} starts θ ~ {{drawn}}", x=0.40, **header),
                text("lowest loss {lowest:.2g}", x=0.69, **header),
                text("median {median:.2g}", x=0.988, align="right", **header),
                text("{outside}", axes=self._on_legend, y=0.0, size=11),
            ],
            "dimensions": {
                **chosen,
                "learning_rate": self.learning_rate.stops,
                "iteration": np.arange(n_steps),
            },
            "description": text(
                f"{n} starts from {{drawn}}, learning rate {{learning_rate:.3g}}, iteration "
                f"{{iteration}} of {n_steps - 1}: lowest loss {{lowest:.3g}}, median {{median:.3g}}"
            ),
        }

    def _draw_tracks(self, start: Array, entries: Codes, chosen: Iterable[str]) -> list[Track]:
        """Return the histograms of the starts' coordinates, under what is to be expected."""
        tracks: list[Track] = []
        colors = self._endings.colors
        limits = self._endings.destinations.window
        *batch, n, _ = start.shape
        for side, (axes, (low, high)) in enumerate(zip(self._on_draws, limits, strict=True)):
            edges = np.linspace(low, high, DRAW_BINS + 1)
            bins = np.digitize(start[..., side], edges)  # the first and the last lie outside
            counts = _histograms(bins[..., None, :], entries, DRAW_BINS + 2, len(colors))[..., 1:-1]
            expected = n * self._probabilities(edges).reshape(*batch, -1)
            highest = np.maximum(expected.max(axis=-1), counts[..., 0, :, :].sum(-2).max(-1))
            scale = 0.95 / np.maximum(highest, 1e-9)[..., None]
            outline, middle = np.repeat(edges, 2), (edges[1:] + edges[:-1]) / 2
            heights = _steps(scale[..., None, None] * np.cumsum(counts, axis=-2))
            for k in reversed(range(len(colors))):
                x, y = _turned(side, outline, heights[..., k, :])
                over = (*chosen, "learning_rate")
                tracks.append(Area(axes, x, y, over, color=colors[k], alpha=1))
            x, y = _turned(side, middle, scale * expected)
            tracks.append(Line(axes, x, y, tuple(chosen), color="black", width=1.5))
        return tracks

    def _probabilities(self, edges: Array) -> Array:
        """Return how probable a number between each two edges is, for each distribution."""
        if self._choice is None:
            return _probabilities(self.initialization.value, edges)
        distributions = [d for row in self._choice.distributions for d in row]
        each = np.array([_probabilities(d, edges) for d in distributions])
        return np.repeat(each, len(self._choice.seeds), axis=0)

    def _loss_tracks(self, losses: Array, entries: Codes, over: Sequence[str]) -> list[Track]:
        """Return the histogram of the losses, stacked by where their descents end."""
        colors = self._endings.colors
        with np.errstate(invalid="ignore"):
            share = np.sqrt((losses - self._lowest).clip(0) / (self._highest - self._lowest))
            beyond = ~(share <= 1)
        bins = np.where(beyond, LOSS_BINS, np.minimum(share * LOSS_BINS, LOSS_BINS - 1)).astype(int)
        counts = _histograms(bins, entries[..., None, :], LOSS_BINS + 1, len(colors))
        stacked = np.cumsum(counts, axis=-2) / losses.shape[-1]
        steps = [_steps(stacked[..., :LOSS_BINS]), _steps(stacked[..., LOSS_BINS:])]
        outline = [np.repeat(np.linspace(0, 1, LOSS_BINS + 1), 2), np.repeat(BEYOND, 2)]
        x, y = np.concatenate(outline), np.concatenate(steps, axis=-1)
        return [
            Area(self._on_losses, x, y[..., k, :], over, color=colors[k], alpha=1)
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

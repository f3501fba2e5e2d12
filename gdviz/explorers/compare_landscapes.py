"""CompareLandscapesExplorer: the same start and learning rate on different losses."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.descent import Descent, Status, gradient_descent
from gdviz.explorers.controls import (
    COARSE,
    as_iterations,
    checked_start,
    labelled,
    learning_rate_stops,
)
from gdviz.explorers.edge import half_discs, on_edge
from gdviz.explorers.style import NOW, PATH, START
from gdviz.figures import COLORS, draw_landscape, draw_loss, gdviz_style, rim
from gdviz.figures.style import label
from gdviz.landscape import landscape, minimizers_of, parameter_plane, window_around
from gdviz.live import LiveFigure, OpenStopSlider, Player, Points, Text, Trail, literal
from gdviz.surfaces import Surface
from gdviz.task import Array, Task

BOTH = ("learning_rate", "iteration")
MARKS = (COLORS["vermillion"], COLORS["sky blue"])
"""Of the two descents, everywhere."""
PANELS = ((0.055, 0.12, 0.27, 0.66), (0.437, 0.12, 0.27, 0.66), (0.825, 0.12, 0.165, 0.66))
"""Left, bottom, width and height of landscapes and loss curves, as fractions of the figure."""


class CompareLandscapesExplorer(LiveFigure):
    """Two losses over the same two parameters, descended from the same start at the same rate.

    Click either landscape to start both descents there. A white half disc on its edge says where a
    descent is that has left it.

    Parameters
    ----------
    tasks : mapping of str to Task
        Two tasks of two parameters each, by the names that their landscapes get.
    start : array_like of shape ``task.shape``
        Where both descents start.
    learning_rate : float, optional
        Where the slider stands at first. Default: a quarter of the smaller stability limit.
    iterations : int
        The longest descent.

    Attributes
    ----------
    learning_rate, iteration : slider
        Their ``value`` may be set from code.
    start : ndarray of shape ``(1, 2)``
        May be set from code.
    descents : dict of str to Descent
        What the sliders show at the moment.

    Raises
    ------
    ValueError
        If there are not two tasks, one has other than two parameters, or an argument does not fit.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        start: ArrayLike,
        *,
        learning_rate: float | None = None,
        iterations: int = 150,
    ) -> None:
        if not isinstance(tasks, Mapping) or len(tasks) != 2:
            raise ValueError(
                "tasks must name two tasks, such as {'mean': task, 'sum': other_task}, got "
                f"{tasks!r}"
            )
        self.tasks = dict(tasks)
        self._planes = [parameter_plane(task) for task in self.tasks.values()]
        if any(np.prod(task.shape) != 2 for task in self.tasks.values()):
            raise ValueError(f"tasks must have two parameters each, got {tasks!r}")
        # A Surface calls them x and y: a model knows better.
        models = [task for task in self.tasks.values() if not isinstance(task, Surface)]
        self._names = (models or list(self.tasks.values()))[0].parameter_names
        # A student's own formula may be slow, and is asked for every stop and iteration.
        stops = learning_rate_stops(self._limit(), COARSE)
        self.learning_rate = OpenStopSlider(
            stops,
            self._limit() / 4 if learning_rate is None else stops[-1],
            layout={"flex": "1 1 auto"},
        )
        if learning_rate is not None:
            self.learning_rate.value = learning_rate
        self._start = checked_start(next(iter(self.tasks.values())), start)
        iterations = as_iterations(iterations, 2 * len(stops))
        self._descend(iterations)
        self.iteration = IntSlider(
            min=0, max=iterations, value=min(20, iterations), layout={"flex": "1 1 auto"}
        )
        self._window = self._fitting_window(self._start)
        with gdviz_style():
            self._figure = Figure(figsize=(11, 4.3))
            self._axes = [self._figure.add_axes(rectangle) for rectangle in PANELS]
            draw_loss(self._axes[2], iterations)
            self._figure.text(0.32, 0.02, "○ start  ☆ minimum", size=11)
        self._paint()
        with gdviz_style():
            super().__init__(
                self._figure,
                **self._contents(),
                controls={"learning_rate": self.learning_rate, "iteration": self.iteration},
            )
        for axes in self._axes[:2]:
            self.on_click(axes, self._start_at)
        self.learning_rate.observe(self._follow, "value")

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("learning rate ε", self.learning_rate),
            labelled("iteration", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"CompareLandscapesExplorer({' | '.join(self.tasks)})"

    @property
    def descents(self) -> dict[str, Descent]:
        """The runs that are shown, up to the iteration that is shown."""
        run = self.position["learning_rate"]
        return {
            name: batch.run(run).until(self.iteration.value)
            for name, batch in zip(self.tasks, self._batches, strict=True)
        }

    @property
    def start(self) -> Array:
        """Where both descents start, shape ``(1, 2)``."""
        return self._start

    @start.setter
    def start(self, theta: ArrayLike) -> None:
        start = checked_start(next(iter(self.tasks.values())), theta)
        window = self._fitting_window(start)
        repaint = not np.array_equal(window, self._window)
        self._start, self._window = start, window
        if repaint:
            self._paint()
        self._descend(self.iteration.max)
        with gdviz_style():
            self.update(**self._contents(), repaint=repaint)

    def _start_at(self, u: float, v: float) -> None:
        self.start = [[u, v]]

    def _follow(self, _: Any) -> None:
        """Compute a learning rate between the stops, which only code can choose."""
        if self.learning_rate.value not in self._rates:
            self._descend(self.iteration.max)
            self.update(**self._contents())

    def _limit(self) -> float:
        """Return the smaller of the two stability limits."""
        return min(float(task.max_stable_learning_rate()) for task in self.tasks.values())

    def _fitting_window(self, start: Array) -> Array:
        """Return a window for both landscapes: that of a Surface, or one around both minima."""
        pairs = list(zip(self.tasks.values(), self._planes, strict=True))
        surfaces = [pair for pair in pairs if isinstance(pair[0], Surface)]
        windows = [window_around(task, plane, start[None]) for task, plane in surfaces or pairs]
        low, high = np.array(windows).T
        return np.stack([low.min(axis=-1), high.max(axis=-1)], axis=-1)

    def _paint(self) -> None:
        """Draw what stands still and depends on the window: landscapes, the range of losses."""
        lowest, highest = np.inf, -np.inf
        with gdviz_style():
            for axes, plane, color, (name, task) in zip(
                self._axes, self._planes, MARKS, self.tasks.items()
            ):
                picture = landscape(task, plane, self._window)
                axes.clear()
                draw_landscape(axes, picture, plane, minimizers_of(task))
                axes.set_title("", loc="right")
                label(axes, x=self._names[0], y=self._names[1], title=f"    {name}")
                axes.plot(
                    *(0.025, 1.06, "o"),
                    color=color,
                    markeredgecolor=rim(color),
                    markersize=NOW["size"],
                    transform=axes.transAxes,
                    clip_on=False,
                )
                lowest = min(lowest, picture.loss.min(), task.least_loss)
                highest = max(highest, picture.loss.max())
        self._axes[2].set_ylim(max(0.7 * lowest, 1e-9 * highest), 2 * highest)

    def _descend(self, iterations: int) -> None:
        self._rates = self.learning_rate.values
        self._batches = [
            gradient_descent(task, self._start, self._rates, iterations)
            for task in self.tasks.values()
        ]

    def _contents(self) -> dict[str, Any]:
        """Return all that moves, as LiveFigure and its update take it."""
        iterations = np.arange(self.iteration.max + 1)
        tracks: list[Any] = [
            Text("ε = {learning_rate:.3g}", x=0.825, y=0.93, size=12.5),
            Text("iteration {iteration}", x=0.825, y=0.87, size=12.5),
        ]
        spoken: list[str] = []
        values: dict[str, Any] = {}
        words: dict[str, list[str]] = {}
        for k, (name, batch) in enumerate(zip(self.tasks, self._batches, strict=True)):
            axes, on_loss = self._axes[k], self._axes[2]
            places = self._planes[k].coordinates(batch.theta)
            _, edge = on_edge(places, self._window)
            u, v = np.moveaxis(places, -1, 0)
            color = {"color": MARKS[k], "outline": rim(MARKS[k])}
            shown = {
                "loss": batch.loss,
                "norm": batch.gradient_norm,
                "status": batch.status_codes(),
            }
            here: dict[str, Any] = {"axes": axes, "size": 12, "color": "black"}
            tracks += [
                Trail(axes, u, v, BOTH, **{**PATH, **color}),
                Points(axes, u[:, :1], v[:, :1], BOTH, **START),
                Points(axes, u, v, BOTH, **{**NOW, **color}),
                half_discs(axes, BOTH, *np.moveaxis(edge, -1, 0), color=MARKS[k]),
                Trail(on_loss, iterations, batch.loss, BOTH, **{**PATH, **color}),
                Points(on_loss, iterations, batch.loss, BOTH, **{**NOW, **color}),
                Text("loss {loss:.4g}", shown, BOTH, y=1.22, bold=True, **here),
                Text("gradient norm {norm:.3g}", shown, BOTH, x=0.42, y=1.22, **here),
            ]
            meanings = [status.meaning for status in Status]
            tracks.append(
                Text("{status}", shown, BOTH, {"status": meanings}, y=1.13, **here),
            )
            spoken.append(f"{literal(name)}: loss {{loss{k}:.4g}}, {{status{k}}}")
            values |= {f"loss{k}": batch.loss, f"status{k}": shown["status"]}
            words[f"status{k}"] = [str(status) for status in Status]
        return {
            "tracks": tracks,
            "dimensions": {"learning_rate": self._rates, "iteration": iterations},
            "description": Text(
                f"learning rate {{learning_rate:.3g}}, iteration {{iteration}} of "
                f"{self.iteration.max}: " + "; ".join(spoken),
                values,
                BOTH,
                words,
            ),
        }

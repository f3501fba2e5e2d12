"""LearningRatesExplorer: too small, ideal, too large, side by side on one landscape."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.arguments import as_floats
from gdviz.descent import Status, gradient_descent
from gdviz.explorers.controls import as_iterations, as_start, labelled
from gdviz.explorers.grounds import Curve, Ground, Map
from gdviz.figures import gdviz_style
from gdviz.landscape import landscape, minimizer_of, parameter_plane, window_around
from gdviz.live import LiveFigure, Player, Text, Track, literal
from gdviz.task import Array, Task

LEFT, GAP = 0.06, 0.045
"""Before the row of panels and between them, as fractions of the figure's width."""
ENDS = {1: 0.99, 2: 0.955}
"""Where the row ends, by the number of parameters: a map has a colour bar at its right."""
OVER = ("iteration",)
WORDS = [status.meaning.split(":")[0] for status in Status]
"""Short enough for several panels."""


class LearningRatesExplorer(LiveFigure):
    """One landscape, descended with several learning rates side by side.

    All descents start at the same place and follow one iteration slider. A white half disc on the
    landscape's edge, or at the curve's end, says where a descent is that has left it.

    Parameters
    ----------
    task : Task
        Of one parameter (a parabola such as ``surfaces.bowl(1)``, or your own function) or two.
    learning_rates : mapping of str to float, optional
        A title and its ε for each panel, from left to right. Default: a fiftieth of 2/λmax, half
        of it and a little more than all of it, λmax being the steepest curvature at the minimum.
    start : array_like of shape ``task.shape``, optional
        Default: drawn from N(0, 1).
    iterations : int

    Attributes
    ----------
    descent : Descent
        All runs, one for each panel.
    iteration : IntSlider

    Raises
    ------
    ValueError
        If the task has more than two parameters, or no minimum that curves upwards and no
        learning rates are given, or an argument makes no sense.
    """

    def __init__(
        self,
        task: Task,
        learning_rates: Mapping[str, float] | None = None,
        *,
        start: ArrayLike | None = None,
        iterations: int = 40,
    ) -> None:
        self.task = task
        self._plane = parameter_plane(task)
        theta = as_start(task, start)
        learning_rates = _default_rates(task) if learning_rates is None else learning_rates
        if not isinstance(learning_rates, Mapping) or not learning_rates:
            raise ValueError(
                'learning_rates must name each ε, as {"small": 0.01, "large": 0.9}, got '
                f"{learning_rates!r}"
            )
        rates = as_floats("learning_rates", list(learning_rates.values()))
        iterations = as_iterations(iterations, len(rates), least=0)
        self.descent = gradient_descent(task, theta, rates, iterations)
        self.iteration = IntSlider(min=0, max=iterations, layout={"flex": "1 1 auto"})
        with gdviz_style():
            figure = Figure(figsize=(11, 4.3))
            self._draw_panels(figure, learning_rates, theta)
            super().__init__(
                figure,
                [track for k in range(len(rates)) for track in self._panel(k)],
                {"iteration": np.arange(iterations + 1)},
                description=self._describe(list(learning_rates)),
                controls={"iteration": self.iteration},
            )

    def _rows(self) -> list[Widget]:
        return [self.canvas, labelled("iteration", self.iteration, Player(self.iteration))]

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:.4g}" for rate in self.descent.learning_rate)
        return f"LearningRatesExplorer({self.task!r}, ε = {rates})"

    def _draw_panels(
        self, figure: Figure, learning_rates: Mapping[str, float], start: Array
    ) -> None:
        task, plane = self.task, self._plane
        window = window_around(task, plane, start[None])
        picture = landscape(task, plane, window)
        width = (ENDS[len(plane.names)] - LEFT + GAP) / len(learning_rates) - GAP
        self._grounds: list[Ground] = []
        for k, (title, rate) in enumerate(learning_rates.items()):
            axes = figure.add_axes((LEFT + k * (width + GAP), 0.12, width, 0.62))
            ground = (Curve if len(plane.names) == 1 else Map)(axes, task)
            ground.window, ground.picture = window, picture
            ground.paint()
            axes.set_title("", loc="right")
            axes.set_title(f"{title}: ε = {rate:.4g}", pad=47, parse_math=False)
            if k > 0:
                axes.set_ylabel("")
            self._grounds.append(ground)

    def _panel(self, k: int) -> list[Track]:
        """Return what moves on the kth panel."""
        ground, run = self._grounds[k], self.descent.run(k)
        walks = ground.walks(run)
        coordinates = dict(zip(self._plane.names, walks.points.T))
        values = {**coordinates, "loss": run.loss, "status": run.status_codes()}
        style: dict[str, Any] = {"over": OVER, "axes": ground.axes, "words": {"status": WORDS}}
        readouts = ["loss {loss:.3g}"]
        if len(coordinates) == 1:
            readouts = [*(f"{name} = {{{name}:.3g}}" for name in coordinates), *readouts]
        return [
            *ground.tracks(walks, OVER),
            Text("{status}", values, y=1.13, bold=True, **style),
            *(
                Text(readout, values, x=n / len(readouts), y=1.04, **style)
                for n, readout in enumerate(readouts)
            ),
        ]

    def _describe(self, titles: list[str]) -> Text:
        """Say of every panel how it stands."""
        codes = self.descent.status_codes()
        values: dict[str, Any] = {}
        parts = []
        for k, title in enumerate(titles):
            values |= {f"loss{k}": self.descent.loss[k], f"status{k}": codes[k]}
            parts.append(f"{literal(title)}, loss {{loss{k}:.3g}}, {{status{k}}}")
        words = {f"status{k}": [str(status) for status in Status] for k in range(len(titles))}
        return Text("iteration {iteration}: " + "; ".join(parts), values, OVER, words)


def _default_rates(task: Task) -> dict[str, float]:
    limit = float(task.max_stable_learning_rate(minimizer_of(task)))
    if not 0 < limit < np.inf:
        raise ValueError(
            f"{task!r} has no minimum, or is flat there, so that no learning rate is too large: "
            "pass learning_rates"
        )
    return {"too small": limit / 50, "ideal": limit / 2, "too large": 1.03 * limit}

"""MinibatchExplorer: descent that looks at a few samples per step."""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdviz.explorers.controls import as_iterations, labelled
from gdviz.explorers.edge import half_discs, on_edge
from gdviz.explorers.style import NOW, PATH, START
from gdviz.explorers.terrain import MAX_BYTES, Terrain
from gdviz.figures import gdviz_style, write_powers
from gdviz.live import Line, LiveFigure, Player, Points, StopSlider, Text, Trail
from gdviz.optimizers import Minibatches
from gdviz.task import Array, DataTask, Task, quiet_overflow

BATCH_SIZES = (1, 2, 5, 10, 30, 100)
N_SEEDS = 3
DIGITS = 7
"""Decades of loss that are shown."""
PANELS = ((0.072, 0.125, 0.266, 0.665), (0.468, 0.125, 0.225, 0.665), (0.75, 0.125, 0.235, 0.665))
"""Left, bottom, width and height of landscape and the two loss curves."""
RUNS = ("batch_size", "learning_rate", "seed")
ALL = (*RUNS, "iteration")
FAINT: dict[str, Any] = {"color": "0.72", "width": 1.4}


class MinibatchExplorer(LiveFigure):
    """Minibatch descent under sliders for batch size, learning rate and the draw of the samples.

    Its loss, that of all samples, is drawn twice: against the steps, and against the samples looked
    at, which is what a step costs. White is descent on all samples; grey, in the last panel, are
    the other batch sizes; black the mean of the last half of the steps. A white half disc on the
    landscape's edge says where a descent is that has left it.

    Parameters
    ----------
    task : LinearRegression or LogisticRegression
        With one feature and one output.
    start : array_like of shape ``task.shape``, optional
        Within the picture.
    iterations : int
        Steps of every descent.

    Attributes
    ----------
    batch_size, learning_rate, seed, iteration : slider
        Their ``value`` may be set from code.
    start : ndarray of shape ``task.shape``
    noise_floor : ndarray of shape (n_batch_sizes, n_learning_rates, n_seeds)
        By how much the loss exceeds the least, on average over the last half of the steps.

    Raises
    ------
    ValueError
        If the task has no samples or not two parameters, or an argument does not fit it.
    """

    def __init__(
        self, task: DataTask, *, start: ArrayLike | None = None, iterations: int = 200
    ) -> None:
        if not isinstance(task, DataTask):
            raise ValueError(
                f"task must learn from samples, such as gd.LinearRegression(X, y), got {task!r}"
            )
        iterations = as_iterations(iterations, N_SEEDS, least=2)
        self.task = task
        self._terrain = terrain = Terrain(task)
        self.start = terrain.start(start)
        n = task.n_samples
        self._batch_sizes = np.array([size for size in BATCH_SIZES if size < n] + [n])
        limit = float(task.max_stable_learning_rate(terrain.minimizer))
        self._rates = _rates(limit)
        self._seeds = np.arange(N_SEEDS)
        self._iterations = np.arange(iterations + 1)
        self._top = 10 * terrain.height
        self._theta = self._descend()
        with quiet_overflow():
            loss = task.loss(self._theta)
            excess = loss[..., (iterations + 1) // 2 :] - terrain.lowest
            self.noise_floor: Array = np.mean(excess, axis=-1)
        self._above = terrain.above_lowest(loss)

        row = {"flex": "1 1 auto"}
        self.batch_size = StopSlider(self._batch_sizes, 10, layout=row)
        self.learning_rate = StopSlider(self._rates, limit / 10, layout=row)
        self.seed = IntSlider(min=0, max=N_SEEDS - 1, layout=row)
        self.iteration = IntSlider(min=0, max=iterations, value=min(20, iterations), layout=row)
        with gdviz_style():
            figure = Figure(figsize=(11, 4.4))
            self._axes = [figure.add_axes(rectangle) for rectangle in PANELS]
            terrain.draw(self._axes[0])
            self._draw_losses(*self._axes[1:])
            super().__init__(
                figure,
                **self._contents(),
                controls={name: getattr(self, name) for name in ALL},
                max_bytes=MAX_BYTES,
            )

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("batch size", self.batch_size),
            labelled("learning rate ε", self.learning_rate),
            labelled("draw of samples", self.seed),
            labelled("step", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"MinibatchExplorer({self.task!r})"

    def _descend(self) -> Array:
        """Return θ of all runs: (batch sizes, learning rates, seeds, iterations + 1, *shape)."""
        sizes, seeds = self._batch_sizes, self._seeds
        runs = (len(sizes), len(self._rates), len(seeds), len(self._iterations))
        theta = np.empty((*runs, *self.task.shape))
        for k, size in enumerate(sizes[:-1]):
            for seed in seeds:
                minibatches = Minibatches(int(size), int(seed))
                theta[k, :, seed] = self._paths(minibatches.subsets(self.task))
        # All samples at once leave nothing to chance.
        theta[-1] = self._paths(repeat(self.task))[:, None]
        return theta

    def _paths(self, subsets: Iterator[Task]) -> Array:
        """Return θ after each step of a descent at every learning rate."""
        # The lecture's loop without gradient_descent's record of losses: these follow all at once.
        ε = self._rates[:, None, None]
        theta = np.broadcast_to(self.start, (len(ε), *self.task.shape))
        path = np.empty((len(ε), len(self._iterations), *self.task.shape))
        with quiet_overflow():
            for iteration in self._iterations:
                path[:, iteration] = theta
                J = next(subsets).jacobian(theta)
                theta = theta - ε * J.mT
        return path

    def _draw_losses(self, on_steps: Axes, on_samples: Axes) -> None:
        """Draw empty axes for losses against steps and against samples looked at."""
        last = self._iterations[-1]
        for axes in (on_steps, on_samples):
            axes.set(yscale="log", ylim=(10.0**-DIGITS * self._top / 2, 2 * self._top))
            axes.grid(color="0.9")
        on_steps.set_xlim(-0.02 * last, 1.04 * last)
        on_steps.set_title("L - L* at each step")
        on_steps.set_xlabel("step")
        on_samples.set_xscale("symlog", linthresh=1)
        on_samples.set_xlim(-0.15, 2 * last * self.task.n_samples)
        on_samples.set_title("L - L* by samples seen")
        on_samples.set_xlabel("samples looked at")
        on_samples.set_yticklabels([])
        write_powers(on_steps.yaxis, on_samples.xaxis)
        for axes in (on_steps, on_samples):
            axes.minorticks_off()

    def _contents(self) -> dict[str, Any]:
        """Return tracks, dimensions and description."""
        on_landscape, on_steps, on_samples = self._axes
        steps, above = self._iterations, self._above
        places = self._terrain.plane.coordinates(self._theta)
        _, edge = on_edge(places, self._terrain.window)
        u, v = np.moveaxis(places, -1, 0)
        seen = (self._batch_sizes[:, None] * steps)[:, None, None]
        plain = (u[-1, :, 0], v[-1, :, 0])
        values = {
            "above": above,
            "floor": self.noise_floor[..., None],
            "epoch": seen / self.task.n_samples,
        }

        def text(template: str, x: float, **style: Any) -> Text:
            return Text(template, values, ALL, x=x, y=0.94, size=12, **style)

        return {
            "tracks": [
                Line(on_landscape, *plain, RUNS[1:2], **{**FAINT, "color": "white"}),
                *(
                    Line(on_samples, steps * size, above[k], RUNS[1:], **FAINT)
                    for k, size in enumerate(self._batch_sizes)
                ),
                Trail(on_landscape, u, v, ALL, **PATH),
                Trail(on_steps, steps, above, ALL, **PATH),
                Trail(on_samples, seen, above, ALL, **PATH),
                Line(
                    on_steps,
                    steps[[len(steps) // 2, -1]],
                    self.noise_floor[..., None],
                    RUNS,
                    color="black",
                    outline="white",
                ),
                Points(on_landscape, *self._terrain.plane.coordinates(self.start), **START),
                Points(on_landscape, u, v, ALL, **NOW),
                half_discs(on_landscape, ALL, *np.moveaxis(edge, -1, 0)),
                Points(on_steps, steps, above, ALL, **NOW),
                Points(on_samples, seen, above, ALL, **NOW),
                text(f"batch size {{batch_size}} of {self.task.n_samples}", 0.012),
                text("ε = {learning_rate:.3g}", 0.2),
                text("step {iteration}, epoch {epoch:.3g}", 0.295),
                text("L - L* = {above:.2g}", 0.525),
                text(
                    f"mean of steps {len(steps) // 2} to {steps[-1]}: {{floor:.2g}}",
                    0.988,
                    align="right",
                    bold=True,
                ),
            ],
            "dimensions": {
                "batch_size": self._batch_sizes,
                "learning_rate": self._rates,
                "seed": self._seeds,
                "iteration": steps,
            },
            "description": Text(
                "batch size {batch_size}, learning rate {learning_rate:.3g}, draw {seed}, step "
                f"{{iteration}} of {steps[-1]}, epoch {{epoch:.3g}}: loss above the least "
                "{above:.2g}, {floor:.2g} on average over the last half",
                values,
                ALL,
            ),
        }


def _rates(limit: float) -> Array:
    """Return the round numbers 1, 2, 5, ... from a hundredth of the stability limit to below it."""
    if not 0 < limit < np.inf:
        raise ValueError(f"task: the largest stable learning rate is {limit}: rescale the data")
    decade = int(np.floor(np.log10(limit)))
    rates = np.array([float(f"{d}e{k}") for k in range(decade - 3, decade + 2) for d in (1, 2, 5)])
    return rates[(rates > 0.0099 * limit) & (rates < 0.99 * limit)]

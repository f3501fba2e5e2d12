"""RaceExplorer: optimizers from one start, each at its own best learning rate."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from ipywidgets import IntSlider, ToggleButtons, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gdviz.descent import Descent, gradient_descent
from gdviz.explorers.controls import as_iterations, labelled
from gdviz.explorers.edge import half_discs, on_edge
from gdviz.explorers.style import NOW, PATH, START
from gdviz.explorers.terrain import MAX_BYTES, Terrain
from gdviz.explorers.tuning import PER_DECADE, Tuning, grid_of_rates, tune
from gdviz.figures import COLORS, gdviz_style, rim, write_powers
from gdviz.live import Line, LiveFigure, Player, Points, StopSlider, Text, Trail, literal
from gdviz.live.tracks import Track
from gdviz.optimizers import AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp
from gdviz.task import Array, Task, quiet_overflow

OPTIMIZERS: Mapping[str, Optimizer | None] = MappingProxyType(
    {
        "gradient descent": None,
        "momentum": Momentum(),
        "Nesterov": Nesterov(),
        "AdaGrad": AdaGrad(),
        "RMSProp": RMSProp(),
        "Adam": Adam(),
    }
)
"""Who races by default; None is plain gradient descent."""
LANES = tuple(
    COLORS[name] for name in ("black", "vermillion", "orange", "sky blue", "green", "purple")
)
"""A colour for each; there are no more racers than colours."""
FACTORS = 10 ** np.linspace(-1, 1, PER_DECADE + 1)
"""What all learning rates are multiplied by: a tenth to ten, by every second step of the grid."""
DIGITS = 10
"""Decades of loss that are shown; what is less has arrived, and leaves the picture."""
PANELS = ((0.072, 0.11, 0.2565, 0.6), (0.468, 0.11, 0.225, 0.6), (0.755, 0.11, 0.23, 0.6))
"""Left, bottom, width and height of landscape, loss curves and tuning."""
LEGEND = (0.949, 0.902, 0.855)
"""Heights of its lines: name, learning rate, loss."""
ALL = ("show", "factor", "iteration")


class RaceExplorer(LiveFigure):
    """Optimizers descend from one start, each at the learning rate that suits it best.

    To be fair, each is tuned in the same way: descents at all learning rates of one grid, from 16
    starts spread over the picture; the rate with the least loss in the end, which is the highest
    of the last tenth of the iterations, the median of the starts; of rates that get below a
    ten-billionth of the picture's height, the smallest. The third panel shows how that depends on
    the rate. Click the landscape to have them start there. A white half disc on its edge, rimmed in
    its racer's colour, says where one is that has left it.

    Parameters
    ----------
    task : Task
        With two parameters: a surface, or a model of one feature and one output.
    optimizers : mapping of str to Optimizer or None, optional
        Who races, by name; None is plain gradient descent. Six at most.
    start : array_like of shape ``task.shape``, optional
        Within the picture.
    iterations : int

    Attributes
    ----------
    factor, iteration, show : controls
        What all rates are multiplied by; the iteration; whether ``"all"`` are seen or one, by name.
    optimizers : dict of str to Optimizer or None
    learning_rates : dict of str to float
        Each one's best.
    descents : dict of str to Descent
        What the sliders show at the moment.
    start : ndarray of shape ``task.shape``
        May be set from code.

    Raises
    ------
    ValueError
        If the task does not have two parameters, or an argument does not fit it.
    """

    def __init__(
        self,
        task: Task,
        *,
        optimizers: Mapping[str, Optimizer | None] = OPTIMIZERS,
        start: ArrayLike | None = None,
        iterations: int = 100,
    ) -> None:
        self.optimizers = _checked(optimizers)
        iterations = as_iterations(iterations, len(self.optimizers) * len(FACTORS))
        self.task = task
        self._terrain = terrain = Terrain(task)
        self._start = terrain.start(start)
        self._arrived = 10.0**-DIGITS * terrain.height
        rates = grid_of_rates(terrain)
        self._tunings = {
            name: tune(terrain, optimizer, rates, iterations, self._arrived)
            for name, optimizer in self.optimizers.items()
        }
        self.factor = StopSlider(FACTORS, 1.0, layout={"flex": "1 1 auto"})
        self.iteration = IntSlider(
            min=0, max=iterations, value=min(20, iterations), layout={"flex": "1 1 auto"}
        )
        self.show = ToggleButtons(options=["all", *self.optimizers], style={"button_width": "auto"})
        with gdviz_style():
            figure = Figure(figsize=(11, 4.7))
            self._axes = [figure.add_axes(rectangle) for rectangle in PANELS]
            self._paint(figure)
        self._descend()
        with gdviz_style():
            super().__init__(
                figure,
                **self._contents(),
                controls={"show": self.show, "factor": self.factor, "iteration": self.iteration},
                max_bytes=MAX_BYTES,
            )
        self.on_click(self._axes[0], self._start_at)

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("all rates ×", self.factor),
            labelled("iteration", self.iteration, Player(self.iteration)),
            labelled("show", self.show),
        ]

    def __repr__(self) -> str:
        return f"RaceExplorer({self.task!r}: {', '.join(self.optimizers)})"

    @property
    def learning_rates(self) -> dict[str, float]:
        """The best learning rate of each."""
        return {name: float(t.rates[t.best]) for name, t in self._tunings.items()}

    @property
    def descents(self) -> dict[str, Descent]:
        """The runs that are shown, up to the iteration that is shown."""
        factor, iteration = self.position["factor"], self.iteration.value
        return {name: batch.run(factor).until(iteration) for name, batch in self._batches.items()}

    @property
    def start(self) -> Array:
        """Where all start, shape ``task.shape``."""
        return self._start

    @start.setter
    def start(self, theta: ArrayLike) -> None:
        self._start = self._terrain.start(theta)
        self._descend()
        with gdviz_style():
            self.update(**self._contents())

    def _start_at(self, u: float, v: float) -> None:
        self.start = self._terrain.plane.point(u, v)

    def _descend(self) -> None:
        self._batches = {
            name: gradient_descent(
                self.task,
                self._start,
                self.learning_rates[name] * FACTORS,
                self.iteration.max,
                optimizer=optimizer,
            )
            for name, optimizer in self.optimizers.items()
        }

    def _paint(self, figure: Figure) -> None:
        """Draw what stands still: the landscape, empty axes, the legend's names."""
        on_landscape, on_loss, on_tuning = self._axes
        self._terrain.draw(on_landscape)
        _draw_losses(on_loss, self.iteration.max)
        _draw_tuning(on_tuning, list(self._tunings.values()))
        for axes in (on_loss, on_tuning):
            axes.set_ylim(self._arrived / 3, 30 * self._terrain.height)
        for name, x in zip(self.optimizers, self._columns(), strict=True):
            color = self._color(name)
            dot = Line2D([x + 0.006], [LEGEND[0] + 0.0115], marker="o", markersize=9, color=color)
            dot.set(markeredgecolor=rim(color), transform=figure.transFigure)
            figure.add_artist(dot)
            figure.text(x + 0.018, LEGEND[0], name, size=10.5, weight="bold", parse_math=False)

    def _color(self, name: str) -> str:
        return LANES[list(self.optimizers).index(name)]

    def _columns(self) -> list[float]:
        """Return where each entry of the legend begins, as a fraction of the width."""
        return [0.012 + 0.165 * k for k in range(len(self.optimizers))]

    def _contents(self) -> dict[str, Any]:
        """Return tracks, dimensions and description for the present descents."""
        on_landscape, on_loss, on_tuning = self._axes
        terrain, names = self._terrain, list(self.optimizers)
        iterations = np.arange(self.iteration.max + 1)
        above = {name: terrain.above_lowest(batch.loss) for name, batch in self._batches.items()}
        trails: list[Track] = []
        points: list[Track] = []
        texts: list[Track] = []
        for name, x in zip(names, self._columns(), strict=True):
            color, tuning, loss = self._color(name), self._tunings[name], above[name][None]
            seen = np.array([shown in ("all", name) for shown in ["all", *names]])
            hidden = np.where(seen, 0.0, np.nan)[:, None, None]
            places = terrain.plane.coordinates(self._batches[name].theta)
            _, edge = on_edge(places, terrain.window)
            (u, v), (edge_u, edge_v) = np.moveaxis(places, -1, 0), np.moveaxis(edge, -1, 0)
            rates = tuning.rates[tuning.best] * FACTORS
            tuned = np.interp(np.log(rates), np.log(tuning.rates), tuning.loss)
            tuned = np.maximum(tuned, self._arrived)  # dots and rings stay in the picture
            path = {**PATH, "color": color, "outline": rim(color), "dots": 4.0}
            now = {**NOW, "color": color, "outline": rim(color), "size": 10.0}
            trails += [
                Trail(on_landscape, u + hidden, v[None], ALL, **path),
                Trail(on_loss, iterations + hidden, loss, ALL, **path),
                Line(
                    on_tuning,
                    tuning.rates + hidden[..., 0],
                    tuning.loss[None],
                    ALL[:1],
                    color=color,
                    outline=rim(color),
                    width=2.0,
                ),
            ]
            points += [
                Points(on_landscape, u + hidden, v[None], ALL, **now),
                half_discs(on_landscape, ALL, edge_u + hidden, edge_v[None], color=color),
                Points(on_loss, iterations + hidden, loss, ALL, **now),
                Points(
                    on_tuning,
                    rates[FACTORS == 1] + hidden[..., 0],
                    tuned[FACTORS == 1],
                    ALL[:1],
                    color="none",
                    outline=color,
                    size=16.0,
                ),
                Points(
                    on_tuning,
                    rates + hidden[..., 0],
                    tuned[None],
                    ALL[:2],
                    **now,
                ),
            ]
            readouts = {"rate": rates[:, None], "loss": above[name]}
            texts += [
                Text(template, readouts, ALL[1:], x=x + 0.018, y=y, size=11)
                for template, y in zip(("ε = {rate:.2g}", "L - L* = {loss:.2g}"), LEGEND[1:])
            ]
        u, v = terrain.plane.coordinates(self._start)
        standing, words, ratio = _standings(names, np.stack(list(above.values())))
        values = {
            "standing": standing,
            "ratio": ratio,
            **{f"loss{k}": above[name] for k, name in enumerate(names)},
        }
        texts.append(
            Text(
                "{standing}{ratio:.3g}",
                values,
                ALL[1:],
                {"standing": words},
                x=0.988,
                y=0.795,
                align="right",
                size=12,
                bold=True,
            )
        )
        each = ", ".join(f"{literal(name)} {{loss{k}:.2g}}" for k, name in enumerate(names))
        return {
            "tracks": [*trails, Points(on_landscape, u, v, **START), *points, *texts],
            "dimensions": {"show": ["all", *names], "factor": FACTORS, "iteration": iterations},
            "description": Text(
                f"all rates times {{factor:.3g}}, iteration {{iteration}} of {iterations[-1]}, "
                f"loss above the least: {each}; {{standing}}{{ratio:.3g}}",
                values,
                ALL[1:],
                {"standing": words},
            ),
        }


def _checked(optimizers: Mapping[str, Optimizer | None]) -> dict[str, Optimizer | None]:
    """Return the racers, or say who is none."""
    if not isinstance(optimizers, Mapping) or not 1 <= len(optimizers) <= len(LANES):
        raise ValueError(
            f"optimizers must name 1 to {len(LANES)} of them, such as "
            f'{{"plain": None, "Adam": gd.Adam()}}, got {optimizers!r}'
        )
    for name, optimizer in optimizers.items():
        if not isinstance(name, str) or name == "all":
            raise ValueError(f"optimizers has the name {name!r}: take another word")
        if optimizer is not None and not isinstance(optimizer, Optimizer):
            raise ValueError(
                f"optimizers[{name!r}] must be one such as gd.Adam(), got {optimizer!r}"
            )
    return dict(optimizers)


def _draw_losses(axes: Axes, iterations: int) -> None:
    """Draw empty axes for losses against iterations."""
    axes.set(yscale="log", xlim=(-0.02 * iterations, 1.04 * iterations))
    write_powers(axes.yaxis)
    axes.minorticks_off()
    axes.grid(color="0.9")
    axes.set_title("L - L* at each iteration")
    axes.set_xlabel("iteration")


def _draw_tuning(axes: Axes, tunings: list[Tuning]) -> None:
    """Draw empty axes for losses against learning rates, wide enough for all factors."""
    best = [tuning.rates[tuning.best] for tuning in tunings]
    axes.set(xscale="log", yscale="log", xlim=(min(best) / 13, 13 * max(best)))
    write_powers(axes.xaxis)
    axes.grid(color="0.9")
    axes.minorticks_off()
    axes.set_yticklabels([])
    axes.set_title("L - L* in the end, by ε")
    axes.set_xlabel("learning rate ε")


@quiet_overflow()
def _standings(names: list[str], above: Array) -> tuple[Array, list[str], Array]:
    """Return who leads, as a number of a phrase; the phrases; and the ratio to the next one's loss.

    Nobody leads where even the least loss is above the first one; the ratio is then to that. Who
    runs alone is compared with its own start.
    ``above`` has shape ``(n_optimizers, ..., n_iterations)``.
    """
    if len(names) == 1:
        [loss] = above
        words = [
            f"{names[0]} is below its start by a factor of ",
            f"{names[0]} is above its start by a factor of ",
        ]
        change = loss / loss[..., :1]
        climbed = change > 1
        return climbed.astype(int), words, np.where(climbed, change, 1 / change)
    order = np.argsort(above, axis=0, kind="stable")
    first, second = order[:2]
    least, next_one = np.sort(above, axis=0)[:2]
    ratio = np.where(np.isinf(least), 1.0, next_one / least)
    phrases = ["level: the two least losses have the ratio "] + [
        f"{leader} leads, before {follower} by a factor of "
        for leader in names
        for follower in names
    ]
    standing = np.where(ratio < 1.005, 0, 1 + first * len(names) + second)
    climbed = least / above[0, ..., :1]
    lost = climbed > 1.005
    phrases.append("all are above their start, at least by a factor of ")
    return np.where(lost, len(phrases) - 1, standing), phrases, np.where(lost, climbed, ratio)

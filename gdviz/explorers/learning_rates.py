"""LearningRatesExplorer: too small, ideal, too large, side by side on one curve."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.figure import Figure

from gdviz.datasets import as_floats
from gdviz.descent import Status, gradient_descent
from gdviz.explorers.controls import labelled
from gdviz.explorers.style import NOW, PATH, START
from gdviz.figures import draw_curve, gdviz_style
from gdviz.live import LiveFigure, Player, Points, Text, Trail
from gdviz.surfaces import Surface

LEFT, RIGHT, GAP = 0.06, 0.99, 0.045
"""Of the row of panels, as fractions of the figure's width."""
WORDS = [status.meaning.split(":")[0] for status in Status]
"""Short enough for several panels."""


class LearningRatesExplorer(LiveFigure):
    """One landscape of one parameter, descended with several learning rates side by side.

    All descents start at the same place and follow one iteration slider.

    Parameters
    ----------
    surface : Surface
        Of one parameter: a parabola such as ``surfaces.bowl(1)``, or your own function.
    learning_rates : mapping of str to float, optional
        A title and its ε for each panel, from left to right. Default: a fiftieth of 2/λ, half of
        it and a little more than all of it, where λ is the curvature at the minimum.
    start : float, optional
        Default: a sixth of the window from its left end.
    iterations : int

    Attributes
    ----------
    descent : Descent
        All runs, one for each panel.
    iteration : IntSlider

    Raises
    ------
    ValueError
        If the surface has not exactly one parameter, or no minimum that curves upwards, or an
        argument makes no sense.
    """

    def __init__(
        self,
        surface: Surface,
        learning_rates: Mapping[str, float] | None = None,
        *,
        start: float | None = None,
        iterations: int = 40,
    ) -> None:
        if not isinstance(surface, Surface) or surface.dims != 1:
            raise ValueError(f"surface must be a gd.Surface of one parameter, got {surface!r}")
        self.surface = surface
        learning_rates = _default_rates(surface) if learning_rates is None else learning_rates
        if not isinstance(learning_rates, Mapping) or not learning_rates:
            raise ValueError(
                'learning_rates must name each ε, as {"small": 0.01, "large": 0.9}, got '
                f"{learning_rates!r}"
            )
        low, high = surface.window[0]
        theta = as_floats("start", low + (high - low) / 6 if start is None else start)
        if theta.ndim > 0 or not np.isfinite(surface.loss([[theta]])):
            raise ValueError(f"start must be one number where the loss is finite, got {start!r}")
        rates = as_floats("learning_rates", list(learning_rates.values()))
        self.descent = gradient_descent(surface, [[theta]], rates, iterations)
        self.iteration = IntSlider(min=0, max=iterations, layout={"flex": "1 1 auto"})
        width = (RIGHT - LEFT + GAP) / len(rates) - GAP
        with gdviz_style():
            figure = Figure(figsize=(11, 4.3))
            self._axes = [
                figure.add_axes((LEFT + k * (width + GAP), 0.12, width, 0.62))
                for k in range(len(rates))
            ]
            for axes, (title, rate) in zip(self._axes, learning_rates.items(), strict=True):
                draw_curve(axes, surface, (min(low, theta), max(high, theta)))
                axes.set_title(f"{title}: ε = {rate:.4g}", pad=47, parse_math=False)
                axes.set_ylabel("loss L(x)" if axes is self._axes[0] else "")
            super().__init__(
                figure,
                self._tracks(),
                {"iteration": np.arange(iterations + 1)},
                description=self._describe(list(learning_rates)),
                controls={"iteration": self.iteration},
            )

    def _rows(self) -> list[Widget]:
        return [self.canvas, labelled("iteration", self.iteration, Player(self.iteration))]

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:.4g}" for rate in self.descent.learning_rate)
        return f"LearningRatesExplorer({self.surface!r}, ε = {rates})"

    def _tracks(self) -> list[Any]:
        over = ("iteration",)
        tracks: list[Any] = []
        codes = self.descent.status_codes()
        for k, axes in enumerate(self._axes):
            run = self.descent.run(k)
            x, loss = run.theta[:, 0, 0], run.loss
            values = {"x": x, "loss": loss, "status": codes[k]}
            words = {"status": WORDS}
            readout: dict[str, Any] = {"over": over, "axes": axes, "words": words}
            tracks += [
                Trail(axes, x, loss, over, **PATH),
                Points(axes, x[:1], loss[:1], over, **START),
                Points(axes, x, loss, over, **NOW),
                Text("{status}", values, y=1.13, bold=True, **readout),
                Text("x = {x:.3g}", values, y=1.04, **readout),
                Text("loss {loss:.3g}", values, x=0.45, y=1.04, **readout),
            ]
        return tracks

    def _describe(self, titles: list[str]) -> Text:
        """Say of every panel where it is and how it stands."""
        codes = self.descent.status_codes()
        values: dict[str, Any] = {}
        parts = []
        for k, title in enumerate(titles):
            values |= {f"x{k}": self.descent.theta[k, :, 0, 0], f"status{k}": codes[k]}
            name = title.replace("{", "{{").replace("}", "}}")
            parts.append(f"{name}, x = {{x{k}:.3g}}, {{status{k}}}")
        words = {f"status{k}": [str(status) for status in Status] for k in range(len(titles))}
        return Text("iteration {iteration}: " + "; ".join(parts), values, ("iteration",), words)


def _default_rates(surface: Surface) -> dict[str, float]:
    limit = float(surface.max_stable_learning_rate(surface.minimizer()))
    if not 0 < limit < np.inf:
        raise ValueError(
            f"{surface!r} is flat at its minimum, so that no learning rate is too large there: "
            "pass learning_rates"
        )
    return {"too small": limit / 50, "ideal": limit / 2, "too large": 1.03 * limit}

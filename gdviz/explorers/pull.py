"""PullExplorer: which samples pull at a class's row of θ, how hard, and which way."""

from typing import Any

import numpy as np
from ipywidgets import IntSlider, Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from gdviz.arguments import as_number, as_whole
from gdviz.classification import Classifier
from gdviz.descent import gradient_descent
from gdviz.explorers.arrows import arrow
from gdviz.explorers.controls import labelled
from gdviz.explorers.style import ARROW
from gdviz.figures import COLORS, draw_classes, gdviz_style, ink
from gdviz.figures.style import label
from gdviz.live import Line, LiveFigure, Player, Text
from gdviz.live.sliders import slider_for
from gdviz.task import Array, quiet_overflow

BOTH = ("class", "iteration")
SCALE = 0.4
"""Length of a sample's line for a pull of 1, as a fraction of its distance from 0."""
MEAN = 0.4
"""Length of the longest mean of all pulls, as a fraction of the samples' extent."""
MOST = 75_000
"""Samples times classes times iterations that are drawn: some 3 MB."""
OWN, OTHERS = COLORS["vermillion"], "0.35"


class PullExplorer(LiveFigure):
    """What each sample adds to a class's gradient, at every iteration of a descent.

    For class j, sample x asks for a step of ([y = j] - p_j) x, minus its gradient: the class's own
    samples pull W_j towards themselves, all others push it away, the harder, the more wrong
    they are. Beside it the factor [y = j] - p_j alone, which is what they ask of b_j.

    Parameters
    ----------
    task : SoftmaxRegression or LogisticRegression
        With two features. Logistic regression has a row for the second class alone.
    learning_rate : float, optional
        Default: half the stability limit at θ = 0.
    iterations : int
        The fewer samples and classes, the more fit: some 3 MB are drawn, of a random choice of
        samples where there are more.
    start : array_like of shape ``task.shape``, optional
        Default: zeros, where all classes are equally likely.

    Attributes
    ----------
    descent : Descent

    Raises
    ------
    ValueError
        If the task does not classify samples of two features, or an argument does not fit.
    """

    def __init__(
        self,
        task: Classifier,
        *,
        learning_rate: float | None = None,
        iterations: int = 60,
        start: ArrayLike | None = None,
    ) -> None:
        if not isinstance(task, Classifier) or task.n_features != 2:
            raise ValueError(
                "task must be a gd.SoftmaxRegression or gd.LogisticRegression with two features, "
                f"got {task!r}"
            )
        self.task = task
        theta = task.as_theta(start)
        if learning_rate is None:
            rate = float(task.max_stable_learning_rate()) / 2
        else:
            rate = as_number("learning_rate", learning_rate)
        iterations = as_whole("iterations", iterations, most=MOST // task.shape[0] - 1)
        self.descent = gradient_descent(task, theta, rate, iterations)
        if self.descent.loss.ndim != 1:
            raise ValueError(
                f"one start and one learning_rate make one descent, not {self.descent!r}"
            )
        rows = np.arange(len(task.classes))[-task.shape[0] :]
        classes = task.classes[rows].astype(str)
        pull = self._pull(rows)
        step = -task.jacobian(self.descent.theta).transpose(2, 0, 1)
        shown = _shown(task, MOST // pull[..., 0].size)
        # The mean of all pulls is short: drawn so that the longest can be seen.
        extent = np.ptp(task.dataset.X[shown], axis=0)
        with quiet_overflow():
            lengths = np.linalg.norm(step[..., :2] / np.where(extent > 0, extent, 1), axis=-1)
            longest = lengths[np.isfinite(lengths)].max(initial=0)
            means = MEAN / (longest or 1) * step[..., :2]
        with gdviz_style():
            figure = Figure(figsize=(11, 4.3))
            on_samples = figure.add_axes((0.06, 0.13, 0.3, 0.63))
            on_pulls = figure.add_axes((0.45, 0.13, 0.54, 0.63))
            window = _draw_samples(on_samples, task, shown, means)
            _draw_pulls(on_pulls, task, shown)

        tracks: list[Any] = []
        is_own = task.labels[shown] == rows[:, None]
        for belongs, color in ((~is_own, OTHERS), (is_own, OWN)):
            members = _indices(belongs)
            x = _pad(task.dataset.X[shown])[members][:, None]
            factor = np.take_along_axis(_pad(pull[..., shown].T).T, members[:, None], axis=-1)
            tips = x * (1 + SCALE * factor[..., None])
            place = _pad(np.arange(len(shown)))[members][:, None]
            tracks += [
                Line(
                    on_samples,
                    _strokes(x[..., 0], tips[..., 0]),
                    _strokes(x[..., 1], tips[..., 1]),
                    BOTH,
                    color=color,
                    width=1.3,
                ),
                Line(
                    on_pulls,
                    _strokes(place, place),
                    _strokes(0 * factor, factor),
                    BOTH,
                    color=color,
                    width=1.5,
                ),
            ]
        tracks.append(Line(on_samples, *arrow(np.zeros_like(means), means, window), BOTH, **ARROW))

        values = {
            "loss": self.descent.loss[None],
            "own": np.mean(np.maximum(pull, 0), axis=-1),
            "others": np.mean(np.minimum(pull, 0), axis=-1),
            "W1": step[..., 0],
            "W2": step[..., 1],
            "b": step[..., 2],
        }

        def text(template: str, x: float, y: float, **style: Any) -> Text:
            return Text(template, values, BOTH, x=x, y=y, **{"size": 12.5, **style})

        tracks += [
            text("class j: {class}", 0.06, 0.94, bold=True),
            text("iteration {iteration}, loss {loss:.3f}", 0.25, 0.94),
            text("-∇W_j = [ {W1:.3f} {W2:.3f} ]", 0.45, 0.94),
            text("-∇b_j = {b:.3f}", 0.66, 0.94),
            text("own {own:.3f}", 0.79, 0.94, color=ink(OWN)),
            text("others {others:.3f}", 0.88, 0.94, color=OTHERS),
        ]
        self.iteration = IntSlider(max=self.descent.iterations, layout={"flex": "1 1 auto"})
        self.choice = slider_for("class", classes)
        self.choice.description = ""
        with gdviz_style():
            super().__init__(
                figure,
                tracks,
                {"class": classes, "iteration": np.arange(self.descent.iterations + 1)},
                description=Text(
                    "class {class}, iteration {iteration}: loss {loss:.4f}; its own samples pull "
                    "b by {own:.3f}, the others push it by {others:.3f}; minus the gradient is "
                    "{W1:.3f} {W2:.3f} for W and {b:.3f} for b",
                    values,
                    BOTH,
                ),
                controls={"class": self.choice, "iteration": self.iteration},
            )

    def _rows(self) -> list[Widget]:
        return [
            self.canvas,
            labelled("class j", self.choice),
            labelled("iteration", self.iteration, Player(self.iteration)),
        ]

    def __repr__(self) -> str:
        return f"PullExplorer({self.task!r})"

    def _pull(self, rows: NDArray[np.intp]) -> Array:
        """Return [y = j] - p_j, shape ``(n_rows, iterations + 1, n_samples)``."""
        p = self.task.probabilities(self.descent.theta)[..., rows]
        return np.asarray(((self.task.labels[:, None] == rows) - p).transpose(2, 0, 1))


def _shown(task: Classifier, most: int) -> NDArray[np.intp]:
    """Return the samples to draw, class after class: all, or a random choice."""
    n = task.n_samples
    chosen = np.sort(np.random.default_rng(0).permutation(n)[: max(1, most)])
    return np.asarray(chosen[np.argsort(task.labels[chosen], kind="stable")])


def _indices(belongs: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return where each row is True; rows with fewer are filled up with -1."""
    members = np.full((len(belongs), belongs.sum(axis=1).max()), -1)
    for row, true in zip(members, belongs, strict=True):
        row[: true.sum()] = np.flatnonzero(true)
    return members


def _pad(array: NDArray[Any]) -> Array:
    """Append a NaN, or a row of them: what index -1 finds."""
    return np.concatenate([array, np.full((1, *array.shape[1:]), np.nan)])


def _strokes(tails: Array, tips: Array) -> Array:
    """Return strokes from tails to tips as the points of one broken line."""
    points = np.stack([*np.broadcast_arrays(tails, tips), np.full(tips.shape, np.nan)], axis=-1)
    return points.reshape(*points.shape[:-2], -1)


def _draw_samples(axes: Axes, task: Classifier, shown: NDArray[np.intp], means: Array) -> Array:
    """Scatter the samples, with room for all that they can pull; return the window."""
    X = task.dataset.X[shown]
    reach = np.concatenate([X * (1 - SCALE), X * (1 + SCALE), means.reshape(-1, 2), [[0, 0]]])
    reach = np.where(np.isfinite(reach), reach, 0)
    low, high = reach.min(axis=0), reach.max(axis=0)
    margin = 0.03 * (high - low) + (high == low)
    window = np.stack([low - margin, high + margin], axis=-1)
    draw_classes(axes, task.subset(shown))
    axes.set(xlim=window[0], ylim=window[1])
    axes.set_box_aspect(1)
    axes.set_title("Pull on W_j", y=1.11)  # above the classes
    return window


def _draw_pulls(axes: Axes, task: Classifier, shown: NDArray[np.intp]) -> None:
    """Draw a place for each sample, class after class, and the range of pulls."""
    edges = np.searchsorted(task.labels[shown], np.arange(len(task.classes) + 1)) - 0.5
    axes.set(xlim=(edges[0], edges[-1]), ylim=(-1.05, 1.05), yticks=(-1, -0.5, 0, 0.5, 1))
    for edge in edges[1:-1]:
        axes.axvline(edge, color="0.7", linewidth=1)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks((edges[:-1] + edges[1:]) / 2, task.classes.astype(str), parse_math=False)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="0.9")
    left_out = "" if len(shown) == task.n_samples else f" ({len(shown)} of {task.n_samples})"
    label(axes, x="", y="", title=f"Pull on b_j: [y = j] - p_j of each sample{left_out}")

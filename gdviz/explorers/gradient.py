"""GradientExplorer: the gradient of a mean is the mean of the samples' gradients."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gdviz.datasets import Dataset
from gdviz.explorers.arrows import arrow, arrows, with_gaps
from gdviz.explorers.controls import even_stops, plane_of_a_line
from gdviz.explorers.style import ARROW, LINE, NOW, START
from gdviz.figures import COLORS, draw_fit, draw_landscape, gdviz_style
from gdviz.figures.style import label
from gdviz.landscape import Plane, landscape, minimizers_of, window_around
from gdviz.linear import LinearRegression
from gdviz.live import Line, LiveFigure, Points, Text, Trail
from gdviz.live.tracks import Track
from gdviz.task import Array

PANELS = ((0.062, 0.15, 0.25, 0.61), (0.375, 0.15, 0.25, 0.61), (0.745, 0.15, 0.25, 0.61))
"""Left, bottom, width and height of data, landscape and chain, as fractions of the figure."""
N_STOPS = 20
"""About so many steps have the sliders for W and b."""
MOST = 16
"""More samples could not be told apart."""
CHAIN_WINDOW = np.array([[-0.56, 0.56], [-0.56, 0.56]])
"""Whatever θ is, the chain is shown at such a scale that its longer side is 1."""
BAR = 0.2
"""Length of the bar that gives the scale, in the same unit."""
WHERE = ("W", "b")
EACH = (*WHERE, "samples_added")
OTHERS: dict[str, Any] = {"color": "0.75", "width": 1.5}
WHITE: dict[str, Any] = {"color": "white", "width": 1.5}
CHOSEN: dict[str, Any] = {"color": COLORS["purple"], "outline": "black", "width": 2.5}
ADDED: dict[str, Any] = {"color": COLORS["purple"], "width": 2.5}
SUM: dict[str, Any] = {"color": COLORS["blue"], "outline": "white", "width": 2.5}


class GradientExplorer(LiveFigure):
    """Each sample's own negative gradient, and how together they make that of the loss.

    On the left the data with the line at θ and each sample's residual; in the middle the
    landscape with each sample's arrow -ε ∇l at θ; on the right the arrows -∇l head to tail. The
    slider "samples added" adds one after the other; the black arrow, their sum divided by the
    number of samples, becomes the negative gradient of the loss.

    Parameters
    ----------
    task : LinearRegression
        With one feature, one output and at most 16 samples: take a ``task.subset``.

    Raises
    ------
    ValueError
        If the task does not have exactly two parameters, or has too many samples.
    """

    def __init__(self, task: LinearRegression) -> None:
        self.task = task
        plane = plane_of_a_line(task)
        n = task.n_samples
        if n > MOST:
            raise ValueError(
                f"task has {n} samples, but at most {MOST} arrows can be told apart: pass a "
                f"subset, such as task.subset(range(0, {n}, {-(-n // MOST)}))"
            )
        best = plane.coordinates(task.minimizer())
        reach = np.ptp(window_around(task, plane, np.zeros((1, *task.shape))), axis=1) / 2
        window = np.stack([best - 0.8 * reach, best + 0.8 * reach], axis=-1)
        W, b = map(_stops, best, 0.6 * reach)

        theta = plane.point(*np.meshgrid(W, b, indexing="ij"))
        residual = (theta @ task.X_tilde - task.y)[..., 0, :]
        pulls = -2 * residual[..., None] * task.X_tilde.T  # each sample's -∇l, turned into a row
        sums = np.cumsum(pulls, axis=-2)
        share = 1 / n if task.reduction == "mean" else 1.0
        self.learning_rate = float(f"{task.max_stable_learning_rate() / 4:.1g}")

        with gdviz_style():
            figure = Figure(figsize=(11, 4.5))
            on_data, on_landscape, on_chain = (figure.add_axes(panel) for panel in PANELS)
            _draw_data(on_data, task.dataset)
            draw_landscape(on_landscape, landscape(task, plane, window), plane, minimizers_of(task))
            scale = f"-ε ∇l,  ε = {self.learning_rate:g}"
            on_landscape.set_title(scale, loc="right", fontsize=11, fontweight="normal")
            _draw_chain(on_chain, plane)

        tails = np.broadcast_to(plane.coordinates(theta)[..., None, :], pulls.shape)
        mean_step = self.learning_rate * share * sums
        readouts, description = _words(residual, pulls, sums, task.reduction == "mean")
        tracks = [
            *_on_data(on_data, task, theta, residual),
            _arrows(on_landscape, tails, tails + self.learning_rate * pulls, window, **WHITE),
            _arrow(on_landscape, tails, tails + self.learning_rate * pulls, window, **CHOSEN),
            _arrow(on_landscape, tails, tails + mean_step, window, **ARROW),
            Points(on_landscape, W[:, None], b, WHERE, **NOW),
            *_on_chain(on_chain, sums, share),
            *readouts,
        ]
        dimensions = {"W": W, "b": b, "samples_added": np.arange(1, n + 1)}
        with gdviz_style():
            super().__init__(figure, tracks, dimensions, description=description)
        self.controls["W"].value = W[len(W) // 5]
        self.controls["b"].value = b[4 * len(b) // 5]
        self.controls["samples_added"].value = (n + 1) // 2

    def __repr__(self) -> str:
        return f"GradientExplorer({self.task!r})"


def _stops(best: float, reach: float) -> Array:
    """Return round numbers about the minimum, and the minimum itself: there the chain closes."""
    stops = even_stops(best - reach, best + reach, N_STOPS)
    if np.abs(stops - best).min() < 1e-9 * reach:
        return stops
    return np.sort(np.append(stops, best))


def _on_data(
    axes: Axes, task: LinearRegression, theta: Array, residual: Array
) -> list[Line | Points]:
    """Return the line at θ and the samples' residuals."""
    x, y = task.dataset.X[:, 0], task.y[0]
    ends = np.array(axes.get_xlim())
    same = np.stack([x, x], axis=-1)
    sides = np.stack(np.broadcast_arrays(y, y + residual), axis=-1)
    return [
        Line(axes, with_gaps(same), with_gaps(sides), WHERE, **OTHERS),
        Points(axes, x, y, color="0.35", size=6.5),
        Line(axes, ends, task.predict(theta, ends)[..., 0], WHERE, **LINE),
        Line(axes, same, sides, EACH, **CHOSEN),
        Points(axes, x, y, ("samples_added",), color=COLORS["purple"], outline="black", size=9),
    ]


def _on_chain(axes: Axes, sums: Array, share: float) -> list[Track]:
    """Return the arrows head to tail, their sum so far and the sum's share, and the scale."""
    joints = np.insert(sums, 0, 0, axis=-2)
    low, high = joints.min(axis=-2, keepdims=True), joints.max(axis=-2, keepdims=True)
    size = np.max(high - low, axis=-1, keepdims=True)
    size = np.where(size > 0, size, 1)
    joints = (joints - (low + high) / 2) / size
    tails, tips = joints[..., :-1, :], joints[..., 1:, :]
    start = np.broadcast_to(joints[..., :1, :], tips.shape)
    bar = {"bar": BAR * size[..., 0]}
    return [
        _arrows(axes, tails, tips, CHAIN_WINDOW, **OTHERS),
        # A Trail begins at the first of its dimension's values: the first tip.
        Line(axes, joints[..., :2, 0], joints[..., :2, 1], WHERE, **ADDED),
        Trail(axes, tips[..., 0], tips[..., 1], EACH, **ADDED),
        _arrow(axes, start, tips, CHAIN_WINDOW, **SUM),
        _arrow(axes, tails, tips, CHAIN_WINDOW, **CHOSEN),
        _arrow(axes, start, start + share * (tips - start), CHAIN_WINDOW, **ARROW),
        Points(axes, start[..., 0, 0], start[..., 0, 1], WHERE, **START),
        Text("{bar:.2g}", bar, EACH, axes=axes, x=0.2, y=0.025, size=11),
    ]


def _words(residual: Array, pulls: Array, sums: Array, averages: bool) -> tuple[list[Text], Text]:
    """Return the readouts, and what is said of the picture."""
    n = residual.shape[-1]
    rest = 1e-9 * np.abs(pulls).sum(axis=(-1, -2))[..., None, None]
    sums = np.where(np.abs(sums) > rest, sums, 0)  # where they cancel, 0 and not -1e-16
    means = sums / n if averages else sums
    divided = f"sum ÷ {n}" if averages else "sum"
    words = {"name": [*[divided] * (n - 1), f"-∇L = {divided}"]}
    values = {"residual": residual, "name": np.arange(n)}
    for name, rows in {"pull": pulls, "sum": sums, "mean": means}.items():
        values |= {f"{name}_W": rows[..., 0], f"{name}_b": rows[..., 1]}

    def text(template: str, **style: Any) -> Text:
        return Text(template, values, EACH, words, **style)

    sample = f"sample {{samples_added}} of {n}:  residual {{residual:.3g}}"
    pull = "[ {pull_W:.3g} | {pull_b:.3g} ]"
    added = "sum = [ {sum_W:.3g} | {sum_b:.3g} ]"
    mean = "{name} = [ {mean_W:.3g} | {mean_b:.3g} ]"
    right: dict[str, Any] = {"x": 0.988, "align": "right"}
    readouts = [
        text(sample, x=0.012, y=0.935, bold=True),
        text(f"-∇l = -2 · residual · (x, 1) = {pull}", x=0.31, y=0.935),
        text(added, y=0.935, color=COLORS["blue"], **right),
        text(mean, y=0.875, bold=True, **right),
    ]
    theta = "W = {W:.3g}, b = {b:.3g}"
    return readouts, text(f"{theta}; {sample}, -∇l = {pull}; {added}; {mean}")


def _arrow(axes: Axes, tails: Array, tips: Array, window: Array, **style: Any) -> Line:
    """Return the arrow of the sample that is added last."""
    return Line(axes, *arrow(tails, tips, window), EACH, **style)


def _arrows(axes: Axes, tails: Array, tips: Array, window: Array, **style: Any) -> Line:
    """Return the arrows of all samples."""
    return Line(axes, *arrows(tails, tips, window), WHERE, **style)


def _draw_data(axes: Axes, dataset: Dataset) -> None:
    """Draw the samples with room for residuals above and below."""
    draw_fit(axes, dataset)
    low, high = axes.get_ylim()
    axes.set_ylim(low - (high - low) / 2, high + (high - low) / 2)


def _draw_chain(axes: Axes, plane: Plane) -> None:
    """Draw empty axes without ticks: a bar gives the scale."""
    (left, right), (bottom, top) = CHAIN_WINDOW
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    axes.plot([left + 0.01, left + 0.01 + BAR], 2 * [bottom + 0.02], color="black", linewidth=2)
    axes.set_box_aspect(1)
    label(axes, x=f"along {plane.names[0]}", y=f"along {plane.names[1]}", title="Head to tail")

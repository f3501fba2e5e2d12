"""GraphExplorer: a computation graph, forward and backward, one node at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gdviz.explorers.style import CURRENT, WARNING
from gdviz.figures import COLORS, draw_graph, gdviz_style, ink
from gdviz.figures.graph import BOX, GraphLayout, arrow_head, graph_layout, outline
from gdviz.graph import Backward, Expression, Forward, as_expression, steps
from gdviz.live import Line, LiveFigure, Text
from gdviz.live.tracks import Track
from gdviz.task import Array

MOST = 255
"""Steps: each has its own words, and a field has 256."""
WIDTH, ROW, HEADER = 10.5, 0.95, 1.35
"""Inches: of the figure, of a row of nodes at the most, of the words above."""
LEAST = 1.3
"""Inches of the graph's height at the least."""
SIZES = (12.5, 10.0)
"""Of the numbers beside the nodes, in points: where layers are wide, and where they are not."""
WIDE = 1.5
"""Inches from which on a layer is wide."""
FORMULA = 84
"""Letters of the formula that fit."""
LETTER = 0.62
"""Width of a digit, in units of its size."""
OVER = ("step",)
VALUE, GRADIENT = ink(COLORS["blue"]), ink(COLORS["green"])


class GraphExplorer(LiveFigure):
    """A computation graph under one slider: values appear forward, then gradients backward.

    Above each node stands its value, below it how the loss changes with it. What left float64's
    range is marked where it did.

    Parameters
    ----------
    expression : Expression
        Made of `gdviz.graph`'s operations, with one number as its value. Some 15 nodes fit.

    Raises
    ------
    ValueError
        If it is no expression, its value is more than one number, two of its variables have the
        same name, or it has more than 255 steps.
    """

    def __init__(self, expression: Expression) -> None:
        self.expression = as_expression("expression", expression)
        self._steps = steps(expression)
        if len(self._steps) > MOST:
            raise ValueError(
                f"expression takes {len(self._steps)} steps, {MOST} are the most that can be "
                "shown: look at a part of it"
            )
        with gdviz_style():
            figure, on_graph, layout = _painted(expression)
        marks: list[Track] = [
            *self._highlights(on_graph, layout),
            *self._numbers(on_graph, layout),
        ]
        told = self._told()
        now = np.arange(len(told))
        height = figure.get_figheight()

        def text(words: Sequence[str], inches: float, **style: Any) -> Text:
            place: dict[str, Any] = {"x": 0.012, "y": 1 - inches / height, "size": 12.5}
            return Text("{words}", {"words": now}, OVER, {"words": words}, **place, **style)

        title, warning, *lines = zip(*told, strict=True)
        with gdviz_style():
            super().__init__(
                figure,
                [
                    *marks,
                    text(title, 0.63, bold=True),
                    text(warning, 0.91, color=ink(WARNING["color"]), bold=True),
                    *(text(line, 0.91 + 0.25 * k) for k, line in enumerate(lines)),
                ],
                {"step": now},
                description=Text(
                    f"step {{step}} of {len(self._steps)}, {{words}}",
                    {"words": now},
                    OVER,
                    {"words": [". ".join(filter(None, each)) for each in told]},
                ),
            )

    def __repr__(self) -> str:
        return f"GraphExplorer({self.expression})"

    def _told(self) -> list[tuple[str, ...]]:
        """Return for each position a title, a warning and two lines of what is done there."""
        n_forward = sum(isinstance(step, Forward) for step in self._steps)
        told: list[tuple[str, ...]] = [("start: the inputs are given", "", "", "")]
        for k, step in enumerate(self._steps, start=1):
            first, *rest = step.sentences
            if isinstance(step, Forward):
                title = f"forward {k} of {n_forward}: {first}"
                told.append((title, *rest, *(3 - len(rest)) * ("",)))
            else:
                title = f"backward {k - n_forward} of {len(self._steps) - n_forward}: {first}"
                told.append((title, "", *rest, *(2 - len(rest)) * ("",)))
        return told

    def _highlights(self, axes: Axes, layout: GraphLayout) -> list[Line]:
        """Return what marks the present node and edges, and the nodes that overflowed."""
        nowhere = np.full((5, 2), np.nan)
        boxes, paths = [nowhere], [nowhere]
        for step in self._steps:
            boxes.append(outline(layout.centres[step.node]))
            if isinstance(step, Forward):
                edges = [_arrow(e.path) for e in layout.edges if e.parent is step.node]
            else:
                edges = [
                    _arrow(e.path[::-1])
                    for e in layout.edges
                    if e.parent is step.parent and e.operand == step.operand
                ]
            paths.append(_apart(edges) if edges else nowhere)
        overflowed = [
            _line(axes, self._from_then_on(step, box), WARNING)
            for step, box in zip(self._steps, boxes[1:], strict=True)
            if isinstance(step, Forward) and step.node.overflowed
        ]
        present = [_line(axes, _padded(each), CURRENT) for each in (boxes, paths)]
        return [*present, *overflowed]

    def _from_then_on(self, step: Forward | Backward, box: Array) -> Array:
        """Return a node's outline at every position from its step on, nowhere before."""
        known = np.arange(len(self._steps) + 1) > self._steps.index(step)
        return np.where(known[:, None, None], box, np.nan)

    def _numbers(self, axes: Axes, layout: GraphLayout) -> list[Text]:
        """Return the value above each node and the gradient below it, from when they are known."""
        pitch = np.ptp(axes.transData.transform([[0, 0], [1, 0]])[:, 0]) / axes.figure.dpi
        size = SIZES[0] if pitch > WIDE else SIZES[1]
        room = int(72 * pitch / (LETTER * size)) - 1
        values: list[tuple[int, Expression, Array]] = [
            (0, node, node.value)
            for node in layout.centres
            if node.operation is None and not (node.is_constant and node.value.size == 1)
        ]
        gradients: list[tuple[int, Expression, Array]] = []
        for k, step in enumerate(self._steps, start=1):
            if isinstance(step, Forward):
                values.append((k, step.node, step.node.value))
            else:
                gradients.append((k, step.node, step.gradient))
        return [
            text
            for arrivals, side, color in ((values, -1, VALUE), (gradients, 1, GRADIENT))
            for node in layout.centres
            for text in self._texts(
                axes,
                [(k, array) for k, at, array in arrivals if at is node],
                {"size": size, **_beside(axes, layout.centres[node], side, size)},
                color,
                room,
            )
        ]

    def _texts(
        self,
        axes: Axes,
        arrivals: Sequence[tuple[int, Array]],
        place: dict[str, Any],
        color: str,
        room: int,
    ) -> list[Text]:
        """Return what is written in one place: numbers, and in another colour what is none."""
        now = np.arange(len(self._steps) + 1)
        count = np.sum([now >= k for k, _ in arrivals], axis=0, dtype=int)
        words = [_short(array, room) for _, array in arrivals]
        is_finite = [bool(np.isfinite(array).all()) for _, array in arrivals]

        def text(shown: Sequence[bool], **style: Any) -> Text:
            kept = [word if show else "" for word, show in zip(words, shown, strict=True)]
            return Text(
                "{number}",
                {"number": count},
                OVER,
                {"number": ["", *kept]},
                axes=axes,
                align="center",
                **place,
                **style,
            )

        texts = [text(is_finite, color=color)] if any(is_finite) else []
        if not all(is_finite):
            bad = [not finite for finite in is_finite]
            texts.append(text(bad, color=ink(WARNING["color"]), bold=True))
        return texts


def _painted(expression: Expression) -> tuple[Figure, Axes, GraphLayout]:
    """Return the figure with what stands still: the graph, its formula, the key to the colours."""
    rows = graph_layout(expression).size[1]
    height = HEADER + max(LEAST, ROW * rows)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1 - HEADER / height))
    layout = draw_graph(axes, expression)
    top = 1 - 0.3 / height
    formula = str(expression)
    if len(formula) > FORMULA:
        formula = f"{formula[:FORMULA]}..."
    figure.text(0.012, top, formula, family="monospace", size=12, parse_math=False)
    legend = ((0.3, VALUE, "above: value"), (0.55, GRADIENT, "below: gradient"))
    for inches, color, words in legend:
        style: dict[str, Any] = {"color": color, "size": 11, "ha": "right"}
        figure.text(0.988, 1 - inches / height, words, **style)
    return figure, axes, layout


def _beside(axes: Axes, centre: tuple[float, float], side: int, size: float) -> dict[str, float]:
    """Return where the text above (-1) or below (1) a node begins, as a fraction of the axes."""
    x, y = centre
    edge = axes.transData.transform((x, y + side * BOX[1] / 2))
    edge[1] += axes.figure.dpi / 72 * (5 if side < 0 else -5 - 0.75 * size)
    x, y = axes.transAxes.inverted().transform(edge)
    return {"x": float(x), "y": float(y)}


def _short(array: Array, room: int) -> str:
    """Return as many of an array's numbers as there is room for, in characters; one at least."""
    numbers = [f"{value + 0.0:.4g}" for value in array.ravel()[: max(room, 1)]]
    texts = [
        ", ".join(numbers[:count]) + (", ..." if count < array.size else "")
        for count in range(1, len(numbers) + 1)
    ]
    return next((text for text in reversed(texts) if len(text) <= room), texts[0])


def _arrow(path: Array) -> Array:
    """Return an edge with its head, one line."""
    towards = 1 if path[-1, 0] > path[0, 0] else -1
    tip, one, other, _ = arrow_head(path[-1], towards)
    return np.concatenate([path, [one, tip, other]])


def _line(axes: Axes, points: Array, style: Mapping[str, Any]) -> Line:
    """Return the line through points of shape ``(n_positions, n_points, 2)``."""
    return Line(axes, points[..., 0], points[..., 1], OVER, **style)


def _apart(lines: Sequence[Array]) -> Array:
    """Return lines as one that is broken between them."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([piece for line in lines for piece in (line, gap)])


def _padded(lines: Sequence[Array]) -> Array:
    """Return lines of several lengths as one array, filled with NaN."""
    longest = max(map(len, lines))
    return np.array([[*line, *([[np.nan, np.nan]] * (longest - len(line)))] for line in lines])

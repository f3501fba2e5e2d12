"""A computation graph, from its inputs on the left to the loss on the right."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from gdviz.arguments import check_kinds
from gdviz.figures.layers import Place, Route, layers_of, routes_of, rows_of
from gdviz.figures.style import COLORS
from gdviz.graph import Expression, as_expression
from gdviz.task import Array

BOX = (0.66, 0.4)
"""Width and height of a node, where layers and rows are 1 apart."""
LARGEST = np.array([1.9, 0.95])
"""Width of a layer and height of a row, in inches, where there is room for more."""
HEAD = (0.07, 0.055)
"""Length and half the width of an arrow's head."""
POINTS = 17
"""On each curved piece of an edge."""
WIDE = 0.75
"""Width of a bold letter, in units of its size."""


class Edge(NamedTuple):
    """An edge as it is drawn.

    Attributes
    ----------
    node, parent : Expression
        The operand, and the operation that it goes into.
    operand : int
        Which of the parent's operands it is, counted from 0.
    path : ndarray of shape (n_points, 2)
        From the right side of the node to the left side of its parent.
    """

    node: Expression
    parent: Expression
    operand: int
    path: Array


class GraphLayout(NamedTuple):
    """Where things are in a drawn graph, in data coordinates: layers and rows are 1 apart.

    Attributes
    ----------
    centres : mapping of Expression to (x, y)
        Rows count downwards.
    edges : tuple of Edge
    """

    centres: Mapping[Expression, tuple[float, float]]
    edges: tuple[Edge, ...]

    @property
    def corners(self) -> Array:
        """The least and the greatest layer and row of what is drawn, with half of one around."""
        places = np.concatenate([list(self.centres.values()), *(e.path for e in self.edges)])
        return np.array([places.min(axis=0) - 0.5, places.max(axis=0) + 0.5])

    @property
    def size(self) -> tuple[float, float]:
        """Number of layers, and of rows."""
        layers, rows = np.ptp(self.corners, axis=0)
        return float(layers), float(rows)


def graph_layout(expression: Expression) -> GraphLayout:
    """Return where the nodes and edges of an expression go.

    Raises
    ------
    ValueError
        If ``expression`` is none.
    """
    loss = as_expression("expression", expression)
    layer, row = layers_of(loss), rows_of(loss)
    centres = {node: (float(layer[node]), row[node]) for node in loss.nodes}
    edges = [
        Edge(route.node, route.parent, route.operand, _path(route, layer, row))
        for route in routes_of(loss)
    ]
    return GraphLayout(centres, tuple(edges))


def draw_graph(axes: Axes, expression: Expression) -> GraphLayout:
    """Draw the nodes as boxes in layers, inputs left and loss right, edges as arrows.

    Up to about 15 nodes can be read at a notebook's width.

    Returns
    -------
    GraphLayout
        Where everything is, for what moves over it.

    Raises
    ------
    ValueError
        If ``expression`` is none.
    """
    check_kinds(axes=(axes, Axes))
    layout = graph_layout(expression)
    box = axes.get_window_extent()
    inches = np.array([box.width, box.height]) / axes.figure.dpi
    pitch = np.minimum(inches / layout.size, LARGEST)
    centre = layout.corners.mean(axis=0)
    left, top = centre - inches / pitch / 2
    right, bottom = centre + inches / pitch / 2
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.axis("off")
    longest = max(len(_label(node)) for node in layout.centres)
    fit = 72 * BOX[0] * pitch[0] / (WIDE * max(longest, 3))
    size = float(np.clip(fit, 6, 13))
    for edge in layout.edges:
        axes.plot(*edge.path.T, color="0.55", linewidth=1.3, zorder=1)
        axes.fill(*arrow_head(edge.path[-1], 1).T, color="0.55", linewidth=0, zorder=1)
    for node, (x, y) in layout.centres.items():
        _draw_node(axes, node, x, y, size)
    return layout


def outline(centre: tuple[float, float]) -> Array:
    """Return the corners of a node's box, closed, shape (5, 2)."""
    half = np.array(BOX) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    return np.asarray(centre + half * corners)


def _draw_node(axes: Axes, node: Expression, x: float, y: float, size: float) -> None:
    width, height = BOX
    is_leaf = node.operation is None
    axes.add_patch(
        Rectangle(
            (x - width / 2, y - height / 2),
            width,
            height,
            facecolor="white" if is_leaf else "#DCEBF5",
            edgecolor="0.55" if node.is_constant else COLORS["blue"],
            linewidth=1.3,
        )
    )
    has_shape = node.value.size > 1
    style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "parse_math": False}
    axes.text(
        x,
        y - (0.07 if has_shape else 0),
        _label(node),
        size=size,
        weight="normal" if node.is_constant else "bold",
        style="italic" if is_leaf and not node.is_constant else "normal",
        **style,
    )
    if has_shape:
        axes.text(
            x,
            y + 0.11,
            " × ".join(map(str, node.value.shape)),
            size=min(9, size),
            color="0.4",
            **style,
        )


def _label(node: Expression) -> str:
    """Return what is written into the box; the numbers of a constant array are beside it."""
    return "array" if node.is_constant and node.value.size > 1 else node.name


def _path(route: Route, layer: Mapping[Expression, int], row: Mapping[Place, float]) -> Array:
    """Return the edge as smooth curves between the boxes, straight where it passes a layer."""
    half = BOX[0] / 2
    stops = [(layer[route.node] + half, row[route.node])]
    for bend in route.bends:
        stops += [(bend.layer - half, row[bend]), (bend.layer + half, row[bend])]
    stops.append((layer[route.parent] - half, row[route.parent] + BOX[1] * route.port))
    t = np.linspace(0, 1, POINTS)[:, None]
    along, across = t, t * t * (3 - 2 * t)  # level at both ends
    pieces = [
        start + (end - start) * np.hstack([along, across])
        for start, end in pairwise(map(np.array, stops))
    ]
    return np.concatenate(pieces)


def arrow_head(tip: Array, towards: int) -> Array:
    """Return a triangle at the end of an edge, shape (4, 2): to the right (1) or the left (-1)."""
    length, half = HEAD
    back, up = tip - np.array([towards * length, 0]), np.array([0, half])
    return np.array([tip, back + up, back - up, tip])

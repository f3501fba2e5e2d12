"""Where the nodes of a computation graph go: in layers from the inputs to the loss.

Each node stands as far right as what it goes into allows. An edge that passes a layer has a place
of its own there, so that it runs between the nodes. Within a layer, nodes are ordered so that few
edges cross, and moved to where their neighbours are.

Source: Sugiyama, Tagawa and Toda (1981), IEEE Transactions on Systems, Man, and Cybernetics 11.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from gdviz.graph import Expression

SWEEPS = 24


class Bend(NamedTuple):
    """Where the edge to a parent's operand passes a layer."""

    parent: Expression
    operand: int
    layer: int


Place = Expression | Bend
Layers = list[list[Place]]


class Link(NamedTuple):
    """A piece of an edge, from a layer to the next.

    ``port`` says where on the left side of ``right`` it ends, from -½ at the top to ½.
    """

    left: Place
    right: Place
    port: float


class Route(NamedTuple):
    """What an edge passes on its way from a node to the operation that it goes into."""

    node: Expression
    bends: tuple[Bend, ...]
    parent: Expression
    operand: int

    @property
    def port(self) -> float:
        """Where the edge arrives: the operands share the parent's left side."""
        return (self.operand + 0.5) / len(self.parent.operands) - 0.5

    @property
    def links(self) -> list[Link]:
        """The edge in pieces."""
        stops: tuple[Place, ...] = (self.node, *self.bends, self.parent)
        ports = (*(0.0 for _ in self.bends), self.port)
        return [
            Link(left, right, port)
            for (left, right), port in zip(pairwise(stops), ports, strict=True)
        ]


def layers_of(loss: Expression) -> dict[Expression, int]:
    """Return each node's layer, 0 for the inputs furthest from the loss."""
    distance = {loss: 0}
    for parent in reversed(loss.nodes):
        for node in parent.operands:
            distance[node] = max(distance.get(node, 0), distance[parent] + 1)
    last = max(distance.values())
    return {node: last - d for node, d in distance.items()}


def routes_of(loss: Expression) -> tuple[Route, ...]:
    """Return the routes of all edges."""
    layer = layers_of(loss)
    return tuple(
        Route(
            node,
            tuple(Bend(parent, k, between) for between in range(layer[node] + 1, layer[parent])),
            parent,
            k,
        )
        for parent in loss.nodes
        for k, node in enumerate(parent.operands)
    )


def rows_of(loss: Expression) -> dict[Place, float]:
    """Return the row of each node and bend, counted downwards; in a layer at least 1 apart."""
    routes = routes_of(loss)
    links = [link for route in routes for link in route.links]
    layers = _least_crossings(_from_top_to_bottom(loss, routes), links)
    neighbours: dict[Place, list[Place]] = {}
    for left, right, _ in links:
        neighbours.setdefault(left, []).append(right)
        neighbours.setdefault(right, []).append(left)
    row = {place: float(k) for layer in layers for k, place in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            wanted = [
                fmean([row[other] for other in neighbours.get(place, [place])]) for place in layer
            ]
            row.update(zip(layer, _at_least_one_apart(wanted), strict=True))
    top = min(row.values())
    return {place: value - top for place, value in row.items()}


def _from_top_to_bottom(loss: Expression, routes: Sequence[Route]) -> Layers:
    """Return the layers as one meets them on the way back from the loss, first operands first.

    Where no node is shared, nothing crosses.
    """
    layer = layers_of(loss)
    layers: Layers = [[] for _ in range(layer[loss] + 1)]
    into: dict[Expression, list[Route]] = {}
    for route in routes:
        into.setdefault(route.parent, []).append(route)
    seen: set[Expression] = set()
    stack: list[tuple[tuple[Bend, ...], Expression]] = [((), loss)]
    while stack:
        bends, node = stack.pop()
        for bend in bends:
            layers[bend.layer].append(bend)
        if node not in seen:
            seen.add(node)
            layers[layer[node]].append(node)
            stack += [(route.bends, route.node) for route in reversed(into.get(node, []))]
    return layers


def _least_crossings(layers: Layers, links: Sequence[Link]) -> Layers:
    """Return the layers in the best of the orders that sorting by neighbours leads to."""
    best, least = layers, _crossings(layers, links)
    for sweep in range(SWEEPS):
        if least == 0:
            break
        to_left = sweep % 2 == 0
        layers = [list(layer) for layer in layers]
        for layer in reversed(layers) if to_left else layers:
            index = _indices(layers)
            aims: dict[Place, list[float]] = {}
            for left, right, port in links:
                if to_left:
                    aims.setdefault(left, []).append(index[right] + port)
                else:
                    aims.setdefault(right, []).append(index[left])
            centre = {place: fmean(aims.get(place, [index[place]])) for place in layer}
            layer.sort(key=centre.__getitem__)
        if (crossings := _crossings(layers, links)) < least:
            best, least = layers, crossings
    return best


def _crossings(layers: Layers, links: Sequence[Link]) -> int:
    index = _indices(layers)
    layer = {place: k for k, places in enumerate(layers) for place in places}
    ends = [(layer[left], index[left], index[right] + port) for left, right, port in links]
    return sum(
        a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0
        for k, a in enumerate(ends)
        for b in ends[:k]
    )


def _indices(layers: Layers) -> Mapping[Place, int]:
    return {place: k for layer in layers for k, place in enumerate(layer)}


def _at_least_one_apart(wanted: Sequence[float]) -> list[float]:
    """Return ascending rows, 1 apart or more, whose squared distance to ``wanted`` is least.

    Where two would come too close they and their followers form a block, at its mean.
    """
    blocks: list[list[float]] = []  # mean and number of members, each less its place in the row
    for k, value in enumerate(wanted):
        blocks.append([value - k, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * count) / (before[1] + count)
            before[1] += count
    means = [mean for mean, count in blocks for _ in range(int(count))]
    return [mean + k for k, mean in enumerate(means)]

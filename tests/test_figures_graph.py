"""Pictures of computation graphs: layers, rows, edges between the boxes, labels inside them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gdviz.figures import draw_graph, gdviz_style
from gdviz.figures.graph import BOX, LARGEST, arrow_head, graph_layout, outline
from gdviz.figures.layers import layers_of, routes_of, rows_of
from gdviz.graph import (
    add,
    exp,
    log,
    logsumexp,
    matmul,
    mean,
    mul,
    neg,
    pick,
    sigmoid,
    softmax,
    sq,
    sub,
    variable,
)


def lecture():
    W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
    return sq(sub(variable("y", 4.0), add(matmul(W, x), variable("b", 1.0))))


def logistic():
    z = add(matmul(variable("W", np.ones((1, 2))), np.ones((2, 9))), variable("b", 1.0))
    y, p = variable("y", np.zeros(9)), sigmoid(z)
    return neg(mean(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p))))))


def softmax_loss():
    X, y = variable("X", np.ones((2, 9))), variable("y", np.zeros(9))
    z = add(matmul(variable("W", np.ones((3, 2))), X), variable("b", np.ones((3, 1))))
    return neg(mean(log(pick(softmax(z), y))))


def stable_softmax_loss():
    X, y = variable("X", np.ones((2, 9))), variable("y", np.zeros(9))
    z = add(matmul(variable("W", np.ones((3, 2))), X), variable("b", np.ones((3, 1))))
    return mean(sub(logsumexp(z), pick(z, y)))


def stable_softplus():
    z = variable("z", 1000.0)
    return add(z, log(add(1, exp(neg(z)))))


def power_of_four():
    x = variable("x", 2.0)
    return mul(mul(x, x), mul(x, x))


GRAPHS = [lecture, logistic, softmax_loss, stable_softmax_loss, stable_softplus, power_of_four]
graphs = pytest.mark.parametrize("build", GRAPHS, ids=lambda build: build.__name__)


def random_graph(seed):
    """Return an expression whose operations take any earlier nodes, up to about 15 of them."""
    rng = np.random.default_rng(seed)
    nodes = [variable(name, 1.0) for name in "abcd"[: rng.integers(1, 5)]]
    for _ in range(rng.integers(1, 10)):
        operation = (sq, add, mul)[rng.integers(3)]
        operands = rng.integers(len(nodes), size=len(operation.derivatives))
        nodes.append(operation(*(nodes[k] for k in operands)))
    return nodes[-1]


def crossings(edges):
    """Return the number of pairs of edges that cross between their ends."""
    return sum(
        len(_meetings(first.path, second.path)) > 0 for first, second in combinations(edges, 2)
    )


def _meetings(first, second):
    """Return where two paths, each growing in x, change sides."""
    low, high = max(first[0, 0], second[0, 0]), min(first[-1, 0], second[-1, 0])
    if high - low < 1e-9:
        return []
    x = np.linspace(low, high, 400)[1:-1]
    gap = np.interp(x, *first.T) - np.interp(x, *second.T)
    gap = gap[np.abs(gap) > 1e-9]
    return np.flatnonzero(np.diff(np.sign(gap)))


@graphs
def test_layers_ascend_along_every_edge_and_end_at_the_loss(build):
    loss = build()
    layer = layers_of(loss)
    assert set(layer) == set(loss.nodes)
    assert min(layer.values()) == 0
    assert layer[loss] == max(layer.values())
    for route in routes_of(loss):
        stops = [layer[route.node], *(b.layer for b in route.bends), layer[route.parent]]
        assert stops == list(range(stops[0], stops[-1] + 1))
    for node in set(loss.nodes) - {loss}:  # as far right as possible
        parents = [layer[parent] for parent in loss.nodes if node in parent.operands]
        assert layer[node] == min(parents) - 1


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_places_in_a_layer_keep_their_distance(seed):
    loss = random_graph(seed)
    layer, row = layers_of(loss), rows_of(loss)
    columns = {}
    for place, at in row.items():
        columns.setdefault(layer.get(place, getattr(place, "layer", None)), []).append(at)
    assert min(row.values()) == 0
    for rows in columns.values():
        assert (np.diff(np.sort(rows)) > 1 - 1e-9).all()


@pytest.mark.parametrize(
    ("build", "number"),
    [
        (lecture, 0),
        (softmax_loss, 0),
        (stable_softmax_loss, 0),
        (stable_softplus, 0),
        (power_of_four, 0),
        (logistic, 3),  # y and p both go both ways, and each 1 stands first beside one of them
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_edges_hardly_cross(build, number):
    assert crossings(graph_layout(build()).edges) <= number


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_no_edge_runs_through_a_box(seed):
    layout = graph_layout(random_graph(seed))
    for edge in layout.edges:
        x, y = edge.path.T
        assert (np.diff(x) >= 0).all()
        for node, (centre_x, centre_y) in layout.centres.items():
            inside = (np.abs(x - centre_x) < BOX[0] / 2 - 1e-9) & (
                np.abs(y - centre_y) < BOX[1] / 2 - 1e-9
            )
            assert not inside.any(), (str(edge.parent), node.name)


@graphs
def test_edges_lead_from_box_to_box_in_the_order_of_the_operands(build):
    layout = graph_layout(build())
    for edge in layout.edges:
        (x, y), (to_x, to_y) = layout.centres[edge.node], layout.centres[edge.parent]
        np.testing.assert_allclose(edge.path[0], (x + BOX[0] / 2, y))
        assert edge.path[-1][0] == pytest.approx(to_x - BOX[0] / 2)
        assert abs(edge.path[-1][1] - to_y) < BOX[1] / 2
    for node in layout.centres:
        ends = [edge.path[-1][1] for edge in layout.edges if edge.parent is node]
        assert len(ends) == len(node.operands)
        assert ends == sorted(ends)


def drawn(loss, width=10.5, height=4.0):
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    with gdviz_style():
        layout = draw_graph(axes, loss)
    figure.canvas.draw()
    return axes, layout


@graphs
def test_every_node_is_a_box_with_its_name_inside(build):
    loss = build()
    axes, _ = drawn(loss)
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == len(loss.nodes)
    shown = sorted(text.get_text() for text in axes.texts)
    shapes = [" × ".join(map(str, node.value.shape)) for node in loss.nodes if node.value.size > 1]
    names = ["array" if node.name.startswith("[") else node.name for node in loss.nodes]
    assert shown == sorted(names + shapes)
    for text in axes.texts:
        extent = text.get_window_extent()
        [box] = [
            box.get_window_extent()
            for box in boxes
            if box.get_window_extent().contains(*np.mean(extent.get_points(), axis=0))
        ]
        assert box.x0 <= extent.x0
        assert extent.x1 <= box.x1
        assert box.y0 <= extent.y0
        assert extent.y1 <= box.y1


@graphs
@pytest.mark.parametrize("size", [(10.5, 4.0), (6.0, 3.0), (14.0, 2.0)])
def test_everything_is_inside_the_axes(build, size):
    axes, layout = drawn(build(), *size)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert bottom > top  # rows count downwards
    for points in [e.path for e in layout.edges] + [outline(c) for c in layout.centres.values()]:
        assert (points[:, 0] > left).all()
        assert (points[:, 0] < right).all()
        assert (points[:, 1] > top).all()
        assert (points[:, 1] < bottom).all()
    pitch = np.array([size[0] / (right - left), size[1] / (bottom - top)])
    assert (pitch <= LARGEST + 1e-9).all()  # a small graph is not blown up


def test_values_stand_at_the_right_and_inputs_at_the_left():
    loss = lecture()
    axes, layout = drawn(loss)
    x = {node.name: centre[0] for node, centre in layout.centres.items()}
    assert x["W"] == x["x"] < x["matmul"] < x["add"] < x["sub"] < x["sq"]
    assert x["b"] == x["matmul"]
    assert x["y"] == x["add"]
    texts = {text.get_text(): text for text in axes.texts}
    assert texts["W"].get_style() == "italic"
    assert texts["sq"].get_style() == "normal"
    centre = axes.transData.transform(layout.centres[loss])
    assert np.abs(texts["sq"].get_window_extent().get_points().mean(axis=0) - centre)[0] < 2


def test_names_are_never_typeset():
    axes, _ = drawn(sq(variable("$x_1", 2.0)))
    assert "$x_1" in [text.get_text() for text in axes.texts]


def test_arrow_heads_point_both_ways():
    tip = np.array([2.0, 1.0])
    right, left = arrow_head(tip, 1), arrow_head(tip, -1)
    np.testing.assert_array_equal(right[[0, 3]], [tip, tip])
    assert (right[1:3, 0] < 2).all()
    assert (left[1:3, 0] > 2).all()
    np.testing.assert_allclose(right[1:3, 1] - 1, -(right[1:3, 1] - 1)[::-1])


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="expression must be an expression such as"):
        draw_graph(Figure().add_axes((0, 0, 1, 1)), 4.0)

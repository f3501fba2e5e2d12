"""GraphExplorer at every step: what appears, where, and in which colour."""

from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_hex

import gdviz as gd
from gdviz.explorers.style import CURRENT, WARNING
from gdviz.figures import COLORS, ink
from gdviz.figures.graph import BOX, graph_layout
from gdviz.graph import (
    add,
    exp,
    gradients,
    log,
    logsumexp,
    matmul,
    mean,
    mul,
    neg,
    pick,
    sigmoid,
    sq,
    sub,
    variable,
)
from gdviz.live.scene import Readout


def lecture():
    W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
    return sq(sub(variable("y", 4.0), add(matmul(W, x), variable("b", 1.0))))


def softplus():
    return log(add(1, exp(variable("z", 1000.0))))


def shared():
    x = variable("x", 2.0)
    square = mul(x, x)
    return mul(square, square)


def softmax_loss():
    blobs = gd.datasets.blobs()
    rng = np.random.default_rng(0)
    W, b = variable("W", rng.normal(size=(3, 2))), variable("b", np.zeros((3, 1)))
    z = add(matmul(W, blobs.X.T), b)
    return mean(sub(logsumexp(z), pick(z, variable("y", blobs.y))))


def logistic_loss():
    rng = np.random.default_rng(0)
    W, X = variable("W", rng.normal(size=(1, 2))), variable("X", rng.normal(size=(2, 30)))
    p = sigmoid(add(matmul(W, X), variable("b", 0.5)))
    y = variable("y", rng.integers(0, 2, 30))
    return neg(mean(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p))))))


layout_of = cache(graph_layout)
BUILDS = [lecture, softplus, shared, softmax_loss, logistic_loss]


@pytest.fixture(params=BUILDS, ids=lambda build: build.__name__)
def explorer(request):
    return gd.GraphExplorer(request.param())


def texts(explorer):
    return [mark for mark in explorer.scene.marks if isinstance(mark, Readout)]


def lines(explorer):
    return [mark for mark in explorer.scene.marks if not isinstance(mark, Readout)]


def color_of(line):
    [color] = line.colors
    return to_hex(color)


def shown(explorer, node):
    """Return what stands above and below a node, as text and colour."""
    axes = lines(explorer)[0].axes
    x, y = layout_of(explorer.expression).centres[node]
    found = []
    for side in (-1, 1):
        box_end = axes.transData.transform((x, y + side * BOX[1] / 2))
        near = []
        for text in texts(explorer):
            if text.style.axes is axes:
                at = axes.transAxes.transform((text.style.x, text.style.y))
                off = side * (box_end[1] - at[1])  # away from the box
                if abs(at[0] - box_end[0]) < 1 and 0 < off < 60 and text.at(explorer.position):
                    near.append((text.at(explorer.position), to_hex(text.style.color)))
        assert len(near) <= 1
        found.append(near[0] if near else ("", ""))
    return found


def walk(loss):
    """Return each position's known values and gradients, worked out apart from `steps`.

    Forward in the order in which the formula is read from the inside; backward from the loss.
    """
    order, values = [], {}

    def visit(node):
        if node in values:
            return
        for operand in node.operands:
            visit(operand)
        values[node] = node.value
        order.append(node)

    visit(loss)
    known = {node: node.value for node in order if not node.operation}
    positions = [(dict(known), {}, None)]
    for node in (node for node in order if node.operation):
        known[node] = node.value
        positions.append((dict(known), {}, node))
    found = {loss: np.ones(loss.value.shape)}
    positions.append((dict(known), dict(found), loss))
    for node in reversed(order):
        for k, operand in enumerate(node.operands):
            rule = node.operation.derivatives[k]
            if rule is None or operand.is_constant:
                continue
            with np.errstate(all="ignore"):
                passed = rule.pass_on(found[node], *(o.value for o in node.operands))
                while np.ndim(passed) > operand.value.ndim:
                    passed = passed.sum(axis=0)
                for axis, size in enumerate(operand.value.shape):
                    if size == 1:
                        passed = passed.sum(axis=axis, keepdims=True)
                found[operand] = found.get(operand, 0) + passed
            positions.append((dict(known), dict(found), operand))
    return positions


def starts_with(text, array):
    """Tell whether the text is made of the first numbers of the array, to four digits."""
    numbers = text.removesuffix(", ...").split(", ")
    expected = [f"{value + 0.0:.4g}" for value in np.ravel(array)[: len(numbers)]]
    return numbers == expected and text.endswith("...") == (len(numbers) < np.size(array))


def test_every_step_shows_what_is_known_by_then(explorer):
    positions = walk(explorer.expression)
    slider = explorer.controls["step"]
    assert (slider.min, slider.max, slider.value) == (0, len(positions) - 1, 0)
    for step, (values, found, _) in enumerate(positions):
        slider.value = step
        for node in explorer.expression.nodes:
            (value, value_color), (gradient, gradient_color) = shown(explorer, node)
            if node.is_constant and node.value.size == 1:
                assert value == ""  # it is written into the box
            elif node in values:
                assert starts_with(value, values[node])
                finite = np.isfinite(values[node]).all()
                assert value_color == to_hex(ink(COLORS["blue"] if finite else WARNING["color"]))
            else:
                assert value == ""
            if node in found:
                assert starts_with(gradient, found[node])
                finite = np.isfinite(found[node]).all()
                assert gradient_color == to_hex(
                    ink(COLORS["green"] if finite else WARNING["color"])
                )
            else:
                assert gradient == ""


def test_short_arrays_are_shown_whole():
    explorer = gd.GraphExplorer(lecture())
    slider = explorer.controls["step"]
    slider.value = slider.max
    numbers = {node.name: shown(explorer, node) for node in explorer.expression.nodes}
    assert [text for text, _ in numbers["W"]] == ["2, 1", "4, 12"]
    assert [text for text, _ in numbers["x"]] == ["1, 3", "8, 4"]


def test_at_the_end_the_gradients_are_there(explorer):
    slider = explorer.controls["step"]
    slider.value = slider.max
    found = gradients(explorer.expression)
    assert found
    for node in explorer.expression.nodes:
        if node.name in found and not node.operation:
            assert starts_with(shown(explorer, node)[1][0], found[node.name])


def mapped(explorer, axes, points):
    height = explorer.scene.size[1]
    display = axes.transData.transform(points) / 2
    return display[:, 0], height - display[:, 1]


def test_the_present_node_and_edge_are_marked(explorer):
    layout = layout_of(explorer.expression)
    box, path = lines(explorer)[:2]
    assert color_of(box) == color_of(path) == to_hex(CURRENT["color"])
    before = {}
    for step, (_, found, node) in enumerate(walk(explorer.expression)):
        explorer.controls["step"].value = step
        x, y = box.at(explorer.position)
        trace = np.array(path.at(explorer.position))
        if node is None:
            assert np.isnan(x).all()
            assert np.isnan(trace).all()
            continue
        centre = mapped(explorer, box.axes, np.array([layout.centres[node]]))
        np.testing.assert_allclose([x[:4].mean(), y[:4].mean()], np.ravel(centre), atol=0.01)
        edges = [edge for edge in layout.edges if edge.parent is node]
        if not found:  # forward: all edges into the node
            ends = {tuple(np.round(np.ravel(p), 1)) for p in _ends(explorer, box.axes, edges)}
            drawn = trace[:, ~np.isnan(trace[0])].T
            for end in ends:
                assert np.abs(drawn - end).max(axis=1).min() < 0.1
        elif before:  # backward: it begins at an operation and ends at the node
            drawn = trace[:, ~np.isnan(trace[0])].T
            into = [edge for edge in layout.edges if edge.node is node]
            arrive = _ends(explorer, box.axes, into, at=0)
            assert min(np.abs(drawn - np.ravel(p)).max(axis=1).min() for p in arrive) < 0.1
        else:
            assert np.isnan(trace).all()  # the loss itself
        before = found


def _ends(explorer, axes, edges, at=-1):
    return [mapped(explorer, axes, edge.path[[at]]) for edge in edges]


def test_the_two_edges_of_a_square_are_told_apart():
    explorer = gd.GraphExplorer(mul(variable("x", 3.0), 2))
    x = variable("x", 3.0)
    explorer = gd.GraphExplorer(mul(x, x))
    path = lines(explorer)[1]
    starts = []
    for step in (3, 4):
        explorer.controls["step"].value = step
        starts.append(np.array(path.at(explorer.position))[:, 0])
    assert starts[0][0] == starts[1][0]
    assert starts[1][1] - starts[0][1] > 5


def words(explorer):
    return [text.at(explorer.position) for text in texts(explorer) if text.style.axes is None]


def test_the_words_of_the_worked_example():
    explorer = gd.GraphExplorer(sq(sq(variable("x", 2.0))))
    told = []
    for step in range(6):
        explorer.controls["step"].value = step
        told.append([word for word in words(explorer) if word])
    assert told == [
        ["start: the inputs are given"],
        ["forward 1 of 2: sq(x) = 4"],
        ["forward 2 of 2: sq(sq(...)) = 16"],
        ["backward 1 of 3: d loss/d loss = 1"],
        ["backward 2 of 3: d sq(u)/du = 2u = 8", "times 1 from above: 8 for sq(...)"],
        ["backward 3 of 3: d sq(u)/du = 2u = 4", "times 8 from above: 32 for x"],
    ]
    assert explorer.description == (
        "step 5 of 5, backward 3 of 3: d sq(u)/du = 2u = 4. times 8 from above: 32 for x"
    )


def test_an_overflow_is_marked_from_its_step_on():
    explorer = gd.GraphExplorer(softplus())
    *_, mark = lines(explorer)
    assert color_of(mark) == to_hex(WARNING["color"])
    node = explorer.expression.nodes[2]
    assert node.name == "exp"
    centre = mapped(explorer, mark.axes, np.array([layout_of(explorer.expression).centres[node]]))
    for step in range(explorer.controls["step"].max + 1):
        explorer.controls["step"].value = step
        x, y = mark.at(explorer.position)
        if step == 0:
            assert np.isnan(x).all()
        else:
            np.testing.assert_allclose([x[:4].mean(), y[:4].mean()], np.ravel(centre), atol=0.01)
        warned = "overflow at exp(z): u = 1000 gives inf" in words(explorer)
        assert warned == (step == 1)
    assert "times 0 from above: nan for z" in explorer.description


def test_without_overflow_nothing_warns():
    explorer = gd.GraphExplorer(lecture())
    assert len(lines(explorer)) == 2
    colors = {to_hex(text.style.color) for text in texts(explorer) if text.style.axes is not None}
    assert to_hex(WARNING["color"]) not in colors


def test_stills_and_representations(explorer, pixels):
    slider = explorer.controls["step"]
    pictures = []
    for step in (0, slider.max // 2, slider.max):
        pictures.append(pixels(explorer.still(step=step)))
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[1] != pictures[2]).any()
    assert repr(explorer) == f"GraphExplorer({explorer.expression})"
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == repr(explorer)
    assert metadata["image/png"]["alt"] == explorer.description


def test_the_formula_is_painted_and_cut_if_long():
    for build in (lecture, logistic_loss):
        explorer = gd.GraphExplorer(build())
        figure = lines(explorer)[0].axes.figure
        formula, *_ = [text.get_text() for text in figure.texts]
        whole = str(explorer.expression)
        assert formula == whole or (formula.endswith("...") and whole.startswith(formula[:-3]))
        width = figure.texts[0].get_window_extent().x1 / figure.dpi
        key = min(text.get_window_extent().x0 for text in figure.texts[1:]) / figure.dpi
        assert width < key


def test_the_words_fit_into_the_figure(explorer):
    figure = lines(explorer)[0].axes.figure
    for step in range(explorer.controls["step"].max + 1):
        explorer.controls["step"].value = step
        for text in texts(explorer):
            if text.style.axes is None:
                weight = "bold" if text.style.bold else "normal"
                artist = figure.text(
                    text.style.x,
                    0,
                    text.at(explorer.position),
                    size=text.style.size,
                    weight=weight,
                    family="DejaVu Sans",
                    parse_math=False,
                )
                assert artist.get_window_extent().x1 < figure.bbox.x1
                artist.remove()


def test_numbers_of_neighbours_do_not_overlap(explorer):
    """Measured at the last step, with matplotlib's widths of the same letters."""
    figure = lines(explorer)[0].axes.figure
    explorer.controls["step"].value = explorer.controls["step"].max
    boxes = []
    for text in texts(explorer):
        if text.style.axes is not None and (word := text.at(explorer.position)):
            at = text.style.axes.transAxes.transform((text.style.x, text.style.y))
            artist = figure.text(0, 0, word, size=text.style.size, family="DejaVu Sans")
            extent = artist.get_window_extent()
            artist.remove()
            boxes.append((at[0] - extent.width / 2, at[0] + extent.width / 2, at[1]))
    assert len(boxes) > 1
    for k, (left, right, y) in enumerate(boxes):
        for other_left, other_right, other_y in boxes[:k]:
            apart = right < other_left or other_right < left or abs(y - other_y) > 10
            assert apart


def chain(length):
    x = variable("x", 1.0)
    for _ in range(length):
        x = neg(x)
    return x


def test_the_longest_that_can_be_shown():
    assert gd.GraphExplorer(chain(127)).controls["step"].max == 255


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (4.0, "expression must be an expression such as"),
        (sq([1.0, 2.0]), r"has shape \(2,\)"),
        (add(variable("x", 1), variable("x", 2)), "2 variables are called x"),
        (chain(128), "expression takes 257 steps, 255 are the most"),
    ],
    ids=["number", "vector", "names", "long"],
)
def test_wrong_input_is_named(expression, message):
    with pytest.raises(ValueError, match=message):
        gd.GraphExplorer(expression)

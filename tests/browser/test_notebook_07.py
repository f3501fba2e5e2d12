"""Notebook 07 as a student uses it: every graph is stepped, played or dragged through."""

import re

import numpy as np
import pytest

import gdviz as gd
from gdviz.figures.graph import graph_layout, outline
from gdviz.graph import add, matmul, mul, sq, sub, variable

pytestmark = pytest.mark.browser

NAME = "07_computation_graphs.ipynb"
ORANGE, VERMILLION, GREEN = (230, 159, 0), (213, 94, 0), (0, 158, 115)


@pytest.fixture(scope="module")
def lesson(open_notebook):
    with open_notebook(NAME) as notebook:
        notebook.run_all()
        notebook.figure("of 12, start", 1)  # the last one is there
        yield notebook


@pytest.fixture
def worked_example(lesson):
    return lesson.figure("of 5,")


def near(color, pixels):
    """Tell for each pixel whether it has this colour, fully."""
    return (np.abs(pixels[..., :3].astype(int) - color).max(axis=-1) < 30) & (pixels[..., 3] > 200)


def box_of(explorer, axes, centre):
    """Return the canvas around a node, as far as its outline is drawn, as RGBA values."""
    canvas = explorer.canvas()
    corners = (axes.transData - axes.figure.transFigure).transform(outline(centre))
    height, width = canvas.shape[:2]
    left, right = corners[:, 0].min() * width, corners[:, 0].max() * width
    top, bottom = (1 - corners[:, 1].max()) * height, (1 - corners[:, 1].min()) * height
    return canvas[round(top) - 3 : round(bottom) + 4, round(left) - 3 : round(right) + 4]


def layout_of(expression):
    reference = gd.GraphExplorer(expression)
    return reference.scene.marks[0].axes, graph_layout(expression)


def test_single_steps_tell_the_worked_example(worked_example):
    said = [
        "forward 1 of 2: sq(x) = 4",
        "forward 2 of 2: sq(sq(...)) = 16",
        "backward 1 of 3: d loss/d loss = 1",
        "backward 2 of 3: d sq(u)/du = 2u = 8. times 1 from above: 8 for sq(...)",
        "backward 3 of 3: d sq(u)/du = 2u = 4. times 8 from above: 32 for x",
    ]
    worked_example.locator.get_by_label("Back to the start").click()
    worked_example.wait_for_label("step 0 of 5, start")
    for k, words in enumerate(said, start=1):
        worked_example.locator.get_by_label("One step forward").click()
        worked_example.wait_for_label(re.escape(f"step {k} of 5, {words}"))


def test_playing_needs_no_kernel_and_ends_at_32(lesson, worked_example):
    worked_example.locator.get_by_label("Back to the start").click()
    worked_example.wait_for_label("step 0 of 5")
    worked_example.page.wait_for_timeout(300)
    sent = []
    lesson.listen(sent.append)
    worked_example.locator.get_by_label("Play").click()
    worked_example.wait_for_label("step [1-4] of 5")
    assert sent == []
    worked_example.wait_for_label("step 5 of 5, .* 32 for x")


def test_the_node_whose_turn_it_is_has_an_orange_box(lesson):
    explorer = lesson.figure("step 0 of 12, start", 0)
    W, x = variable("W", [[2.0, 1.0]]), variable("x", [1.0, 3.0])
    loss = sq(sub(variable("y", 4.0), add(matmul(W, x), variable("b", 1.0))))
    axes, layout = layout_of(loss)
    order = [step.node for step in gd.graph.steps(loss)]
    for k in (2, 6, 12):
        explorer.drag(0, to=k / 12)
        explorer.wait_for_label(f"step {k} of 12")
        marked = [
            near(ORANGE, box_of(explorer, axes, centre)).sum() for centre in layout.centres.values()
        ]
        assert list(layout.centres)[int(np.argmax(marked))] is order[k - 1]
    explorer.wait_for_label(re.escape("from above: [8, 4] for x"))


def test_shared_nodes_add_in_the_page_too(lesson):
    explorer = lesson.figure("step 0 of 7, start", 0)
    x = variable("x", 2.0)
    s = mul(x, x)
    axes, layout = layout_of(mul(s, s))
    explorer.drag(0, to=1.0)
    explorer.wait_for_label(re.escape("16 for x. added to what was there: 32"))
    assert near(ORANGE, box_of(explorer, axes, layout.centres[x])).sum() > 100


def test_arrow_keys_go_through_the_penguins_gradient(lesson):
    explorer = lesson.figure("step 0 of 14, start")
    explorer.handle(0).focus()
    explorer.page.keyboard.press("End")
    explorer.settle()
    explorer.page.keyboard.press("ArrowLeft")
    theta = np.array([[0.5, 0.1]])
    gradient = gd.LinearRegression(gd.datasets.penguins().standardized()).jacobian(theta)
    explorer.wait_for_label(re.escape(f"from above: {gradient[0, 0]:.4g} for W"))


def test_softmax_over_the_blobs(lesson):
    explorer = lesson.figure("step 0 of 17, start")
    explorer.drag(0, to=1.0)
    explorer.wait_for_label("step 17 of 17, backward 10 of 10")


def test_the_overflow_is_red_where_it_happens(lesson):
    explorer = lesson.figure("step 0 of 7, start", 0)
    z = variable("z", 1000.0)
    loss = gd.graph.log(add(1, gd.graph.exp(z)))
    axes, layout = layout_of(loss)
    explorer.drag(0, to=1.0)
    explorer.wait_for_label("times 0 from above: nan for z")
    red = {
        node.call: near(VERMILLION, box_of(explorer, axes, centre)).sum()
        for node, centre in layout.centres.items()
    }
    assert red["exp(z)"] > 100
    assert all(count < 20 for call, count in red.items() if call != "exp(z)")


def test_the_other_way_is_mended(lesson):
    explorer = lesson.figure("step 0 of 12, start")
    explorer.drag(0, to=1.0)
    explorer.wait_for_label("0 for z. added to what was there: 1$")

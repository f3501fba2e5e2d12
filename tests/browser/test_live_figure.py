"""LiveFigures in a page: without a kernel, beside matplotlib's still, in two views, resized."""

import re
import time
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import gdviz as gd

pytestmark = pytest.mark.browser

EXPLORER = """
import gdviz as gd
explorer = gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))
explorer
"""


EVERYTHING = """
import numpy as np
from matplotlib.figure import Figure
from gdviz.live import Area, LiveFigure, Points, Raster, Text

figure = Figure(figsize=(8, 4))
rng = np.random.default_rng(0)
k, rows, columns = np.arange(6), np.arange(12)[:, None], np.arange(16)
x, y = rng.uniform(0, 4, (2, 40))
tracks = []
for axes, limits in zip(figure.subplots(1, 2), ((0, 4), (4, 0)), strict=True):
    axes.set(xlim=limits, ylim=(0, 4))
    regions = (columns + rows * k[:, None, None] > 20).astype(int)
    regions[:, :3, :3] = 2
    edges = np.repeat(np.linspace(0.5, 3.5, 9), 2)
    steps = np.pad(np.repeat(rng.uniform(1, 3, (6, 8)), 2, axis=1), ((0, 0), (1, 1)))
    far = np.stack([4 - k / 3, k / 2, 9 - k], axis=-1)
    codes = (x + k[:, None] > 4).astype(int)
    tracks += [
        Raster(axes, regions, ["C0", "C3", "C2"], (0.5, 3.7, 0.3, 3.3), ("k",), alpha=0.5),
        Area(axes, edges, steps, ("k",), color="C1", outline="black"),
        Area(axes, [-1e9, 2, 1e12], far, ("k",), color="C4"),
        Points(axes, x, y, ("k",), color=["C0", "C3"], codes=codes, size=6),
    ]
live = LiveFigure(figure, tracks, {"k": k}, description=Text("all at {k}"))
"""
PATCHED = """
from matplotlib.figure import Figure
from gdviz.live import LiveFigure, Text

left, right = Figure(figsize=(8, 4)).subplots(1, 2)
live = LiveFigure(left.figure, [], {}, description=Text("painted"))
live.update([], repaint=[right])


def paint(color):
    right.clear()
    right.set(facecolor=color, ylim=(0, 1000), title=color)
    live.update([], description=Text(color), repaint=[right])
"""
PARTLY_KNOWN = """
from matplotlib.figure import Figure
from gdviz.live import LiveFigure, Points, Text

axes = Figure(figsize=(4, 3)).subplots()
axes.set(xlim=(-1, 6), ylim=(-1, 6))
whole = [Points(axes, range(6), range(6), ("k",))]
live = LiveFigure(axes.figure, whole, {"k": range(6)}, description=Text("known at {k}"))
live.on_click(axes, lambda x, y: live.update(whole))
live.update([Points(axes, 0, 0)], only_here=["k"])
"""

LATE = """
from IPython.display import display
from ipywidgets import VBox
from matplotlib.figure import Figure
from gdviz.live import LiveFigure, Points, Text

axes = Figure(figsize=(4, 3)).subplots()
axes.set(xlim=(-1, 6), ylim=(-1, 6))


def dot(place):
    return [Points(axes, place, place, size=20)]


live = LiveFigure(axes.figure, dot(0), {}, description="at first")
box = VBox([live], layout={"display": "none"})
display(box)
live.update(dot(1), description=Text("said meanwhile"))
"""
LOAD_SLOWLY = """() => {
    const before = URL.createObjectURL.bind(URL);
    const wait = "await new Promise(done => setTimeout(done, 2500));";
    const slowly = blob => (blob.type === "text/javascript" ? new Blob([wait, blob], blob) : blob);
    URL.createObjectURL = Object.assign(blob => before(slowly(blob)), { before });
}"""
"""Has modules take more than two seconds to load."""


@pytest.fixture(scope="module")
def pictures(open_notebook, write_notebook):
    """Open a notebook with one of each."""
    name = write_notebook(
        "pictures.ipynb",
        EXPLORER,
        "explorer.learning_rate.value = explorer._stops[70]; explorer.iteration.value = 9",
        f"{EVERYTHING}live",
        f"{PATCHED}live",
        "paint('gold')",
        "paint('green')",
        f"{PARTLY_KNOWN}live",
    )
    with open_notebook(name, width=1920, height=1200) as notebook:
        notebook.run_all()
        yield notebook


def test_the_picture_moves_on_without_a_kernel(open_notebook, write_notebook, lab):
    name = write_notebook("orphan.ipynb", EXPLORER)
    with open_notebook(name) as notebook:
        notebook.run_all()
        explorer = notebook.figure("learning rate")
        lab.shut_down_kernels()
        notebook.page.wait_for_timeout(1000)
        pictures = []
        for fraction in (0.2, 0.6, 0.8):
            explorer.drag(0, to=fraction)
            pictures.append(explorer.canvas())
        assert (pictures[0] != pictures[1]).any()
        assert (pictures[1] != pictures[2]).any()
        before = explorer.label
        explorer.locator.get_by_role("button", name="good").click()
        explorer.wait_for_label(r"learning rate 0\.25, iteration [1-9]")
        assert explorer.label != before
        assert notebook.page.locator(".jp-Dialog").count() == 0
        # Once JupyterLab knows, ipywidgets notes on the console that it saves sliders nowhere.
        noted = "Could not send widget sync message Error: Cannot send"
        assert [words for words in notebook.complaints if not words.startswith(noted)] == []
        notebook.complaints.clear()


def test_hears_the_kernel_though_its_module_came_late(open_notebook, write_notebook, difference):
    """anywidget gives it two seconds. Hidden, too, as cells out of sight may be."""
    later = 'live.update(dot(4), description=Text("said later"))'
    name = write_notebook("late.ipynb", LATE, later, 'box.layout.display = ""')
    made: dict[str, Any] = {}
    exec(LATE.replace("display(box)", ""), made)
    with open_notebook(name) as notebook:
        notebook.page.evaluate(LOAD_SLOWLY)
        notebook.run_cell(0)
        label = expect(notebook.page.locator(".gdviz-live"))
        label.to_have_attribute("aria-label", "said meanwhile")
        notebook.run_cell(1)
        label.to_have_attribute("aria-label", "said later")
        notebook.run_cell(2)
        figure = notebook.figure("said later")
        shown = figure.picture(made["live"].canvas.painting)
        before = made["live"].still()
        made["live"].update(made["dot"](4))
        assert difference(shown, made["live"].still()) < 0.0015  # edges are smoothed differently
        assert difference(shown, before) > 0.006
        notebook.page.evaluate("() => { URL.createObjectURL = URL.createObjectURL.before; }")


def test_the_page_shows_what_matplotlib_draws(pictures, difference):
    reference = gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))
    here = {"learning_rate": 70, "iteration": 9}
    explorer = pictures.figure("iteration 9 of")
    shown = explorer.picture(reference.canvas.painting)
    assert explorer.label == reference.scene.description.at(here)
    off = difference(shown, reference.still(**here))
    assert off < 0.0015  # edges are smoothed differently
    assert difference(shown, reference.still(**{**here, "iteration": 8})) > 4 * off


def test_the_kernel_is_told_now_and_then_where_a_slider_is_dragged(pictures):
    explorer = pictures.figure("learning rate")
    explorer.drag(0, to=0.1)
    pictures.page.wait_for_timeout(500)
    sent, shown = [], set()
    pictures.listen(sent.append)
    box, handle = explorer.handle(0).bounding_box(), explorer.handle(0)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    pictures.page.mouse.move(x, y)
    pictures.page.mouse.down()
    began = time.monotonic()
    for k in range(1, 61):
        pictures.page.mouse.move(x + 10 * k, y)
        explorer.settle()
        shown.add(explorer.label)
    pictures.page.mouse.up()
    pictures.page.wait_for_timeout(500)
    took = time.monotonic() - began
    assert 2 <= len(sent) <= 1 + took / 0.1
    assert len(shown) > 30  # however slow the machine: each move is drawn
    index = handle.get_attribute("aria-valuenow")
    assert re.search(rf'"index": ?{round(float(index))}\b', str(sent[-1]))


def test_areas_rasters_and_coloured_points(pictures, difference):
    made: dict[str, Any] = {}
    exec(EVERYTHING, made)
    reference = made["live"]
    figure = pictures.figure("all at 0")
    for k in (0, 4, 1):
        figure.drag(0, to=k / 5)
        figure.wait_for_label(f"all at {k}")
        shown = figure.picture(reference.canvas.painting)
        off = difference(shown, reference.still(k=k))
        assert off < 0.004  # edges are smoothed differently, markers rest on whole pixels
        assert difference(shown, reference.still(k=k + 1)) > 4 * off


def test_single_axes_are_painted_anew(pictures, difference):
    made: dict[str, Any] = {}
    exec(PATCHED, made)
    figure = pictures.figure("green")
    pictures.page.mouse.move(5, 5)
    made["paint"]("gold")
    gold = made["live"].still()
    made["paint"]("green")
    assert figure.root.locator("img").count() == 2
    shown = np.asarray(Image.open(BytesIO(figure.root.screenshot())).convert("RGB"))
    assert difference(shown, made["live"].still()) < 0.02  # letters scaled by the browser
    assert difference(shown, gold) > 0.2
    root, patch = figure.root.bounding_box(), figure.root.locator("img").nth(1).bounding_box()
    [expected] = made["live"].canvas.patches
    left, top, right, bottom = (edge * root["width"] / 800 for edge in expected["box"])
    box = [patch["x"] - root["x"], patch["y"] - root["y"], patch["width"], patch["height"]]
    assert box == pytest.approx([left, top, right - left, bottom - top], abs=1)


def test_what_is_known_of_one_place_alone_waits_elsewhere(pictures):
    figure = pictures.figure("known at 0")
    before = figure.canvas()
    figure.drag(0, to=0.6)
    figure.settle()
    assert figure.label == "known at 0"
    assert (figure.canvas() == before).all()
    figure.click(0.5, 0.5)
    figure.wait_for_label("known at 3")
    assert (figure.canvas() != before).any()


@pytest.fixture(scope="module")
def two_views(open_notebook, write_notebook):
    name = write_notebook("views.ipynb", EXPLORER, "explorer")
    with open_notebook(name, width=700, height=1400) as notebook:
        notebook.run_all()
        yield [notebook.figure("learning rate", nth) for nth in (0, 1)]


def test_two_views_of_one_figure_move_together(two_views):
    first, second = two_views
    first.drag(0, to=0.7)
    label = first.label
    second.wait_for_label(re.escape(label))
    assert (first.canvas() == second.canvas()).all()


def test_scales_with_the_page(two_views):
    for explorer in two_views:
        box = explorer.root.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(11 / 4.3, rel=0.01)
        assert box["width"] <= explorer.locator.bounding_box()["width"] + 1
        assert explorer.canvas().shape[1] == pytest.approx(box["width"], abs=1)
        assert explorer.root.locator("canvas").count() == 1
        assert explorer.root.locator("img").count() == 1


def test_what_was_drawn_outlasts_a_frame_without_room(two_views):
    """JupyterLab leaves no room for a frame when its theme changes; no observer hears of that."""
    explorer, _ = two_views
    before = explorer.canvas()
    explorer.root.evaluate(
        """root => new Promise(done => {
             requestAnimationFrame(() => { root.style.display = "none"; });
             root.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" })); // it draws
             requestAnimationFrame(() => { root.style.display = ""; done(); });
           })"""
    )
    explorer.settle()
    assert (explorer.canvas() == before).all()

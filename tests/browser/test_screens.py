"""Screens: sizes of pixels and windows, zoom, and a wish for less motion."""

import re
from typing import Any

import numpy as np
import pytest

import gdviz as gd

pytestmark = pytest.mark.browser

SETUP = """
import gdviz as gd
import numpy as np
from gdviz.graph import add, div, exp, neg, variable

task = gd.LinearRegression(gd.datasets.penguins().standardized())
x = variable("x", 1.0)
"""
EXPLORERS = (
    "gd.DescentExplorer(task)",
    "gd.FitExplorer(task)",
    "gd.StartsExplorer(task)",
    "gd.RateCurveExplorer(task)",
    "gd.GraphExplorer(div(1, add(1, exp(neg(x)))))",
    "gd.RaceExplorer(gd.surfaces.ravine(condition=100))",
)
"""One of each way to lay out controls."""
ITERATION = 1
VERMILLION = (213, 94, 0)

ASTRAY = """() => [...document.querySelectorAll(".gdviz")].flatMap(figure => {
    const room = figure.closest(".jp-OutputArea-output").getBoundingClientRect();
    const picture = figure.querySelector(".gdviz-live").getBoundingClientRect();
    const parts = [...figure.querySelectorAll(
        ".gdviz-live, .widget-label, .noUi-target, .widget-readout, button, select, .gdviz-scale"
    )].map(part => [part, part.getBoundingClientRect()]).filter(([, box]) => box.height > 0);
    const name = part => `${part.className} ${part.textContent}`.trim();
    const found = [];
    for (const [k, [part, box]] of parts.entries()) {
        const left = Math.max(room.left, picture.left), right = Math.min(room.right, picture.right);
        const out = box.left < left - 1 || box.right > right + 1;
        if (out) found.push(`${name(part)}: out`);
        if (part.matches(".noUi-target") && box.width < 50) found.push(`${name(part)}: too short`);
        for (const [other, rest] of parts.slice(0, k)) {
            const width = Math.min(box.right, rest.right) - Math.max(box.left, rest.left);
            const height = Math.min(box.bottom, rest.bottom) - Math.max(box.top, rest.top);
            if (width > 2 && height > 2 && !other.contains(part))
                found.push(`${name(part)}: over ${name(other)}`);
        }
    }
    return found;
})"""
"""Whatever of a figure or its controls is outside of its output, a control that is not below the
picture, what is over another, or no use."""

RECORD = """(root) => new Promise(done => {
    const seen = [];
    const look = now => {
        const label = root.getAttribute("aria-label");
        if (seen.at(-1)?.[1] !== label) seen.push([now, label]);
        if (seen.length > 4 || label.includes("iteration 500")) done(seen);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
"""When the picture changed, in milliseconds, and to what."""


@pytest.fixture(scope="module")
def notebook(open_notebook, write_notebook):
    name = write_notebook("screens.ipynb", SETUP, *EXPLORERS)
    with open_notebook(name, height=900) as notebook:
        notebook.run_all()
        notebook.figure("all rates times")  # the last one is there
        yield notebook


@pytest.fixture
def screen(notebook):
    """Return a function that changes the page's width and the pixels per CSS pixel."""
    devtools = notebook.page.context.new_cdp_session(notebook.page)

    def change(width: int, scale: float) -> Any:
        devtools.send(
            "Emulation.setDeviceMetricsOverride",
            # A page hears of other pixels only if its window's size changes, too.
            {
                "width": width,
                "height": 900 + round(10 * scale),
                "deviceScaleFactor": scale,
                "mobile": False,
            },
        )
        notebook.page.wait_for_function(
            f"Math.abs(devicePixelRatio - {scale}) < 1e-6 && innerWidth === {width}"
        )
        return notebook.figure("learning rate")

    yield change
    devtools.send("Emulation.clearDeviceMetricsOverride")
    devtools.detach()
    assert notebook.complaints == []


@pytest.fixture(scope="module")
def reference():
    """Return the first explorer in this process, at its start."""
    reference = gd.DescentExplorer(gd.LinearRegression(gd.datasets.penguins().standardized()))
    reference.iteration.value = 0
    return reference


def place(reference, theta) -> np.ndarray:
    """Return where matplotlib puts a point of the landscape, as fractions from the upper left."""
    axes = reference._axes[0]
    x, y = (axes.transData - axes.figure.transFigure).transform(np.ravel(theta))
    return np.array([x, 1 - y])


def reach(canvas: np.ndarray, centre, color) -> list[int]:
    """Return how many pixels of a colour there are left, right, above and below a place."""
    column, row = (int(c * size) for c, size in zip(centre, canvas.shape[1::-1], strict=True))
    same = np.abs(canvas[..., :3].astype(int) - color).max(axis=-1) < 12
    arms = same[row, column::-1], same[row, column:], same[row::-1, column], same[row:, column]
    return [int(np.argmin(arm)) for arm in arms]


def assert_sharp_and_in_place(explorer, reference, scale: float) -> None:
    """Assert that each pixel of the screen is drawn, and that the descent starts where it does."""
    canvas, box = explorer.canvas(), explorer.root.bounding_box()
    assert canvas.shape[1] == pytest.approx(box["width"] * scale, abs=1)
    assert canvas.shape[0] == pytest.approx(box["height"] * scale, abs=1)
    arms = reach(canvas, place(reference, reference.start), VERMILLION)
    assert min(arms) >= 2
    assert max(arms) - min(arms) <= 2  # a disc around the place, to a pixel of the screen


@pytest.mark.parametrize(
    ("width", "scale"),
    [(1280, 1), (1280, 3), (640, 2), (853, 1.5), (1600, 0.8)],
)
def test_pixels_of_any_size(screen, reference, difference, width, scale):
    """On another screen, and zoomed, while the page is open."""
    explorer = screen(width, scale)
    explorer.drag(ITERATION, to=0)
    explorer.wait_for_label(f"^{re.escape(reference.description)}$")
    assert_sharp_and_in_place(explorer, reference, scale)
    shown = explorer.picture(reference.canvas.painting)
    assert difference(shown, reference.still()) < 0.003  # edges are smoothed differently


def test_only_the_size_of_a_pixel_changes(screen, reference):
    explorer = screen(2560, 1)
    explorer.drag(ITERATION, to=0)
    before = explorer.root.bounding_box()
    for scale in (2, 1.25):
        screen(2560, scale)
        explorer.settle()
        assert explorer.root.bounding_box() == before
        assert_sharp_and_in_place(explorer, reference, scale)


@pytest.mark.parametrize("width", [600, 800, 1280, 2560])
def test_windows_of_any_width(screen, notebook, reference, width):
    explorer = screen(width, 1)
    assert notebook.page.evaluate(ASTRAY) == []
    x, y = {600: (2.5, 1.5), 800: (-0.5, -2.0)}.get(width, (width / 1000, width / 1000 - 1.5))
    task = reference.task
    explorer.drag(ITERATION, to=0)
    explorer.click(*place(reference, [x, y]))
    pixel = np.ptp(reference._axes[0].get_xlim()) / (0.27 * explorer.root.bounding_box()["width"])
    corners = np.array([x, y]) + pixel * np.array([(a, b) for a in (-1, 1) for b in (-1, 1)])
    losses = [float(task.loss(corner[None])) for corner in corners]
    explorer.page.wait_for_function(
        """([root, low, high]) => {
            const loss = Number(/loss ([^,]+)/.exec(root.getAttribute("aria-label"))[1]);
            return low <= loss && loss <= high;
        }""",
        arg=[explorer.root.element_handle(), 0.99 * min(losses), 1.01 * max(losses)],
        timeout=10_000,
    )


def test_a_wish_for_less_motion(notebook):
    notebook.page.emulate_media(reduced_motion="reduce")
    explorer = notebook.figure("learning rate")
    explorer.drag(ITERATION, to=0)
    at_rest = explorer.label
    explorer.page.wait_for_timeout(600)
    assert explorer.label == at_rest  # nothing plays by itself
    explorer.locator.get_by_label("Play").click()
    seen = explorer.root.evaluate(RECORD)
    assert explorer.page.evaluate("document.getAnimations().length") == 0
    explorer.locator.get_by_label("Pause").click()
    times = [time for time, _ in seen]
    assert len(times) == 5
    assert np.mean(np.diff(times[1:])) > 450  # pictures to look at, not a movie
    explorer.drag(ITERATION, to=0.99)
    explorer.locator.get_by_label("Play").click()
    explorer.wait_for_label("iteration 500 of 500")
    explorer.locator.get_by_label("Play").wait_for()
    notebook.page.emulate_media(reduced_motion="no-preference")
    assert notebook.complaints == []

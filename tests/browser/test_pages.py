"""Exported pages as a student opens them: no kernel, and nothing from a network but the CDN."""

from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gdviz as gd
from gdviz.export import CDN, FRONT_END, export

pytestmark = pytest.mark.browser

CELLS = [
    "import gdviz as gd\ntask = gd.LinearRegression(gd.datasets.penguins().standardized())",
    "gd.DescentExplorer(task, iterations=60)",
    "gd.FitExplorer(task)",
    """import numpy as np
from matplotlib.figure import Figure

figure = Figure(figsize=(6, 2))
axes = figure.add_subplot(xlim=(0, 6), ylim=(-1, 1))
x, height = np.linspace(0, 6, 80), np.linspace(0.1, 1, 10)
wave = gd.live.Line(axes, x, height[:, None] * np.sin(x), ["height"])
gd.LiveFigure(figure, [wave], {"height": height}, description="a wave of {height:.1f}")""",
]
VERMILLION = (213, 94, 0)


@pytest.fixture(scope="session")
def notebook(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("source") / "lesson.ipynb"
    text = new_markdown_cell("# A <lesson> & more\n\nWith $x^2$.\n\n- learn `this`;\n- and that.")
    nbformat.write(new_notebook(cells=[text, *map(new_code_cell, CELLS)]), path)
    return path


@pytest.fixture(scope="module")
def offline(notebook, front_end, tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("offline")
    return export([notebook], to, offline=True, front_end=front_end)[0]


@pytest.fixture(scope="module")
def linked(notebook, serve, tmp_path_factory):
    """Return the address of a page that loads its front end from the CDN."""
    page = export([notebook], tmp_path_factory.mktemp("linked"))[0]
    with serve(page.parent) as address:
        yield f"{address}/{page.name}"


@pytest.fixture(params=["offline", "linked"])
def page(request, new_page, front_end):
    """Open the page; every request but those named is refused."""
    page = new_page()
    asked: list[str] = []

    def answer(route) -> None:
        url = route.request.url
        asked.append(url)
        file = {CDN + place: name for name, (place, _) in FRONT_END.items()}.get(url)
        if request.param == "linked" and file:
            route.fulfill(path=front_end / file, content_type="text/javascript")
        else:
            route.abort()

    if request.param == "offline":
        page.page.route(lambda url: not url.startswith("file:"), answer)
        page.page.goto(request.getfixturevalue("offline").as_uri())
    else:
        own = request.getfixturevalue("linked")
        page.page.route(lambda url: not url.startswith(own.rsplit("/", 1)[0]), answer)
        page.page.goto(own)
    yield page
    assert page.complaints == []
    expected = [CDN + place for place, _ in FRONT_END.values()] * (request.param == "linked")
    assert sorted(asked) == sorted(expected)


def descend(start, rate: float, iterations: int) -> tuple[np.ndarray, float]:
    """Descend on the penguins, from the formula on the slide."""
    data = gd.datasets.penguins().standardized()
    x, y = data.X[:, 0], data.y
    W, b = start
    for _ in range(iterations):
        residual = W * x + b - y
        W, b = W - rate * 2 * np.mean(residual * x), b - rate * 2 * np.mean(residual)
    return np.array([W, b]), float(np.mean((W * x + b - y) ** 2))


def said(figure) -> tuple[float, int, str]:
    words = figure.label.split()
    return float(words[2].strip(",")), int(words[4]), words[8].strip(",")


def missing_part(figure, reference, start, rate: float, iterations: int) -> float:
    """Return how much of NumPy's path on the landscape is not drawn, as a part of it."""
    path = np.array([descend(start, rate, k)[0] for k in range(iterations + 1)])
    between = np.concatenate([np.linspace(p, q, 20) for p, q in pairwise(path)])
    axes = reference._axes[0]
    across, up = (axes.transData - axes.figure.transFigure).transform(between).T
    canvas = figure.canvas().astype(int)
    height, width = canvas.shape[:2]
    rows, columns = ((1 - up) * height).astype(int), (across * width).astype(int)
    assert np.abs(canvas[rows[-1], columns[-1], :3] - VERMILLION).max() < 20  # the disc
    return float(
        (canvas[rows, columns, 3] < 200)[np.hypot(rows - rows[0], columns - columns[0]) > 12].mean()
    )


def test_sliders_play_and_initialization_work_without_a_kernel(page):
    figure = page.figure("learning rate")
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    reference = gd.DescentExplorer(task, iterations=60)
    start, stops = reference.start, reference.learning_rate.stops
    reference.freeze(1_000_000)

    def check(start) -> None:
        rate, iteration, loss = said(figure)
        assert loss == f"{descend(np.ravel(start), rate, iteration)[1]:.3g}"
        assert missing_part(figure, reference, np.ravel(start), rate, iteration) < 0.03

    check(start)
    before = figure.canvas()
    figure.drag(0, 0.5)
    assert said(figure)[0] < 0.1
    check(start)
    figure.handle(0).focus()
    page.page.keyboard.press("ArrowRight")  # to the very next of all stops
    figure.settle()
    rate = stops[stops > 1.01 * said(figure)[0]][0]
    page.page.keyboard.press("ArrowRight")
    figure.settle()
    assert said(figure)[0] == rate
    figure.drag(1, 0.8)
    assert said(figure)[1] == pytest.approx(48, abs=2)
    check(start)
    assert not np.array_equal(figure.canvas(), before)

    figure.locator.get_by_role("button", name="good").click()
    figure.wait_for_label("learning rate 0.25, iteration 60 of 60")
    check(start)

    figure.drag(2, 0.0)  # μ
    figure.drag(3, 1.0)  # σ
    check(gd.Gaussian(-1, 2).sample((1, 2), reference.initialization.seed))
    figure.drag(4, 1.0)  # sample
    check(gd.Gaussian(-1, 2).sample((1, 2), reference.initialization.seed + 1))


def test_what_needs_a_kernel_is_grey_and_says_why(page):
    figure = page.figure("learning rate")
    button = figure.locator.get_by_role("button", name="surface")
    assert button.is_disabled()
    distribution = figure.locator.locator("select")
    assert distribution.is_disabled()
    assert "works in the notebook" in distribution.get_attribute("title")
    words = "Grey controls and clicks on the picture need Python"
    assert figure.locator.get_by_text(words).is_visible()
    before = figure.label
    figure.click(0.2, 0.5)
    assert figure.label == before


def test_formulas_are_typeset_and_other_figures_live_too(page):
    page.page.wait_for_selector("mjx-container")
    figure = page.figure("line with")
    before = figure.label
    figure.drag(0, 0.9)
    assert figure.label != before
    own = page.figure("a wave of")
    before = own.canvas()
    own.drag(0, 1.0)
    assert own.label == "a wave of 1.0"
    assert not np.array_equal(own.canvas(), before)


def test_axe_finds_nothing_in_a_page(offline, new_page, axe):
    for address in (offline, offline.parent / "index.html"):
        page = new_page()
        page.page.goto(address.as_uri())
        if address == offline:
            page.figure("learning rate")
        assert axe(page.page, "html") == []

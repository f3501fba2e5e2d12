"""Exported pages as a student opens them: no kernel, and nothing from a network but the CDN."""

import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gdviz as gd
from gdviz.export import CDN, FRONT_END, export

pytestmark = pytest.mark.browser

HINT = "needs npm, or FRONT_END set to a folder with require.js, embed-amd.js and tex-svg.js"
CELLS = [
    "import gdviz as gd\ntask = gd.LinearRegression(gd.datasets.penguins().standardized())",
    "gd.DescentExplorer(task, iterations=60)",
    "gd.FitExplorer(task)",
]


@pytest.fixture(scope="session")
def front_end(tmp_path_factory) -> Path:
    """Return a folder with the front end's files, as the CDN has them."""
    if given := os.environ.get("FRONT_END"):
        return Path(given)
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail(HINT)
        pytest.skip(HINT)
    folder = tmp_path_factory.mktemp("front_end")
    for name, (place, _) in FRONT_END.items():
        slash = place.index("/", place.index("@", 1))  # after the version, before the file
        package, inside = place[:slash], place[slash + 1 :]
        packed = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True
        )
        archive = folder / packed.stdout.decode().split()[-1]
        shutil.unpack_archive(archive, folder / name.split(".")[0], "gztar", filter="data")
        shutil.copy(folder / name.split(".")[0] / "package" / inside, folder / name)
    return folder


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


def test_sliders_play_and_starts_work_without_a_kernel(page):
    figure = page.figure("learning rate")
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    start = gd.DescentExplorer(task, iterations=60).start

    def check(start) -> None:
        rate, iteration, loss = said(figure)
        assert loss == f"{descend(np.ravel(start), rate, iteration)[1]:.3g}"

    check(start)
    before = figure.canvas()
    figure.drag(0, 0.2)
    assert said(figure)[0] < 0.01
    check(start)
    figure.drag(1, 0.8)
    assert said(figure)[1] == pytest.approx(48, abs=2)
    check(start)
    assert not np.array_equal(figure.canvas(), before)

    figure.locator.get_by_role("button", name="good").click()
    figure.wait_for_label("learning rate 0.25, iteration 60 of 60")
    check(start)

    # the last slider of the figure chooses the start
    sliders = figure.locator.locator(".noUi-handle").count()
    figure.drag(sliders - 1, 1.0)
    words = figure.locator.locator(".widget-readout").last.inner_text()
    name, _, seed = words.partition(", sample ")
    assert name == "N(0, 3)"
    check(gd.Gaussian(0, 3).sample((1, 2), int(seed) - 1))


def test_what_needs_a_kernel_is_grey_and_says_why(page):
    figure = page.figure("learning rate")
    button = figure.locator.get_by_role("button", name="New sample")
    assert button.is_disabled()
    assert "they work in the notebook" in button.get_attribute("title")
    assert figure.locator.locator("select").is_disabled()
    assert figure.locator.get_by_text("Grey controls compute anew").is_visible()
    before = figure.label
    figure.click(0.2, 0.5)
    assert figure.label == before


def test_formulas_are_typeset_and_other_figures_live_too(page):
    page.page.wait_for_selector("mjx-container")
    figure = page.figure("line with")
    before = figure.label
    figure.drag(0, 0.9)
    assert figure.label != before

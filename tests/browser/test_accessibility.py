"""Every explorer and an exported page for those who use no mouse, or do not see the picture."""

import pytest

import gdviz as gd
from gdviz import explorers
from gdviz.export import export

pytestmark = pytest.mark.browser

AXE = "axe-core@4.14.1/axe.min.js"
SETUP = """
import numpy as np
import gdviz as gd
from gdviz.graph import sq, sub, variable
line = gd.LinearRegression(gd.datasets.penguins().standardized())
bills = gd.datasets.penguins(["bill_length_mm", "bill_depth_mm"], "species").standardized()
softmax = gd.SoftmaxRegression(bills)
bowl, ravine = gd.surfaces.bowl(1), gd.surfaces.ravine(25)
start = [[-1.0, 1.0]]
"""
ARGUMENTS = {
    "AutopsyExplorer": "bowl, start=[[-2.0]], learning_rate=3.0, iterations=300",
    "BasinsExplorer": "gd.surfaces.bumpy(1), iterations=40",
    "CompareLandscapesExplorer": "{'mean': line, 'again': line}, start=start",
    "DescentExplorer": "line, iterations=100",
    "DifferenceExplorer": "np.exp, np.exp, x=1.0",
    "FitExplorer": "line",
    "GradientExplorer": "line.subset(range(0, 342, 30))",
    "GraphExplorer": "sq(sub(variable('x', 2.0), 1))",
    "LearningRatesExplorer": "bowl, start=[[-2.0]]",
    "MinibatchExplorer": "line, start=start, iterations=100",
    "PullExplorer": "softmax",
    "RaceExplorer": "ravine, iterations=50",
    "RateCurveExplorer": "ravine, start=[[3.0, 1.0]]",
    "SigmoidExplorer": "",
    "StartsExplorer": "line, n_starts=20, iterations=40",
    "StepExplorer": "line, theta=start, learning_rate=0.15",
    "TemperatureExplorer": "[2.0, 1.0, -1.0], softmax.classes",
}
FOCUS = """
() => {
  const e = document.activeElement;
  const part = (names) => names.find((name) => e.closest(name));
  return {
    inside: e.closest(".gdviz")?.id ?? null,
    name: e.getAttribute("aria-label") ?? e.textContent,
    role: e.getAttribute("role") ?? e.localName,
  };
}
"""


def test_every_explorer_is_here():
    assert list(ARGUMENTS) == explorers.__all__


@pytest.fixture(scope="module")
def axe(fetch_by_npm) -> str:
    return fetch_by_npm(AXE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def all_explorers(lab, open_notebook, write_notebook):
    cells = [f"gd.{name}({arguments})" for name, arguments in ARGUMENTS.items()]
    write_notebook("accessibility.ipynb", SETUP, *cells)
    with open_notebook("accessibility.ipynb") as notebook:
        notebook.run_all()
        notebook.figure("temperature")
        yield notebook


@pytest.fixture(params=list(ARGUMENTS))
def explorer(request, all_explorers):
    nth = list(ARGUMENTS).index(request.param)
    figure = all_explorers.figures()[nth]
    figure.locator.evaluate("e => e.scrollIntoView({block: 'start'})")
    return figure


def serious(page, axe: str, where: str) -> list[str]:
    """Return what axe finds in parts of the page and rates as serious or worse."""
    page.evaluate(axe)
    found = page.evaluate(
        """async (where) => {
          const found = [];
          for (const part of document.querySelectorAll(where)) {
            for (const { id, impact, nodes } of (await axe.run(part)).violations) {
              found.push(...nodes.map((node) => `${impact}: ${id}: ${node.html.slice(0, 150)}`));
            }
          }
          return found;
        }""",
        where,
    )
    return found


def test_axe_finds_nothing_in_explorers(all_explorers, axe):
    assert serious(all_explorers.page, axe, ".gdviz") == []


def test_dump(explorer):
    page = explorer.page
    explorer.locator.evaluate("e => { e.tabIndex = -1; e.focus({preventScroll: true}) }")
    seen = []
    while True:
        page.keyboard.press("Tab")
        f = page.evaluate(FOCUS.replace("?.id ?? null", " && 1"))
        if not f["inside"] or not explorer.locator.evaluate("e => e.contains(document.activeElement)"):
            break
        seen.append((f["role"], f["name"]))
    print(seen)

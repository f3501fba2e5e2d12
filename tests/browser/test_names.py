"""Names that come with data are text wherever they appear: never markup, formulas or code."""

import pytest

pytestmark = pytest.mark.browser

MARKUP = "<img src=gone onerror='window.reached=1'>"
FORMULA = r"$\frac{1}{2}$ \(x^2\) {loss} &amp;"
LINES = "two\nlines<script>window.reached=1</script>"

DATA = f"""
import numpy as np
import gdviz as gd
MARKUP, FORMULA, LINES = {MARKUP!r}, {FORMULA!r}, {LINES!r}
X, labels = gd.datasets.blobs(30).X, np.array([MARKUP, FORMULA, LINES] * 10)
named = gd.Dataset(X, labels, feature_names=[MARKUP, FORMULA], target_name=LINES)
task = gd.SoftmaxRegression(named)
factors = gd.graph.variable(MARKUP, 2.0), gd.graph.variable(FORMULA, 3.0)
line = gd.LinearRegression(gd.Dataset(X[:, 0], X[:, 1], feature_names=MARKUP, target_name=FORMULA))
"""
EXPLORERS = [
    "gd.DescentExplorer(task)",
    "gd.DescentExplorer(line)",
    "gd.PullExplorer(task)",
    "gd.TemperatureExplorer([2, 1, 0], names=[MARKUP, FORMULA, LINES])",
    "gd.CompareLandscapesExplorer({MARKUP: line, FORMULA: line}, [[0.5, 0.5]], learning_rate=0.1)",
    "gd.RaceExplorer(line, optimizers={MARKUP: None, FORMULA: gd.Adam()})",
    "gd.GraphExplorer(gd.graph.mul(*factors))",
]
TEXTS = [
    "named",
    "gd.check_gradient(lambda W, b, x, y: print(MARKUP, FORMULA, LINES), line)",
    "try:\n    gd.read_csv(MARKUP)\nexcept OSError as error:\n    print(error)",
    "named.only(MARKUP)",
]


def test_names_are_text_in_every_explorer(open_notebook, write_notebook):
    name = write_notebook("names <b>&.ipynb", DATA, *EXPLORERS, *TEXTS)
    with open_notebook(name) as notebook:
        notebook.run_all()
        page = notebook.page
        page.locator(".gdviz-live").nth(len(EXPLORERS) - 1).wait_for(timeout=180_000)
        notebook.wait_until_idle()
        page.wait_for_timeout(500)  # MathJax would typeset at leisure
        outputs = page.locator(".jp-OutputArea-output")
        said = " ".join(outputs.all_inner_texts())
        for words in (MARKUP, LINES.split("\n")[1], r"$\frac{1}{2}$ \(x^2\)"):
            assert words in said
        labels = page.locator(".gdviz-live").evaluate_all(
            "figures => figures.map(figure => figure.getAttribute('aria-label')).join()"
        )
        assert MARKUP in labels
        assert page.evaluate("window.reached") is None
        assert outputs.locator("img[src=gone], script, b:text('&'), mjx-container").count() == 0
        assert notebook.complaints == []

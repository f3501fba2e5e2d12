"""What the README shows runs, and answers as it says."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import gdviz as gd

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


def test_the_first_page_and_the_gradient_check_run_as_shown():
    names: dict = {}
    exec(BLOCKS[0], names)
    assert names["descent"].status is gd.Status.CONVERGED
    names |= {"iterations": 3, "ε": 0.1, "gd": gd}
    exec(BLOCKS[1], names)
    code, comment = BLOCKS[2].rsplit("\n# ", 1)
    definition, call = code.rsplit("\n", 1)
    exec(definition, names)
    report = eval(call, names)
    assert str(report).splitlines()[0] == comment.strip()


def test_your_own_figure_moves_as_the_formula_says():
    names: dict = {}
    lines = BLOCKS[3].strip().rsplit("\n", 1)
    exec(lines[0], names)
    figure = eval(lines[1], names)
    assert len([line for line in BLOCKS[3].splitlines() if line.strip()]) <= 18
    figure.controls["learning_rate"].value = 0.3
    figure.controls["iteration"].value = 4
    assert figure.position == {"learning_rate": 5, "iteration": 4}
    theta = -1.8 * (1 - 2 * 0.3) ** 4
    _, points, text = (mark.at(figure.position) for mark in figure.scene.marks)
    axes = names["axes"]
    expected = axes.transData.transform([theta, theta**2]) / 2
    height = 100 * axes.figure.get_figheight()
    assert [points[0][0], height - points[1][0]] == pytest.approx(list(expected), abs=0.02)
    assert text == f"loss {theta**2:.3g}"


def test_every_notebook_has_its_row_and_its_picture():
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert re.findall(r"^\| \[.*?\]\(notebooks/(.*?)\)", README, re.M) == notebooks
    for source in re.findall(r'src="(.*?)"', README):
        assert (ROOT / source).exists()
    assert len(re.findall(r'src="notebooks/pictures/', README)) == len(notebooks)


def test_the_quoted_autopsy_is_the_penguins_own():
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    descent = gd.gradient_descent(task, [[-1.0, 1.0]], 3.0, 500)
    quoted = re.search(r'\*"(iteration 221:.*?)"\*', README, re.S)
    assert quoted is not None
    assert " ".join(quoted[1].split()) == descent.reason


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    files = [target for target in targets if not target.startswith("http")]
    assert files
    assert [target for target in files if not (ROOT / target).exists()] == []


def test_the_classrooms_links_open_a_notebook():
    links = re.findall(r"urlpath=lab/tree/(\S+)", unquote(README))
    assert [link.removeprefix("<repository>/") for link in links] == 2 * [
        "notebooks/01_gradient_descent_in_action.ipynb"
    ]
    assert (ROOT / links[0]).exists()

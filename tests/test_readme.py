"""What the README shows runs, and answers as it says."""

import re
from pathlib import Path

import gdviz as gd

README = (Path(__file__).parents[1] / "README.md").read_text()
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


def test_the_quoted_autopsy_is_the_penguins_own():
    task = gd.LinearRegression(gd.datasets.penguins().standardized())
    descent = gd.gradient_descent(task, [[-1.0, 1.0]], 3.0, 500)
    quoted = re.search(r'\*"(iteration 221:.*?)"\*', README, re.S)
    assert quoted is not None
    assert " ".join(quoted[1].split()) == descent.reason


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (Path(__file__).parents[1] / target).exists(), target

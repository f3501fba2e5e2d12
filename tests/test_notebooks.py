"""What a reader of the stored notebooks relies on, beside what nbval compares."""

import re
import symtable
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
LESSONS, SOLUTIONS = sorted(FOLDER.glob("*.ipynb")), sorted(FOLDER.glob("solutions/*.ipynb"))


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.fixture(params=[*LESSONS, *SOLUTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def notebook(request):
    return request.param


def test_every_lesson_has_its_solutions_elsewhere():
    assert LESSONS
    assert [path.name for path in SOLUTIONS] == [path.name for path in LESSONS]


def test_every_code_cell_was_executed_in_order(notebook):
    counts = [cell.execution_count for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))


def test_what_prints_has_its_output_stored(notebook):
    for cell in cells(notebook, "code"):
        shows = re.search(r"\bprint\(", cell.source) or re.match(
            r"[\w.]+(\([^=]*\))?$", cell.source.splitlines()[-1]
        )
        if shows:
            assert cell.outputs, cell.source
        assert not any(output.output_type == "error" for output in cell.outputs)
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


def test_every_shown_figure_is_a_still_with_alt_text(notebook):
    stills = 0
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            # A view whose widget is gone would show an error in place of the still.
            assert "application/vnd.jupyter.widget-view+json" not in data
            if "image/png" in data:
                stills += 1
                assert output.metadata["image/png"]["alt"]
                assert "0x" not in data["text/plain"]
    assert stills or notebook.parent.name == "solutions"


def test_cells_are_short(notebook):
    for cell in cells(notebook, "code"):
        assert len(cell.source.splitlines()) <= 15, cell.source
        assert "ipywidgets" not in cell.source


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names to which code gives values, and the others that it takes from outside."""
    cell = symtable.symtable(source, "cell", "exec")
    given = {name.get_name() for name in cell.get_symbols() if name.is_local()}
    tables = [cell]
    for table in tables:
        tables.extend(table.get_children())
    symbols = [name for table in tables for name in table.get_symbols()]
    return given, {name.get_name() for name in symbols if name.is_global()} - given


def test_any_cell_can_be_run_again(notebook):
    """What a cell takes from others is given by one cell, or has not changed when all have run.

    But for a cell that itself gives a name a new value: each run of it is one step more.
    """
    found = [names(cell.source) for cell in cells(notebook, "code")]
    for k, (_, taken) in enumerate(found):
        for name in taken:
            assert not any(name in given for given, _ in found[k + 1 :]), (k, name)


def test_names_given_and_taken():
    code = """
from a import f as g
x = x + [y for y in z for z in w if y]
def h(a, b=c):
    d = a
    return d + e + h(x) + (lambda o: o + p)
for i, n in n:
    i + m[i]
"""
    assert names(code) == ({"g", "x", "h", "i", "n"}, {"z", "w", "c", "e", "p", "m"})


def test_it_has_a_kernel_and_no_private_state(notebook):
    metadata = nbformat.read(notebook, 4).metadata
    assert metadata.kernelspec.name == "python3"
    assert metadata.language_info.name == "python"
    assert "widgets" not in metadata


@pytest.mark.parametrize("notebook", LESSONS, ids=lambda path: path.stem)
def test_sections_teach_in_order(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    for word in ("**Predict", "**Play", "**Derive", "**Check"):
        assert word in text
    recap = text[text.index("## Recap\n") :]
    assert 1 <= len(re.findall(r"^- ", recap, re.M)) <= 4

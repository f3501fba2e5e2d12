"""What a reader of the stored notebooks relies on, beside what nbval compares."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_there_are_notebooks():
    assert NOTEBOOKS


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


def test_every_shown_figure_has_a_still_with_alt_text(notebook):
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                assert output.data["image/png"]
                assert output.metadata["image/png"]["alt"]
                assert "0x" not in output.data["text/plain"]


def test_cells_are_short(notebook):
    for cell in cells(notebook, "code"):
        assert len(cell.source.splitlines()) <= 15, cell.source
        assert "ipywidgets" not in cell.source


def test_it_has_a_kernel_and_no_private_state(notebook):
    metadata = nbformat.read(notebook, 4).metadata
    assert metadata.kernelspec.name == "python3"
    assert metadata.language_info.name == "python"
    assert "widgets" not in metadata


def test_sections_teach_in_order(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    for word in ("**Predict", "**Play", "**Derive", "**Check"):
        assert word in text
    recap = text[text.index("## Recap\n") :]
    assert 1 <= len(re.findall(r"^- ", recap, re.M)) <= 4

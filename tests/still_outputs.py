"""Keeps of stored figures the still alone, and of prints one text: `make notebooks` runs it.

A stored reference to a widget shows nothing but an error to whoever opens the notebook before its
cells are run; without it JupyterLab, like GitHub, shows the picture. In how many pieces a kernel
sends what it prints depends on the moment.
"""

import sys

import nbformat

VIEW = "application/vnd.jupyter.widget-view+json"


def whole(outputs: list) -> list:
    """Return outputs in which what was printed in a row is one."""
    kept = []
    for output in outputs:
        before = kept[-1] if kept else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            before["text"] += output.text
        else:
            kept.append(output)
    return kept


for path in sys.argv[1:]:
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = whole(cell.outputs)
        for output in cell.outputs:
            output.get("data", {}).pop(VIEW, None)
    nbformat.write(notebook, path)

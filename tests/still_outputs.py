"""Keeps of stored figures the still alone: `make notebooks` runs it.

A stored reference to a widget shows nothing but an error to whoever opens the notebook before its
cells are run; without it JupyterLab, like GitHub, shows the picture.
"""

import sys

import nbformat

VIEW = "application/vnd.jupyter.widget-view+json"

for path in sys.argv[1:]:
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
    nbformat.write(notebook, path)

"""Keeps of stored figures the still alone, and of prints one text: `make notebooks` runs it.

A stored reference to a widget shows nothing but an error to whoever opens the notebook before its
cells are run; without it JupyterLab, like GitHub, shows the picture. In how many pieces a kernel
sends what it prints depends on the moment.
"""

import sys

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

VIEW = "application/vnd.jupyter.widget-view+json"

for path in sys.argv[1:]:
    # Not as a part of nbconvert's run, in which it would come before the cells are executed.
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(nbformat.read(path, 4), {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
    nbformat.write(notebook, path)
